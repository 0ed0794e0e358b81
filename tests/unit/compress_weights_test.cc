#include "quant/compress_weights.h"

#include <gmock/gmock.h>

#include "formats/onnx.h"
#include "quant/quantize.h"

namespace shoehorn::quant {
namespace {

TEST(CompressWeights, StoresLargeWeightsAsIntegersOfEachChannel) {
  const auto model = formats::ParseText(R"(<ir_version: 8, opset_import: ["" : 17]>
g (float[1,2] x) => (float[1,2] z)
<float[2,2] w = {1.0, 100.0, -0.5, 50.0}, float[2,2] small = {1.0, 0.0, 0.0, 1.0}>
{
  [large] y = MatMul(x, w)
  [tail] z = Add(y, small)
})");
  ASSERT_TRUE(model.ok()) << model.error().Text();
  const auto prepared = PrepareModel(**model);
  ASSERT_TRUE(prepared.ok());
  EXPECT_EQ(CompressWeights(**prepared, 5), 0u);
  EXPECT_EQ(CompressWeights(**prepared, 4), 1u);
  ir::Graph& graph = *(*prepared)->graph;
  EXPECT_TRUE(ir::Verify(graph).ok());
  const ir::Node& unpack = *graph.first();
  EXPECT_EQ(unpack.op_type, "DequantizeLinear");
  EXPECT_EQ(unpack.Int("axis"), 1);
  EXPECT_EQ(unpack.origins, std::vector<std::string>{"large"});
  EXPECT_EQ(*unpack.input(0)->constant(),
            ir::Tensor::Of<int8_t>({2, 2}, std::vector<int8_t>{127, 127, -64, 64}));
  EXPECT_EQ(*unpack.input(1)->constant(),
            ir::Tensor::Of<float>({2}, std::vector<float>{1.0F / 127, 100.0F / 127}));
}

}  // namespace
}  // namespace shoehorn::quant
