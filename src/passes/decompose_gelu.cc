// Gelu, an operator since opset 20, in the functions that define it:
//   Gelu(x)                        becomes   0.5 x (1 + erf(x / sqrt(2)))
//   Gelu<approximate = "tanh">(x)   becomes   0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))
#include <numbers>

#include "passes/builder.h"
#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Value;

Result<bool> Decompose(Node& node, PassContext& context) {
  if (!node.Is("Gelu") || !IsFloat(node.input(0))) return false;
  const bool tanh = node.String("approximate", "none") == "tanh";
  context.Note(node, tanh ? "it is defined by tanh" : "it is defined by erf");
  Value& x = *node.input(0);
  Builder build(node, context);
  const auto times = [&](Value& value, double factor) -> Value& {
    return build.Make("Mul", {&value, &build.Number(x, factor)});
  };
  Value* bell = nullptr;
  if (tanh) {
    Value& cube = build.Make("Mul", {&build.Make("Mul", {&x, &x}), &x});
    Value& sum = build.Make("Add", {&x, &times(cube, 0.044715)});
    bell = &build.Make("Tanh", {&times(sum, std::numbers::sqrt2 * std::numbers::inv_sqrtpi)});
  } else {
    bell = &build.Make("Erf", {&times(x, 1 / std::numbers::sqrt2)});
  }
  Value& gate = build.Make("Add", {bell, &build.Number(x, 1)});
  SHOEHORN_TRY(build.Replace(build.Make("Mul", {&times(x, 0.5), &gate})));
  return true;
}

}  // namespace

Result<bool> DecomposeGelu(ir::Graph& graph, PassContext& context) {
  return RepairEach(graph, context, Decompose);
}

}  // namespace shoehorn::passes
