// shoehorn place MODEL --target T by running the program: real models on a real profile, whose JSON must add
// up, and exact messages for bad input.
#include <gmock/gmock.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "formats/onnx.h"
#include "support/files.h"
#include "support/models.h"
#include "support/program.h"
#include "support/schema.h"
#include "support/scratch.h"

namespace shoehorn {
namespace {

using nlohmann::json;
using testing::Ended;
using ::testing::HasSubstr;
using testing::RunProgram;
using ::testing::StartsWith;

std::vector<std::string> Arguments(const std::string& model, const std::string& target,
                                   const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments = {"place", model, "--target", target};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

double Sum(const json& list, const char* key) {
  double sum = 0;
  for (const json& each : list) sum += each[key].get<double>();
  return sum;
}

struct Case {
  const char* model;
  const char* target;
};
void PrintTo(const Case& which, std::ostream* stream) { *stream << which.model << " on " << which.target; }

class PlacedModel : public ::testing::TestWithParam<Case> {};

TEST_P(PlacedModel, IsPlacedOptimallyAndItsFiguresAddUp) {
  const auto path = testing::FindRealModel(GetParam().model).path();
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "the shared test data is absent: " << path;
  for (const char* objective : {"latency", "energy", "0.7"}) {
    const Ended ended =
        RunProgram(Arguments(path.string(), GetParam().target, {"--objective", objective, "--json", "-"}));
    ASSERT_EQ(ended.exit_code, 0) << ended.err;
    ASSERT_EQ(testing::SchemaComplaint("place-device.schema.json", ended.out), "");
    const json plan = json::parse(ended.out);
    EXPECT_TRUE(plan["optimal"]);
    // The host's start stands in no list; a device of two units has no other one.
    const double parts =
        Sum(plan["nodes"], "ms") + Sum(plan["crossings"], "ms") + Sum(plan["overflows"], "ms");
    EXPECT_GE(plan["chosen"]["ms"].get<double>(), parts * (1 - 1e-9));
    EXPECT_LE(plan["chosen"]["ms"].get<double>(), parts + 0.1);
    const double chosen = plan["chosen"]["objective"], slack = 1 + 1e-9;
    EXPECT_LE(chosen, plan["host_only"]["objective"].get<double>() * slack);
    EXPECT_LE(chosen, plan["greedy"]["objective"].get<double>() * slack);
    size_t elsewhere = 0;
    for (const json& node : plan["nodes"]) elsewhere += node["unit"] == plan["accelerator"] ? 0 : 1;
    EXPECT_EQ(plan["fallbacks"].size(), elsewhere);
  }
}

INSTANTIATE_TEST_SUITE_P(Place, PlacedModel,
                         ::testing::Values(Case{"yolox_nano.onnx", "qcs6490"}, Case{"lprnet.onnx", "qcs6490"},
                                           Case{"ultraface_rfb320.onnx", "snapdragon-8-gen-3"},
                                           Case{"yolox_nano.onnx", "rk3588"},
                                           Case{"mlperf_kws01_dscnn.onnx", "rk3588"},
                                           Case{"efficientnet_lite0.onnx", "jetson-orin-nano"}),
                         [](const auto& info) {
                           return testing::TestName(info.param.model) + "__" +
                                  testing::TestName(info.param.target);
                         });

TEST(PlaceDevice, ADetectorOnAnIntegerChipRunsOnItsAccelerator) {
  const auto path = testing::FindRealModel("yolox_nano.onnx").path();
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "the shared test data is absent: " << path;
  const Ended ended = RunProgram(Arguments(path.string(), "qcs6490"));
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out, StartsWith("target   qcs6490: Qualcomm QCS6490, Hexagon HTP v68\nplaced   "));
  EXPECT_THAT(ended.out, HasSubstr(" operators on npu, "));
  EXPECT_THAT(ended.out, HasSubstr(" times as fast as cpu alone ("));
  EXPECT_THAT(ended.out, HasSubstr("  the model is float, and cpu and npu compute in int8: "));
  for (size_t at = 0, end = 0; end != std::string::npos; at = end + 1) {
    end = ended.out.find('\n', at);
    EXPECT_LE(ended.out.substr(at, end - at).size(), 80u) << ended.out.substr(at, end - at);
  }
}

TEST(PlaceDevice, AnAcceleratorThatDoesNotPayIsRefusedAndItsPriceStandsBeside) {
  const auto path = testing::FindRealModel("mlperf_kws01_dscnn.onnx").path();
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "the shared test data is absent: " << path;
  const Ended ended = RunProgram(Arguments(path.string(), "qcs6490"));
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out,
              HasSubstr("verdict  nothing costs less than cpu alone; npu wherever it takes an operator:"));
  EXPECT_THAT(ended.out, HasSubstr("  pinned: the first dimension of input "));
}

constexpr char kBoard[] = R"(name = "board"
title = "A board"
accelerator = "qnn_htp"
precision = "fp32"
[[unit]]
name = "cpu"
kind = "cpu"
runtime = "onnxruntime"
peak = { fp32 = { value = "1 GFLOPS", kind = "reported", source = "s" } }
bandwidth = { value = "1 GB/s", kind = "reported", source = "s" }
dispatch = { value = "0 us", kind = "reported", source = "s" }
[[unit]]
name = "npu"
kind = "npu"
accelerator = "qnn_htp"
runtime = "qnn"
peak = { fp32 = { value = "1 TFLOPS", kind = "reported", source = "s" } }
bandwidth = { value = "100 GB/s", kind = "reported", source = "s" }
dispatch = { value = "1 us", kind = "reported", source = "s" }
[[copy]]
between = ["cpu", "npu"]
bandwidth = { value = "10 GB/s", kind = "reported", source = "s" }
latency = { value = "1 us", kind = "reported", source = "s" }
)";

class PlaceCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    scratch_.Write("targets/board.toml", kBoard);
    scratch_.Write(
        "targets/plank.toml",
        "name = \"plank\"\ntitle = \"A plank\"\naccelerator = \"qnn_htp\"\nprecision = \"fp32\"\n");
    ::setenv("SHOEHORN_TARGETS", (scratch_.path() / "targets").c_str(), 1);
  }
  void TearDown() override { ::unsetenv("SHOEHORN_TARGETS"); }

  std::string Model(const std::string& graph) const {
    const auto model =
        formats::ParseText("<ir_version: 8, opset_import: [\"\" : 17, \"acme\" : 1]>\ng " + graph);
    EXPECT_TRUE(model.ok()) << model.error().Text();
    const std::string path = (scratch_.path() / "model.onnx").string();
    EXPECT_TRUE(formats::SaveOnnx(**model, path).ok());
    return path;
  }
  std::string Relu() const {
    return Model("(float[1,100000] x) => (float[1,100000] y) { [relu] y = Relu (x) }");
  }
  std::string Errors(const Ended& ended) const { return scratch_.Masked(ended.err); }

  testing::Scratch scratch_;
};

TEST_F(PlaceCommand, BadInputIsSaidExactly) {
  const std::string model = Relu();
  Ended ended = RunProgram({"place", model});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_EQ(ended.err,
            "error: --target: a model is placed on a target, and none is given\n"
            "  expected: the name of one (`shoehorn targets` lists them)\n");
  for (const char* objective : {"fast", "1.5", "-0.1", "0.5x", "", "nan"}) {
    ended = RunProgram(Arguments(model, "board", {std::string("--objective=") + objective}));
    EXPECT_EQ(ended.exit_code, 2) << objective;
  }
  ended = RunProgram(Arguments(model, "board", {"--objective", "fast"}));
  EXPECT_EQ(ended.err,
            "error: --objective: 'fast' is no objective\n"
            "  expected: latency, energy, or the share w of latency from 0 to 1: w x ms + (1 - w) x mJ is "
            "minimized\n");
  ended = RunProgram(Arguments(model, "plank"));
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_EQ(Errors(ended),
            "error: DIR/targets/plank.toml: target 'plank': its profile has no compute units, so nothing can "
            "be placed "
            "on them\n  expected: [[unit]] with peak, bandwidth and dispatch (docs/profiles.md)\n");
  ended = RunProgram(Arguments(model, "board", {"--objective", "energy"}));
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_EQ(
      Errors(ended),
      "error: DIR/targets/board.toml: unit 'cpu': it has no busy_power, so nobody can count its energy\n"
      "  expected: watts above the idle power\n"
      "  fix: add busy_power, or ask for --objective latency\n");
  EXPECT_EQ(RunProgram(Arguments("absent.onnx", "board")).exit_code, 2);
  EXPECT_EQ(RunProgram(Arguments(model, "bord")).exit_code, 2);
}

TEST_F(PlaceCommand, AnOpenShapeIsAskedForAndABatchIsOne) {
  const std::string open = Model("(float[n,h,4] x) => (float[n,h,4] y) { y = Relu (x) }");
  Ended ended = RunProgram(Arguments(open, "board"));
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_EQ(ended.err,
            "error: input 'x': its shape is open, so nobody can say what the model costs\n"
            "  expected: numbers for all of its dimensions but the first, which is 1 when it is open\n"
            "  fix: add --shape x=1,3,224,224 with the sizes that it runs with\n");
  ended = RunProgram(Arguments(open, "board", {"--symbol", "h=3", "--json", "-"}));
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(json::parse(ended.out)["pinned"], json({"the first dimension of input 'x' to 1"}));
}

TEST_F(PlaceCommand, WhatNobodyKnowsRunsOnTheCpuAndIsListed) {
  const std::string model = Model(
      "(float[1,100000] x) => (float[1,100000] y) { [odd] a = acme.Frobnicate (x) [relu] y = Relu (x) }");
  const Ended ended = RunProgram(Arguments(model, "board", {"--as-it-is"}));
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("placed   1 operator on cpu, 1 on npu: "));
  EXPECT_THAT(ended.out, HasSubstr("energy not known (inferred)\n"));
  EXPECT_THAT(ended.out, HasSubstr("1 operator not on npu: "));
  EXPECT_THAT(ended.out, HasSubstr("  odd (Frobnicate) on cpu: "));
  EXPECT_THAT(ended.out,
              HasSubstr("    unknown: node 'odd' (acme.Frobnicate): operator Frobnicate of the domain\n"
                        "      acme; accepted: "));
}

TEST_F(PlaceCommand, TheJsonIsNotOverwrittenUnasked) {
  const std::string model = Relu(), out = (scratch_.path() / "out.json").string();
  scratch_.Write("out.json", "mine");
  Ended ended = RunProgram(Arguments(model, "board", {"--json", out}));
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_EQ(*ReadText(out), "mine");
  ended = RunProgram(Arguments(model, "board", {"--json", out, "--force"}));
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(testing::SchemaComplaint("place-device.schema.json", *ReadText(out)), "");
}

TEST_F(PlaceCommand, ADeepModelOfOneUnknownOperatorEach) {
  std::string body = "n0 = Relu (x)\n";
  for (int i = 1; i < 10'000; ++i)
    body += "n" + std::to_string(i) + (i % 7 == 0 ? " = acme.Frobnicate" : " = Relu") + " (n" +
            std::to_string(i - 1) + ")\n";
  const std::string model = Model("(float[1,4] x) => (float[1,4] y) {\n" + body + "y = Relu (n9999) }");
  const Ended ended = RunProgram(Arguments(model, "board"));
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_LT(std::ranges::count(ended.out, '\n'), 200);
}

}  // namespace
}  // namespace shoehorn
