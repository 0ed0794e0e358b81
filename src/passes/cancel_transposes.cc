// Transpose after Transpose is one, or none:
//   Transpose(Transpose(x, [0,2,3,1]), [0,3,1,2])   becomes   x
#include "passes/rewrite.h"
#include "passes/transpose.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Value;

bool Cancel(Node& node, PassContext& context) {
  auto perm = PermutationOf(node);
  if (!perm) return false;
  Value* source = node.input(0);
  Node* before = source->producer();
  const auto first = before != nullptr ? PermutationOf(*before) : std::nullopt;
  const bool composes = first && first->size() == perm->size();
  if (composes) {
    perm = Compose(*first, *perm);
    source = before->input(0);
  }
  if (IsIdentity(*perm)) {
    context.Note(node, composes ? "it undoes " + Label(*before) : "it leaves every axis in place");
    node.graph().ReplaceValue(*node.output(), *source);
    RemoveIfUnused({node.output()});
    return true;
  }
  if (!composes) return false;
  context.Note(node, "one permutation does its work and that of " + Label(*before));
  Value* between = node.input(0);
  if (between->has_single_use()) Absorb(node, *before);
  node.Set("perm", *perm);
  node.SetInput(0, source);
  RemoveIfUnused({between});
  return true;
}

}  // namespace

Result<bool> CancelTransposes(ir::Graph& graph, PassContext& context) {
  bool changed = false;
  for (Node& node : graph.nodes())
    while (!node.removed() && Cancel(node, context)) changed = true;
  return changed;
}

}  // namespace shoehorn::passes
