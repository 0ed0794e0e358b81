// HardSigmoid is a line cut off at 0 and 1:
//   HardSigmoid<alpha = 0.2, beta = 0.5>(x)   becomes   Clip(Add(Mul(x, 0.2), 0.5), 0, 1)
#include "passes/builder.h"
#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Value;

Result<bool> Decompose(Node& node, PassContext& context) {
  if (!node.Is("HardSigmoid") || !IsFloat(node.input(0))) return false;
  context.Note(node, "it is a line cut off at 0 and 1");
  Value& x = *node.input(0);
  Builder build(node, context);
  Value& scaled = build.Make("Mul", {&x, &build.Number(x, node.Float("alpha", 0.2F))});
  Value& line = build.Make("Add", {&scaled, &build.Number(x, node.Float("beta", 0.5F))});
  SHOEHORN_TRY(build.Replace(build.Clip(line, 0, 1)));
  return true;
}

}  // namespace

Result<bool> DecomposeHardSigmoid(ir::Graph& graph, PassContext& context) {
  return RepairEach(graph, context, Decompose);
}

}  // namespace shoehorn::passes
