// x times a line cut off at 0 and 1 is HardSwish (opset 14 on), and before that a product with HardSigmoid:
//   Div(Mul(x, Clip(Add(x, 3), 0, 6)), 6)       becomes   HardSwish(x)
//   Mul(x, HardSigmoid(x, alpha=1/6, beta=0.5))   becomes   HardSwish(x)
#include <algorithm>

#include "passes/product.h"
#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Value;

/// The gate of a product: HardSigmoid(x), or Clip(a x + b, 0, height) that the product divides by height.
struct Gate {
  Value* x;
  double alpha;
  double beta;
};

std::optional<Gate> GateOf(const Value& value, double scale) {
  Node* node = value.producer();
  if (node == nullptr || !value.has_single_use() || node->input(0) == nullptr) return std::nullopt;
  if (node->Is("HardSigmoid") && Near(scale, 1))
    return Gate{node->input(0), node->Float("alpha", 0.2F), node->Float("beta", 0.5F)};
  const auto bounds = BoundsOf(*node);
  if (!node->Is("Clip") || !bounds || bounds->low != 0 || !Near(bounds->high * scale, 1)) return std::nullopt;
  const Line line = FlattenLine(*node->input(0));
  if (line.nodes.empty()) return std::nullopt;
  return Gate{line.x, line.a / bounds->high, line.b / bounds->high};
}

void Collect(const Value* value, const Value* stop, std::vector<Node*>& nodes) {
  while (value != stop && value->producer() != nullptr) {
    Node* node = value->producer();
    nodes.push_back(node);
    const auto scalar = SplitScalar(*node);
    value = scalar ? scalar->data : node->input(0);
  }
}

bool Fuse(Node& node, PassContext& context) {
  if (!node.Is("Mul") && !node.Is("Div")) return false;
  // The outermost node of the product is the one to match.
  const Product product = FlattenProduct(node);
  if (product.factors.size() != 2) return false;
  for (const size_t i : {0, 1}) {
    Value* x = product.factors[1 - i];
    const auto gate = GateOf(*product.factors[i], product.scale);
    if (!gate || gate->x != x || x->type.element != ir::DataType::kFloat) continue;
    const bool swish =
        Near(gate->alpha, 1.0 / 6) && Near(gate->beta, 0.5) && node.graph().model().Opset() >= 14;
    if (!swish && product.factors[i]->producer()->Is("HardSigmoid")) return false;
    context.Note(node, swish ? "x times a line cut off at 0 and 1 is HardSwish"
                             : "the line cut off at 0 and 1 that multiplies x is HardSigmoid");
    std::vector<Node*> gone(product.nodes.begin() + 1, product.nodes.end());
    Collect(product.factors[i], x, gone);
    for (Node* one : gone) Absorb(node, *one);
    if (swish) {
      Become(node, "HardSwish", {x});
      return true;
    }
    Node& sigmoid =
        node.graph().AddNode("HardSigmoid", node.name.empty() ? "" : node.name + "_gate", {x}, 1, &node);
    sigmoid.origins = node.origins;
    sigmoid.Set("alpha", static_cast<float>(gate->alpha));
    sigmoid.Set("beta", static_cast<float>(gate->beta));
    sigmoid.output()->type = x->type;
    Become(node, "Mul", {x, sigmoid.output()});
    return true;
  }
  return false;
}

}  // namespace

Result<bool> FuseHardSwish(ir::Graph& graph, PassContext& context) {
  bool changed = false;
  for (Node& node : graph.nodes()) changed |= Fuse(node, context);
  return changed;
}

}  // namespace shoehorn::passes
