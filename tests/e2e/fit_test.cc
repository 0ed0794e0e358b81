// The main job as a user runs it, on a small model and samples of its own making: the folder that comes out,
// what is said about bad input, and what a kill, Ctrl-C or a full disk leave behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "fit/spec.h"
#include "formats/onnx.h"
#include "support/program.h"
#include "support/scratch.h"

namespace shoehorn {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using testing::Ended;
using ::testing::HasSubstr;
using testing::RunProgram;
using testing::RunProgramAndSignal;

std::vector<float> Noise(size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(random() % 2001) / 1000.0f - 1.0f;
  return values;
}

/// x [1, 3, 16, 16] -> Conv, Relu, Conv, Relu -> mean over the picture -> y [1, 32, 1, 1]; 40 KB of weights.
void WriteModel(const fs::path& path) {
  ir::Model model;
  model.ir_version = 8;
  model.opsets = {{"", 17}};
  ir::Graph& graph = *model.graph;
  graph.name = "small";
  const auto type = [](const std::vector<int64_t>& dims) {
    ir::Type t;
    t.element = ir::DataType::kFloat;
    t.has_rank = true;
    for (const int64_t dim : dims) t.dims.push_back({dim, ""});
    return t;
  };
  ir::Value* value = &graph.AddInput("x", type({1, 3, 16, 16}));
  int64_t channels = 3;
  for (int layer = 0; layer < 2; ++layer) {
    const size_t count = static_cast<size_t>(32 * channels * 9);
    ir::Value& weights = graph.AddConstant("w" + std::to_string(layer),
                                           ir::Tensor::Of<float>({32, channels, 3, 3}, Noise(count, 7)));
    ir::Node& conv = graph.AddNode("Conv", "conv" + std::to_string(layer), {value, &weights});
    conv.Set("pads", std::vector<int64_t>{1, 1, 1, 1});
    value = graph.AddNode("Relu", "relu" + std::to_string(layer), {conv.output()}).output();
    channels = 32;
  }
  value = graph.AddNode("GlobalAveragePool", "mean", {value}).output();
  value->type = type({1, 32, 1, 1});
  graph.Rename(*value, "y");
  graph.AddOutput(*value);
  const Status saved = formats::SaveOnnx(model, path);
  ASSERT_TRUE(saved.ok()) << saved.error().Text();
}

class FitTest : public ::testing::Test {
 protected:
  void SetUp() override {
    WriteModel(scratch_.path() / "small.onnx");
    std::string labels = "file,label\n";
    for (unsigned i = 0; i < 12; ++i) {
      const std::vector<float> values = Noise(3 * 16 * 16, i);
      const std::string name = "s" + std::to_string(100 + i) + ".bin";
      scratch_.Write("samples/" + name,
                     {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
      labels += name + ",1\n";
    }
    scratch_.Write("labels.csv", labels);
    WriteSpec();
  }
  void WriteSpec(const std::string& evaluation = "",
                 const std::string& rest = "[metric]\nname = \"cosine\"\n") {
    scratch_.Write(
        "spec.toml",
        "model = \"small.onnx\"\nbudget = \"60 s\"\nengines = \"onnxruntime\"\n[[input]]\nname = \"x\"\n"
        "[calibration]\nformat = \"raw\"\nfolder = \"samples\"\nlimit = 4\n"
        "[evaluation]\nformat = \"raw\"\nfolder = \"samples\"\noffset = 4\n" +
            evaluation + rest);
  }
  std::vector<std::string> FitArguments(bool force = false) const {
    std::vector<std::string> arguments = {"fit", (scratch_.path() / "spec.toml").string(), "-o",
                                          Out().string()};
    if (force) arguments.emplace_back("--force");
    return arguments;
  }
  fs::path Out() const { return scratch_.path() / "out"; }
  fs::path StateFolder() const { return scratch_.path() / ".out.fit"; }
  std::string Masked(const std::string& text) const { return scratch_.Masked(text); }

  void ExpectWhole(const fs::path& out) const {
    for (const char* name : {"result.json", "plan.json", "report.html"})
      EXPECT_TRUE(fs::exists(out / name)) << name;
    std::ifstream file(out / "result.json");
    const auto result = nlohmann::json::parse(file, nullptr, false);
    ASSERT_TRUE(result.is_object());
    const std::string artifact = result.at("chosen").at("artifact");
    EXPECT_TRUE(fs::exists(out / artifact)) << artifact;
  }
  size_t FinishedCandidates() const {
    size_t count = 0;
    std::error_code code;
    for (fs::directory_iterator it(StateFolder() / "candidates", code), end; !code && it != end;
         it.increment(code))
      count += it->path().extension() == ".json";
    return count;
  }
  void ExpectNothingElseLeft() const {
    for (const auto& entry : fs::directory_iterator(scratch_.path()))
      EXPECT_FALSE(entry.path().filename().string().starts_with(".")) << entry.path();
  }

  testing::Scratch scratch_;
};

TEST_F(FitTest, WritesTheArtifactAndItsProof) {
  const Ended ended = RunProgram(FitArguments());
  ASSERT_LE(ended.exit_code, 1) << ended.err;
  ASSERT_GE(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("candidates, at most about"));
  EXPECT_THAT(ended.out, HasSubstr("verdict  "));
  EXPECT_THAT(ended.out, HasSubstr("report.html"));
  ExpectWhole(Out());
  ExpectNothingElseLeft();
}

TEST_F(FitTest, LeavesAnExistingFolderWhole) {
  scratch_.Write("out/mine.txt", "mine");
  Ended ended = RunProgram(FitArguments());
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_EQ(Masked(ended.err),
            "error: DIR/out: the output exists and is not overwritten without being asked\n"
            "  fix: name another folder, or add --force to replace it\n");
  WriteSpec("", "[metric]\nname = \"cosin\"\n");
  ended = RunProgram(FitArguments(/*force=*/true));
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.err, HasSubstr("did you mean 'cosine'?"));
  EXPECT_TRUE(fs::exists(Out() / "mine.txt"));
}

TEST_F(FitTest, GoesOnAfterAKillAtAnyMoment) {
  std::mt19937 random(20'261'124);
  size_t finished = 0;
  for (int round = 0; round < 5; ++round) {
    const Ended killed = RunProgramAndSignal(FitArguments(), milliseconds(100 + random() % 4000), SIGKILL);
    if (killed.signal != SIGKILL) {  // it was done before
      ExpectWhole(Out());
      fs::remove_all(Out());
      finished = 0;
      continue;
    }
    if (fs::exists(Out())) ExpectWhole(Out());
    EXPECT_GE(FinishedCandidates(), finished);
    finished = FinishedCandidates();
    fs::remove_all(Out());
  }
  const Ended ended = RunProgram(FitArguments());
  ASSERT_GE(ended.exit_code, 0);
  ASSERT_LE(ended.exit_code, 1) << ended.err;
  if (finished > 0) {
    EXPECT_THAT(ended.err, HasSubstr("going on where an earlier run of the same fit stopped"));
  }
  ExpectWhole(Out());
  ExpectNothingElseLeft();
}

TEST_F(FitTest, StopsCleanlyOnCtrlC) {
  const Ended stopped = RunProgramAndSignal(FitArguments(), milliseconds(1500), SIGINT);
  EXPECT_EQ(stopped.exit_code, 130) << stopped.err;
  EXPECT_THAT(stopped.err, HasSubstr("stopped"));
  EXPECT_FALSE(fs::exists(Out()));
}

TEST_F(FitTest, SaysThatTheFolderCannotBeWritten) {
  scratch_.Write("file", "");
  const Ended ended = RunProgram(
      {"fit", (scratch_.path() / "spec.toml").string(), "-o", (scratch_.path() / "file/out").string()});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(Masked(ended.err), HasSubstr("error: DIR/file"));
}

TEST_F(FitTest, AFullDiskIsBadLuckAndNoCrash) {
  const fs::path disk = scratch_.path() / "disk";
  fs::create_directory(disk);
  if (::mount("none", disk.c_str(), "tmpfs", 0, "size=24k") != 0)
    GTEST_SKIP() << "mounting a small disk needs root";
  const Ended ended =
      RunProgram({"fit", (scratch_.path() / "spec.toml").string(), "-o", (disk / "out").string()});
  const bool exists = fs::exists(disk / "out");
  ::umount(disk.c_str());
  EXPECT_EQ(ended.exit_code, 2) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("No space left on device"));
  EXPECT_FALSE(exists);
}

TEST_F(FitTest, NamesASampleThatDoesNotFit) {
  scratch_.Write("samples/s104.bin", "short");
  const Ended ended = RunProgram(FitArguments());
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.err, HasSubstr("s104.bin"));
  EXPECT_FALSE(fs::exists(Out()));
}

TEST_F(FitTest, NamesASampleWithoutALabel) {
  scratch_.Write("labels.csv", "file,label\ns100.bin,1\n");
  WriteSpec("labels = \"csv\"\nlabels_path = \"labels.csv\"\n", "[metric]\nname = \"top_k\"\n");
  const Ended ended = RunProgram(FitArguments());
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.err, HasSubstr("s101.bin"));
}

TEST_F(FitTest, SaysThatTheMetricDoesNotFitTheOutputs) {
  WriteSpec("labels = \"csv\"\nlabels_path = \"labels.csv\"\n",
            "[metric]\nname = \"ctc_exact\"\nvocabulary = [\"a\", \"b\"]\n");
  const Ended ended = RunProgram(FitArguments());
  EXPECT_EQ(ended.exit_code, 2) << ended.err;
  EXPECT_FALSE(fs::exists(Out()));
}

TEST_F(FitTest, BenchHoldsAModelAgainstTheSpec) {
  const Ended ended = RunProgram({"bench", (scratch_.path() / "small.onnx").string(), "--spec",
                                  (scratch_.path() / "spec.toml").string(), "--json", "-"});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const auto result = nlohmann::json::parse(ended.out, nullptr, false);
  ASSERT_TRUE(result.is_object());
  EXPECT_EQ(result.at("verdict"), "met");
  EXPECT_EQ(result.at("chosen").at("engine"), "onnxruntime");
}

TEST_F(FitTest, InitWritesASpecThatLoads) {
  const std::string spec = (scratch_.path() / "new.toml").string();
  const std::vector<std::string> arguments = {"init", (scratch_.path() / "small.onnx").string(), "-o", spec};
  ASSERT_EQ(RunProgram(arguments).exit_code, 0);
  auto loaded = fit::LoadSpec(spec);
  ASSERT_TRUE(loaded.ok()) << loaded.error().Text();
  const auto model = formats::LoadOnnx(loaded->model);
  ASSERT_TRUE(model.ok()) << model.error().Text();
  const Status matches = fit::MatchModel(*loaded, **model);
  EXPECT_TRUE(matches.ok()) << matches.error().Text();
  EXPECT_EQ(loaded->inputs.at(0).layout, data::Layout::kNchw);
  const Ended again = RunProgram(arguments);
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_THAT(again.err, HasSubstr("is not overwritten without being asked"));
}

}  // namespace
}  // namespace shoehorn
