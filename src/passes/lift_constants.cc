// Constant nodes become initializers, so that every other pass sees one kind of constant:
//   c = Constant<value = {2}>(); y = Mul(x, c)   becomes   y = Mul(x, c) with the initializer c
#include "passes/replace.h"

namespace shoehorn::passes {
namespace {

/// The tensor that a Constant node spells in one of its attributes; nothing for sparse tensors.
std::optional<ir::Tensor> Spelled(const ir::Node& node) {
  const auto count = [](const auto& list) { return static_cast<int64_t>(list.size()); };
  for (const ir::Attribute& attribute : node.attributes()) {
    const ir::AttributeValue& value = attribute.value;
    if (attribute.name == "value") {
      if (const auto* tensor = std::get_if<ir::Tensor>(&value)) return *tensor;
    } else if (attribute.name == "value_float") {
      if (const auto* number = std::get_if<float>(&value)) return ir::Tensor::Scalar(*number);
    } else if (attribute.name == "value_int") {
      if (const auto* number = std::get_if<int64_t>(&value)) return ir::Tensor::Scalar(*number);
    } else if (attribute.name == "value_floats") {
      if (const auto* list = std::get_if<std::vector<float>>(&value))
        return ir::Tensor::Of({count(*list)}, *list);
    } else if (attribute.name == "value_ints") {
      if (const auto* list = std::get_if<std::vector<int64_t>>(&value)) return ir::Tensor::Ints(*list);
    } else if (attribute.name == "value_string") {
      if (const auto* text = std::get_if<std::string>(&value)) return ir::Tensor(ir::Shape{}, {*text});
    } else if (attribute.name == "value_strings") {
      if (const auto* list = std::get_if<std::vector<std::string>>(&value))
        return ir::Tensor({count(*list)}, *list);
    }
  }
  return std::nullopt;
}

}  // namespace

Result<bool> LiftConstants(ir::Graph& graph, PassContext& context) {
  bool changed = false;
  for (ir::Node& node : graph.nodes()) {
    if (!node.Is("Constant") || node.output()->is_output()) continue;
    std::optional<ir::Tensor> tensor = Spelled(node);
    if (!tensor) continue;
    context.Note(node, "a Constant node is an initializer");
    ReplaceByConstant(*node.output(), *std::move(tensor));
    graph.RemoveNode(node);
    changed = true;
  }
  return changed;
}

}  // namespace shoehorn::passes
