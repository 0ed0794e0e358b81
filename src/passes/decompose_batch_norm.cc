// Batch normalization that stands alone is a factor and a term for each channel, both constant:
//   BatchNormalization(x, scale, bias, mean, var)   becomes   Add(Mul(x, factor), term)
// Multiply and add exist everywhere, and can be quantized.
#include "passes/builder.h"
#include "passes/linear.h"
#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Value;

Result<bool> Decompose(Node& node, PassContext& context) {
  if (!node.Is("BatchNormalization") || !IsFloat(node.input(0))) return false;
  Value& x = *node.input(0);
  const auto rank = RankOf(&x);
  const ir::Tensor* scale = FloatConstant(node.input(1));
  if (!rank || *rank < 2 || scale == nullptr) return false;
  const auto channels = static_cast<size_t>(scale->count());
  const auto affine = AffineOf(node, x, *rank, 1, channels);
  if (!affine) return false;
  context.Note(node, "with constant statistics it is a factor and a term for each channel");
  std::vector<double> factors, terms;
  for (size_t i = 0; i < channels; ++i) {
    factors.push_back(affine->ScaleOf(i));
    terms.push_back(affine->ShiftOf(i));
  }
  ir::Shape shape(*rank - 1, 1);
  shape[0] = static_cast<int64_t>(channels);
  Builder build(node, context);
  Value& factor = build.Constant("_factor", ir::Tensor::FromDoubles(x.type.element, shape, factors));
  Value& term = build.Constant("_term", ir::Tensor::FromDoubles(x.type.element, shape, terms));
  SHOEHORN_TRY(build.Replace(build.Make("Add", {&build.Make("Mul", {&x, &factor}), &term})));
  return true;
}

}  // namespace

Result<bool> DecomposeBatchNorm(ir::Graph& graph, PassContext& context) {
  return RepairEach(graph, context, Decompose);
}

}  // namespace shoehorn::passes
