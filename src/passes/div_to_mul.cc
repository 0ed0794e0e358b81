// A quotient by a constant is a product with its reciprocal:
//   Div(x, 4)   becomes   Mul(x, 0.25)
// Products are native and cheap where quotients are not. Exact for powers of two, within one rounding else.
#include <algorithm>
#include <cmath>
#include <limits>

#include "passes/builder.h"
#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Tensor;
using ir::Value;

/// Float can hold both the number and its reciprocal with all their digits.
bool Invertible(double number) {
  const double least = std::numeric_limits<float>::min();
  return std::abs(number) >= least && std::abs(1 / number) >= least;
}

Result<bool> Replace(Node& node, PassContext& context) {
  if (!node.Is("Div") || !IsFloat(node.input(0))) return false;
  const Tensor* divisor = FloatConstant(node.input(1));
  if (divisor == nullptr || divisor->type() != ir::DataType::kFloat || node.input(0)->constant() != nullptr)
    return false;
  auto numbers = divisor->ToDoubles();
  if (!numbers || !std::ranges::all_of(*numbers, Invertible)) return false;
  for (double& number : *numbers) number = 1 / number;
  context.Note(node, "the divisor is constant: its reciprocal can be multiplied with");
  Builder build(node, context);
  Value& factor = build.Constant("_factor", Tensor::FromDoubles(divisor->type(), divisor->dims(), *numbers));
  SHOEHORN_TRY(build.Replace(build.Make("Mul", {node.input(0), &factor})));
  return true;
}

}  // namespace

Result<bool> DivToMul(ir::Graph& graph, PassContext& context) { return RepairEach(graph, context, Replace); }

}  // namespace shoehorn::passes
