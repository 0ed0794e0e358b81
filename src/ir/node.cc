// Types, values and nodes; what changes the graph around them stands in graph.cc.
#include <algorithm>

#include "ir/graph.h"

namespace shoehorn::ir {

bool Type::is_static() const {
  return has_rank && element != DataType::kUndefined &&
         std::ranges::all_of(dims, [](const Dim& dim) { return dim.known(); });
}

Shape Type::shape() const {
  SHOEHORN_CHECK(is_static(), "shape() of a type that is not static");
  Shape shape(dims.size());
  std::ranges::transform(dims, shape.begin(), &Dim::value);
  return shape;
}

bool Value::has_single_use() const {
  return uses_.size() == 1 && output_count_ == 0 && &uses_[0].node->graph() == graph_;
}

// Node.

void Node::SetInput(size_t i, Value* value) {
  SHOEHORN_CHECK(i < inputs_.size(), "input index beyond the end");
  Graph::DropUse(*this, i);
  inputs_[i] = value;
  Graph::AddUse(*this, i, value);
}

void Node::AppendInput(Value* value) {
  inputs_.push_back(value);
  use_slots_.push_back(0);
  Graph::AddUse(*this, inputs_.size() - 1, value);
}

void Node::TruncateInputs(size_t count) {
  for (size_t i = count; i < inputs_.size(); ++i) Graph::DropUse(*this, i);
  inputs_.resize(std::min(count, inputs_.size()));
  use_slots_.resize(inputs_.size());
}

void Node::TruncateOutputs(size_t count) {
  while (outputs_.size() > count) {
    if (Value* value = outputs_.back()) {
      SHOEHORN_CHECK(value->is_unused(), "an output in use cannot be dropped");
      graph_->EraseValue(*value);
    }
    outputs_.pop_back();
  }
}

const AttributeValue* Node::Find(std::string_view attribute) const {
  for (const Attribute& candidate : attributes_)
    if (candidate.name == attribute) return &candidate.value;
  return nullptr;
}

int64_t Node::Int(std::string_view attribute, int64_t otherwise) const {
  const auto* found = Find(attribute);
  const auto* value = found != nullptr ? std::get_if<int64_t>(found) : nullptr;
  return value != nullptr ? *value : otherwise;
}

float Node::Float(std::string_view attribute, float otherwise) const {
  const auto* found = Find(attribute);
  const auto* value = found != nullptr ? std::get_if<float>(found) : nullptr;
  return value != nullptr ? *value : otherwise;
}

std::string Node::String(std::string_view attribute, std::string otherwise) const {
  const auto* found = Find(attribute);
  const auto* value = found != nullptr ? std::get_if<std::string>(found) : nullptr;
  return value != nullptr ? *value : otherwise;
}

std::vector<int64_t> Node::Ints(std::string_view attribute, std::vector<int64_t> otherwise) const {
  const auto* found = Find(attribute);
  const auto* value = found != nullptr ? std::get_if<std::vector<int64_t>>(found) : nullptr;
  return value != nullptr ? *value : otherwise;
}

void Node::Set(std::string_view attribute, AttributeValue value) {
  for (Attribute& candidate : attributes_) {
    if (candidate.name == attribute) {
      candidate.value = std::move(value);
      return;
    }
  }
  attributes_.push_back({std::string(attribute), std::move(value)});
}

void Node::Remove(std::string_view attribute) {
  std::erase_if(attributes_, [&](const Attribute& candidate) { return candidate.name == attribute; });
}

std::vector<Graph*> Node::Subgraphs() const {
  std::vector<Graph*> graphs;
  for (const Attribute& attribute : attributes_) {
    if (const auto* one = std::get_if<std::unique_ptr<Graph>>(&attribute.value)) graphs.push_back(one->get());
    if (const auto* many = std::get_if<std::vector<std::unique_ptr<Graph>>>(&attribute.value))
      for (const auto& graph : *many) graphs.push_back(graph.get());
  }
  return graphs;
}

std::string Node::Describe() const {
  std::string label = name;
  if (label.empty() && !outputs_.empty() && outputs_[0] != nullptr) label = outputs_[0]->name();
  return "node '" + label + "' (" + (domain.empty() ? "" : domain + ".") + op_type + ")";
}

std::vector<std::string> Node::UserNames() const {
  if (!origins.empty()) return origins;
  if (!name.empty()) return {name};
  if (!outputs_.empty() && outputs_[0] != nullptr) return {outputs_[0]->name()};
  return {};
}

}  // namespace shoehorn::ir
