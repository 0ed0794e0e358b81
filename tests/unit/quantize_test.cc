// Scales, plans and the exact graphs that quantization writes for each engine.
#include "quant/quantize.h"

#include <gmock/gmock.h>

#include "quant/plan.h"
#include "quant/scales.h"
#include "quant/sensitivity.h"
#include "support/quantized.h"

namespace shoehorn::quant {
namespace {

using shoehorn::testing::Between;
using shoehorn::testing::NodesOf;
using shoehorn::testing::ParseGraph;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::unique_ptr<ir::Model> Parse(const std::string& graph, int opset = 17) {
  return ParseGraph(graph, 8, opset);
}

const std::string kConvClipConv = R"(g (float[1,1,4,4] x) => (float[1,1,4,4] y)
<float[1,1,1,1] w1 = {2}, float[1] b1 = {0.5}, float low = {0}, float high = {6}, float[1,1,1,1] w2 = {-1}>
{
  c = Conv(x, w1, b1)
  r = Clip(c, low, high)
  y = Conv(r, w2)
})";

TEST(ScaleOf, PutsZeroOnALevel) {
  const ActivationScale scale = ScaleOf({-1, 3}, false, false);
  EXPECT_FLOAT_EQ(scale.scale, 4.0F / 255);
  EXPECT_EQ(scale.zero_point, 64);
  EXPECT_EQ(scale.Of(0), 64);
  EXPECT_EQ(scale.Of(100), 255);
  const ActivationScale is_signed = ScaleOf({-1, 3}, true, false);
  EXPECT_EQ(is_signed.zero_point, -64);
  EXPECT_EQ(is_signed.Of(100), 127);
}

TEST(ScaleOf, SymmetricKeepsAllLevelsOfUnsignedRectifiedValues) {
  EXPECT_FLOAT_EQ(ScaleOf({0, 3}, false, true).scale, 3.0F / 255);
  EXPECT_EQ(ScaleOf({0, 3}, false, true).zero_point, 0);
  EXPECT_EQ(ScaleOf({-3, 1}, false, true).zero_point, 128);
  EXPECT_EQ(ScaleOf({-3, 1}, true, true).zero_point, 0);
  EXPECT_FLOAT_EQ(ScaleOf({-3, 1}, true, true).scale, 3.0F / 127);
}

TEST(QuantizeWeights, RoundsEachChannelByItsOwnScale) {
  const ir::Tensor weights = ir::Tensor::Of<float>({2, 2}, {1, -2, 0.5F, 0.1F});
  const IntegerWeights channels = QuantizeWeights(weights, 0, false, {});
  EXPECT_THAT(std::vector(channels.scales), ElementsAre(2.0F / 127, 0.5F / 127));
  const auto integers = channels.integers.As<int8_t>();
  EXPECT_THAT(std::vector<int>(integers.begin(), integers.end()), ElementsAre(64, -127, 127, 25));
  EXPECT_EQ(QuantizeWeights(weights, std::nullopt, false, {}).scales.size(), 1u);
  EXPECT_EQ(QuantizeWeights(weights, std::nullopt, true, {}).integers.As<int8_t>()[1], -63);
  EXPECT_GT(WeightSqnr(weights, channels),
            WeightSqnr(weights, QuantizeWeights(weights, std::nullopt, false, {})));
}

TEST(QuantizeWeights, GivesAChannelOfZerosAScaleOfItsNeighbours) {
  const ir::Tensor weights = ir::Tensor::Of<float>({2, 1}, {0, 3});
  EXPECT_THAT(QuantizeWeights(weights, 0, false, {}).scales, ElementsAre(3.0F / 127, 3.0F / 127));
  EXPECT_THAT(QuantizeWeights(ir::Tensor::Of<float>({1, 1}, {0}), 0, false, {}).scales,
              ElementsAre(1.0F / 127));
}

TEST(Quantize, WritesForOnnxRuntimeIntegerBiasesAndNoClip) {
  const auto model = Parse(kConvClipConv);
  const CalibrationTable table = {{"x", Between(-1, 1)}, {"r", Between(0, 6)}, {"y", Between(-6, 0)}};
  QuantizeOptions options;
  options.float_head = false;
  const auto report = Quantize(*model, table, options);
  ASSERT_TRUE(report.ok()) << report.error().Text();
  EXPECT_TRUE(ir::Verify(*model->graph).ok());
  EXPECT_EQ(report->quantized_nodes, 2u);
  EXPECT_EQ(report->float_nodes, 0u);
  EXPECT_EQ(NodesOf(*model), R"(x_quantize_output = QuantizeLinear(x, x_scale, x_zero_point)
x_dequantize_output = DequantizeLinear(x_quantize_output, x_scale, x_zero_point)
w1_dequantize_output = DequantizeLinear(w1_quantized, w1_scale, w1_zero_point)
b1_dequantize_output = DequantizeLinear(b1_quantized, b1_scale)
c = Conv(x_dequantize_output, w1_dequantize_output, b1_dequantize_output)
r_quantize_output = QuantizeLinear(c, r_scale, r_zero_point)
r_dequantize_output = DequantizeLinear(r_quantize_output, r_scale, r_zero_point)
w2_dequantize_output = DequantizeLinear(w2_quantized, w2_scale, w2_zero_point)
y_replaced = Conv(r_dequantize_output, w2_dequantize_output)
y_quantize_output = QuantizeLinear(y_replaced, y_scale, y_zero_point)
y = DequantizeLinear(y_quantize_output, y_scale, y_zero_point)
)");
  // b1 = 0.5 in steps of (2 / 255) * (2 / 127).
  EXPECT_EQ(model->graph->FindValue("b1_quantized")->constant()->As<int32_t>()[0], 4048);
  EXPECT_EQ(model->graph->FindValue("w1_quantized")->constant()->As<int8_t>()[0], 127);
  EXPECT_EQ(model->graph->FindValue("r_zero_point")->constant()->As<uint8_t>()[0], 0);
}

TEST(Quantize, WritesForOpenVinoOnlyWhatItsInputsNeed) {
  const auto model = Parse(kConvClipConv);
  const CalibrationTable table = {{"x", Between(-1, 1)}, {"r", Between(0, 6)}, {"y", Between(-6, 0)}};
  QuantizeOptions options;
  options.engine = "openvino";
  const auto report = Quantize(*model, table, options);
  ASSERT_TRUE(report.ok()) << report.error().Text();
  EXPECT_TRUE(ir::Verify(*model->graph).ok());
  EXPECT_EQ(NodesOf(*model), R"(x_quantize_output = QuantizeLinear(x, x_scale, x_zero_point)
x_dequantize_output = DequantizeLinear(x_quantize_output, x_scale, x_zero_point)
w1_dequantize_output = DequantizeLinear(w1_quantized, w1_scale, w1_zero_point)
c = Conv(x_dequantize_output, w1_dequantize_output, b1_corrected)
r_quantize_output = QuantizeLinear(c, r_scale, r_zero_point)
r_dequantize_output = DequantizeLinear(r_quantize_output, r_scale, r_zero_point)
w2_dequantize_output = DequantizeLinear(w2_quantized, w2_scale, w2_zero_point)
y = Conv(r_dequantize_output, w2_dequantize_output)
)");
}

TEST(Quantize, LeavesTheHeadInFloatAndSaysWhy) {
  const auto model = Parse(kConvClipConv);
  const CalibrationTable table = {{"x", Between(-1, 1)}, {"r", Between(0, 6)}, {"y", Between(-6, 0)}};
  const auto report = Quantize(*model, table, {});
  ASSERT_TRUE(report.ok()) << report.error().Text();
  ASSERT_EQ(report->left_in_float.size(), 1u);
  EXPECT_EQ(report->left_in_float[0],
            std::make_pair(std::string("y"), std::string("it makes an output of the model")));
  EXPECT_EQ(report->quantized_nodes, 1u);
  EXPECT_EQ(report->float_nodes, 1u);
}

TEST(Quantize, KeepsAClipThatSaturationDoesNotReplace) {
  const auto model = Parse(kConvClipConv);
  // The upper limit lies inside the range: values between 6 and 8 would slip through.
  const CalibrationTable table = {{"x", Between(-1, 1)}, {"r", Between(0, 8)}, {"y", Between(-6, 0)}};
  ASSERT_TRUE(Quantize(*model, table, {}).ok());
  EXPECT_THAT(NodesOf(*model), HasSubstr("r = Clip(c, low, high)\nr_quantize_output = QuantizeLinear(r"));
}

TEST(Quantize, LeavesNoisyActivationsInFloat) {
  const auto model = Parse(kConvClipConv);
  const CalibrationTable table = {{"x", Between(-1, 1, 12)}, {"r", Between(0, 6)}, {"y", Between(-6, 0)}};
  const auto report = Quantize(*model, table, {});
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->quantized_nodes, 0u);
  EXPECT_EQ(report->left_in_float[0].second,
            "8 bits would leave 'x' a signal-to-noise ratio of 12.0 dB, below 20.0");
  EXPECT_THAT(NodesOf(*model), Not(HasSubstr("QuantizeLinear")));
}

TEST(Quantize, KeepsWhatTheCallerWantsInFloat) {
  const auto model = Parse(kConvClipConv);
  for (ir::Node& node : model->graph->nodes()) node.name = node.output()->name();
  const CalibrationTable table = {{"x", Between(-1, 1)}, {"r", Between(0, 6)}, {"y", Between(-6, 0)}};
  QuantizeOptions options;
  options.float_head = false;
  options.keep_float = {"c"};
  const auto report = Quantize(*model, table, options);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->left_in_float[0], std::make_pair(std::string("c"), std::string("asked for")));
  EXPECT_EQ(report->quantized_nodes, 1u);
}

TEST(Quantize, PassesOverResidualsAndPools) {
  const auto model = Parse(R"(g (float[1,1,4,4] x) => (float[1,1] y)
<float[1,1,1,1] w = {2}, float[1,1] v = {1}>
{
  a = Conv(x, w)
  b = Conv(a, w)
  s = Add(a, b)
  r = Relu(s)
  p = GlobalAveragePool(r)
  f = Flatten(p)
  y = Gemm(f, v)
})");
  CalibrationTable table;
  for (const char* name : {"x", "a", "b", "s", "r", "p", "f", "y"}) table[name] = Between(-1, 2);
  table["r"] = table["p"] = table["f"] = Between(0, 2);
  const auto report = Quantize(*model, table, {});
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(ir::Verify(*model->graph).ok());
  EXPECT_EQ(report->quantized_nodes, 6u);  // all but the Relu, which saturation replaces
  EXPECT_EQ(report->float_nodes, 0u);
  const std::string text = NodesOf(*model);
  EXPECT_THAT(
      text,
      HasSubstr("s = Add(a_dequantize_output, b_dequantize_output)\nr_quantize_output = QuantizeLinear(s,"));
  EXPECT_THAT(text, Not(HasSubstr("Relu")));
  EXPECT_THAT(text, HasSubstr("y = Gemm(f_dequantize_output, v_dequantize_output)"));  // gives float
  EXPECT_THAT(text, Not(HasSubstr("QuantizeLinear(y")));
  // A Flatten moves elements: the pair behind it has the scale of the pair before.
  EXPECT_EQ(model->graph->FindValue("f_scale")->constant()->As<float>()[0],
            model->graph->FindValue("p_scale")->constant()->As<float>()[0]);
}

TEST(Quantize, MovesTheMeanErrorOfWeightsIntoTheBias) {
  const auto model = Parse(R"(g (float[1,2] x) => (float[1,1] y) <float[2,1] w = {1, 0.501}>
{
  y = Gemm(x, w)
})");
  ActivationRanges x = Between(0, 4);
  x.channels = {{0, 4, 2, 5}, {0, 4, 3, 10}};
  QuantizeOptions options;
  options.engine = "openvino";
  ASSERT_TRUE(Quantize(*model, {{"x", x}, {"y", Between(0, 9)}}, options).ok());
  const ir::Value* bias = model->graph->FindValue("w_bias_corrected");
  ASSERT_NE(bias, nullptr);
  EXPECT_NEAR(bias->constant()->As<float>()[0], -(64.0 / 127 - 0.501) * 3, 1e-6);
}

TEST(Quantize, NamesTheEngineItDoesNotKnow) {
  const auto model = Parse(kConvClipConv);
  QuantizeOptions options;
  options.engine = "openvin";
  const auto report = Quantize(*model, {}, options);
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().Text(),
            "error: engine 'openvin': no quantization rules are known for it\n"
            "  expected: one of onnxruntime, openvino, qnn_htp\n"
            "  fix: did you mean 'openvino'?");
}

TEST(Quantize, WantsOpsetThirteen) {
  const auto model = Parse(kConvClipConv, 12);
  EXPECT_EQ(Quantize(*model, {}, {}).error().found, "version 12");
  const auto prepared = PrepareModel(*model);
  ASSERT_TRUE(prepared.ok());
  EXPECT_GE((*prepared)->Opset(), 13);
}

TEST(Calibrate, ObservesInnerValuesInOnePass) {
  const auto model = Parse(kConvClipConv);
  const std::vector<std::string> names = ActivationsToObserve(*model->graph);
  EXPECT_THAT(names, ElementsAre("x", "r", "y"));
  const auto observed = WithObservedOutputs(*model, names);
  ASSERT_EQ(observed->graph->outputs().size(), 4u);
  EXPECT_EQ(observed->graph->outputs()[2]->name(), "r");
  size_t runs = 0;
  const Runner runner = [&](size_t i) -> Result<std::vector<ir::Tensor>> {
    ++runs;
    const auto value = static_cast<float>(i + 1);
    const ir::Tensor tensor = ir::Tensor::Of<float>({1, 1, 1, 1}, {value});
    return std::vector<ir::Tensor>{tensor, tensor, tensor, tensor};
  };
  const auto table = Calibrate(names, 1, 5, runner);
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(runs, 5u);
  EXPECT_EQ(table->at("r").min_max.high, 5);
  EXPECT_EQ(table->at("r").channels[0].mean, 3);
  EXPECT_EQ(Calibrate(names, 1, 0, runner).error().found, "there are none");
}

TEST(LayerSqnr, SeesAWeakChannelDrownInAStrongOne) {
  const auto model = Parse(R"(g (float[1,2,8,8] x) => (float[1,2,8,8] y) <float[2,1,1,1] w = {1, 1000}>
{
  y = Conv <group = 2> (x, w)
})");
  const ir::Node& node = *model->graph->first();
  const IntegerWeights weights = QuantizeWeights(*node.input(1)->constant(), 0, false, {});
  // The second channel is a thousand times smaller and its weight a thousand times larger.
  const Channels input = {{-10, 10, 0, 30}, {-0.01F, 0.01F, 0, 30e-6F}};
  const Channels output = {{-10, 10, 0, 30}, {-10, 10, 0, 30}};
  const std::vector<float> one_scale = {20.0F / 255}, own_scales = {20.0F / 255, 0.02F / 255};
  EXPECT_LT(LayerSqnr(node, input, output, one_scale, weights), 0);
  EXPECT_GT(LayerSqnr(node, input, output, own_scales, weights), 40);
}

}  // namespace
}  // namespace shoehorn::quant
