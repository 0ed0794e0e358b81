// Work and cost of single nodes and of graphs against numbers worked out by hand.
#include <gmock/gmock.h>

#include "cost/cost.h"
#include "formats/onnx.h"

namespace shoehorn::cost {
namespace {

using targets::Fact;
using targets::FactKind;
using targets::Unit;

Fact Measured(double value) { return {value, FactKind::kMeasured, "a test"}; }

/// A processor of 10 GFLOPS of which convolutions reach half, and an integer unit behind a copy.
targets::Device Toy() {
  Unit cpu;
  cpu.name = "cpu";
  cpu.runtime = "onnxruntime";
  cpu.peak = {{"fp32", Measured(10e9)}, {"int8", Measured(40e9)}};
  cpu.bandwidth = Measured(1e9);
  cpu.dispatch = Measured(10e-6);
  cpu.per_operator = Measured(1e-6);
  cpu.busy_power = Measured(2);
  cpu.efficiency = {0.5, FactKind::kReported, "a test"};
  Unit npu;
  npu.name = "npu";
  npu.kind = targets::UnitKind::kNpu;
  npu.runtime = "qnn";
  npu.peak = {{"int8", Measured(1e12)}};
  npu.bandwidth = Measured(10e9);
  npu.dispatch = Measured(100e-6);
  targets::Device device;
  device.units = {cpu, npu};
  device.copies = {{"cpu", "npu", Measured(1e9), Measured(20e-6)}};
  return device;
}

std::unique_ptr<ir::Model> Parse(const std::string& graph) {
  auto model = formats::ParseText("<ir_version: 8, opset_import: [\"\" : 17]>\n" + graph);
  EXPECT_TRUE(model.ok()) << model.error().Text();
  const auto types = formats::MakeTypeInference(**model);
  const auto inferred = types->InferGraph(*(*model)->graph);
  EXPECT_TRUE(inferred.ok()) << inferred.error().Text();
  return std::move(*model);
}

Work LastWork(const std::string& graph, std::string_view precision = "fp32") {
  const auto model = Parse(graph);
  return WorkOf(*model->graph->last(), precision);
}

std::unique_ptr<Model> Of(const targets::Device& device, std::string_view unit,
                          const std::string& precision) {
  auto model = Roofline(device, *device.Find(unit), precision);
  EXPECT_TRUE(model.ok()) << model.error().Text();
  return std::move(*model);
}

Cost LastCost(const std::string& graph, std::string_view unit, const std::string& precision) {
  const targets::Device device = Toy();
  const auto model = Parse(graph);
  return Of(device, unit, precision)->Of(*model->graph->last());
}

// 144 results of 27 multiply-accumulates; 192 elements in, 144 out, 108 weights.
constexpr char kConv[] = R"(g (float[1,3,8,8] x) => (float[1,4,6,6] y)
  <float[4,3,3,3] w = {1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,
    1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,
    1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,
    1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27}>
  { y = Conv (x, w) })";

TEST(WorkOf, CountsAConvolution) {
  const Work fp32 = LastWork(kConv);
  EXPECT_DOUBLE_EQ(fp32.operations, 2 * 144 * 27);
  EXPECT_DOUBLE_EQ(fp32.activation_bytes, (192 + 144) * 4);
  EXPECT_DOUBLE_EQ(fp32.weight_bytes, 108 * 4);
  EXPECT_FALSE(fp32.moves_only);
  EXPECT_TRUE(fp32.known);
  const Work int8 = LastWork(kConv, "int8");
  EXPECT_DOUBLE_EQ(int8.operations, 2 * 144 * 27);
  EXPECT_DOUBLE_EQ(int8.activation_bytes, 192 + 144);
  EXPECT_DOUBLE_EQ(int8.weight_bytes, 108);
}

TEST(WorkOf, CountsOtherArithmeticByItsResults) {
  EXPECT_DOUBLE_EQ(LastWork("g (float[2,5] x) => (float[2,5] y) { y = Relu (x) }").operations, 10);
  EXPECT_DOUBLE_EQ(LastWork("g (float[2,5] x) => (float[2,5] y) { y = Softmax (x) }").operations, 50);
  EXPECT_DOUBLE_EQ(
      LastWork("g (float[1,2,4,4] x) => (float[1,2,1,1] y) { y = GlobalAveragePool (x) }").operations, 32);
  EXPECT_DOUBLE_EQ(LastWork("g (float[1,2,4,4] x) => (float[1,2,2,2] y) "
                            "{ y = MaxPool <kernel_shape = [2,2], strides = [2,2]> (x) }")
                       .operations,
                   8 * 4);
  const Work twice = LastWork("g (float[4] x) => (float[4] y) { y = Mul (x, x) }");
  EXPECT_DOUBLE_EQ(twice.operations, 4);
  EXPECT_DOUBLE_EQ(twice.activation_bytes, (4 + 4) * 4) << "what is read twice is fetched once";
}

TEST(WorkOf, TellsCopiesFromArithmeticAndNewShapesFromCopies) {
  const Work copy = LastWork("g (float[2,5] x) => (float[5,2] y) { y = Transpose (x) }");
  EXPECT_TRUE(copy.moves_only);
  EXPECT_DOUBLE_EQ(copy.operations, 0);
  EXPECT_DOUBLE_EQ(copy.activation_bytes, 80);
  const Work shape = LastWork("g (float[2,5] x) => (float[10,1] y) { y = Flatten <axis = 2> (x) }");
  EXPECT_TRUE(shape.moves_only);
  EXPECT_DOUBLE_EQ(shape.activation_bytes, 0);
  // An embedding of 4 rows of 2, of which three are read: 24 bytes of weights, 24 of indices, 24 written.
  const Work rows = LastWork(R"(g (int64[3] i) => (float[3,2] y)
    <float[4,2] w = {1,2,3,4,5,6,7,8}> { y = Gather (w, i) })");
  EXPECT_DOUBLE_EQ(rows.weight_bytes, 24);
  EXPECT_DOUBLE_EQ(rows.activation_bytes, 48);
}

TEST(WorkOf, CountsQuantizedWeightsAsWeights) {
  const Work work = LastWork(R"(g (float[1,2] x) => (float[1,3] y)
    <int8[2,3] q = {1,2,3,4,5,6}, float s = {0.5}, int8 z = {0}>
    { w = DequantizeLinear (q, s, z)
      y = MatMul (x, w) })",
                             "int8");
  EXPECT_DOUBLE_EQ(work.operations, 2 * 6);
  EXPECT_DOUBLE_EQ(work.weight_bytes, 6);
  EXPECT_DOUBLE_EQ(work.activation_bytes, 2 + 3);
}

TEST(WorkOf, SaysWhenItKnowsOnlyALowerBound) {
  EXPECT_FALSE(LastWork("g (float[n,3] x) => (float[n,3] y) { y = Relu (x) }").known);
  EXPECT_FALSE(LastWork("g (float[n,3] x, float[3,2] w) => (float[n,2] y) { y = MatMul (x, w) }").known);
  const Work branch = LastWork(R"(g (bool c, float[2] x) => (float[2] y) {
    y = If (c) <then_branch = t () => (float[2] p) { p = Relu (x) },
                else_branch = f () => (float[2] q) { r = Neg (x)
                                                     q = Relu (r) }> })");
  EXPECT_FALSE(branch.known);
  EXPECT_DOUBLE_EQ(branch.operations, 2) << "the cheaper branch";
}

TEST(Roofline, IsBoundByMemoryOrByArithmetic) {
  // 7776 operations at half of 10 G: 1.5552 us; 1776 bytes at 1 GB/s: 1.776 us; and 1 us to start.
  const Cost conv = LastCost(kConv, "cpu", "fp32");
  EXPECT_DOUBLE_EQ(conv.seconds, 1.776e-6 + 1e-6);
  EXPECT_DOUBLE_EQ(conv.joules, 2 * 2.776e-6);
  EXPECT_TRUE(conv.energy_known);
  EXPECT_DOUBLE_EQ(conv.bytes, 1776);
  EXPECT_EQ(conv.basis, "roofline, bound by memory");
  // 64 x 64 x 64 multiply-accumulates: 524288 operations, 104.8576 us; three matrices of 16 KiB: 49.152 us.
  const char* square = "g (float[64,64] a, float[64,64] b) => (float[64,64] y) { y = MatMul (a, b) }";
  const Cost product = LastCost(square, "cpu", "fp32");
  EXPECT_DOUBLE_EQ(product.seconds, 104.8576e-6 + 1e-6);
  EXPECT_EQ(product.basis, "roofline, bound by arithmetic");
  // In int8 on the other unit: 0.524288 us at the full peak, 12288 bytes at 10 GB/s: 1.2288 us; no watts are
  // known.
  const Cost integer = LastCost(square, "npu", "int8");
  EXPECT_DOUBLE_EQ(integer.seconds, 1.2288e-6);
  EXPECT_FALSE(integer.energy_known);
  EXPECT_DOUBLE_EQ(integer.joules, 0);
}

TEST(Roofline, FusesWhatFollowsAConvolution) {
  const std::string head =
      "g (float[1,3,8,8] x, float[4,3,3,3] w, float[1,4,6,6] r) => (float[1,4,6,6] y) { c = "
      "Conv (x, w)\n";
  const Cost relu = LastCost(head + "y = Relu (c) }", "cpu", "fp32");
  EXPECT_DOUBLE_EQ(relu.seconds, 144 / 5e9);
  EXPECT_EQ(relu.basis, "roofline, fused with the operator before it");
  const Cost sum = LastCost(head + "y = Add (c, r) }", "cpu", "fp32");
  EXPECT_DOUBLE_EQ(sum.seconds, 144 * 4 / 1e9) << "the other operand is fetched";
  const Cost chain = LastCost(head + "s = Add (c, r)\ny = Relu (s) }", "cpu", "fp32");
  EXPECT_EQ(chain.basis, "roofline, fused with the operator before it");
  const Cost both = LastCost(head + "s = Sigmoid (c)\ny = Mul (c, s) }", "cpu", "fp32");
  EXPECT_EQ(both.basis, "roofline, bound by memory") << "the convolution's result is needed twice";
  EXPECT_DOUBLE_EQ(both.seconds, 3 * 144 * 4 / 1e9 + 1e-6);
}

TEST(Roofline, TakesMarksOfPrecisionForFreeInIntegers) {
  const std::string graph = R"(g (float[1,4] x) => (float[1,4] y)
    <float s = {0.5}, int8 z = {0}>
    { a = Relu (x)
      q = QuantizeLinear (a, s, z)
      y = DequantizeLinear (q, s, z) })";
  const auto model = Parse(graph);
  const targets::Device device = Toy();
  const ir::Node& quantize = *model->graph->last()->previous();
  EXPECT_DOUBLE_EQ(Of(device, "npu", "int8")->Of(quantize).seconds, 0);
  EXPECT_EQ(Of(device, "npu", "int8")->Of(quantize).basis, "roofline, a mark of precision");
  EXPECT_GT(Of(device, "cpu", "fp32")->Of(quantize).seconds, 1e-6);
  EXPECT_GT(Of(device, "npu", "int8")->Of(*model->graph->last()).seconds, 0) << "the model's output is made";
}

TEST(Roofline, IsKnownAsWellAsItsWeakestFact) {
  EXPECT_EQ(LastCost(kConv, "cpu", "fp32").kind, FactKind::kReported);
  EXPECT_EQ(LastCost(kConv, "npu", "int8").kind, FactKind::kInferred) << "the full peak is an assumption";
  targets::Device device = Toy();
  device.units[0].bandwidth.kind = FactKind::kInferred;
  const auto model = Parse(kConv);
  EXPECT_EQ(Of(device, "cpu", "fp32")->Of(*model->graph->last()).kind, FactKind::kInferred);
}

TEST(Roofline, AddsUpAGraphAndSaysWhatIsOpen) {
  const targets::Device device = Toy();
  const auto model = Parse("g (float[1,4] x) => (float[1,4] y) { a = Sin (x)\nb = Cos (a)\ny = Sin (b) }");
  const Cost graph = Of(device, "cpu", "fp32")->OfGraph(*model->graph);
  EXPECT_DOUBLE_EQ(graph.seconds, 3 * (32 / 1e9 + 1e-6));
  EXPECT_DOUBLE_EQ(graph.bytes, 32) << "two values of 16 bytes are there at once";
  EXPECT_EQ(graph.basis, "roofline, the sum of the nodes");
  const auto open = Parse("g (float[n,4] x) => (float[n,4] y) { y = Sin (x) }");
  EXPECT_EQ(Of(device, "cpu", "fp32")->OfGraph(*open->graph).basis,
            "roofline, the sum of the nodes; at least this, a shape is open");
}

TEST(Roofline, FetchesWeightsThatDoNotFitInEveryRun) {
  targets::Device device = Toy();
  const auto model = Parse(kConv);
  device.units[1].memory = Measured(108);
  const Cost fits = Of(device, "npu", "int8")->OfGraph(*model->graph);
  EXPECT_DOUBLE_EQ(fits.bytes, 108 + 192 + 144);
  device.units[1].memory = Measured(100);
  const Cost spills = Of(device, "npu", "int8")->OfGraph(*model->graph);
  EXPECT_DOUBLE_EQ(spills.seconds, fits.seconds + 8 / 1e9);
  EXPECT_EQ(spills.basis,
            "roofline, the sum of the nodes; 8 bytes of weights do not fit the unit's memory and come over "
            "the copy");
}

TEST(Roofline, RefusesAPrecisionThatTheUnitDoesNotComputeIn) {
  const targets::Device device = Toy();
  const auto npu = Roofline(device, device.units[1], "fp32");
  ASSERT_FALSE(npu.ok());
  EXPECT_EQ(npu.error().Text(), "error: unit 'npu': it does not compute in fp32\n  expected: int8");
  const auto cpu = Roofline(device, device.units[0], "fp16");
  ASSERT_FALSE(cpu.ok());
  EXPECT_EQ(cpu.error().Text(), "error: unit 'cpu': it does not compute in fp16\n  expected: fp32 or int8");
}

TEST(CopyCost, IsLatencyAndBytesByBandwidth) {
  const targets::Device device = Toy();
  const Cost copy = CopyCost(device, device.units[1], device.units[0], 1000);
  EXPECT_DOUBLE_EQ(copy.seconds, 21e-6);
  EXPECT_DOUBLE_EQ(copy.joules, 2 * 21e-6);
  EXPECT_EQ(copy.kind, FactKind::kInferred);
  const Cost none = CopyCost(device, device.units[1], device.units[1], 1000);
  EXPECT_DOUBLE_EQ(none.seconds, 0);
  EXPECT_TRUE(none.energy_known);
}

}  // namespace
}  // namespace shoehorn::cost
