// Powers with a small constant exponent as the arithmetic that they stand for:
//   Pow(x, 2)     becomes   Mul(x, x)
//   Pow(x, 0.5)   becomes   Sqrt(x)
//   Pow(x, -1)    becomes   Reciprocal(x)
// Pow is a logarithm and an exponential where it exists at all, and often refuses negative numbers.
#include "passes/builder.h"
#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Value;

Result<bool> Replace(Node& node, PassContext& context) {
  if (!node.Is("Pow") || !IsFloat(node.input(0))) return false;
  const auto split = SplitScalar(node);
  if (!split || split->scalar_first) return false;
  const double exponent = split->scalar;
  Value& x = *split->data;
  Builder build(node, context);
  const auto replace = [&](const char* what, Value& made) -> Result<bool> {
    context.Note(node, std::string("with this exponent it is ") + what);
    SHOEHORN_TRY(build.Replace(made));
    return true;
  };
  const auto square = [&]() -> Value& { return build.Make("Mul", {&x, &x}); };
  if (exponent == 2) return replace("x times x", square());
  if (exponent == 3) return replace("x times x times x", build.Make("Mul", {&square(), &x}));
  if (exponent == 4) {
    Value& squared = square();
    return replace("the square of a square", build.Make("Mul", {&squared, &squared}));
  }
  if (exponent == 0.5) return replace("a square root", build.Make("Sqrt", {&x}));
  if (exponent == -0.5)
    return replace("one by a square root", build.Make("Reciprocal", {&build.Make("Sqrt", {&x})}));
  if (exponent == -1) return replace("one by x", build.Make("Reciprocal", {&x}));
  return false;
}

}  // namespace

Result<bool> PowToMul(ir::Graph& graph, PassContext& context) { return RepairEach(graph, context, Replace); }

}  // namespace shoehorn::passes
