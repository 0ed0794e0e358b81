// LayerNormalization in the arithmetic that defines it, over the last axes:
//   LayerNormalization(x, scale, bias)   becomes   (x - mean) / sqrt(variance + epsilon) * scale + bias
#include <numeric>

#include "passes/mean.h"
#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Value;

Result<bool> Decompose(Node& node, PassContext& context) {
  if (!node.Is("LayerNormalization") || !IsFloat(node.input(0)) || !IsFloat(node.input(1))) return false;
  const auto rank = RankOf(node.input(0));
  if (!rank || node.output(1) != nullptr || node.output(2) != nullptr) return false;
  const auto axis = NormalAxis(node.Int("axis", -1), *rank);
  if (!axis) return false;
  context.Note(node, "it is spelled out in means");
  std::vector<int64_t> axes(*rank - *axis);
  std::iota(axes.begin(), axes.end(), static_cast<int64_t>(*axis));
  Builder build(node, context);
  Value& normalized = Normalized(build, *node.input(0), axes, node.Float("epsilon", 1e-5F));
  Value* result = &build.Make("Mul", {&normalized, node.input(1)});
  if (node.input(2) != nullptr) result = &build.Make("Add", {result, node.input(2)});
  SHOEHORN_TRY(build.Replace(*result));
  return true;
}

}  // namespace

Result<bool> DecomposeLayerNorm(ir::Graph& graph, PassContext& context) {
  return RepairEach(graph, context, Decompose);
}

}  // namespace shoehorn::passes
