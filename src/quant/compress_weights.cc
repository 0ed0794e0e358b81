#include "quant/compress_weights.h"

#include "quant/scales.h"
#include "quant/sensitivity.h"

namespace shoehorn::quant {
namespace {

bool HasPackableWeights(const ir::Node& node, int64_t least_elements) {
  if (!node.Is("Conv") && !node.Is("MatMul") && !node.Is("Gemm")) return false;
  const ir::Value* weights = node.input(1);
  const ir::Tensor* tensor = weights != nullptr ? weights->constant() : nullptr;
  return tensor != nullptr && tensor->type() == ir::DataType::kFloat && tensor->rank() >= 2 &&
         (tensor->rank() == 2 || node.Is("Conv")) && tensor->count() >= least_elements &&
         weights->has_single_use();
}

}  // namespace

size_t CompressWeights(ir::Model& model, int64_t least_elements) {
  ir::Graph& graph = *model.graph;
  size_t packed = 0;
  for (ir::Node& node : graph.nodes()) {
    if (!HasPackableWeights(node, least_elements)) continue;
    ir::Value& weights = *node.input(1);
    const size_t axis = WeightLayout::Of(node).output_axis;
    IntegerWeights integers = QuantizeWeights(*weights.constant(), axis, false, {});
    ir::Value& values = graph.AddConstant(weights.name() + "_packed", std::move(integers.integers));
    ir::Value& scales = graph.AddConstant(
        weights.name() + "_scale",
        ir::Tensor::Of<float>({static_cast<int64_t>(integers.scales.size())}, integers.scales));
    ir::Node& unpack =
        graph.AddNode("DequantizeLinear", weights.name() + "_unpack", {&values, &scales}, 1, &node);
    unpack.Set("axis", static_cast<int64_t>(axis));
    unpack.origins = node.UserNames();
    unpack.output()->type = weights.type;
    node.SetInput(1, unpack.output());
    ++packed;
  }
  graph.RemoveDead();
  return packed;
}

}  // namespace shoehorn::quant
