// What an engine runs at once, and the numbers of it, on graphs that are small enough to count by hand.
#include "cost/kernels.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "formats/onnx.h"
#include "support/quantized.h"

namespace shoehorn::cost {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

/// "Conv f32: conv relu", a kernel a string; shapes inferred.
std::vector<std::string> KernelsIn(const std::string& graph, std::string_view engine,
                                   std::string_view precision = "fp32") {
  const auto model = testing::ParseGraph(graph, 9, 20);
  const auto types = formats::MakeTypeInference(*model);
  EXPECT_TRUE(types->InferGraph(*model->graph).ok());
  std::vector<std::string> kernels;
  for (const Kernel& kernel : KernelsOf(*model->graph, engine, precision)) {
    EXPECT_TRUE(kernel.known) << kernel.name();
    std::string text = kernel.name() + ":";
    for (const ir::Node* node : kernel.nodes) text += " " + node->name;
    kernels.push_back(text);
  }
  return kernels;
}

constexpr char kSwish[] = R"(g (float[1,8,6,6] x, float[8,8,3,3] w, float[8] b) => (float[1,8,6,6] y) {
  [conv] c = Conv <kernel_shape = [3, 3], pads = [1, 1, 1, 1]> (x, w, b)
  [sigmoid] s = Sigmoid (c)
  [mul] y = Mul (c, s)
})";

TEST(Kernels, AnActivationRunsInItsConvolution) {
  constexpr char kGraph[] = R"(g (float[1,3,6,6] x, float[2,3,1,1] w, float[2] b) => (float[1,2,6,6] y) {
  [conv] c = Conv <kernel_shape = [1, 1]> (x, w, b)
  [relu] y = Relu (c)
})";
  EXPECT_THAT(KernelsIn(kGraph, "onnxruntime"), ElementsAre("Conv 1x1 plain f32: conv relu"));
  EXPECT_THAT(KernelsIn(kGraph, "openvino", "bf16"), ElementsAre("Conv 1x1 bf16: conv relu"));
  EXPECT_THAT(KernelsIn(kGraph, "tflite"), ElementsAre("Conv 1x1 f32: conv", "Relu f32: relu"));
}

TEST(Kernels, ASwishRunsAloneOrInTheConvolution) {
  EXPECT_THAT(KernelsIn(kSwish, "openvino"), ElementsAre("Conv f32: conv sigmoid mul"));
  EXPECT_THAT(KernelsIn(kSwish, "onnxruntime"),
              UnorderedElementsAre("Conv plain f32: conv", "Swish f32: sigmoid mul"));
}

TEST(Kernels, AValueThatTwoReadIsNotFusedAway) {
  constexpr char kGraph[] =
      R"(g (float[1,3,6,6] x, float[2,3,1,1] w) => (float[1,2,6,6] y, float[1,2,6,6] z) {
  [conv] c = Conv <kernel_shape = [1, 1]> (x, w)
  [relu] y = Relu (c)
  [tanh] z = Tanh (c)
})";
  EXPECT_THAT(KernelsIn(kGraph, "openvino"),
              ElementsAre("Conv 1x1 f32: conv", "Elementwise f32: relu", "Elementwise f32: tanh"));
}

TEST(Kernels, AResidualAdditionRunsInTheConvolutionBeforeIt) {
  constexpr char kGraph[] =
      R"(g (float[1,8,6,6] x, float[8,8,1,1] v, float[8,8,1,1] w) => (float[1,8,6,6] y) {
  [first] a = Conv <kernel_shape = [1, 1]> (x, v)
  [second] b = Conv <kernel_shape = [1, 1]> (a, w)
  [add] s = Add (b, a)
  [relu] y = Relu (s)
})";
  EXPECT_THAT(KernelsIn(kGraph, "openvino"),
              ElementsAre("Conv 1x1 f32: first", "Conv 1x1 f32: second add relu"));
}

TEST(Kernels, OpenvinoComputesBeforeItMovesElements) {
  constexpr char kGraph[] = R"(g (float[1,8,6,6] x, float[4,8,1,1] w) => (float[1,36,4] y)
<int64[3] s = {1, 36, 4}> {
  [conv] c = Conv <kernel_shape = [1, 1]> (x, w)
  [move] t = Transpose <perm = [0, 2, 3, 1]> (c)
  [view] r = Reshape (t, s)
  [sigmoid] y = Sigmoid (r)
})";
  EXPECT_THAT(KernelsIn(kGraph, "openvino"), ElementsAre("Conv 1x1 f32: conv move view sigmoid"));
}

TEST(Kernels, WhatMakesMoreElementsThanTheConvolutionIsNotPartOfIt) {
  constexpr char kGraph[] = R"(g (float[1,8,6,6] x, float[8,8,1,1] w) => (float[1,8,6,6] y) {
  [pool] m = GlobalAveragePool (x)
  [conv] c = Conv <kernel_shape = [1, 1]> (m, w)
  [sigmoid] s = Sigmoid (c)
  [excite] y = Mul (x, s)
})";
  EXPECT_THAT(
      KernelsIn(kGraph, "openvino"),
      ElementsAre("GlobalAveragePool f32: pool", "Conv 1x1 f32: conv sigmoid", "Elementwise f32: excite"));
}

TEST(Kernels, BlocksOfChannelsAreLeftBeforeWhatKnowsNone) {
  constexpr char kGraph[] = R"(g (float[1,8,6,6] x) => (float[1,8,6,6] y)
<float[8,8,1,1] w = {)";
  std::string numbers = "0";
  for (int i = 1; i < 64; ++i) numbers += ", 0";
  const std::string graph = kGraph + numbers + R"(}> {
  [conv] c = Conv <kernel_shape = [1, 1]> (x, w)
  [softmax] y = Softmax <axis = 1> (c)
})";
  EXPECT_THAT(KernelsIn(graph, "onnxruntime"),
              ElementsAre("Conv 1x1 f32: conv", "Softmax f32: softmax", "ReorderInput f32: conv",
                          "ReorderOutput f32: softmax"));
  EXPECT_THAT(KernelsIn(graph, "openvino"), ElementsAre("Conv 1x1 f32: conv", "Softmax f32: softmax"));
}

TEST(Kernels, APoolTakesTheLayoutThatItFinds) {
  constexpr char kGraph[] = R"(g (float[1,1,6,6] x) => (float[1,8,3,3] y, float[1,1,3,3] z)
<float[8,1,1,1] w = {1, 2, 3, 4, 5, 6, 7, 8}> {
  [conv] c = Conv <kernel_shape = [1, 1]> (x, w)
  [behind] y = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (c)
  [before] z = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)
})";
  EXPECT_THAT(KernelsIn(kGraph, "onnxruntime"),
              UnorderedElementsAre("Conv 1x1 f32: conv", "MaxPool f32: behind", "MaxPool plain f32: before",
                                   "ReorderOutput f32: behind"));
  EXPECT_THAT(KernelsIn(kGraph, "openvino"),
              UnorderedElementsAre("Conv 1x1 f32: conv", "MaxPool f32: behind", "MaxPool f32: before"));
}

TEST(Kernels, WhatNoQuantizeLinearFollowsIsWrittenAsFloats) {
  constexpr char kGraph[] = R"(g (uint8[1,3,6,6] x) => (float[1,2,6,6] y)
<int8[2,3,1,1] w = {1, 2, 3, 4, 5, 6}, float s = {0.1}, uint8 z = {0}, int8 zw = {0}> {
  [dq] b = DequantizeLinear (x, s, z)
  [dqw] v = DequantizeLinear (w, s, zw)
  [conv] y = Conv <kernel_shape = [1, 1]> (b, v)
})";
  const auto model = testing::ParseGraph(kGraph, 9, 20);
  const auto types = formats::MakeTypeInference(*model);
  ASSERT_TRUE(types->InferGraph(*model->graph).ok());
  const std::vector<Kernel> kernels = KernelsOf(*model->graph, "openvino", "int8");
  ASSERT_EQ(kernels.size(), 1u);
  EXPECT_EQ(kernels.front().name(), "Conv 1x1 i8");
  EXPECT_EQ(kernels.front().shape.bytes, 3 * 36 + 6 + 4 * 2 * 36);
}

TEST(Kernels, OpenvinoQuantizesThePartsOfAConcat) {
  constexpr char kGraph[] = R"(g (uint8[1,2,6,6] x) => (uint8[1,4,6,6] y)
<int8[2,2,1,1] w = {1, 2, 3, 4}, float s = {0.1}, uint8 z = {0}, int8 zw = {0}> {
  [dq] a = DequantizeLinear (x, s, z)
  [dqw] v = DequantizeLinear (w, s, zw)
  [left] b = Conv <kernel_shape = [1, 1]> (a, v)
  [right] c = Conv <kernel_shape = [1, 1]> (a, v)
  [concat] d = Concat <axis = 1> (b, c)
  [q] y = QuantizeLinear (d, s, z)
})";
  EXPECT_THAT(KernelsIn(kGraph, "openvino", "int8"),
              ElementsAre("Conv 1x1 i8: left", "Conv 1x1 i8: right", "Concat i8: concat q"));
  const auto model = testing::ParseGraph(kGraph, 9, 20);
  const auto types = formats::MakeTypeInference(*model);
  ASSERT_TRUE(types->InferGraph(*model->graph).ok());
  EXPECT_EQ(KernelsOf(*model->graph, "openvino", "int8").front().shape.bytes, 2 * 36 + 4 + 2 * 36);
}

// ONNX Runtime's 8-bit MaxPool is fast where channels are at the end, and slow where nothing put them there.
TEST(Kernels, OnnxRuntimeQuantizesBeforeAMaxPool) {
  constexpr char kGraph[] = R"(g (uint8[1,4,6,6] x, float[1,4,6,6] f) => (uint8[1,4,3,3] y, uint8[1,4,3,3] g)
<int8[4,4,1,1] w = {1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4}, float s = {0.1}, uint8 z = {0}, int8 zw = {0}> {
  [dq] a = DequantizeLinear (x, s, z)
  [dqw] v = DequantizeLinear (w, s, zw)
  [conv] c = Conv <kernel_shape = [1, 1]> (a, v)
  [q] d = QuantizeLinear (c, s, z)
  [dq2] e = DequantizeLinear (d, s, z)
  [sigmoid] h = Sigmoid (e)
  [mul] i = Mul (e, h)
  [behind] j = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (i)
  [q3] y = QuantizeLinear (j, s, z)
  [before] k = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (f)
  [q4] g = QuantizeLinear (k, s, z)
})";
  EXPECT_THAT(
      KernelsIn(kGraph, "onnxruntime", "int8"),
      UnorderedElementsAre("Conv 1x1 i8: conv q", "DequantizeLinear f32: dq2", "Swish f32: sigmoid mul",
                           "MaxPool i8: behind q3", "MaxPool plain i8: before q4", "ReorderChannels i8: conv",
                           "ReorderChannels i8: behind"));
}

TEST(Kernels, PairsAroundAConvolutionMakeItOneOfIntegers) {
  constexpr char kGraph[] = R"(g (float[1,3,6,6] x) => (float[1,2,6,6] y)
<int8[2,3,1,1] w = {1, 2, 3, 4, 5, 6}, float s = {0.1}, uint8 z = {0}, int8 zw = {0}> {
  [q] a = QuantizeLinear (x, s, z)
  [dq] b = DequantizeLinear (a, s, z)
  [dqw] v = DequantizeLinear (w, s, zw)
  [conv] c = Conv <kernel_shape = [1, 1]> (b, v)
  [relu] r = Relu (c)
  [q2] d = QuantizeLinear (r, s, z)
  [dq2] y = DequantizeLinear (d, s, z)
})";
  EXPECT_THAT(
      KernelsIn(kGraph, "onnxruntime", "int8"),
      UnorderedElementsAre("QuantizeLinear f32: q", "Conv 1x1 i8: conv relu q2", "DequantizeLinear f32: dq2",
                           "ReorderChannels i8: conv", "ReorderChannels i8: relu"));
}

TEST(Kernels, FeaturesCountChannelsPositionsAndWindows) {
  constexpr char kGraph[] = R"(g (float[1,4,8,16] x, float[16,4,3,3] w) => (float[1,16,4,8] y) {
  [conv] y = Conv <kernel_shape = [3, 3], strides = [2, 2], pads = [1, 1, 1, 1]> (x, w)
})";
  const auto model = testing::ParseGraph(kGraph, 9, 20);
  const std::vector<Kernel> kernels = KernelsOf(*model->graph, "openvino", "fp32");
  ASSERT_EQ(kernels.size(), 1u);
  const KernelShape& shape = kernels.front().shape;
  EXPECT_EQ(shape.operations, 2.0 * 16 * 32 * 36);
  EXPECT_EQ(shape.bytes, 4.0 * (4 * 8 * 16 + 16 * 4 * 9 + 16 * 32));
  ASSERT_EQ(shape.features.size(), 12u);
  EXPECT_EQ(shape.features[0], 2);                     // 4 channels in
  EXPECT_EQ(shape.features[1], 4);                     // 16 channels out
  EXPECT_EQ(shape.features[2], 0);                     // one group
  EXPECT_EQ(shape.features[3], 5);                     // 32 positions
  EXPECT_EQ(shape.features[4], 3);                     // in rows of 8
  EXPECT_NEAR(shape.features[5], std::log2(9), 1e-9);  // window
  EXPECT_EQ(shape.features[6], 2);                     // strides 2 and 2
  EXPECT_EQ(shape.features[7], 0);                     // 16 channels fill two vectors of 8
  EXPECT_EQ(shape.features[8], 0);                     // and one of 16
  EXPECT_EQ(shape.features[9], 2);                     // 4 channels fill half a vector of 8, twice
  EXPECT_EQ(shape.features[10], 0);                    // nothing is fused
  EXPECT_EQ(shape.features[11], 2);                    // results of 4 bytes
}

TEST(Kernels, AllKernelsOfAKindHaveAsManyFeatures) {
  constexpr char kGraph[] = R"(g (float[1,4,6,6] x, float[4,4,2,2] w, float[4,1,2,2] v) =>
    (float[1,4,12,12] y, float[1,4,12,12] z) {
  y = ConvTranspose <kernel_shape = [2, 2], strides = [2, 2]> (x, w)
  z = ConvTranspose <kernel_shape = [2, 2], strides = [2, 2], group = 4> (x, v)
})";
  const auto model = testing::ParseGraph(kGraph, 9, 20);
  const std::vector<Kernel> kernels = KernelsOf(*model->graph, "openvino", "fp32");
  ASSERT_EQ(kernels.size(), 2u);
  EXPECT_EQ(kernels[0].name(), kernels[1].name());
  EXPECT_EQ(kernels[0].shape.features.size(), kernels[1].shape.features.size());
}

TEST(Kernels, APoolLooksAtEachElementOfItsWindows) {
  constexpr char kGraph[] = R"(g (float[1,24,8,16] x) => (float[1,24,4,8] y) {
  y = MaxPool <kernel_shape = [3, 3], strides = [2, 2], pads = [1, 1, 1, 1]> (x)
})";
  const auto model = testing::ParseGraph(kGraph, 9, 20);
  const std::vector<Kernel> kernels = KernelsOf(*model->graph, "openvino", "fp32");
  ASSERT_EQ(kernels.size(), 1u);
  const KernelShape& shape = kernels.front().shape;
  EXPECT_EQ(shape.operations, 24.0 * 32 * 9);
  ASSERT_EQ(shape.features.size(), 7u);
  EXPECT_EQ(shape.features[5], 0);                             // 24 channels fill three vectors of 8
  EXPECT_NEAR(shape.features[6], std::log2(32.0 / 24), 1e-9);  // and one and a half of 16
}

TEST(Kernels, AnOpenShapeIsSaid) {
  const auto model = testing::ParseGraph("g (float[N,4] x) => (float[N,4] y) { y = Relu (x) }", 9, 20);
  const std::vector<Kernel> kernels = KernelsOf(*model->graph, "onnxruntime", "fp32");
  ASSERT_EQ(kernels.size(), 1u);
  EXPECT_FALSE(kernels.front().known);
}

}  // namespace
}  // namespace shoehorn::cost
