// shoehorn check, targets and explain by running the program: exit codes, exact messages for bad input, and
// that a large model of operators that nobody knows is checked at all.
#include <gmock/gmock.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "formats/onnx.h"
#include "support/files.h"
#include "support/program.h"
#include "support/schema.h"
#include "support/scratch.h"

namespace shoehorn {
namespace {

using testing::Ended;
using ::testing::HasSubstr;
using testing::RunProgram;
using ::testing::StartsWith;

constexpr char kProfile[] = "title = \"A board\"\naccelerator = \"onnxruntime_cpu\"\nprecision = \"fp32\"\n";

class CheckCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    scratch_.Write("targets/board.toml", "name = \"board\"\n" + std::string(kProfile));
    scratch_.Write("targets/plank.toml", "name = \"plank\"\n" + std::string(kProfile));
    ::setenv("SHOEHORN_TARGETS", (scratch_.path() / "targets").c_str(), 1);
  }
  void TearDown() override { ::unsetenv("SHOEHORN_TARGETS"); }

  /// A model of these lines between x and y.
  std::string Model(const std::string& body, const std::string& opsets = "\"\" : 17") const {
    const auto model = formats::ParseText("<ir_version: 8, opset_import: [" + opsets +
                                          "]>\ng (float[1,4] x) => (float[1,4] y) {\n" + body + "}");
    EXPECT_TRUE(model.ok()) << model.error().Text();
    const std::string path = (scratch_.path() / "model.onnx").string();
    EXPECT_TRUE(formats::SaveOnnx(**model, path).ok());
    return path;
  }
  std::string Path(const std::string& name) const { return (scratch_.path() / name).string(); }
  std::string Errors(const Ended& ended) const { return scratch_.Masked(ended.err); }

  testing::Scratch scratch_;
};

constexpr char kForeign[] = "[odd] a = acme.Frobnicate (x)\n[relu] y = Relu (a)\n";
constexpr char kAcme[] = "\"\" : 17, \"acme\" : 1";

TEST_F(CheckCommand, AnUnknownTargetGetsASuggestion) {
  const Ended ended = RunProgram({"check", Model("y = Relu (x)\n"), "--target", "bord"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_EQ(ended.err, "error: target 'bord': there is no such target\n  fix: did you mean 'board'?\n");
}

TEST_F(CheckCommand, AProfileWithAWrongKeyIsNamedWithItsLine) {
  scratch_.Write("targets/plank.toml", "name = \"plank\"\ntitel = \"A plank\"\n");
  const Ended ended = RunProgram({"check", Model("y = Relu (x)\n"), "--target", "board"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(Errors(ended), StartsWith("error: DIR/targets/plank.toml: line 2: titel: unknown key\n"));
  EXPECT_THAT(Errors(ended), HasSubstr("  fix: did you mean 'title'?\n"));
}

TEST_F(CheckCommand, AnOperatorOfAnUnknownDomainIsUnknownAndNeverTaken) {
  const std::string model = Model(kForeign, kAcme);
  const Ended ended = RunProgram({"check", model, "--target", "board"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("0 of 2 operators taken"));
  EXPECT_THAT(ended.out, HasSubstr("  1 acme::Frobnicate, unknown (by rules): odd\n"
                                   "    found     operator Frobnicate of the domain acme\n"));
}

TEST_F(CheckCommand, TheExitCodeIsWhatWasAskedFor) {
  const std::string good = Model("[relu] y = Relu (x)\n");
  EXPECT_EQ(RunProgram({"check", good, "--target", "board", "--fail-on", "fallback"}).exit_code, 0);
  const std::string bad = Model(kForeign, kAcme);
  EXPECT_EQ(RunProgram({"check", bad, "--target", "board"}).exit_code, 0);
  EXPECT_EQ(RunProgram({"check", bad, "--target", "board", "--fail-on", "unsupported"}).exit_code, 1);
  EXPECT_EQ(RunProgram({"check", bad, "--target", "all", "--fail-on", "fallback"}).exit_code, 1);
  EXPECT_EQ(RunProgram({"check", bad, "--target", "board", "--fail-on", "nothing"}).exit_code, 2);
  EXPECT_EQ(RunProgram({"check", Path("absent.onnx"), "--target", "board"}).exit_code, 2);
}

TEST_F(CheckCommand, OutputsAreNotOverwrittenUnasked) {
  const std::string model = Model("[relu] y = Relu (x)\n");
  scratch_.Write("out.json", "mine");
  const std::vector<std::string> arguments = {"check", model,    "--target",
                                              "board", "--json", Path("out.json")};
  const Ended ended = RunProgram(arguments);
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_EQ(Errors(ended),
            "error: DIR/out.json: the output exists and is not overwritten without being asked\n"
            "  fix: name another file, or add --force\n");
  EXPECT_EQ(*ReadText(Path("out.json")), "mine");
  std::vector<std::string> forced = arguments;
  forced.push_back("--force");
  EXPECT_EQ(RunProgram(forced).exit_code, 0);
  EXPECT_EQ(testing::SchemaComplaint("check.schema.json", *ReadText(Path("out.json"))), "");
}

TEST_F(CheckCommand, AnUnwritableOutputIsBadInput) {
  const std::string model = Model("[relu] y = Relu (x)\n");
  const Ended ended =
      RunProgram({"check", model, "--target", "board", "--sarif", Path("no/such/folder/out.sarif")});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(Errors(ended), HasSubstr("no/such/folder"));
}

TEST_F(CheckCommand, SeveralTargetsAreComparedAndNotRepaired) {
  const std::string model = Model(kForeign, kAcme);
  const Ended ended = RunProgram({"check", model, "--target", "all", "--json", "-"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(testing::SchemaComplaint("check.schema.json", ended.out), "");
  EXPECT_EQ(nlohmann::json::parse(ended.out)["targets"].size(), 2u);
  const Ended refused =
      RunProgram({"check", model, "--target", "board", "--target", "plank", "--repair", Path("r.onnx")});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_EQ(refused.err, "error: --repair: several targets are only compared\n  expected: one --target\n");
  EXPECT_EQ(RunProgram({"check", model, "--target", "board", "--json", "-", "--sarif", "-"}).exit_code, 2);
}

TEST_F(CheckCommand, TheRepairedModelIsWrittenAndMeansTheSame) {
  const std::string model = Model("a = Identity (x)\n[relu] y = Relu (a)\n");
  const Ended ended = RunProgram({"check", model, "--target", "board", "--repair", Path("r.onnx")});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(scratch_.Masked(ended.out), HasSubstr("  written to DIR/r.onnx\n"));
  EXPECT_TRUE(formats::LoadOnnx(Path("r.onnx")).ok());
}

TEST_F(CheckCommand, TwentyThousandNodesThatNobodyKnows) {
  std::string body = "n0 = acme.Frobnicate (x)\n";
  for (int i = 1; i < 20'000; ++i)
    body += "n" + std::to_string(i) + " = acme.Frobnicate (n" + std::to_string(i - 1) + ")\n";
  const std::string model = Model(body + "y = Relu (n19999)\n", kAcme);
  const Ended ended = RunProgram({"check", model, "--target", "all"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("20001 operators, by rules\n"));
  const Ended full = RunProgram({"check", model, "--target", "board"});
  EXPECT_EQ(full.exit_code, 0) << full.err;
  EXPECT_THAT(full.out, HasSubstr("  20000 acme::Frobnicate, unknown (by rules): "));
  EXPECT_LT(std::ranges::count(full.out, '\n'), 60);
}

TEST_F(CheckCommand, ATargetWithoutRulesIsNotChecked) {
  scratch_.Write("targets/stone.toml",
                 "name = \"stone\"\ntitle = \"A stone\"\naccelerator = \"unknown\"\nprecision = \"int8\"\n");
  const std::string model = Model("[relu] y = Relu (x)\n");
  const Ended one = RunProgram({"check", model, "--target", "stone"});
  EXPECT_EQ(one.exit_code, 2);
  EXPECT_EQ(
      one.err,
      "error: target 'stone': no support rules are known for it: nobody can say which operators it takes\n"
      "  expected: a target with rules: `shoehorn targets` lists them\n");
  const Ended all = RunProgram({"check", model, "--target", "all", "--json", "-"});
  EXPECT_EQ(all.exit_code, 0) << all.err;
  EXPECT_EQ(all.err, "left out, no support rules are known: stone\n");
  EXPECT_EQ(nlohmann::json::parse(all.out)["targets"].size(), 2u);
  const Ended list = RunProgram({"targets"});
  EXPECT_THAT(list.out, HasSubstr("stone  A stone\n       no support rules; no judge\n"));
}

TEST_F(CheckCommand, AUnitIsExplainedWithItsFigures) {
  scratch_.Write("targets/board.toml", "name = \"board\"\n" + std::string(kProfile) + R"([[unit]]
name = "cpu"
kind = "cpu"
runtime = "onnxruntime"
peak = { fp32 = { value = "8 GFLOPS", kind = "inferred", source = "its clock" } }
bandwidth = { value = "4 GB/s", kind = "reported", source = "its data sheet" }
dispatch = { value = "10 us", kind = "measured", source = "a stopwatch" }
)");
  const Ended shown = RunProgram({"targets", "board"});
  EXPECT_EQ(shown.exit_code, 0) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr("figures of cpu\n  peak fp32        8.00 GOPS (inferred; its clock)\n"));
  scratch_.Write("targets/plank.toml", "name = \"plank\"\n" + std::string(kProfile) +
                                           "[device]\nidle_power = { value = \"5 V\", kind = \"measured\", "
                                           "source = \"a meter\" }\n");
  const Ended refused = RunProgram({"targets"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_EQ(Errors(refused),
            "error: DIR/targets/plank.toml: line 5: device: the device has no unit\n"
            "  expected: [[unit]] at least once\n");
}

TEST_F(CheckCommand, TargetsAreListedAndExplained) {
  const Ended list = RunProgram({"targets"});
  EXPECT_EQ(list.exit_code, 0);
  EXPECT_THAT(list.out, StartsWith("board  A board\n       rules onnxruntime_cpu; no judge\n"));
  const Ended one = RunProgram({"targets", "plank", "--json", "-"});
  EXPECT_EQ(nlohmann::json::parse(one.out)["accelerator"], "onnxruntime_cpu");
  EXPECT_EQ(RunProgram({"targets", "plonk"}).exit_code, 2);
  const Ended rule = RunProgram({"explain", "onnxruntime_cpu.Conv"});
  EXPECT_EQ(rule.exit_code, 0) << rule.err;
  EXPECT_THAT(rule.out, HasSubstr("  targets    board, plank\n"));
  EXPECT_EQ(RunProgram({"explain", "onnxruntime_cpu.Nonsense"}).exit_code, 2);
}

}  // namespace
}  // namespace shoehorn
