// The Gaussian error linear unit spelled out, exact or by tanh, is Gelu (opset 20 on):
//   0.5 * x * (1 + Erf(x / sqrt(2)))                                   becomes   Gelu(x)
//   0.5 * x * (1 + Tanh(sqrt(2 / pi) * (x + 0.044715 * x^3)))          becomes   Gelu(x, approximate="tanh")
// in any order of the factors. Below opset 20 nothing changes.
#include <cmath>
#include <numbers>

#include "passes/product.h"
#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Value;

/// x of x^3 spelled as Pow(x, 3), Mul(x, Mul(x, x)) or Mul(x, Pow(x, 2)).
Value* CubeOf(const Value& value) {
  Node* node = value.producer();
  if (node == nullptr) return nullptr;
  if (node->Is("Pow")) {
    const auto exponent = ScalarConstant(node->input(1));
    return exponent && *exponent == 3 ? node->input(0) : nullptr;
  }
  if (!node->Is("Mul")) return nullptr;
  for (const size_t i : {0, 1}) {
    Value* x = node->input(i);
    const Node* square = node->input(1 - i) != nullptr ? node->input(1 - i)->producer() : nullptr;
    if (x == nullptr || square == nullptr || square->input(0) != x) continue;
    if (square->Is("Mul") && square->input(1) == x) return x;
    if (square->Is("Pow") && ScalarConstant(square->input(1)) == 2.0) return x;
  }
  return nullptr;
}

/// x when `value` is x + 0.044715 x^3.
Value* CubicOf(const Value& value) {
  Node* node = value.producer();
  if (node == nullptr) return nullptr;
  if (node->Is("Add")) {
    for (const size_t i : {0, 1}) {
      Value* x = node->input(i);
      if (x == nullptr || node->input(1 - i) == nullptr) continue;
      const Line cubic = FlattenLine(*node->input(1 - i));
      if (Near(cubic.a, 0.044715) && cubic.b == 0 && CubeOf(*cubic.x) == x) return x;
    }
  }
  // x * (1 + 0.044715 x^2)
  if (node->Is("Mul")) {
    for (const size_t i : {0, 1}) {
      Value* x = node->input(i);
      if (x == nullptr || node->input(1 - i) == nullptr) continue;
      const Line even = FlattenLine(*node->input(1 - i));
      const Node* square = even.x->producer();
      if (!Near(even.a, 0.044715) || !Near(even.b, 1) || square == nullptr || square->input(0) != x) continue;
      if ((square->Is("Mul") && square->input(1) == x) ||
          (square->Is("Pow") && ScalarConstant(square->input(1)) == 2.0))
        return x;
    }
  }
  return nullptr;
}

/// Exporters cut the constants of the formula off after six digits or so.
constexpr double kWritten = 1e-5;

bool Fuse(Node& node, PassContext& context) {
  const Product product = FlattenProduct(node);
  if (product.factors.size() != 2 || node.output()->type.element != ir::DataType::kFloat) return false;
  for (const size_t i : {0, 1}) {
    // One factor is x, the other scale * (1 + Erf or Tanh), where the halves may be anywhere.
    Value* x = product.factors[1 - i];
    const Line gate = FlattenLine(*product.factors[i]);
    Node* bend = gate.x->producer();
    if (bend == nullptr || gate.nodes.empty() || !gate.x->has_single_use()) continue;
    if (!Near(gate.a * product.scale, 0.5) || !Near(gate.b * product.scale, 0.5)) continue;
    const bool exact = bend->Is("Erf");
    if ((!exact && !bend->Is("Tanh")) || bend->input(0) == nullptr) continue;
    const Line inside = FlattenLine(*bend->input(0));
    const double slope = exact ? std::numbers::sqrt2 / 2 : std::sqrt(2 / std::numbers::pi);
    if (inside.b != 0 || !Near(inside.a, slope, kWritten)) continue;
    if ((exact ? inside.x : CubicOf(*inside.x)) != x) continue;
    context.Note(node,
                 exact ? "x (1 + erf(x / sqrt 2)) / 2 is Gelu" : "the tanh formula is Gelu's approximation");
    for (size_t k = 1; k < product.nodes.size(); ++k) Absorb(node, *product.nodes[k]);
    for (Node* one : gate.nodes) Absorb(node, *one);
    Absorb(node, *bend);
    for (Node* one : inside.nodes) Absorb(node, *one);
    Become(node, "Gelu", {x});
    if (!exact) node.Set("approximate", std::string("tanh"));
    return true;
  }
  return false;
}

}  // namespace

Result<bool> FuseGelu(ir::Graph& graph, PassContext& context) {
  if (graph.model().Opset() < 20) return false;
  bool changed = false;
  for (Node& node : graph.nodes())
    if (node.Is("Mul") || node.Is("Div")) changed |= Fuse(node, context);
  return changed;
}

}  // namespace shoehorn::passes
