// HardSwish is x times a line cut off at 0 and 1:
//   HardSwish(x)   becomes   Mul(x, HardSigmoid<alpha = 1/6, beta = 0.5>(x))
// which opsets before 14 and smaller runtimes know.
#include "passes/builder.h"
#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Value;

Result<bool> Decompose(Node& node, PassContext& context) {
  if (!node.Is("HardSwish") || !IsFloat(node.input(0))) return false;
  context.Note(node, "it is x times HardSigmoid");
  Value& x = *node.input(0);
  Builder build(node, context);
  Value& gate = build.Make("HardSigmoid", {&x}, {{"alpha", 1.0F / 6}, {"beta", 0.5F}});
  SHOEHORN_TRY(build.Replace(build.Make("Mul", {&x, &gate})));
  return true;
}

}  // namespace

Result<bool> DecomposeHardSwish(ir::Graph& graph, PassContext& context) {
  return RepairEach(graph, context, Decompose);
}

}  // namespace shoehorn::passes
