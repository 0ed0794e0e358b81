// Operators that only change a shape, in a row, are one or none:
//   Squeeze(Unsqueeze(x, [0]), [0])         becomes   x
//   Unsqueeze(Unsqueeze(x, [1]), [2])       becomes   Unsqueeze(x, [1,2])
//   Reshape(Flatten(x), [1,8,4])            becomes   Reshape(x, [1,8,4])
//   Reshape(x, Concat(Shape(x)[0], [-1]))   becomes   Reshape(x, [0,-1])
// A shape that is not all known is written with one -1, or with 0 where a dimension stays in place.
#include <algorithm>

#include "passes/rewrite.h"
#include "passes/transpose.h"

namespace shoehorn::passes {
namespace {

using ir::Dim;
using ir::Node;
using ir::Type;
using ir::Value;

/// True for a Transpose that moves nothing but axes of length one.
bool MovesOnlyUnitAxes(const Node& node) {
  const auto perm = PermutationOf(node);
  if (!perm || !node.input(0)->type.is_static()) return false;
  const ir::Shape dims = node.input(0)->type.shape();
  if (dims.size() != perm->size()) return false;
  int64_t last = -1;
  for (const int64_t axis : *perm) {
    if (dims[static_cast<size_t>(axis)] == 1) continue;
    if (axis < last) return false;
    last = axis;
  }
  return true;
}

bool OnlyReshapes(const Node& node) {
  if (node.Is("Reshape")) return node.input(1) != nullptr && node.Int("allowzero", 0) == 0;
  return node.Is("Flatten") || node.Is("Squeeze") || node.Is("Unsqueeze") || MovesOnlyUnitAxes(node);
}

bool SameDim(const Dim& a, const Dim& b) {
  return a.known() ? a.value == b.value : !a.symbol.empty() && a.symbol == b.symbol;
}

bool SameShape(const Type& a, const Type& b) {
  return a.has_rank && b.has_rank && std::ranges::equal(a.dims, b.dims, SameDim);
}

/// The shape input that makes `to` of a value of type `from`.
std::optional<std::vector<int64_t>> ShapeInput(const Type& from, const Type& to) {
  if (!from.has_rank || !to.has_rank) return std::nullopt;
  std::vector<int64_t> shape;
  bool inferred = false;
  for (size_t i = 0; i < to.dims.size(); ++i) {
    const Dim& dim = to.dims[i];
    if (dim.value == 0) return std::nullopt;
    if (dim.known()) {
      shape.push_back(dim.value);
    } else if (i < from.dims.size() && SameDim(from.dims[i], dim)) {
      shape.push_back(0);
    } else {
      if (inferred) return std::nullopt;
      inferred = true;
      shape.push_back(-1);
    }
  }
  return shape;
}

/// The axes, counted in the longer shape, that a Squeeze takes away or an Unsqueeze adds.
std::optional<std::vector<int64_t>> AxesOf(const Node& node) {
  const Value* longer = node.Is("Squeeze") ? node.input(0) : node.output();
  const auto axes = IntsOf(node, 1, "axes");
  if (!axes || axes->empty()) return std::nullopt;
  if (std::ranges::all_of(*axes, [](int64_t axis) { return axis >= 0; })) return NormalAxes(*axes, 64);
  if (!longer->type.has_rank) return std::nullopt;
  return NormalAxes(*axes, longer->type.dims.size());
}

void SetAxes(Node& node, std::vector<int64_t> axes) {
  if (node.input(1) == nullptr) {
    node.Set("axes", std::move(axes));
    return;
  }
  Value* before = node.input(1);
  node.SetInput(1, &NewConstant(node, "_axes", ir::Tensor::Ints(axes)));
  RemoveIfUnused({before});
}

/// `node` now reads `source` instead of what `before` makes.
void Bypass(Node& node, Node& before, Value& source) {
  Value* between = node.input(0);
  if (between->has_single_use()) Absorb(node, before);
  node.SetInput(0, &source);
  RemoveIfUnused({between});
}

/// Squeeze and Unsqueeze of like kind; needs no shapes.
bool MergeAxes(Node& node, Node& before, PassContext& context) {
  if (node.op_type != before.op_type || (!node.Is("Squeeze") && !node.Is("Unsqueeze"))) return false;
  const auto first = AxesOf(before);
  const auto second = AxesOf(node);
  if (!first || !second) return false;
  // Both lists come to count in the longest shape: the axes of the one nearer to the shorter shape are pushed
  // up by the other's.
  const auto& fixed = node.Is("Unsqueeze") ? *second : *first;
  const auto& pushed = node.Is("Unsqueeze") ? *first : *second;
  std::vector<int64_t> axes = fixed;
  for (int64_t axis : pushed) {
    for (const int64_t other : fixed)
      if (other <= axis) ++axis;
    axes.push_back(axis);
  }
  std::ranges::sort(axes);
  context.Note(node, "one operator does its work and that of " + Label(before));
  SetAxes(node, axes);
  Bypass(node, before, *before.input(0));
  return true;
}

/// A shape that is computed, but known from the type of the result, becomes a constant.
bool FixShape(Node& node, PassContext& context) {
  if (node.input(1) == nullptr || node.input(1)->constant() != nullptr || !node.Is("Reshape")) return false;
  const auto shape = ShapeInput(node.input(0)->type, node.output()->type);
  if (!shape) return false;
  context.Note(node, "its shape is computed but always the same, up to dimensions that stay");
  Value* computed = node.input(1);
  node.SetInput(1, &NewConstant(node, "_shape", ir::Tensor::Ints(*shape)));
  RemoveIfUnused({computed});
  return true;
}

bool Merge(Node& node, PassContext& context) {
  if (!OnlyReshapes(node) || node.input(0) == nullptr || node.output() == nullptr) return false;
  Value* output = node.output();
  Value* data = node.input(0);
  if (SameShape(data->type, output->type)) {
    context.Note(node, "the shape is this one already");
    node.graph().ReplaceValue(*output, *data);
    RemoveIfUnused({output});
    return true;
  }
  Node* before = data->producer();
  if (before == nullptr || !OnlyReshapes(*before)) return false;
  Value* source = before->input(0);
  const bool undone =
      (node.Is("Squeeze") && before->Is("Unsqueeze")) || (node.Is("Unsqueeze") && before->Is("Squeeze"));
  const auto axes = undone ? AxesOf(node) : std::nullopt;
  if (SameShape(source->type, output->type) || (axes && axes == AxesOf(*before))) {
    context.Note(node, "it gives back the shape that " + Label(*before) + " changed");
    node.graph().ReplaceValue(*output, *source);
    RemoveIfUnused({output});
    return true;
  }
  if (MergeAxes(node, *before, context)) return true;
  if (&source->graph() != &node.graph()) return false;
  const auto shape = ShapeInput(source->type, output->type);
  if (!shape) return false;
  context.Note(node, "one Reshape does its work and that of " + Label(*before));
  Value* between = data;
  if (between->has_single_use()) Absorb(node, *before);
  Become(node, "Reshape", {source, &NewConstant(node, "_shape", ir::Tensor::Ints(*shape))});
  return true;
}

}  // namespace

Result<bool> MergeReshapes(ir::Graph& graph, PassContext& context) {
  bool changed = false;
  for (Node& node : graph.nodes())
    while (!node.removed() && (FixShape(node, context) || Merge(node, context))) changed = true;
  return changed;
}

}  // namespace shoehorn::passes
