// Squeeze, Unsqueeze and Flatten, also several in a row, are Reshape, which every accelerator takes:
//   Unsqueeze(Squeeze(x [1,3,1], [0]), [0])   becomes   Reshape(x, [1,3,1])
#include "passes/builder.h"
#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Value;

bool ChangesRank(const Node& node) {
  return (node.Is("Squeeze") || node.Is("Unsqueeze") || node.Is("Flatten")) && node.input(0) != nullptr;
}

Result<bool> Repair(Node& node, PassContext& context) {
  if (!ChangesRank(node)) return false;
  auto target = ReshapeTarget(node.input(0)->type, node.output()->type);
  if (!target) return false;
  // A Reshape right before it, which the change before may have become, does the work of both.
  Value* source = node.input(0);
  Node* before = source->producer();
  if (before != nullptr && before->Is("Reshape") && source->has_single_use() && context.Wants(*before))
    if (const auto joint = ReshapeTarget(before->input(0)->type, node.output()->type)) {
      target = joint;
      Absorb(node, *before);
      node.SetInput(0, before->input(0));
      RemoveIfUnused({source});
    }
  context.Note(node, "it is a change of shape");
  Builder build(node, context);
  Value& x = *node.input(0);
  const bool same = x.type.is_static() && x.type.shape() == *target;
  SHOEHORN_TRY(build.Replace(same ? build.Make("Identity", {&x}) : build.Reshape(x, *target)));
  return true;
}

}  // namespace

Result<bool> SqueezeToReshape(ir::Graph& graph, PassContext& context) {
  return RepairEach(graph, context, Repair);
}

}  // namespace shoehorn::passes
