#include <gmock/gmock.h>

#include "engines/engine.h"
#include "engines/evaluator.h"
#include "formats/onnx.h"
#include "support/files.h"

namespace shoehorn::engines {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::unique_ptr<ir::Model> Parse(const char* text) { return formats::ParseText(text).value(); }

constexpr const char* kSmall = R"(
<ir_version: 8, opset_import: ["" : 17]>
small (float[1,3] x) => (float[1,2] y)
<float[3,2] w = {1, 2, 3, 4, 5, 6}>
{
  [product] m = MatMul(x, w)
  [clip] y = Relu(m)
}
)";

// A small convolutional network, written to a file under the test's own folder.
constexpr const char* kConv = R"(
<ir_version: 8, opset_import: ["" : 17]>
conv (float[1,1,4,4] x) => (float[1,1,4,4] y)
<float[1,1,3,3] w = {0, 1, 0, 1, -4, 1, 0, 1, 0}>
{
  [edges] c = Conv<pads = [1, 1, 1, 1]>(x, w)
  [clip] y = Relu(c)
}
)";

class EnginesTest : public ::testing::Test {
 protected:
  EnginesTest() : folder_(fs::path(::testing::TempDir()) / ("engines-" + std::to_string(::getpid()))) {
    fs::create_directories(folder_);
  }
  ~EnginesTest() override { fs::remove_all(folder_); }

  fs::path Write(const char* text) {
    const fs::path path = folder_ / "model.onnx";
    const Status saved = formats::SaveOnnx(*Parse(text), path);
    EXPECT_TRUE(saved.ok()) << saved.error().Text();
    return path;
  }

  fs::path folder_;
};

std::vector<float> Floats(const ir::Tensor& tensor) {
  return {tensor.As<float>().begin(), tensor.As<float>().end()};
}

TEST(Evaluator, ComputesConstants) {
  const auto model = Parse(R"(
    <ir_version: 8, opset_import: ["" : 17]>
    constants () => (float[2] sum, int64[2] shape)
    <float[2] a = {1, 2}, float[2] b = {3, 4}, float[2,3] c = {0, 0, 0, 0, 0, 0}>
    {
      sum = Add(a, b)
      shape = Shape(c)
    }
  )");
  const auto values = MakeEvaluator()->Evaluate(*model);
  ASSERT_TRUE(values.ok()) << values.error().Text();
  ASSERT_EQ(values->size(), 2u);
  EXPECT_EQ((*values)[0], ir::Tensor::Of<float>({2}, std::vector<float>{4, 6}));
  EXPECT_EQ((*values)[1], ir::Tensor::Ints({2, 3}));
}

TEST(Evaluator, KeepsStringsAndEmptyTensors) {
  const auto model = Parse(R"(
    <ir_version: 8, opset_import: ["" : 17]>
    constants () => (string[2] words, float[0] nothing)
    <string[2] w = {"a", "bc"}>
    {
      words = Identity(w)
      shape = Constant<value_ints = [0]>()
      nothing = ConstantOfShape(shape)
    }
  )");
  const auto values = MakeEvaluator()->Evaluate(*model);
  ASSERT_TRUE(values.ok()) << values.error().Text();
  EXPECT_EQ((*values)[0].strings(), (std::vector<std::string>{"a", "bc"}));
  EXPECT_EQ((*values)[1].dims(), (ir::Shape{0}));
}

TEST(Evaluator, UnknownOperatorIsADiagnostic) {
  const auto model = Parse(R"(
    <ir_version: 8, opset_import: ["" : 17, "no.such.domain" : 1]>
    constants () => (float[2] y)
    <float[2] a = {1, 2}>
    { y = no.such.domain.Frobnicate(a) }
  )");
  const auto values = MakeEvaluator()->Evaluate(*model);
  ASSERT_FALSE(values.ok());
  EXPECT_THAT(values.error().Text(), HasSubstr("Frobnicate"));
}

TEST(RunReference, RunsAndNamesTheInputThatDoesNotFit) {
  const auto model = Parse(kSmall);
  const std::vector<ir::Tensor> good = {ir::Tensor::Of<float>({1, 3}, std::vector<float>{1, 0, -1})};
  const auto values = RunReference(*model, good);
  ASSERT_TRUE(values.ok()) << values.error().Text();
  EXPECT_EQ(Floats(values->front()), (std::vector<float>{0, 0}));

  const std::vector<ir::Tensor> bad = {ir::Tensor::Of<float>({1, 2}, std::vector<float>{1, 0})};
  const auto refused = RunReference(*model, bad);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().Text(), "error: input 'x': float[1,2]\n  expected: float[1,3]");
}

TEST(Engines, UnknownNamesGetASuggestion) {
  EXPECT_THAT(FindEngine("onnxruntim").error().Text(), HasSubstr("did you mean 'onnxruntime'?"));
  EXPECT_THAT(ParsePrecision("in8").error().Text(), HasSubstr("did you mean 'int8'?"));
  EXPECT_EQ(ParsePrecision("bf16").value(), Precision::kBf16);
}

TEST_F(EnginesTest, EveryEngineAgreesWithTheReference) {
  const fs::path path = Write(kConv);
  std::vector<float> image(16);
  for (size_t i = 0; i < image.size(); ++i) image[i] = static_cast<float>((i * 7) % 5);
  const std::vector<ir::Tensor> inputs = {ir::Tensor::Of<float>({1, 1, 4, 4}, image)};
  const std::vector<float> expected = Floats(RunReference(*Parse(kConv), inputs).value().front());
  for (const std::string& name : EngineNames()) {
    SCOPED_TRACE(name);
    Engine& engine = *FindEngine(name).value();
    auto session = engine.Load(path, {});
    ASSERT_TRUE(session.ok()) << session.error().Text();
    ASSERT_EQ((*session)->inputs().size(), 1u);
    EXPECT_EQ((*session)->inputs()[0].name, "x");
    EXPECT_EQ((*session)->inputs()[0].shape, (std::vector<int64_t>{1, 1, 4, 4}));
    EXPECT_EQ((*session)->outputs()[0].name, "y");
    const auto outputs = (*session)->Run(inputs);
    ASSERT_TRUE(outputs.ok()) << outputs.error().Text();
    EXPECT_THAT(Floats(outputs->front()), ::testing::Pointwise(::testing::FloatNear(1e-5f), expected));
    ASSERT_TRUE((*session)->Bind(inputs).ok());
    EXPECT_TRUE((*session)->RunBound().ok());
    const std::vector<ir::Tensor> wrong = {ir::Tensor::Of<int64_t>({1}, std::vector<int64_t>{1})};
    EXPECT_THAT((*session)->Run(wrong).error().Text(), HasSubstr("input 'x': int64[1]"));
  }
}

TEST_F(EnginesTest, EveryEngineTellsTheTimesOfItsLayers) {
  const fs::path path = Write(kConv);
  const std::vector<ir::Tensor> inputs = {ir::Tensor::Of<float>({1, 1, 4, 4}, std::vector<float>(16, 1.0f))};
  for (const std::string& name : EngineNames()) {
    SCOPED_TRACE(name);
    SessionOptions options;
    options.profile = true;
    auto session = FindEngine(name).value()->Load(path, options);
    ASSERT_TRUE(session.ok()) << session.error().Text();
    for (int i = 0; i < 3; ++i) ASSERT_TRUE((*session)->Run(inputs).ok());
    const auto layers = (*session)->Layers();
    ASSERT_TRUE(layers.ok()) << layers.error().Text();
    ASSERT_FALSE(layers->empty());
    bool has_convolution = false;
    for (const LayerTime& layer : *layers) {
      EXPECT_GE(layer.mean_ms, 0);
      has_convolution |= layer.op_type.find("Conv") != std::string::npos;
    }
    EXPECT_TRUE(has_convolution);
  }
}

TEST_F(EnginesTest, ArtifactsLoadAgain) {
  const fs::path path = Write(kConv);
  const std::vector<ir::Tensor> inputs = {ir::Tensor::Of<float>({1, 1, 4, 4}, std::vector<float>(16, 1.0f))};
  for (const std::string& name : EngineNames()) {
    Engine& engine = *FindEngine(name).value();
    for (const Precision precision : engine.precisions()) {
      SCOPED_TRACE(name + " " + std::string(NameOf(precision)));
      const fs::path folder = folder_ / (name + std::string(NameOf(precision)));
      fs::create_directories(folder);
      const auto artifact = engine.WriteArtifact(path, precision, folder);
      ASSERT_TRUE(artifact.ok()) << artifact.error().Text();
      SessionOptions options;
      options.precision = precision;
      auto session = engine.Load(*artifact, options);
      ASSERT_TRUE(session.ok()) << session.error().Text();
      EXPECT_EQ((*session)->outputs()[0].name, "y");
      const auto outputs = (*session)->Run(inputs);
      ASSERT_TRUE(outputs.ok()) << outputs.error().Text();
      EXPECT_NEAR(Floats(outputs->front())[0], 0, 1e-2);
    }
  }
}

// Quantized convolution of 64 channels: its weights are 36,864 bytes as int8 and four times that as float.
std::unique_ptr<ir::Model> QuantizedConv() {
  auto model = Parse(R"(
    <ir_version: 8, opset_import: ["" : 17]>
    quantized (float[1,64,8,8] x) => (float[1,64,8,8] y)
    <float s = {0.02}, uint8 z = {128}, int8 zw = {0}, int8[1,1,1,1] w = {1}>
    {
      xq = QuantizeLinear(x, s, z)
      xd = DequantizeLinear(xq, s, z)
      wd = DequantizeLinear(w, s, zw)
      [conv] c = Conv<pads = [1, 1, 1, 1]>(xd, wd)
      cq = QuantizeLinear(c, s, z)
      y = DequantizeLinear(cq, s, z)
    }
  )");
  std::vector<int8_t> weights(64 * 64 * 9);
  for (size_t i = 0; i < weights.size(); ++i) weights[i] = static_cast<int8_t>(i * 37 % 11) - 5;
  ir::Value& w = *model->graph->FindValue("w");
  w.type = {};
  model->graph->SetConstant(w, ir::Tensor::Of<int8_t>({64, 64, 3, 3}, weights));
  return model;
}

TEST_F(EnginesTest, QuantizedWeightsStaySmallAndRunAsIntegers) {
  const fs::path path = folder_ / "quantized.onnx";
  const Status saved = formats::SaveOnnx(*QuantizedConv(), path);
  ASSERT_TRUE(saved.ok()) << saved.error().Text();
  const std::vector<ir::Tensor> inputs = {
      ir::Tensor::Of<float>({1, 64, 8, 8}, std::vector<float>(4096, 0.5f))};
  for (const std::string& name : EngineNames()) {
    SCOPED_TRACE(name);
    Engine& engine = *FindEngine(name).value();
    const fs::path folder = folder_ / name;
    fs::create_directories(folder);
    const auto artifact = engine.WriteArtifact(path, Precision::kInt8, folder);
    ASSERT_TRUE(artifact.ok()) << artifact.error().Text();
    uint64_t size = 0;
    for (const auto& file : fs::directory_iterator(folder)) size += fs::file_size(file);
    EXPECT_GT(size, 36'864u);
    EXPECT_LT(size, 60'000u);
    SessionOptions options;
    options.precision = Precision::kInt8;
    options.profile = true;
    auto session = engine.Load(*artifact, options);
    ASSERT_TRUE(session.ok()) << session.error().Text();
    for (int i = 0; i < 3; ++i) ASSERT_TRUE((*session)->Run(inputs).ok());
    const auto layers = (*session)->Layers();
    ASSERT_TRUE(layers.ok()) << layers.error().Text();
    std::string precision;
    for (const LayerTime& layer : *layers)
      if (layer.op_type.find("Conv") != std::string::npos)
        precision += layer.op_type + " " + layer.precision + ";";
    EXPECT_THAT(precision, ::testing::AnyOf(HasSubstr("i8"), HasSubstr("u8")));
  }
}

TEST_F(EnginesTest, AFileThatIsNoModelIsADiagnostic) {
  const fs::path path = folder_ / "broken.onnx";
  ASSERT_TRUE(WriteAtomically(path, "this is no protobuf").ok());
  for (const std::string& name : EngineNames()) {
    const auto session = FindEngine(name).value()->Load(path, {});
    ASSERT_FALSE(session.ok());
    EXPECT_THAT(session.error().Text(), HasSubstr("broken.onnx"));
  }
}

}  // namespace
}  // namespace shoehorn::engines
