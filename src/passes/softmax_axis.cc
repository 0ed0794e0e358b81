// Softmax over the last axis, which is the only one that many accelerators take:
//   Softmax<axis=1>(x [n,c,h])   becomes   Transpose(Softmax<axis=2>(Transpose(x)))
// Before opset 13 Softmax works on a matrix, all axes from `axis` on being its columns; that is a Reshape:
//   Softmax<axis=1>(x [n,c,h])   becomes   Reshape(Softmax<axis=1>(Reshape(x, [n,c*h])), [n,c,h])
#include "passes/builder.h"
#include "passes/rewrite.h"
#include "passes/transpose.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Value;

/// The number of elements along `dims`, -1 when unknown.
int64_t Count(std::span<const ir::Dim> dims) {
  int64_t count = 1;
  for (const ir::Dim& dim : dims) count = dim.known() && count >= 0 ? count * dim.value : -1;
  return count;
}

Result<bool> Repair(Node& node, PassContext& context) {
  if ((!node.Is("Softmax") && !node.Is("LogSoftmax")) || node.input(0) == nullptr) return false;
  Value& x = *node.input(0);
  if (!x.type.has_rank) return false;
  const bool flattens = node.graph().model().Opset() < 13;
  const size_t rank = x.type.dims.size();
  const auto axis = NormalAxis(node.Int("axis", flattens ? 1 : -1), rank);
  if (!axis || *axis + 1 == rank) return false;

  if (!flattens) {
    context.Note(node, "its axis is moved to the end");
    Permutation perm;
    for (size_t i = 0; i < rank; ++i)
      if (i != *axis) perm.push_back(static_cast<int64_t>(i));
    perm.push_back(static_cast<int64_t>(*axis));
    Builder build(node, context);
    Value& last =
        build.Make(node.op_type, {&build.Transpose(x, perm)}, {{"axis", static_cast<int64_t>(rank) - 1}});
    SHOEHORN_TRY(build.Replace(build.Transpose(last, Inverse(perm))));
    return true;
  }
  const std::span<const ir::Dim> dims(x.type.dims);
  ir::Shape matrix = {Count(dims.first(*axis)), Count(dims.subspan(*axis))}, shape;
  int unknown = 0;
  for (const ir::Dim& dim : dims) {
    if (dim.value == 0) return false;
    unknown += !dim.known();
    shape.push_back(dim.value);
  }
  if (unknown > 1) return false;
  context.Note(node, "all axes from its own on are one, the last");
  Builder build(node, context);
  Value& last = build.Make(node.op_type, {&build.Reshape(x, matrix)}, {{"axis", 1}});
  SHOEHORN_TRY(build.Replace(build.Reshape(last, shape)));
  return true;
}

}  // namespace

Result<bool> SoftmaxAxis(ir::Graph& graph, PassContext& context) {
  return RepairEach(graph, context, Repair);
}

}  // namespace shoehorn::passes
