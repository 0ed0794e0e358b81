#include "ir/graph.h"

#include <algorithm>

#include "ir/nesting.h"

namespace shoehorn::ir {

// Use lists. A node remembers where in the value's list each of its uses stands, so both directions take
// constant time.

void Graph::AddUse(Node& node, size_t index, Value* value) {
  if (value == nullptr) return;
  node.use_slots_[index] = static_cast<uint32_t>(value->uses_.size());
  value->uses_.push_back({&node, static_cast<int>(index)});
}

void Graph::DropUse(Node& node, size_t index) {
  Value* value = node.inputs_[index];
  if (value == nullptr) return;
  const uint32_t slot = node.use_slots_[index];
  const Use last = value->uses_.back();
  value->uses_[slot] = last;
  last.node->use_slots_[static_cast<size_t>(last.index)] = slot;
  value->uses_.pop_back();
}

// Graph.

Graph::Graph(Model* model, Node* owner) : model_(model), owner_(owner) {}

Graph::~Graph() {
  // Inner graphs use values of this one and of each other's outer graphs: take nodes down last to first.
  for (Node* node = last_; node != nullptr;) {
    Node* previous = node->previous_;
    node->attributes_.clear();
    for (size_t i = 0; i < node->inputs_.size(); ++i) DropUse(*node, i);
    delete node;
    node = previous;
  }
}

void Graph::Link(Node& node, Node* before) {
  SHOEHORN_CHECK(before == nullptr || !before->removed_, "a node cannot stand before one that was removed");
  node.graph_ = this;
  node.next_ = before;
  node.previous_ = before != nullptr ? before->previous_ : last_;
  (node.previous_ != nullptr ? node.previous_->next_ : first_) = &node;
  (before != nullptr ? before->previous_ : last_) = &node;
  ++node_count_;
}

void Graph::Unlink(Node& node) {
  (node.previous_ != nullptr ? node.previous_->next_ : first_) = node.next_;
  (node.next_ != nullptr ? node.next_->previous_ : last_) = node.previous_;
  --node_count_;
}

Value* Graph::FindValue(std::string_view wanted) const {
  for (const auto& value : values_)
    if (value->name_ == wanted) return value.get();
  return nullptr;
}

Value& Graph::ImportValue(std::string_view exact) {
  auto value = std::make_unique<Value>();
  value->name_ = exact;
  value->graph_ = this;
  value->slot_ = values_.size();
  ++model_->names_[value->name_];
  values_.push_back(std::move(value));
  return *values_.back();
}

Value& Graph::AddValue(std::string_view wanted, Type type) {
  Value& value = ImportValue(model_->UniqueName(wanted));
  value.type = std::move(type);
  return value;
}

Value& Graph::AddConstant(std::string_view wanted, Tensor tensor) {
  Value& value = AddValue(wanted);
  SetConstant(value, std::move(tensor));
  return value;
}

Value& Graph::AddInput(std::string_view wanted, Type type) {
  Value& value = AddValue(wanted, std::move(type));
  MakeInput(value);
  return value;
}

void Graph::MakeInput(Value& value) {
  SHOEHORN_CHECK(value.producer_ == nullptr && !value.is_input_,
                 "only a value without a source can be an input");
  value.is_input_ = true;
  inputs_.push_back(&value);
}

void Graph::AddOutput(Value& value) {
  ++value.output_count_;
  outputs_.push_back(&value);
}

Node& Graph::AddNodeWithOutputs(std::string_view op_type, std::vector<Value*> inputs,
                                std::vector<Value*> outputs, Node* before) {
  auto* node = new Node;
  node->op_type = op_type;
  node->inputs_ = std::move(inputs);
  node->use_slots_.resize(node->inputs_.size());
  for (size_t i = 0; i < node->inputs_.size(); ++i) AddUse(*node, i, node->inputs_[i]);
  node->outputs_ = std::move(outputs);
  for (size_t i = 0; i < node->outputs_.size(); ++i) {
    if (Value* value = node->outputs_[i]) {
      SHOEHORN_CHECK(value->producer_ == nullptr && !value->is_input_, "value has a producer already");
      value->producer_ = node;
      value->producer_index_ = static_cast<int>(i);
    }
  }
  Link(*node, before);
  return *node;
}

Node& Graph::AddNode(std::string_view op_type, std::string_view wanted, std::vector<Value*> inputs,
                     size_t outputs, Node* before) {
  std::vector<Value*> fresh;
  const std::string stem(wanted.empty() ? op_type : wanted);
  for (size_t i = 0; i < outputs; ++i)
    fresh.push_back(&AddValue(stem + (outputs > 1 ? "_output_" + std::to_string(i) : "_output")));
  Node& node = AddNodeWithOutputs(op_type, std::move(inputs), std::move(fresh), before);
  node.name = wanted;
  return node;
}

void Graph::ReplaceUses(Value& from, Value& to) {
  if (&from == &to) return;
  const std::vector<Use> uses = from.uses_;
  for (const Use& use : uses) use.node->SetInput(static_cast<size_t>(use.index), &to);
}

void Graph::ReplaceValue(Value& from, Value& to) {
  if (&from == &to) return;
  SHOEHORN_CHECK(from.graph_ == this, "the value belongs to another graph");
  ReplaceUses(from, to);
  if (from.output_count_ == 0) return;
  Value* heir = &to;
  if (to.graph_ == this && to.producer_ != nullptr && to.output_count_ == 0) {
    const std::string kept = from.name_;
    Rename(from, kept + "_replaced");
    Rename(to, kept);
    if (to.metadata.empty()) to.metadata = std::move(from.metadata);
    if (to.doc.empty()) to.doc = std::move(from.doc);
    if (!to.type.has_rank) to.type = from.type;
  } else {
    const std::string kept = from.name_;
    Rename(from, kept + "_replaced");
    Value& carrier = AddValue(kept, from.type);
    Node& identity = AddNodeWithOutputs("Identity", {&to}, {&carrier});
    identity.name = kept + "_identity";
    identity.origins = from.producer_ != nullptr ? from.producer_->UserNames() : std::vector<std::string>{};
    heir = &carrier;
  }
  for (Value*& output : outputs_) {
    if (output != &from) continue;
    output = heir;
    --from.output_count_;
    ++heir->output_count_;
  }
}

void Graph::EraseValue(Value& value) {
  auto name = model_->names_.find(value.name_);
  if (--name->second == 0) model_->names_.erase(name);
  const size_t slot = value.slot_;
  values_.back()->slot_ = slot;
  std::swap(values_[slot], values_.back());
  values_.pop_back();
}

void Graph::RemoveNode(Node& node) {
  SHOEHORN_CHECK(node.graph_ == this && !node.removed_, "the node belongs to another graph");
  for (size_t i = 0; i < node.inputs_.size(); ++i) DropUse(node, i);
  node.inputs_.clear();
  node.use_slots_.clear();
  node.attributes_.clear();  // takes inner graphs and their uses of our values down
  for (Value* value : node.outputs_) {
    if (value == nullptr) continue;
    SHOEHORN_CHECK(value->is_unused(), "a node whose output is in use cannot be removed");
    EraseValue(*value);
  }
  node.outputs_.clear();
  Unlink(node);
  node.removed_ = true;
  removed_.emplace_back(&node);
}

void Graph::CollectGarbage() { removed_.clear(); }

void Graph::RemoveValue(Value& value) {
  SHOEHORN_CHECK(value.graph_ == this && value.is_unused() && value.producer_ == nullptr && !value.is_input_,
                 "the value is in use");
  EraseValue(value);
}

void Graph::MoveNode(Node& node, Node* before) {
  if (&node == before) return;
  Unlink(node);
  Link(node, before);
}

void Graph::SetConstant(Value& value, Tensor tensor) {
  SHOEHORN_CHECK(value.producer_ == nullptr && !value.is_input_,
                 "only a value without a source can be a constant");
  SetInitializer(value, std::move(tensor));
}

void Graph::SetInitializer(Value& value, Tensor tensor) {
  SHOEHORN_CHECK(value.producer_ == nullptr, "a node's output cannot have an initializer");
  value.type = Type{.element = tensor.type(), .has_rank = true, .dims = {}, .opaque = {}};
  for (const int64_t dim : tensor.dims()) value.type.dims.push_back({dim, {}});
  value.tensor_ = std::make_unique<const Tensor>(std::move(tensor));
}

void Graph::DropInput(Value& value) {
  SHOEHORN_CHECK(value.is_input_ && value.tensor_, "only an input with an initializer can become a constant");
  value.is_input_ = false;
  std::erase(inputs_, &value);
}

void Graph::ReplaceOutput(size_t index, Value& value) {
  --outputs_[index]->output_count_;
  outputs_[index] = &value;
  ++value.output_count_;
}

void Graph::RemoveOutput(size_t index) {
  --outputs_[index]->output_count_;
  outputs_.erase(outputs_.begin() + static_cast<std::ptrdiff_t>(index));
}

void Graph::RemoveInput(Value& value) {
  SHOEHORN_CHECK(value.is_input_ && value.is_unused(), "only an unused input can go");
  std::erase(inputs_, &value);
  value.is_input_ = false;
  EraseValue(value);
}

void Graph::Rename(Value& value, std::string_view wanted) {
  const std::string unique = model_->UniqueName(wanted);
  auto old = model_->names_.find(value.name_);
  if (--old->second == 0) model_->names_.erase(old);
  value.name_ = unique;
  ++model_->names_[value.name_];
}

std::vector<Value*> Graph::Splice(Graph& inner, Node* before) {
  SHOEHORN_CHECK(inner.inputs_.empty() && inner.model_ == model_,
                 "only a graph without inputs can be spliced");
  for (auto& value : inner.values_) {
    value->graph_ = this;
    value->slot_ = values_.size();
    if (model_->names_[value->name_] > 1) {
      Value& moved = *value;
      inner.Rename(moved, moved.name_);
    }
    values_.push_back(std::move(value));
  }
  inner.values_.clear();
  for (Node* node = inner.first_; node != nullptr;) {
    Node* next = node->next_;
    Link(*node, before);
    node = next;
  }
  inner.first_ = inner.last_ = nullptr;
  inner.node_count_ = 0;
  std::vector<Value*> outputs = std::move(inner.outputs_);
  inner.outputs_.clear();
  for (Value* output : outputs) --output->output_count_;
  return outputs;
}

bool Graph::SortTopologically() {
  // Kahn's algorithm; among ready nodes the one that stands first in today's order goes first, so that an
  // ordered graph stays as it is.
  std::unordered_map<const Node*, size_t> position;
  std::vector<Node*> order;
  order.reserve(node_count_);
  for (Node& node : nodes()) {
    position[&node] = order.size();
    order.push_back(&node);
  }
  std::vector<size_t> missing(order.size(), 0);
  std::vector<std::vector<size_t>> users(order.size());
  for (size_t i = 0; i < order.size(); ++i) {
    ForEachInputOf(*order[i], *this, [&](const Value& value) {
      if (value.producer_ == nullptr) return;
      users[position[value.producer_]].push_back(i);
      ++missing[i];
    });
  }
  std::vector<size_t> heap;
  const auto later = std::greater<size_t>();
  for (size_t i = 0; i < order.size(); ++i)
    if (missing[i] == 0) heap.push_back(i);
  std::make_heap(heap.begin(), heap.end(), later);
  std::vector<Node*> sorted;
  sorted.reserve(order.size());
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), later);
    const size_t i = heap.back();
    heap.pop_back();
    sorted.push_back(order[i]);
    for (const size_t user : users[i]) {
      if (--missing[user] > 0) continue;
      heap.push_back(user);
      std::push_heap(heap.begin(), heap.end(), later);
    }
  }
  if (sorted.size() != order.size()) return false;
  first_ = last_ = nullptr;
  node_count_ = 0;
  for (Node* node : sorted) Link(*node, nullptr);
  return true;
}

size_t Graph::RemoveDead() {
  size_t gone = 0;
  for (Node* node = last_; node != nullptr;) {
    Node* previous = node->previous_;
    if (std::ranges::all_of(node->outputs_,
                            [](const Value* value) { return value == nullptr || value->is_unused(); })) {
      RemoveNode(*node);
      ++gone;
    }
    node = previous;
  }
  for (size_t i = values_.size(); i-- > 0;) {
    Value& value = *values_[i];
    if (value.producer_ == nullptr && !value.is_input_ && value.is_unused()) {
      EraseValue(value);
      ++gone;
    }
  }
  return gone;
}

// Model.

Model::Model() : graph(std::make_unique<Graph>(this)) {}
Model::~Model() = default;

int64_t Model::Opset(std::string_view wanted) const {
  for (const OpsetId& opset : opsets)
    if (opset.domain == wanted || (wanted.empty() && opset.domain == "ai.onnx")) return opset.version;
  return 0;
}

std::string Model::UniqueName(std::string_view wanted) const {
  std::string unique(wanted.empty() ? "value" : wanted);
  while (names_.contains(unique)) unique = std::string(wanted) + "_" + std::to_string(++next_suffix_);
  return unique;
}

const Tensor* ConstantOf(const Value& value) {
  if (value.producer() == nullptr) return value.constant();
  const auto* held = value.producer()->Is("Constant") ? value.producer()->Find("value") : nullptr;
  return held != nullptr ? std::get_if<Tensor>(held) : nullptr;
}

void ForEachGraph(Graph& graph, const std::function<void(Graph&)>& visit) {
  visit(graph);
  for (Node& node : graph.nodes())
    for (Graph* inner : node.Subgraphs()) ForEachGraph(*inner, visit);
}

}  // namespace shoehorn::ir
