// Bounds upon bounds are one bound:
//   Clip(Relu(x), 0, 6)     becomes   Clip(x, 0, 6)
//   Min(Max(x, 0), 6)       becomes   Clip(x, 0, 6)
//   Relu(Sigmoid(x))        becomes   Sigmoid(x)
#include <algorithm>
#include <cmath>
#include <limits>

#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Value;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The range that an operator's results lie in by its definition.
Bounds RangeOf(const Node& node) {
  if (node.Is("Sigmoid") || node.Is("HardSigmoid") || node.Is("Softmax")) return {0, 1};
  if (node.Is("Tanh") || node.Is("Erf")) return {-1, 1};
  if (node.Is("Abs") || node.Is("Sqrt") || node.Is("Exp")) return {0, kInfinity};
  return BoundsOf(node).value_or(Bounds{-kInfinity, kInfinity});
}

bool IsReal(const Value& value) {
  using enum ir::DataType;
  return value.type.element == kFloat || value.type.element == kFloat16;
}

/// `node` becomes the operator that keeps `x` within `bounds`.
void Bound(Node& node, Value& x, const Bounds& bounds) {
  if (bounds.low == 0 && bounds.high == kInfinity) {
    Become(node, "Relu", {&x});
    return;
  }
  if (node.graph().model().Opset() < 11) {
    Become(node, "Clip", {&x});
    if (std::isfinite(bounds.low)) node.Set("min", static_cast<float>(bounds.low));
    if (std::isfinite(bounds.high)) node.Set("max", static_cast<float>(bounds.high));
    return;
  }
  const auto constant = [&](double bound, std::string_view suffix) -> Value* {
    if (!std::isfinite(bound)) return nullptr;
    return &NewConstant(node, suffix, ir::Tensor::FromDoubles(x.type.element, {}, std::vector{bound}));
  };
  Value* low = constant(bounds.low, "_min");
  Value* high = constant(bounds.high, "_max");
  std::vector<Value*> inputs{&x};
  if (low != nullptr || high != nullptr) inputs.push_back(low);
  if (high != nullptr) inputs.push_back(high);
  Become(node, "Clip", inputs);
}

bool Merge(Node& node, PassContext& context) {
  const auto bounds = BoundsOf(node);
  if (!bounds || node.output() == nullptr) return false;
  Value* x = BoundedValue(node);
  Node* before = x != nullptr ? x->producer() : nullptr;
  if (before == nullptr || !IsReal(*x)) return false;
  const Bounds range = RangeOf(*before);
  if (range.low >= bounds->low && range.high <= bounds->high) {
    context.Note(node, "the results of " + Label(*before) + " lie within these bounds already");
    Absorb(*before, node, false);
    node.graph().ReplaceValue(*node.output(), *x);
    RemoveIfUnused({node.output()});
    return true;
  }
  if (!BoundsOf(*before) || !x->has_single_use()) return false;
  const Bounds both{std::clamp(range.low, bounds->low, bounds->high),
                    std::clamp(range.high, bounds->low, bounds->high)};
  context.Note(*before, "the bounds of " + Label(node) + ", which follows, can hold these too");
  Absorb(node, *before);
  Bound(node, *BoundedValue(*before), both);
  return true;
}

}  // namespace

Result<bool> MergeClips(ir::Graph& graph, PassContext& context) {
  bool changed = false;
  for (Node& node : graph.nodes())
    while (!node.removed() && Merge(node, context)) changed = true;
  return changed;
}

}  // namespace shoehorn::passes
