// InstanceNormalization in the arithmetic that defines it, over the spatial axes of each channel:
//   InstanceNormalization(x, scale, bias)   becomes   (x - mean) / sqrt(variance + epsilon) * scale + bias
#include <numeric>

#include "passes/mean.h"
#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Value;

Result<bool> Decompose(Node& node, PassContext& context) {
  if (!node.Is("InstanceNormalization") || !IsFloat(node.input(0))) return false;
  const auto rank = RankOf(node.input(0));
  if (!rank || *rank < 3 || node.input(1) == nullptr || node.input(2) == nullptr) return false;
  context.Note(node, "it is spelled out in means");
  std::vector<int64_t> axes(*rank - 2);
  std::iota(axes.begin(), axes.end(), 2);
  Builder build(node, context);
  Value& normalized = Normalized(build, *node.input(0), axes, node.Float("epsilon", 1e-5F));
  Value& scale = build.ByChannel(*node.input(1), "_scale", *rank);
  Value& bias = build.ByChannel(*node.input(2), "_bias", *rank);
  SHOEHORN_TRY(build.Replace(build.Make("Add", {&build.Make("Mul", {&normalized, &scale}), &bias})));
  return true;
}

}  // namespace

Result<bool> DecomposeInstanceNorm(ir::Graph& graph, PassContext& context) {
  return RepairEach(graph, context, Decompose);
}

}  // namespace shoehorn::passes
