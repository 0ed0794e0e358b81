// Joining what was joined along the same axis is one Concat, and joining what was just split is nothing:
//   Concat(Concat(a, b, axis=1), c, axis=1)   becomes   Concat(a, b, c, axis=1)
//   Concat(Split(x, axis=1), axis=1)          becomes   x
#include <algorithm>

#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Value;

/// The Concat's axis counted from the front; as it stands where the rank is not known.
int64_t AxisOf(const Node& node) {
  const int64_t axis = node.Int("axis", 0);
  const Value* value = node.Is("Split") ? node.input(0) : node.output();
  if (axis >= 0 || value == nullptr || !value->type.has_rank) return axis;
  return axis + static_cast<int64_t>(value->type.dims.size());
}

/// The Split whose every output, in order, `concat` reads.
Node* SplitBefore(const Node& concat) {
  Node* split = concat.input(0) != nullptr ? concat.input(0)->producer() : nullptr;
  if (split == nullptr || !split->Is("Split") || split->outputs() != concat.inputs()) return nullptr;
  return AxisOf(*split) == AxisOf(concat) ? split : nullptr;
}

bool CancelSplit(Node& concat, PassContext& context) {
  Node* split = SplitBefore(concat);
  if (split == nullptr) return false;
  context.Note(concat, "it joins again what " + Label(*split) + " split");
  concat.graph().ReplaceValue(*concat.output(), *split->input(0));
  RemoveIfUnused({concat.output()});
  return true;
}

bool Flatten(Node& concat, PassContext& context) {
  const auto inner = [&](const Value* value) -> Node* {
    Node* node = value != nullptr ? value->producer() : nullptr;
    return node != nullptr && node->Is("Concat") && value->has_single_use() && AxisOf(*node) == AxisOf(concat)
               ? node
               : nullptr;
  };
  if (std::ranges::none_of(concat.inputs(), inner)) return false;
  const std::vector<Value*> before = concat.inputs();
  std::vector<Value*> inputs;
  for (Value* value : before) {
    if (Node* node = inner(value)) {
      context.Note(*node, Label(concat) + " joins along the same axis");
      Absorb(concat, *node);
      inputs.insert(inputs.end(), node->inputs().begin(), node->inputs().end());
    } else {
      inputs.push_back(value);
    }
  }
  SetInputs(concat, inputs);
  RemoveIfUnused(before);
  return true;
}

}  // namespace

Result<bool> MergeConcats(ir::Graph& graph, PassContext& context) {
  bool changed = false;
  for (Node& node : graph.nodes()) {
    if (!node.Is("Concat")) continue;
    if (CancelSplit(node, context) || Flatten(node, context)) changed = true;
  }
  return changed;
}

}  // namespace shoehorn::passes
