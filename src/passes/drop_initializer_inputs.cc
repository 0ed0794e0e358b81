// Files of IR version 3 list every weight among the graph's inputs, too; a caller could then override it, so
// that no engine may fold it. Weights with a value are weights:
//   g(x, w = {...}) => y   becomes   g(x) => y with the initializer w
#include "passes/pass.h"

namespace shoehorn::passes {

Result<bool> DropInitializerInputs(ir::Graph& graph, PassContext& context) {
  if (graph.owner() != nullptr) return false;
  const std::vector<ir::Value*> inputs = graph.inputs();
  bool changed = false;
  for (ir::Value* input : inputs) {
    if (input->initializer() == nullptr) continue;
    graph.DropInput(*input);
    if (context.log != nullptr)
      context.log->push_back({context.pass, input->name(), "it has a value and is no input any more"});
    changed = true;
  }
  return changed;
}

}  // namespace shoehorn::passes
