// Means over space as pooling, which accelerators have a unit for:
//   ReduceMean<axes = [2,3], keepdims = 0>(x)   becomes   Flatten(GlobalAveragePool(x))
//   ReduceMean<axes = [2]>(x), x of 4 rows      becomes   AveragePool<kernel = [4,1]>(x)
//   ReduceMean<all axes>(x)                     becomes   ReduceMean<all axes>(GlobalAveragePool(x))
#include "passes/builder.h"
#include "passes/mean.h"
#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Value;

bool SpaceIsOne(const Value& x, size_t rank) {
  const Node* producer = x.producer();
  if (producer != nullptr && producer->Is("GlobalAveragePool")) return true;
  for (size_t axis = 2; axis < rank; ++axis)
    if (KnownDim(x, axis) != 1) return false;
  return true;
}

/// Some of the spatial axes of known size: a window as large as they are.
std::optional<std::vector<int64_t>> Window(const Value& x, const std::vector<int64_t>& axes, size_t rank) {
  std::vector<int64_t> kernel(rank - 2, 1);
  for (const int64_t axis : axes) {
    const int64_t size = KnownDim(x, static_cast<size_t>(axis));
    if (axis < 2 || size < 1) return std::nullopt;
    kernel[static_cast<size_t>(axis) - 2] = size;
  }
  return kernel;
}

Result<bool> Replace(Node& node, PassContext& context) {
  const auto axes = MeanAxes(node);
  if (!axes) return false;
  Value& x = *node.input(0);
  const size_t rank = x.type.dims.size();
  if (rank < 3 || rank > 4 || SpaceIsOne(x, rank)) return false;
  const bool keeps = node.Int("keepdims", 1) != 0;
  const bool global = HoldsSpace(*axes, rank);
  const bool only_space = global && axes->size() == rank - 2;
  const auto window = global ? std::nullopt : Window(x, *axes, rank);
  if (!global && !window) return false;

  context.Note(
      node, global ? "a mean over space is GlobalAveragePool" : "a mean over a spatial axis is AveragePool");
  Builder build(node, context);
  Value& pooled = global ? build.Make("GlobalAveragePool", {&x})
                         : build.Make("AveragePool", {&x}, {{"kernel_shape", *window}});
  if (global && !only_space)
    SHOEHORN_TRY(build.Replace(build.Reduce("ReduceMean", pooled, *axes, keeps)));
  else if (keeps)
    SHOEHORN_TRY(build.Replace(pooled));
  else if (only_space)
    SHOEHORN_TRY(build.Replace(build.Make("Flatten", {&pooled}, {{"axis", int64_t{1}}})));
  else
    SHOEHORN_TRY(build.Replace(build.Squeeze(pooled, *axes)));
  return true;
}

}  // namespace

Result<bool> ReduceMeanToPool(ir::Graph& graph, PassContext& context) {
  return RepairEach(graph, context, Replace);
}

}  // namespace shoehorn::passes
