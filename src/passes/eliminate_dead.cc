// A node whose outputs nobody reads goes, with the constants only it used:
//   y = Relu(x); unused = Sigmoid(x)   becomes   y = Relu(x)
#include "passes/pass.h"

namespace shoehorn::passes {

Result<bool> EliminateDead(ir::Graph& graph, PassContext& context) {
  bool changed = false;
  for (ir::Node* node = graph.last(); node != nullptr;) {
    ir::Node* previous = node->previous();
    if (std::ranges::all_of(node->outputs(),
                            [](const ir::Value* value) { return value == nullptr || value->is_unused(); })) {
      context.Note(*node, "nothing reads what it computes");
      graph.RemoveNode(*node);
      changed = true;
    }
    node = previous;
  }
  size_t constants = 0;
  for (size_t i = graph.values().size(); i-- > 0;) {  // a removed value's place is taken by one seen already
    ir::Value& value = *graph.values()[i];
    if (value.producer() != nullptr || value.is_input() || !value.is_unused()) continue;
    graph.RemoveValue(value);
    ++constants;
  }
  if (constants > 0 && context.log != nullptr)
    context.log->push_back({context.pass, "", std::to_string(constants) + " constants that nothing reads"});
  return changed || constants > 0;
}

}  // namespace shoehorn::passes
