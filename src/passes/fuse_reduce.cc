// A mean over all spatial axes is GlobalAveragePool, which every engine and accelerator knows; and a
// reduction whose unit axes are dropped or added right after does so itself:
//   ReduceMean(x, axes=[2,3], keepdims=1)             becomes   GlobalAveragePool(x)
//   Squeeze(ReduceSum(x, axes=[1], keepdims=1), [1])  becomes   ReduceSum(x, axes=[1], keepdims=0)
#include <algorithm>
#include <numeric>

#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Value;

bool IsReduction(const Node& node) {
  return node.domain.empty() &&
         (node.op_type.starts_with("Reduce") || node.Is("ArgMax") || node.Is("ArgMin"));
}

/// The axes that `node` reduces, sorted; `rank` is that of its input.
std::optional<std::vector<int64_t>> ReducedAxes(const Node& node, size_t rank) {
  if (node.op_type.starts_with("Arg")) return NormalAxes({node.Int("axis", 0)}, rank);
  const auto axes = IntsOf(node, 1, "axes");
  if (!axes) return std::nullopt;
  if (!axes->empty()) return NormalAxes(*axes, rank);
  if (node.Int("noop_with_empty_axes", 0) != 0) return std::nullopt;
  std::vector<int64_t> all(rank);
  std::iota(all.begin(), all.end(), 0);
  return all;
}

/// Squeeze after keepdims=1, or Unsqueeze after keepdims=0, of the very axes that were reduced.
bool AdoptShape(Node& node, PassContext& context) {
  const bool squeeze = node.Is("Squeeze");
  if (!squeeze && !node.Is("Unsqueeze")) return false;
  Value* reduced = node.input(0);
  Node* reduction = reduced != nullptr ? reduced->producer() : nullptr;
  if (reduction == nullptr || !IsReduction(*reduction) || !reduced->has_single_use()) return false;
  const Value* data = reduction->input(0);
  if (data == nullptr || !data->type.has_rank) return false;
  const size_t rank = data->type.dims.size();
  const bool keeps = reduction->Int("keepdims", 1) != 0;
  const auto reduced_axes = ReducedAxes(*reduction, rank);
  const auto moved = IntsOf(node, 1, "axes");
  if (keeps != squeeze || !reduced_axes || !moved || moved->empty()) return false;
  const auto axes = NormalAxes(*moved, rank);
  if (!axes || axes != reduced_axes) return false;
  context.Note(node, Label(*reduction) + (squeeze ? " drops" : " keeps") + " the reduced axes itself");
  reduction->Set("keepdims", int64_t{squeeze ? 0 : 1});
  Absorb(*reduction, node, false);
  reduced->type = node.output()->type;
  node.graph().ReplaceValue(*node.output(), *reduced);
  RemoveIfUnused({node.output()});
  return true;
}

bool MeanOfSpace(Node& node, PassContext& context) {
  if (!node.Is("ReduceMean") || node.Int("keepdims", 1) == 0) return false;
  Value* data = node.input(0);
  if (data == nullptr || !data->type.has_rank || data->type.element != ir::DataType::kFloat) return false;
  const size_t rank = data->type.dims.size();
  const auto axes = ReducedAxes(node, rank);
  if (rank < 3 || !axes || axes->size() != rank - 2 || axes->front() != 2) return false;
  context.Note(node, "a mean over all spatial axes is GlobalAveragePool");
  if (node.origins.empty()) node.origins = node.UserNames();
  Become(node, "GlobalAveragePool", {data});
  return true;
}

}  // namespace

Result<bool> FuseReduce(ir::Graph& graph, PassContext& context) {
  bool changed = false;
  for (Node& node : graph.nodes()) changed |= AdoptShape(node, context) || MeanOfSpace(node, context);
  return changed;
}

}  // namespace shoehorn::passes
