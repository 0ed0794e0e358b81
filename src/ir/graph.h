// The intermediate representation: ONNX's semantics with use lists.
//
// What things mean:
// - Operators, attributes, broadcasting and opset versions are ONNX's; an operator of an unknown domain is
// carried
//   through untouched and assumed to have effects only through its outputs.
// - Quantized values are ordinary values between QuantizeLinear and DequantizeLinear; rounding is half to
// even.
// - Nodes stand in topological order (an intrusive list); a node's inputs come before it or from an outer
// graph.
// - A Value belongs to one graph; nodes of inner graphs (If, Loop, Scan bodies) may use values of outer
// graphs, and
//   such uses stand in the value's use list like any other.
// - A constant is a Value with `constant()` set that is no graph input. A graph input with a default (IR
// version 3
//   files) is not a constant: the caller may override it.
// - Names are the user's. Names of graph inputs and outputs never change; value and node names survive
// passes;
//   each new node says in `origins` which of the user's nodes it came from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "ir/tensor.h"
#include "support/result.h"

namespace shoehorn::ir {

class Graph;
class Node;
struct Model;

/// One dimension: a number (value >= 0), a named unknown (symbol), or unknown (value -1, no symbol).
struct Dim {
  int64_t value = -1;
  std::string symbol;
  bool known() const { return value >= 0; }
  bool operator==(const Dim&) const = default;
};

/// The type of a value: a tensor of element type and maybe shape; or another ONNX type (sequence, optional,
/// map, sparse tensor), kept as its serialized TypeProto; or unknown (element kUndefined and no opaque
/// bytes).
struct Type {
  DataType element = DataType::kUndefined;
  bool has_rank = false;
  std::vector<Dim> dims;
  std::string opaque;

  bool is_static() const;  ///< a tensor whose every dimension is a number
  Shape shape() const;     ///< the numbers; CHECKs is_static()
  bool operator==(const Type&) const = default;
};

struct Use {
  Node* node;
  int index;
  bool operator==(const Use&) const = default;
};

class Value {
 public:
  const std::string& name() const { return name_; }
  Graph& graph() const { return *graph_; }
  /// The node that makes it; nullptr for graph inputs and constants.
  Node* producer() const { return producer_; }
  int producer_index() const { return producer_index_; }
  const std::vector<Use>& uses() const { return uses_; }
  bool is_input() const { return is_input_; }
  bool is_output() const { return output_count_ > 0; }
  /// Used by exactly one node input, in its own graph, and no graph output.
  bool has_single_use() const;
  bool is_unused() const { return uses_.empty() && output_count_ == 0; }

  /// The tensor of a constant; nullptr for everything else, inputs with a default too.
  const Tensor* constant() const { return tensor_ && !is_input_ ? tensor_.get() : nullptr; }
  /// The tensor of a constant or the default of a graph input.
  const Tensor* initializer() const { return tensor_.get(); }

  Type type;
  std::string doc;
  /// metadata_props and other things of the file that are carried through: key, value.
  std::vector<std::pair<std::string, std::string>> metadata;

 private:
  friend class Graph;
  friend class Node;
  std::string name_;
  Graph* graph_ = nullptr;
  Node* producer_ = nullptr;
  int producer_index_ = 0;
  std::vector<Use> uses_;
  bool is_input_ = false;
  int output_count_ = 0;
  std::unique_ptr<const Tensor> tensor_;
  size_t slot_ = 0;
};

/// An attribute kept as its serialized AttributeProto because the IR has no use for its content (sparse
/// tensors, types, references inside functions).
struct OpaqueAttribute {
  std::string bytes;
  bool operator==(const OpaqueAttribute&) const = default;
};

using AttributeValue =
    std::variant<int64_t, float, std::string, std::vector<int64_t>, std::vector<float>,
                 std::vector<std::string>, Tensor, std::vector<Tensor>, std::unique_ptr<Graph>,
                 std::vector<std::unique_ptr<Graph>>, OpaqueAttribute>;

struct Attribute {
  std::string name;
  AttributeValue value;
};

class Node {
 public:
  std::string op_type;
  std::string domain;  ///< "" is ONNX's own
  std::string overload;
  std::string name;
  std::string doc;
  std::vector<std::pair<std::string, std::string>> metadata;
  /// Names of the user's nodes that this node does the work of; empty when it is the user's own node.
  std::vector<std::string> origins;

  Graph& graph() const { return *graph_; }
  const std::vector<Value*>& inputs() const { return inputs_; }
  const std::vector<Value*>& outputs() const { return outputs_; }
  /// Input `i`, or nullptr when it is omitted or beyond the end.
  Value* input(size_t i) const { return i < inputs_.size() ? inputs_[i] : nullptr; }
  Value* output(size_t i = 0) const { return i < outputs_.size() ? outputs_[i] : nullptr; }
  void SetInput(size_t i, Value* value);
  void AppendInput(Value* value);
  /// Drops the inputs from `count` on.
  void TruncateInputs(size_t count);
  /// Drops the outputs from `count` on; they must be unused.
  void TruncateOutputs(size_t count);

  /// True for `op_type` of ONNX's own domain.
  bool Is(std::string_view type) const { return domain.empty() && op_type == type; }

  const std::vector<Attribute>& attributes() const { return attributes_; }
  std::vector<Attribute>& attributes() { return attributes_; }
  const AttributeValue* Find(std::string_view attribute) const;
  bool Has(std::string_view attribute) const { return Find(attribute) != nullptr; }
  int64_t Int(std::string_view attribute, int64_t otherwise = 0) const;
  float Float(std::string_view attribute, float otherwise = 0) const;
  std::string String(std::string_view attribute, std::string otherwise = {}) const;
  std::vector<int64_t> Ints(std::string_view attribute, std::vector<int64_t> otherwise = {}) const;
  void Set(std::string_view attribute, AttributeValue value);
  void Remove(std::string_view attribute);
  /// The graphs held by attributes, in order.
  std::vector<Graph*> Subgraphs() const;

  bool removed() const { return removed_; }
  Node* next() const { return next_; }
  Node* previous() const { return previous_; }

  /// "node 'Conv_3' (Conv)", for messages.
  std::string Describe() const;
  /// The user's names behind this node: origins, or its own name (or first output's name).
  std::vector<std::string> UserNames() const;

 private:
  friend class Graph;
  Graph* graph_ = nullptr;
  Node* previous_ = nullptr;
  Node* next_ = nullptr;
  bool removed_ = false;
  std::vector<Value*> inputs_;
  std::vector<uint32_t> use_slots_;  // where inputs_[i] keeps this use in its list
  std::vector<Value*> outputs_;
  std::vector<Attribute> attributes_;
};

/// Iterates nodes in order. Any node, the one at hand too, may be removed while iterating: removed nodes stay
/// in memory until Graph::CollectGarbage(), and the iterator steps over them.
class NodeRange {
 public:
  class Iterator {
   public:
    explicit Iterator(Node* node) : node_(node) {}
    Node& operator*() const { return *node_; }
    Iterator& operator++() {
      do node_ = node_->next();
      while (node_ != nullptr && node_->removed());
      return *this;
    }
    bool operator!=(const Iterator& other) const { return node_ != other.node_; }

   private:
    Node* node_;
  };
  explicit NodeRange(Node* first) : first_(first) {}
  Iterator begin() const { return Iterator(first_); }
  Iterator end() const { return Iterator(nullptr); }

 private:
  Node* first_;
};

class Graph {
 public:
  explicit Graph(Model* model, Node* owner = nullptr);
  ~Graph();
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  std::string name;
  std::string doc;
  std::vector<std::pair<std::string, std::string>> metadata;
  /// Serialized TensorAnnotations, which the IR does not look into.
  std::vector<std::string> opaque_quantization_annotations;

  Model& model() const { return *model_; }
  /// The node whose attribute holds this graph; nullptr for the main graph.
  Node* owner() const { return owner_; }

  // Looking.
  NodeRange nodes() const { return NodeRange(first_); }
  Node* first() const { return first_; }
  Node* last() const { return last_; }
  size_t node_count() const { return node_count_; }
  const std::vector<Value*>& inputs() const { return inputs_; }
  const std::vector<Value*>& outputs() const { return outputs_; }
  /// All values of this graph, in no promised order.
  const std::vector<std::unique_ptr<Value>>& values() const { return values_; }
  /// Linear search; for tests and messages.
  Value* FindValue(std::string_view name) const;

  // Building. Names are made unique in the model by a suffix where they are taken.
  Value& AddValue(std::string_view name, Type type = {});
  /// A value of exactly this name, for importers: sibling branches of an If may use one name twice.
  Value& ImportValue(std::string_view name);
  Value& AddConstant(std::string_view name, Tensor tensor);
  Value& AddInput(std::string_view name, Type type);
  void AddOutput(Value& value);
  /// A new node with `outputs` fresh values named after it; `before` nullptr appends. `name` may be empty.
  Node& AddNode(std::string_view op_type, std::string_view name, std::vector<Value*> inputs,
                size_t outputs = 1, Node* before = nullptr);
  /// Like AddNode, but the outputs exist already and have no producer (importers).
  Node& AddNodeWithOutputs(std::string_view op_type, std::vector<Value*> inputs, std::vector<Value*> outputs,
                           Node* before = nullptr);
  /// Makes a value without a source a graph input (importers).
  void MakeInput(Value& value);

  // Changing.
  /// Every use of `from` (nodes here and in inner graphs, graph outputs) becomes a use of `to`. When `from`
  /// is a graph output its name passes to `to` where that is possible (`to` made by a node of this graph and
  /// no output itself); else an Identity that carries the name is added. Afterwards `from` is unused.
  void ReplaceValue(Value& from, Value& to);
  /// Only node uses; graph outputs keep `from`.
  void ReplaceUses(Value& from, Value& to);
  /// Removes a node whose outputs are all unused; its outputs go with it.
  void RemoveNode(Node& node);
  /// Removes an unused value that is no node's output and no graph input.
  void RemoveValue(Value& value);
  /// Takes `node` out of its place and puts it before `before` (nullptr: at the end).
  void MoveNode(Node& node, Node* before);
  void SetConstant(Value& value, Tensor tensor);
  /// Default tensor of a graph input, or makes an initializer of a producer-less value.
  void SetInitializer(Value& value, Tensor tensor);
  /// A graph input that has an initializer becomes a constant.
  void DropInput(Value& value);
  void ReplaceOutput(size_t index, Value& value);
  void RemoveOutput(size_t index);
  /// Removes an unused graph input.
  void RemoveInput(Value& value);
  void Rename(Value& value, std::string_view name);
  /// Moves nodes and values of `inner` (no inputs) before `before` of this graph; `inner` is left empty. The
  /// returned values are `inner`'s outputs, now values here or in an outer graph.
  std::vector<Value*> Splice(Graph& inner, Node* before);
  /// Stable topological order; false when there is a cycle (the order is then untouched).
  bool SortTopologically();
  /// Removes nodes that feed nothing, and unused constants; how many nodes and constants went.
  size_t RemoveDead();
  /// Frees removed nodes; no iterator or Node* to one of them may be alive.
  void CollectGarbage();

 private:
  friend class Node;
  void Link(Node& node, Node* before);
  void Unlink(Node& node);
  void EraseValue(Value& value);
  static void AddUse(Node& node, size_t index, Value* value);
  static void DropUse(Node& node, size_t index);

  Model* model_;
  Node* owner_;
  Node* first_ = nullptr;
  Node* last_ = nullptr;
  size_t node_count_ = 0;
  std::vector<std::unique_ptr<Node>> removed_;
  std::vector<std::unique_ptr<Value>> values_;
  std::vector<Value*> inputs_;
  std::vector<Value*> outputs_;
};

struct OpsetId {
  std::string domain;
  int64_t version = 0;
};

/// A model: the main graph and what the file says around it.
struct Model {
  Model();
  ~Model();
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  int64_t ir_version = 0;
  std::vector<OpsetId> opsets;
  std::string producer_name, producer_version, domain, doc;
  int64_t model_version = 0;
  std::vector<std::pair<std::string, std::string>> metadata;
  /// Functions that could not be inlined and training information, serialized.
  std::vector<std::string> opaque_functions;
  std::vector<std::string> opaque_training;
  std::filesystem::path source;  ///< the file it came from, for messages
  std::unique_ptr<Graph> graph;

  /// Version of `domain`, 0 when the model does not import it.
  int64_t Opset(std::string_view domain = "") const;

 private:
  friend class Graph;
  std::string UniqueName(std::string_view wanted) const;
  std::unordered_map<std::string, int> names_;  // values alive under each name
  mutable int64_t next_suffix_ = 0;
};

/// The tensor of a constant or of a Constant node's output; nullptr for everything else.
const Tensor* ConstantOf(const Value& value);

/// A copy of everything; tensors share their bytes.
std::unique_ptr<Model> Clone(const Model& model);

/// Calls `visit` for the graph and every graph inside it, inner ones after their outer one.
void ForEachGraph(Graph& graph, const std::function<void(Graph&)>& visit);

/// Checks every invariant named above; the Diagnostic (of blame kFault) names the first one broken.
Status Verify(const Graph& graph);

}  // namespace shoehorn::ir
