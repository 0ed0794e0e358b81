// The spec: what a user may write is read, what is wrong is answered with line, key and a way out, and
// docs/spec.md documents every key that the program knows.
#include "fit/spec.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "support/files.h"

namespace shoehorn::fit {
namespace {

namespace fs = std::filesystem;

class SpecTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("spec_test-" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  Result<Spec> Load(const std::string& text) {
    EXPECT_TRUE(WriteAtomically(folder_ / "a.toml", text).ok());
    return LoadSpec(folder_ / "a.toml");
  }
  /// The error's text with the test's folder cut out.
  std::string ErrorOf(const std::string& text) {
    const auto spec = Load(text);
    if (spec.ok()) return "";
    return Shortened(spec.error().Text());
  }
  std::string Shortened(std::string text) const {
    const std::string prefix = folder_.string() + "/";
    for (size_t at = text.find(prefix); at != std::string::npos; at = text.find(prefix))
      text.erase(at, prefix.size());
    return text;
  }
  fs::path folder_;
};

constexpr char kWhole[] = R"(model = "plate.onnx"
threads = [2, 1, 2]
engines = "openvino"
precisions = ["fp32", "int8"]
budget = "90 s"
[symbols]
batch = 1
[[input]]
name = "x"
shape = [1, 3, 48, 192]
layout = "nchw"
color = "bgr"
resize = "fit_height"
mean = [1, 2.5, 3]
scale = 0.5
[calibration]
folder = "images"
limit = 64
[evaluation]
folder = "images"
offset = 64
labels = "csv"
labels_path = "labels.csv"
file_column = 1
label_column = "plate"
[metric]
name = "ctc_exact"
vocabulary = "metadata:character"
[requirements]
accuracy_drop = "1 point"
latency_p90 = "12 ms"
speedup = 1.8
size = "4 MiB"
)";

TEST_F(SpecTest, ReadsEverything) {
  const auto spec = Load(kWhole);
  ASSERT_TRUE(spec.ok()) << spec.error().Text();
  EXPECT_EQ(spec->model, folder_ / "plate.onnx");
  EXPECT_EQ(spec->threads, (std::vector<int>{1, 2}));
  EXPECT_EQ(spec->engines, std::vector<std::string>{"openvino"});
  EXPECT_EQ(spec->precisions, (std::vector<std::string>{"fp32", "int8"}));
  EXPECT_DOUBLE_EQ(spec->budget_s, 90);
  EXPECT_EQ(spec->symbols.at("batch"), 1);
  ASSERT_EQ(spec->inputs.size(), 1u);
  EXPECT_EQ(spec->inputs[0].shape, (ir::Shape{1, 3, 48, 192}));
  EXPECT_EQ(spec->inputs[0].resize, data::Resize::kFitHeight);
  EXPECT_EQ(spec->inputs[0].mean, (std::vector<double>{1, 2.5, 3}));
  EXPECT_EQ(spec->evaluation.labels_path, folder_ / "labels.csv");
  EXPECT_EQ(spec->evaluation.csv_file_column, "1");
  EXPECT_EQ(spec->vocabulary_key, "character");
  EXPECT_DOUBLE_EQ(*spec->requirements.accuracy_drop_absolute, 0.01);
  EXPECT_FALSE(spec->requirements.accuracy_drop_relative.has_value());
  EXPECT_DOUBLE_EQ(*spec->requirements.latency_p90_ms, 12);
  EXPECT_DOUBLE_EQ(*spec->requirements.size_bytes, 4 * 1024 * 1024);
}

TEST_F(SpecTest, BoundsTheLossOfAccuracyWhenNobodyDoes) {
  const auto spec = Load("model = \"m.onnx\"\nprecisions = \"fp32\"\n[evaluation]\nfolder = \"e\"\n");
  ASSERT_TRUE(spec.ok()) << spec.error().Text();
  EXPECT_DOUBLE_EQ(*spec->requirements.accuracy_drop_relative, 0.01);
  EXPECT_EQ(spec->metric.name, "cosine");
}

TEST_F(SpecTest, SaysWhatIsWrongAndWhere) {
  const std::string head =
      "model = \"m.onnx\"\n[evaluation]\nfolder = \"e\"\n[calibration]\nfolder = \"c\"\n";
  EXPECT_EQ(ErrorOf(head + "[requirements]\nlatency_p5 = \"1 ms\"\n"),
            "error: a.toml: line 7: requirements.latency_p5: unknown key\n"
            "  expected: one of accuracy_drop, accuracy_drop_relative, latency_p50, latency_p90, "
            "latency_p99, speedup, "
            "peak_memory, size, size_ratio, load_time, throughput\n"
            "  fix: did you mean 'latency_p50'?");
  EXPECT_EQ(ErrorOf(head + "[requirements]\nlatency_p50 = \"12\"\n"),
            "error: a.toml: line 7: requirements.latency_p50: '12' is not a duration\n"
            "  expected: a number and a unit: \"12 ms\" (us, ms, s, min, h)");
  EXPECT_EQ(ErrorOf(head + "[requirements]\nsize = 4000\n"),
            "error: a.toml: line 7: requirements.size: the integer 4000\n  expected: a string in quotes");
  EXPECT_EQ(ErrorOf(head + "[[input]]\nname = \"x\"\nlayout = \"ncwh\"\n"),
            "error: a.toml: line 8: input[0].layout: 'ncwh'\n  expected: one of as_is, nchw, nhwc\n"
            "  fix: did you mean 'nchw'?");
  EXPECT_EQ(ErrorOf(head + "[[input]]\nname = \"x\"\nshape = [1, -3]\n"),
            "error: a.toml: line 8: input[0].shape[1]: the integer -3\n  expected: an integer from 1 to "
            "2147483647");
  EXPECT_EQ(
      ErrorOf("modell = \"m.onnx\"\n"),
      "error: a.toml: line 1: modell: unknown key\n  expected: one of model, threads, engines, "
      "precisions, budget, "
      "symbols, input, calibration, evaluation, metric, requirements, place\n  fix: did you mean 'model'?");
  EXPECT_EQ(ErrorOf("threads = 0\n"),
            "error: a.toml: line 1: threads: the integer 0\n  expected: an integer from 1 to 2147483647");
}

TEST_F(SpecTest, SaysWhatIsMissing) {
  EXPECT_EQ(ErrorOf("threads = 1\n"),
            "error: a.toml: line 1: has no model\n  expected: model = \"file.onnx\"");
  EXPECT_EQ(ErrorOf("model = \"m\"\n"),
            "error: a.toml: line 1: has no samples to evaluate on\n  expected: a section [evaluation]");
  EXPECT_EQ(
      ErrorOf("model = \"m\"\n[evaluation]\nfolder = \"e\"\n"),
      "error: a.toml: line 1: has no samples to calibrate int8 on\n  expected: a section [calibration]\n"
      "  fix: add it, or leave \"int8\" out of precisions");
  EXPECT_EQ(ErrorOf("model = \"m\"\n[evaluation]\nfolder = \"e\"\nlabels = \"csv\"\n"),
            "error: a.toml: line 2: evaluation: has labels but no labels_path\n"
            "  expected: labels_path = \"labels.csv\", or the folder of YOLO text files");
}

TEST_F(SpecTest, CalibrationAndEvaluationStayApart) {
  const std::string head =
      "model = \"m\"\n[calibration]\nfolder = \"s\"\nlimit = 64\n[evaluation]\nfolder = \"./s\"\n";
  EXPECT_EQ(ErrorOf(head + "offset = 63\n").substr(0, 60),
            "error: a.toml: calibration and evaluation: both read the sam");
  EXPECT_EQ(ErrorOf(head + "offset = 64\n"), "");
}

TEST_F(SpecTest, AMissingFileIsNamed) {
  const auto spec = LoadSpec(folder_ / "none.toml");
  ASSERT_FALSE(spec.ok());
  EXPECT_EQ(Shortened(spec.error().Text()),
            "error: none.toml: cannot open: No such file or directory\n  fix: check the path");
}

class MatchModelTest : public testing::Test {
 protected:
  MatchModelTest() {
    ir::Graph& graph = *model_.graph;
    ir::Type type;
    type.element = ir::DataType::kFloat;
    type.has_rank = true;
    type.dims = {{-1, "batch"}, {3, ""}, {48, ""}, {-1, "width"}};
    ir::Value& x = graph.AddInput("x", type);
    ir::Node& node = graph.AddNode("Relu", "relu", {&x});
    node.output()->type = type;
    node.output()->type.dims = {{1, ""}, {-1, ""}, {5, ""}};
    graph.Rename(*node.output(), "y");
    graph.AddOutput(*node.output());
    model_.metadata = {{"character", "a\nb\nc"}};
    spec_.file = "a.toml";
    data::InputSpec input;
    input.name = "x";
    input.shape = {1, 3, 48, 192};
    spec_.inputs = {input};
  }
  std::string Error() {
    const Status status = MatchModel(spec_, model_);
    return status.ok() ? "" : status.error().Text();
  }
  ir::Model model_;
  Spec spec_;
};

TEST_F(MatchModelTest, PinsSymbolsByShapesAndShapesBySymbols) {
  EXPECT_EQ(Error(), "");
  EXPECT_EQ(spec_.symbols.at("width"), 192);
  spec_.inputs[0].shape.clear();
  EXPECT_EQ(Error(), "");
  EXPECT_EQ(spec_.inputs[0].shape, (ir::Shape{1, 3, 48, 192}));
}

TEST_F(MatchModelTest, NamesTheKeyThatContradictsTheModel) {
  spec_.inputs[0].shape = {1, 3, 32, 192};
  EXPECT_EQ(Error(),
            "error: a.toml: input 'x'.shape: 32 in dimension 2\n"
            "  expected: 48, as the model says: [batch, 3, 48, width]");
  spec_.inputs[0].shape = {1, 3, 48};
  EXPECT_EQ(Error(),
            "error: a.toml: input 'x'.shape: 3 dimensions, [1, 3, 48]\n"
            "  expected: 4 dimensions, as the model says: [batch, 3, 48, width]");
  spec_.inputs[0].shape.clear();
  spec_.symbols = {{"batch", 1}};
  EXPECT_EQ(
      Error(),
      "error: a.toml: input 'x'.shape: missing, and the model leaves dimensions open: [batch, 3, 48, width]\n"
      "  expected: every dimension pinned\n"
      "  fix: write shape = [...], or give each symbol a size under [symbols]");
  spec_.symbols = {{"widht", 1}};
  EXPECT_EQ(Error(),
            "error: a.toml: symbols.widht: no input of the model has this dimension\n"
            "  expected: one of batch, width\n  fix: did you mean 'width'?");
}

TEST_F(MatchModelTest, NamesWrongInputsTypesAndOutputs) {
  spec_.inputs[0].name = "X";
  EXPECT_EQ(Error(),
            "error: a.toml: input.name: the model has no input 'X'\n  expected: one of x\n"
            "  fix: did you mean 'x'?");
  spec_.inputs[0].name = "x";
  spec_.inputs[0].type = ir::DataType::kUint8;
  EXPECT_EQ(Error(), "error: a.toml: input 'x'.type: uint8\n  expected: float, as the model says");
  spec_.inputs[0].type = ir::DataType::kFloat;
  spec_.metric.output = "z";
  EXPECT_EQ(Error(),
            "error: a.toml: metric.output: the model has no output 'z'\n  expected: one of y\n"
            "  fix: did you mean 'y'?");
  spec_.metric.output.clear();
  spec_.inputs.clear();
  EXPECT_EQ(Error(),
            "error: a.toml: input: the model's input 'x' is not described\n"
            "  expected: a section [[input]] with name = \"x\"");
}

TEST_F(MatchModelTest, ReadsTheVocabularyFromTheModel) {
  spec_.vocabulary_key = "character";
  EXPECT_EQ(Error(), "");
  EXPECT_EQ(spec_.metric.vocabulary,
            (std::vector<std::string>{"a", "b", "c", " "}));  // 5 classes: blank, a, b, c, space
  spec_.vocabulary_key = "charcter";
  EXPECT_EQ(Error(),
            "error: a.toml: metric.vocabulary: the model's metadata has no 'charcter'\n"
            "  expected: one of character\n  fix: did you mean 'character'?");
}

TEST(SpecDocumentTest, EveryKeyIsDocumented) {
  const auto text = ReadText(fs::path(SHOEHORN_SOURCE_DIR) / "docs/spec.md");
  ASSERT_TRUE(text.ok());
  const std::vector<std::string> keys = SpecKeys();
  EXPECT_GT(keys.size(), 50u);
  for (const std::string& key : keys) EXPECT_NE(text->find("`" + key + "`"), std::string::npos) << key;
}

}  // namespace
}  // namespace shoehorn::fit
