// Two constants in a row are one:
//   Mul(Mul(x, a), b)   becomes   Mul(x, a * b)        Div(Mul(x, a), b)   becomes   Mul(x, a / b)
//   Sub(Add(x, a), b)   becomes   Add(x, a - b)
// computed in double and rounded once. Sums that cancel are left alone: adding and taking away a large number
// is how some models round.
#include <algorithm>
#include <cmath>
#include <functional>

#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Tensor;
using ir::Value;

/// x * constant or x + constant, the constant as it stands or inverted (Div, Sub).
struct Term {
  Value* x;
  const Tensor* constant;
  bool product;
  bool inverted;
};

std::optional<Term> TermOf(const Node& node) {
  const bool product = node.Is("Mul") || node.Is("Div");
  if (!product && !node.Is("Add") && !node.Is("Sub")) return std::nullopt;
  const bool inverted = node.Is("Div") || node.Is("Sub");
  const auto split = SplitConstant(node);
  if (!split || (inverted && split->constant_first)) return std::nullopt;
  const Tensor* constant = FloatConstant(split->constant);
  if (constant == nullptr) return std::nullopt;
  return Term{split->data, constant, product, inverted};
}

/// True when `inner` broadcasts to `outer` without changing it.
bool Broadcasts(const ir::Shape& inner, const ir::Shape& outer) {
  if (inner.size() > outer.size()) return false;
  for (size_t i = 1; i <= inner.size(); ++i)
    if (inner[inner.size() - i] != 1 && inner[inner.size() - i] != outer[outer.size() - i]) return false;
  return true;
}

std::vector<double> Expanded(const Tensor& tensor, const ir::Shape& dims, bool invert, bool product) {
  const std::vector<double> values = *tensor.ToDoubles();
  std::vector<double> out(static_cast<size_t>(ir::ElementCount(dims)));
  for (size_t flat = 0; flat < out.size(); ++flat) {
    size_t rest = flat, at = 0, stride = 1;
    for (size_t i = 1; i <= tensor.rank(); ++i) {
      const auto dim = static_cast<size_t>(dims[dims.size() - i]);
      const auto own = static_cast<size_t>(tensor.dims()[tensor.rank() - i]);
      if (own != 1) at += rest % dim * stride;
      rest /= dim;
      stride *= own;
    }
    const double value = values[at];
    out[flat] = !invert ? value : product ? 1 / value : -value;
  }
  return out;
}

bool Merge(Node& node, PassContext& context) {
  const auto outer = TermOf(node);
  if (!outer) return false;
  Node* before = outer->x->producer();
  if (before == nullptr || !outer->x->has_single_use()) return false;
  const auto inner = TermOf(*before);
  if (!inner || inner->product != outer->product || inner->constant->type() != outer->constant->type())
    return false;
  const bool grows = !Broadcasts(inner->constant->dims(), outer->constant->dims());
  if (grows && !Broadcasts(outer->constant->dims(), inner->constant->dims())) return false;
  const ir::Shape dims = grows ? inner->constant->dims() : outer->constant->dims();
  const bool product = outer->product;
  std::vector<double> values = Expanded(*inner->constant, dims, inner->inverted, product);
  const std::vector<double> others = Expanded(*outer->constant, dims, outer->inverted, product);
  for (size_t i = 0; i < values.size(); ++i) {
    const double larger = std::max(std::abs(values[i]), std::abs(others[i]));
    values[i] = product ? values[i] * others[i] : values[i] + others[i];
    const double size = std::abs(values[i]);
    const bool sound =
        product ? size == 0 || (size > 1e-30 && size < 1e30) : size >= 0.01 * larger && size < 1e30;
    if (!sound) return false;
  }
  context.Note(*before, "its constant and that of " + Label(node) + ", which follows, are one");
  Absorb(node, *before);
  Value& constant = NewConstant(node, product ? "_factor" : "_term",
                                Tensor::FromDoubles(outer->constant->type(), dims, values));
  Become(node, product ? "Mul" : "Add", {inner->x, &constant});
  return true;
}

}  // namespace

Result<bool> MergeArithmetic(ir::Graph& graph, PassContext& context) {
  bool changed = false;
  for (Node& node : graph.nodes())
    while (Merge(node, context)) changed = true;
  return changed;
}

}  // namespace shoehorn::passes
