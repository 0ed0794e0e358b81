// Plans and graphs for engines that run everything in integers, as the Snapdragon HTP does: constants among
// the activations, one scale on both sides of what only moves elements, fixed ranges, and 16 bits beside 8.
#include <gmock/gmock.h>

#include "quant/plan.h"
#include "quant/quantize.h"
#include "quant/rules.h"
#include "quant/scales.h"
#include "support/quantized.h"

namespace shoehorn::quant {
namespace {

using shoehorn::testing::Between;
using shoehorn::testing::NodesOf;
using shoehorn::testing::ParseGraph;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::unique_ptr<ir::Model> Parse(const std::string& graph, int opset = 21) {
  auto prepared = PrepareModel(*ParseGraph(graph, 10, opset));
  EXPECT_TRUE(prepared.ok()) << (prepared.ok() ? "" : prepared.error().Text());
  return std::move(*prepared);
}

QuantizeOptions Htp() {
  QuantizeOptions options;
  options.engine = "qnn_htp";
  options.float_head = false;
  return options;
}

float ScaleNamed(const ir::Model& model, const std::string& name) {
  const ir::Value* value = model.graph->FindValue(name);
  EXPECT_NE(value, nullptr) << name;
  return value == nullptr ? 0 : value->constant()->As<float>()[0];
}

TEST(ScaleOfSixteenBits, HasAllLevels) {
  const ActivationScale scale = ScaleOf({-1, 3}, false, false, 16);
  EXPECT_EQ(scale.type, ir::DataType::kUint16);
  EXPECT_FLOAT_EQ(scale.scale, 4.0F / 65535);
  EXPECT_EQ(scale.zero_point, 16384);
  EXPECT_EQ(scale.Of(100), 65535);
  EXPECT_EQ(scale.Of(-100), 0);
  const ActivationScale is_signed = ScaleOf({-1, 3}, true, true, 16);
  EXPECT_EQ(is_signed.type, ir::DataType::kInt16);
  EXPECT_EQ(is_signed.zero_point, 0);
  EXPECT_EQ(is_signed.Of(-3), -32767);
  EXPECT_EQ(is_signed.lowest(), -32768);
}

TEST(QuantizeValues, RoundsAndSaturates) {
  const ir::Tensor values = ir::Tensor::Of<float>({3}, {-1, 0.5F, 9});
  const ir::Tensor integers = QuantizeValues(values, ScaleOf({0, 1}, false, false, 16));
  EXPECT_EQ(integers.type(), ir::DataType::kUint16);
  const auto levels = integers.As<uint16_t>();
  EXPECT_THAT(std::vector<int>(levels.begin(), levels.end()), ElementsAre(0, 32768, 65535));
}

TEST(QnnHtpRules, EveryRowHasEvidence) {
  for (const Rule& rule : QnnHtpRules().rules) {
    EXPECT_STRNE(rule.evidence, "") << rule.op_type;
    EXPECT_TRUE(rule.integer_output) << rule.op_type << ": a float output would go to the CPU";
  }
  EXPECT_TRUE(QnnHtpRules().whole);
}

TEST(QnnHtpRules, MultipliesTwoActivationsToo) {
  const auto model =
      Parse(R"(g (float[1,2,2] x) => (float[1,2,2] y, float[1,2,2] z) <float[2,2] w = {1,2,3,4}>
{
  y = MatMul(x, w)
  z = MatMul(y, x)
})");
  const ir::Node& weighted = *model->graph->first();
  const EngineRules& rules = QnnHtpRules();
  EXPECT_EQ(rules.Find(weighted)->part, Part::kWeighted);
  EXPECT_EQ(rules.Find(*weighted.next())->part, Part::kFollower);
  EXPECT_THAT(Operands(*weighted.next(), *rules.Find(*weighted.next())), ElementsAre(0, 1));
}

const std::string kAddConstant = R"(g (float[1,2,4,4] x) => (float[1,2,4,4] y)
<float[2,2,1,1] w = {1, 2, 3, 4}, float[1] c = {0.5}, float low = {0}, float high = {6}>
{
  a = Conv(x, w)
  b = Add(a, c)
  r = Clip(b, low, high)
  y = Sigmoid(r)
})";

TEST(QuantizeWhole, LeavesNothingInFloat) {
  const auto model = Parse(kAddConstant);
  CalibrationTable table;
  for (const char* name : {"x", "a", "b"}) table[name] = Between(-1, 8);
  table["r"] = Between(0, 6);
  table["y"] = Between(0.5, 0.99);
  const auto report = Quantize(*model, table, Htp());
  ASSERT_TRUE(report.ok()) << report.error().Text();
  EXPECT_TRUE(ir::Verify(*model->graph).ok());
  EXPECT_EQ(report->quantized_nodes, 3u);  // all but the Clip, which saturation replaces
  EXPECT_EQ(report->float_nodes, 0u);
  EXPECT_THAT(report->left_in_float, ElementsAre());
  const std::string text = NodesOf(*model);
  EXPECT_THAT(text, HasSubstr("c_dequantize_output = DequantizeLinear(c_quantized, c_scale, c_zero_point)\n"
                              "b = Add(a_dequantize_output, c_dequantize_output)\n"
                              "r_quantize_output = QuantizeLinear(b, r_scale, r_zero_point)\n"));
  EXPECT_THAT(text, Not(HasSubstr("Clip")));
  // A Sigmoid is held over [0, 1], whatever calibration saw of it.
  EXPECT_FLOAT_EQ(ScaleNamed(*model, "y_scale"), 1.0F / 256);
  EXPECT_FLOAT_EQ(ScaleNamed(*model, "c_scale"), 0.5F / 255);
}

TEST(QuantizeWhole, KeepsAClipWithAPairBeforeItWhenSaturationIsNotEnough) {
  const auto model = Parse(kAddConstant);
  CalibrationTable table;
  for (const char* name : {"x", "a", "b"}) table[name] = Between(-1, 8);
  table["r"] = Between(0, 8);
  table["y"] = Between(0.5, 0.99);
  ASSERT_TRUE(Quantize(*model, table, Htp()).ok());
  EXPECT_THAT(NodesOf(*model), HasSubstr("r = Clip(b_dequantize_output, low, high)\n"
                                         "r_quantize_output = QuantizeLinear(r, "));
}

TEST(QuantizeWhole, GivesEveryPartOfASplitTheScaleOfTheWhole) {
  const auto model = Parse(R"(g (float[1,4] x) => (float[1,2] a, float[1,2] y) <int64[2] parts = {2, 2}>
{
  a, b = Split<axis = 1>(x, parts)
  y = Relu(b)
})");
  CalibrationTable table;
  table["x"] = Between(-4, 4);
  table["a"] = Between(-4, 1);
  table["b"] = Between(-2, 2);
  table["y"] = Between(0, 2);
  const auto report = Quantize(*model, table, Htp());
  ASSERT_TRUE(report.ok()) << report.error().Text();
  EXPECT_EQ(report->float_nodes, 0u);
  EXPECT_EQ(ScaleNamed(*model, "a_scale"), ScaleNamed(*model, "x_scale"));
  EXPECT_EQ(ScaleNamed(*model, "b_scale"), ScaleNamed(*model, "x_scale"));
  EXPECT_NE(ScaleNamed(*model, "y_scale"), ScaleNamed(*model, "x_scale"));
}

TEST(QuantizeWhole, HoldsTheBiasOfANormalizationInThirtyTwoBits) {
  const auto model = Parse(R"(g (float[1,4] x) => (float[1,4] y)
<float[4] scale = {1, 2, 1, 1}, float[4] bias = {0.5, 0, 0, -1}>
{
  y = LayerNormalization(x, scale, bias)
})");
  const auto report = Quantize(*model, {{"x", Between(-1, 1)}, {"y", Between(-3, 3)}}, Htp());
  ASSERT_TRUE(report.ok()) << report.error().Text();
  EXPECT_EQ(model->graph->FindValue("bias_quantized")->constant()->type(), ir::DataType::kInt32);
  EXPECT_FLOAT_EQ(ScaleNamed(*model, "bias_scale"), (2.0F / 255) * (2.0F / 255));
}

const std::string kTwoConvs = R"(g (float[1,1,4,4] x) => (float[1,1,4,4] y)
<float[1,1,1,1] v = {2}, float[1,1,1,1] w = {-1}>
{
  a = Conv(x, v)
  y = Conv(a, w)
})";

TEST(QuantizeWhole, ConvertsBetweenEightAndSixteenBits) {
  const auto model = Parse(kTwoConvs);
  QuantizeOptions options = Htp();
  options.wide_head = true;
  const auto report =
      Quantize(*model, {{"x", Between(-1, 1)}, {"a", Between(-2, 2)}, {"y", Between(-2, 2)}}, options);
  ASSERT_TRUE(report.ok()) << report.error().Text();
  EXPECT_TRUE(ir::Verify(*model->graph).ok());
  EXPECT_THAT(NodesOf(*model),
              HasSubstr("a_dequantize_output = DequantizeLinear(a_quantize_output, a_scale, a_zero_point)\n"
                        "a_converted_quantize_output = QuantizeLinear(a_dequantize_output, "));
  EXPECT_EQ(model->graph->FindValue("a_zero_point")->constant()->type(), ir::DataType::kUint8);
  EXPECT_EQ(model->graph->FindValue("a_converted_zero_point")->constant()->type(), ir::DataType::kUint16);
  EXPECT_EQ(model->graph->FindValue("y_zero_point")->constant()->type(), ir::DataType::kUint16);
  EXPECT_EQ(model->graph->FindValue("w_quantized")->constant()->type(), ir::DataType::kInt8);
}

TEST(QuantizeWhole, ConvertsBehindARectifierThatGoes) {
  const auto model = Parse(R"(g (float[1,1,4,4] x) => (float[1,1,4,4] y)
<float[1,1,1,1] v = {2}, float[1,1,1,1] w = {-1}>
{
  a = Conv(x, v)
  r = Relu(a)
  y = Conv(r, w)
})");
  QuantizeOptions options = Htp();
  options.wide_head = true;
  const auto report = Quantize(
      *model, {{"x", Between(-1, 1)}, {"a", Between(-2, 2)}, {"r", Between(0, 2)}, {"y", Between(-2, 2)}},
      options);
  ASSERT_TRUE(report.ok()) << report.error().Text();
  EXPECT_TRUE(ir::Verify(*model->graph).ok());
  const std::string nodes = NodesOf(*model);
  EXPECT_THAT(nodes, HasSubstr("r_converted_quantize_output = QuantizeLinear(r_dequantize_output, "));
  EXPECT_THAT(nodes, Not(HasSubstr("Relu(")));
  EXPECT_EQ(static_cast<size_t>(std::ranges::count(nodes, '\n')), model->graph->node_count()) << nodes;
  size_t backwards = 0;
  for (const ir::Node* node = model->graph->last(); node != nullptr; node = node->previous()) ++backwards;
  EXPECT_EQ(backwards, model->graph->node_count());
}

TEST(QuantizeWhole, GivesSixteenBitsToNoisyValuesOnBothSides) {
  const auto model = Parse(kTwoConvs);
  QuantizeOptions options = Htp();
  options.wide_below_db = 30;
  const CalibrationTable table = {
      {"x", Between(-1, 1)}, {"a", Between(-2, 2, /*sqnr_db=*/12)}, {"y", Between(-2, 2)}};
  const Plan plan = MakeWholePlan(*model->graph, table, options, QnnHtpRules());
  EXPECT_EQ(plan.wide.size(), 2u);  // both read or make 'a'
  EXPECT_EQ(plan.scales.at(model->graph->FindValue("a")).type, ir::DataType::kUint16);
  options.wide_below_db = 10;
  EXPECT_TRUE(MakeWholePlan(*model->graph, table, options, QnnHtpRules()).wide.empty());
}

TEST(QuantizeWhole, NamesWhatItCannotQuantize) {
  const auto model = Parse(R"(g (float[2,2] x) => (float[2,2] y)
{
  a = Relu(x)
  d = Det(a)
  y = Mul(a, d)
})");
  CalibrationTable table;
  for (const char* name : {"x", "a", "d", "y"}) table[name] = Between(0, 1);
  const auto report = Quantize(*model, table, Htp());
  ASSERT_TRUE(report.ok()) << report.error().Text();
  ASSERT_EQ(report->left_in_float.size(), 1u);
  EXPECT_EQ(report->left_in_float[0].second, "no integer form of it is known");
  EXPECT_EQ(report->float_nodes, 1u);
}

TEST(QuantizeWhole, WantsOpsetTwentyOneForSixteenBits) {
  const auto model = Parse(kTwoConvs, 17);
  QuantizeOptions options = Htp();
  options.activation_bits = 16;
  const auto report = Quantize(*model, {}, options);
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().expected, "21 or later, which has 16-bit values");
  const auto prepared = PrepareModel(*model, kSixteenBitOpset);
  ASSERT_TRUE(prepared.ok()) << prepared.error().Text();
  EXPECT_GE((*prepared)->Opset(), 21);
}

TEST(ActivationsToObserve, AsksForMoreWhereEverythingIsInteger) {
  const auto model = Parse(kAddConstant);
  EXPECT_THAT(ActivationsToObserve(*model->graph, "qnn_htp"), ElementsAre("x", "a", "r", "b", "y"));
  EXPECT_THAT(ActivationsToObserve(*model->graph), ElementsAre("x", "a"));
}

}  // namespace
}  // namespace shoehorn::quant
