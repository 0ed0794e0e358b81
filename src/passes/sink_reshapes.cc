// A change of shape moves below operators that treat each element alike, where it meets another one and
// merge_reshapes makes one of the two:
//   Reshape(Relu(Reshape(x, [2,12])), [4,6])   becomes   Reshape(Reshape(Relu(x), [2,12]), [4,6])
// Nothing moves unless the two do meet.
#include "passes/elementwise.h"
#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Value;

constexpr int kFarthest = 64;  // operators that a change of shape may sink below

bool OnlyReshapes(const Node& node) {
  if (node.Is("Reshape")) return node.input(1) != nullptr;
  return node.Is("Flatten") || node.Is("Squeeze") || node.Is("Unsqueeze");
}

/// True when the chain of elementwise operators from `value` on ends in another change of shape.
bool Meets(const Value* value) {
  for (int i = 0; i < kFarthest && value->has_single_use(); ++i) {
    const ir::Use use = value->uses()[0];
    if (use.index == 0 && OnlyReshapes(*use.node)) return i > 0;
    if (!IsElementwise(*use.node, *value)) return false;
    value = use.node->output();
  }
  return false;
}

bool Sink(Node& reshape, PassContext& context) {
  if (!OnlyReshapes(reshape) || reshape.input(0) == nullptr) return false;
  Value* source = reshape.input(0);
  Value* shaped = reshape.output();
  const auto has_axes = [](const Value* value) { return value->type.has_rank && !value->type.dims.empty(); };
  if (!has_axes(source) || !has_axes(shaped) || !Meets(shaped)) return false;
  context.Note(reshape, "moved below the operators that follow, where it meets another change of shape");
  const ir::Use first = shaped->uses()[0];
  // The operators now compute in the source's shape; the change of shape follows the last of them.
  Node* last = first.node;
  while (!OnlyReshapes(*last->output()->uses()[0].node)) last = last->output()->uses()[0].node;
  first.node->SetInput(static_cast<size_t>(first.index), source);
  Node* below = last->output()->uses()[0].node;
  for (Node* node = first.node;; node = node->output()->uses()[0].node) {
    ir::Type type = source->type;
    type.element = node->output()->type.element;
    node->output()->type = type;
    if (node == last) break;
  }
  shaped->type.element = last->output()->type.element;
  below->SetInput(0, shaped);
  reshape.SetInput(0, last->output());
  reshape.graph().MoveNode(reshape, below);
  return true;
}

}  // namespace

Result<bool> SinkReshapes(ir::Graph& graph, PassContext& context) {
  bool changed = false;
  for (Node* node = graph.first(); node != nullptr;) {
    Node* next = node->next();  // the node at hand may move
    changed |= Sink(*node, context);
    node = next;
  }
  return changed;
}

}  // namespace shoehorn::passes
