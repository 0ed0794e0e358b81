#include "cost/attribution.h"

#include <gmock/gmock.h>

#include "formats/onnx.h"
#include "support/quantized.h"

namespace shoehorn::cost {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;

/// Of a model whose types are inferred first.
std::vector<Kernel> TypedKernels(ir::Model& model, std::string_view engine) {
  const auto types = formats::MakeTypeInference(model);
  EXPECT_TRUE(types->InferGraph(*model.graph).ok());
  return KernelsOf(*model.graph, engine, "fp32");
}

TEST(Attribution, LayersAreTheKernelsWhoseNodesTheyName) {
  const auto model = testing::ParseGraph(
      R"(g (float[1,8,6,6] x, float[8,8,1,1] v) => (float[1,8,6,6] y) {
  [first] a = Conv <kernel_shape = [1, 1]> (x, v)
  [relu] r = Relu (a)
  [soft] y = Softmax <axis = 1> (r)
})",
      9, 20);
  const std::vector<Kernel> kernels = TypedKernels(*model, "openvino");
  ASSERT_EQ(kernels.size(), 2u);
  const auto seconds_of = [&](const std::vector<engines::LayerTime>& layers) {
    return Attribute(kernels, layers).seconds;
  };
  // By the engine's origins, by a value's name with the engine's own ending, and a conversion before a node.
  EXPECT_THAT(seconds_of({{"c", "Convolution", "f32", {"first", "relu"}, 2, 2},
                          {"soft", "Softmax", "f32", {}, 1, 1}}),
              ElementsAre(DoubleNear(2e-3, 1e-9), DoubleNear(1e-3, 1e-9)));
  EXPECT_THAT(seconds_of({{"r_nchwc", "Conv", "f32", {}, 3, 3}}), ElementsAre(DoubleNear(3e-3, 1e-9), 0));
  EXPECT_THAT(seconds_of({{"x_abcd_acdb_first/WithoutBiases", "Reorder", "f32", {}, 4, 4}}),
              ElementsAre(DoubleNear(4e-3, 1e-9), 0));
  const Attribution foreign = Attribute(kernels, {{"odd", "Mystery", "f32", {}, 5, 5}});
  EXPECT_NEAR(foreign.lost, 5e-3, 1e-9);
  EXPECT_THAT(foreign.lost_layers, ElementsAre("Mystery"));
}

// OpenVINO names what it copied to a node after the node that it copied from, with a number.
TEST(Attribution, AWholeNameSaysMoreThanPartOfOne) {
  const auto model = testing::ParseGraph(
      R"(g (float[1,8,6,6] x, float[8,8,1,1] v) => (float[1,16,6,6] y) {
  [first] a = Conv <kernel_shape = [1, 1]> (x, v)
  [join] y = Concat <axis = 1> (a, x)
})",
      9, 20);
  const std::vector<Kernel> kernels = TypedKernels(*model, "openvino");
  ASSERT_EQ(kernels.size(), 2u);
  EXPECT_THAT(Attribute(kernels, {{"c", "Convolution", "f32", {"first", "join_1"}, 2, 2}}).seconds,
              ElementsAre(DoubleNear(2e-3, 1e-9), 0));
}

TEST(Attribution, UnnamedHalvesOfAnActivationAreIts) {
  const auto model =
      testing::ParseGraph("g (float[1,8] x) => (float[1,8] y) { [act] y = HardSwish (x) }", 9, 20);
  const std::vector<Kernel> kernels = TypedKernels(*model, "onnxruntime");
  ASSERT_EQ(kernels.size(), 1u);
  EXPECT_THAT(
      Attribute(kernels, {{"", "HardSigmoid", "f32", {}, 2, 2}, {"", "Mul", "f32", {}, 1, 1}}).seconds,
      ElementsAre(DoubleNear(3e-3, 1e-9)));
}

}  // namespace
}  // namespace shoehorn::cost
