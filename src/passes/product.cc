#include "passes/product.h"

#include "passes/rewrite.h"

namespace shoehorn::passes {

using ir::Node;
using ir::Value;

namespace {

constexpr size_t kMostFactors = 4;

void Flatten(Node& node, Product& product) {
  product.nodes.push_back(&node);
  const auto add = [&](Value* value) {
    if (value->has_single_use() && value->producer() != nullptr && product.nodes.size() < kMostFactors) {
      Node& producer = *value->producer();
      const auto scalar = SplitScalar(producer);
      if (producer.Is("Mul") || (producer.Is("Div") && scalar && !scalar->scalar_first)) {
        Flatten(producer, product);
        return;
      }
    }
    product.factors.push_back(value);
  };
  if (const auto scalar = SplitScalar(node)) {
    product.scale = node.Is("Mul") ? product.scale * scalar->scalar : product.scale / scalar->scalar;
    add(scalar->data);
    return;
  }
  for (Value* value : node.inputs())
    if (value != nullptr) add(value);
}

}  // namespace

Product FlattenProduct(Node& node) {
  Product product;
  const auto scalar = SplitScalar(node);
  if (node.Is("Mul") || (node.Is("Div") && scalar && !scalar->scalar_first)) Flatten(node, product);
  return product;
}

Line FlattenLine(Value& value, bool first_may_fan_out) {
  Line line{&value, 1, 0, {}};
  while (line.nodes.size() < 8) {
    Node* node = line.x->producer();
    if (node == nullptr || (!line.x->has_single_use() && !(first_may_fan_out && line.nodes.empty()))) break;
    // value = a * line.x + b, and line.x = p * data + q.
    double p = 1, q = 0;
    Value* data = nullptr;
    if (node->Is("Neg")) {
      p = -1;
      data = node->input(0);
    } else if (const auto scalar = SplitScalar(*node)) {
      const double c = scalar->scalar;
      data = scalar->data;
      if (node->Is("Mul"))
        p = c;
      else if (node->Is("Div") && !scalar->scalar_first && c != 0)
        p = 1 / c;
      else if (node->Is("Add"))
        q = c;
      else if (node->Is("Sub"))
        p = scalar->scalar_first ? -1 : 1, q = scalar->scalar_first ? c : -c;
      else
        data = nullptr;
    }
    if (data == nullptr) break;
    line.b += line.a * q;
    line.a *= p;
    line.x = data;
    line.nodes.push_back(node);
  }
  return line;
}

}  // namespace shoehorn::passes
