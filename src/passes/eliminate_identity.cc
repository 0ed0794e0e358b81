// Identity and, outside training, Dropout hand their input on:
//   a = Dropout(x); y = Relu(a)   becomes   y = Relu(x)
// An Identity stays where it carries the name of a graph output for an input, a constant or another output.
#include "passes/replace.h"
#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

bool PassesThrough(const ir::Node& node) {
  if (node.Is("Identity")) return true;
  if (!node.Is("Dropout") || (node.output(1) != nullptr && !node.output(1)->is_unused())) return false;
  const ir::Value* training = node.input(2);
  return training == nullptr || ScalarConstant(training) == 0.0;
}

}  // namespace

Result<bool> EliminateIdentity(ir::Graph& graph, PassContext& context) {
  bool changed = false;
  for (ir::Node& node : graph.nodes()) {
    if (!PassesThrough(node) || node.input(0) == nullptr || !CanStandIn(*node.output(), *node.input(0)))
      continue;
    context.Note(node, "it hands its input on");
    Bypass(node, *node.input(0));
    changed = true;
  }
  return changed;
}

}  // namespace shoehorn::passes
