// GroupNormalization is InstanceNormalization of groups of channels seen as one long channel:
//   GroupNormalization<num_groups = G>(x, scale, bias)
//   becomes   Reshape(InstanceNormalization(Reshape(x, [0, G, -1]))) * scale + bias
// decompose_instance_norm takes it further apart. The operator of opset 18, with a scale for each group, is
// deprecated.
#include <algorithm>

#include "passes/builder.h"
#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Value;

Result<bool> Decompose(Node& node, PassContext& context) {
  if (!node.Is("GroupNormalization") || !IsFloat(node.input(0))) return false;
  Value& x = *node.input(0);
  const auto rank = RankOf(&x);
  const int64_t groups = node.Int("num_groups", 0), channels = KnownDim(x, 1);
  if (!rank || *rank < 3 || groups < 1 || channels < 1 || channels % groups != 0) return false;
  if (node.input(1) == nullptr || node.input(2) == nullptr || node.graph().model().Opset() < 21) return false;
  std::vector<int64_t> back = {0};
  for (size_t axis = 1; axis < *rank; ++axis) back.push_back(KnownDim(x, axis));
  if (std::ranges::count(back, -1) > 1 || std::count(back.begin() + 1, back.end(), 0) > 0) return false;

  context.Note(node, "a group is normalized like one long channel");
  Builder build(node, context);
  const auto count = static_cast<size_t>(groups);
  Value& ones = build.Constant("_ones", ir::Tensor::Of<float>({groups}, std::vector<float>(count, 1)));
  Value& zeros = build.Constant("_zeros", ir::Tensor::Of<float>({groups}, std::vector<float>(count, 0)));
  Value& normalized = build.Make("InstanceNormalization", {&build.Reshape(x, {0, groups, -1}), &ones, &zeros},
                                 {{"epsilon", node.Float("epsilon", 1e-5F)}});
  Value& factor = build.ByChannel(*node.input(1), "_scale", *rank);
  Value& term = build.ByChannel(*node.input(2), "_bias", *rank);
  Value& scaled = build.Make("Mul", {&build.Reshape(normalized, back), &factor});
  SHOEHORN_TRY(build.Replace(build.Make("Add", {&scaled, &term})));
  return true;
}

}  // namespace

Result<bool> DecomposeGroupNorm(ir::Graph& graph, PassContext& context) {
  return RepairEach(graph, context, Decompose);
}

}  // namespace shoehorn::passes
