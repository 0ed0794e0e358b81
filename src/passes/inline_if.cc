// An If whose condition is known is replaced by the branch that runs:
//   y = If(true) <then: { y1 = Relu(x) }, else: { y2 = Neg(x) }>   becomes   y = Relu(x)
// Nested ones follow, since the runner then finds the inner If in the outer graph.
#include "passes/pass.h"
#include "passes/rewrite.h"

namespace shoehorn::passes {

Result<bool> InlineIf(ir::Graph& graph, PassContext& context) {
  bool changed = false;
  for (ir::Node* node = graph.first(); node != nullptr;) {
    ir::Node* next = node->next();
    const auto condition = node->Is("If") ? ScalarConstant(node->input(0)) : std::nullopt;
    auto* attribute = condition ? node->Find(*condition != 0 ? "then_branch" : "else_branch") : nullptr;
    const auto* branch = attribute != nullptr ? std::get_if<std::unique_ptr<ir::Graph>>(attribute) : nullptr;
    if (branch == nullptr || !(*branch)->inputs().empty() ||
        (*branch)->outputs().size() < node->outputs().size()) {
      node = next;
      continue;
    }
    context.Note(*node, *condition != 0 ? "its condition is always true" : "its condition is always false");
    ir::Node* const first = (*branch)->first();
    const std::vector<ir::Value*> results = graph.Splice(**branch, node);
    for (size_t i = 0; i < node->outputs().size(); ++i) {
      ir::Value* output = node->output(i);
      if (output == nullptr) continue;
      graph.ReplaceValue(*output, *results[i]);
      SHOEHORN_TRY(context.InferUsers(*results[i]));
    }
    // An If inside the branch may be next.
    next = first != nullptr ? first : next;
    graph.RemoveNode(*node);
    changed = true;
    node = next;
  }
  return changed;
}

}  // namespace shoehorn::passes
