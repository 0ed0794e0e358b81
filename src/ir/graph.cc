#include "ir/graph.h"

#include <algorithm>

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

namespace {

/// Calls `visit` for every value of `graph` that `node` or a node inside its inner graphs uses.
template <typename Visit>
void ForEachInputOf(const Node& node, const Graph& graph, const Visit& visit) {
  for (Value* value : node.inputs())
    if (value != nullptr && &value->graph() == &graph) visit(*value);
  for (const Graph* inner : node.Subgraphs()) {
    for (const Node& inner_node : inner->nodes()) ForEachInputOf(inner_node, graph, visit);
    for (Value* output : inner->outputs())
      if (&output->graph() == &graph) visit(*output);
  }
}

/// The node of `graph` that `node` is, or lies inside of; nullptr when it lies elsewhere.
Node* AncestorIn(const Graph& graph, Node* node) {
  while (node != nullptr && &node->graph() != &graph) node = node->graph().owner();
  return node;
}

}  // namespace

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

Status Verify(const Graph& graph) {
  const auto broken = [&](const Node* node, std::string what) {
    Diagnostic diagnostic;
    diagnostic.file = graph.model().source.string();
    if (node != nullptr) diagnostic.place = node->Describe();
    diagnostic.found = "the graph is broken: " + std::move(what);
    diagnostic.blame = Blame::kFault;
    return diagnostic;
  };
  std::unordered_map<const Node*, size_t> position;
  for (const Node& node : graph.nodes()) position.emplace(&node, position.size());
  if (position.size() != graph.node_count()) return broken(nullptr, "node count does not match the list");
  for (const auto& value : graph.values()) {
    if (value->producer() != nullptr && !position.contains(value->producer()))
      return broken(nullptr, "value '" + value->name() + "' is made by a node that is not in its graph");
    if (value->producer() != nullptr && value->initializer() != nullptr)
      return broken(value->producer(), "output '" + value->name() + "' is a constant, too");
    for (const Use& use : value->uses())
      if (use.node->removed() || use.node->input(static_cast<size_t>(use.index)) != value.get())
        return broken(nullptr, "a use of '" + value->name() + "' is stale");
  }
  for (const Value* output : graph.outputs())
    if (!output->is_output())
      return broken(nullptr, "output '" + output->name() + "' does not know that it is one");
  size_t index = 0;
  for (const Node& node : graph.nodes()) {
    const Node* late = nullptr;
    ForEachInputOf(node, graph, [&](const Value& value) {
      if (value.producer() != nullptr && position.at(value.producer()) >= index) late = value.producer();
      if (value.producer() == nullptr && !value.is_input() && value.initializer() == nullptr) late = &node;
    });
    if (late != nullptr)
      return broken(&node, "it stands before what it reads (" + late->Describe() +
                               ") or reads a value without a source");
    for (size_t i = 0; i < node.inputs().size(); ++i) {
      const Value* value = node.inputs()[i];
      if (value == nullptr) continue;
      if (std::ranges::find(value->uses(), Use{const_cast<Node*>(&node), static_cast<int>(i)}) ==
          value->uses().end())
        return broken(&node, "input '" + value->name() + "' does not know this use");
      if (&value->graph() != &graph && AncestorIn(value->graph(), graph.owner()) == nullptr)
        return broken(&node, "input '" + value->name() + "' lies in a graph that does not enclose this one");
    }
    for (const Graph* inner : node.Subgraphs()) {
      if (inner->owner() != &node) return broken(&node, "an inner graph does not know its owner");
      SHOEHORN_TRY(Verify(*inner));
    }
    ++index;
  }
  return Ok();
}

}  // namespace shoehorn::ir
