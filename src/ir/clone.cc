// Copies a model node by node; tensors keep sharing their bytes, so a copy of a large model is cheap.
#include "ir/graph.h"

namespace shoehorn::ir {
namespace {

using ValueMap = std::unordered_map<const Value*, Value*>;

void CloneGraph(const Graph& from, Graph& to, ValueMap& map);

AttributeValue CloneAttribute(const AttributeValue& value, Node& owner, ValueMap& map) {
  const auto clone = [&](const std::unique_ptr<Graph>& graph) {
    auto copy = std::make_unique<Graph>(&owner.graph().model(), &owner);
    CloneGraph(*graph, *copy, map);
    return copy;
  };
  return std::visit(
      [&](const auto& held) -> AttributeValue {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<Held, std::unique_ptr<Graph>>) {
          return clone(held);
        } else if constexpr (std::is_same_v<Held, std::vector<std::unique_ptr<Graph>>>) {
          std::vector<std::unique_ptr<Graph>> copies;
          for (const auto& graph : held) copies.push_back(clone(graph));
          return copies;
        } else {
          return held;
        }
      },
      value);
}

void CloneGraph(const Graph& from, Graph& to, ValueMap& map) {
  to.name = from.name;
  to.doc = from.doc;
  to.metadata = from.metadata;
  to.opaque_quantization_annotations = from.opaque_quantization_annotations;
  for (const auto& value : from.values()) {
    Value& copy = to.ImportValue(value->name());
    map[value.get()] = &copy;
    copy.type = value->type;
    copy.doc = value->doc;
    copy.metadata = value->metadata;
  }
  for (const Value* input : from.inputs()) to.MakeInput(*map.at(input));
  for (const auto& value : from.values()) {
    if (value->initializer() == nullptr) continue;
    Value& copy = *map.at(value.get());
    to.SetInitializer(copy, *value->initializer());
    copy.type = value->type;
  }
  for (const Node& node : from.nodes()) {
    std::vector<Value*> inputs, outputs;
    for (const Value* input : node.inputs()) inputs.push_back(input != nullptr ? map.at(input) : nullptr);
    for (const Value* output : node.outputs())
      outputs.push_back(output != nullptr ? map.at(output) : nullptr);
    Node& copy = to.AddNodeWithOutputs(node.op_type, std::move(inputs), std::move(outputs));
    copy.domain = node.domain;
    copy.overload = node.overload;
    copy.name = node.name;
    copy.doc = node.doc;
    copy.metadata = node.metadata;
    copy.origins = node.origins;
    for (const Attribute& attribute : node.attributes())
      copy.attributes().push_back({attribute.name, CloneAttribute(attribute.value, copy, map)});
  }
  for (const Value* output : from.outputs()) to.AddOutput(*map.at(output));
}

}  // namespace

std::unique_ptr<Model> Clone(const Model& model) {
  auto copy = std::make_unique<Model>();
  copy->ir_version = model.ir_version;
  copy->opsets = model.opsets;
  copy->producer_name = model.producer_name;
  copy->producer_version = model.producer_version;
  copy->domain = model.domain;
  copy->doc = model.doc;
  copy->model_version = model.model_version;
  copy->metadata = model.metadata;
  copy->opaque_functions = model.opaque_functions;
  copy->opaque_training = model.opaque_training;
  copy->source = model.source;
  ValueMap map;
  CloneGraph(*model.graph, *copy->graph, map);
  return copy;
}

}  // namespace shoehorn::ir
