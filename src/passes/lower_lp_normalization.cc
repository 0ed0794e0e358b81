// LpNormalization as a division by the norm, which is kept from being zero since a vector of zeros stays one:
//   LpNormalization<axis=1, p=2>(x)   becomes   Div(x, Max(Sqrt(ReduceSum<axes=[1]>(Mul(x, x))), 1e-38))
#include <limits>

#include "passes/builder.h"
#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Value;

Result<bool> Repair(Node& node, PassContext& context) {
  if (!node.Is("LpNormalization") || !IsFloat(node.input(0)) || !node.input(0)->type.has_rank) return false;
  Value& x = *node.input(0);
  const int64_t p = node.Int("p", 2);
  const auto axis = NormalAxis(node.Int("axis", -1), x.type.dims.size());
  if (!axis || (p != 1 && p != 2) || node.graph().model().Opset() < 8) return false;

  context.Note(node, "it is a division by the norm");
  Builder build(node, context);
  Value& terms = p == 1 ? build.Make("Abs", {&x}) : build.Make("Mul", {&x, &x});
  Value* norm = &build.Reduce("ReduceSum", terms, {static_cast<int64_t>(*axis)});
  if (p == 2) norm = &build.Make("Sqrt", {norm});
  norm = &build.Make("Max", {norm, &build.Number(x, std::numeric_limits<float>::min())});
  SHOEHORN_TRY(build.Replace(build.Make("Div", {&x, norm})));
  return true;
}

}  // namespace

Result<bool> LowerLpNormalization(ir::Graph& graph, PassContext& context) {
  return RepairEach(graph, context, Repair);
}

}  // namespace shoehorn::passes
