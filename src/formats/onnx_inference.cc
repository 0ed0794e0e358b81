// Type and shape inference, node by node, by the functions that libonnx's operator definitions carry. The
// node is shown to them through a small adapter, so that no message of the whole model is built: after a
// rewrite only the nodes that changed are inferred again. Small integer values (shapes, axes) are propagated
// too.
#include <onnx/defs/schema.h>
#include <onnx/defs/shape_inference.h>

#include <unordered_set>

#include "formats/onnx.h"
#include "formats/onnx_proto.h"

namespace shoehorn::formats {
namespace {

constexpr int64_t kPropagatedElements = 64;  // symbolic values: shapes and the like
constexpr int64_t kVisibleElements = 4096;   // constants that inference functions may read

class Inference;

/// What an inference function sees of a node.
class NodeView final : public onnx::InferenceContext {
 public:
  NodeView(Inference& inference, ir::Node& node)
      : inference_(inference), node_(node), output_types_(node.outputs().size()) {}

  const onnx::AttributeProto* getAttribute(const std::string& name) const override {
    if (const auto found = attributes_.find(name); found != attributes_.end()) return &found->second;
    for (const ir::Attribute& attribute : node_.attributes()) {
      if (attribute.name != name) continue;
      onnx::AttributeProto& proto = attributes_[name];
      AttributeToProto(attribute, {}, proto);
      return &proto;
    }
    return nullptr;
  }
  size_t getNumInputs() const override { return node_.inputs().size(); }
  bool hasInput(size_t index) const override { return node_.input(index) != nullptr; }
  const onnx::TypeProto* getInputType(size_t index) const override {
    const ir::Value* value = node_.input(index);
    if (value == nullptr) return nullptr;
    auto& slot = Slot(input_types_, index);
    if (!slot) {
      slot = std::make_unique<onnx::TypeProto>();
      TypeToProto(value->type, *slot);
    }
    return slot->value_case() == onnx::TypeProto::VALUE_NOT_SET ? nullptr : slot.get();
  }
  const onnx::TensorProto* getInputData(size_t index) const override;
  const onnx::SparseTensorProto* getInputSparseData(size_t) const override { return nullptr; }
  const onnx::TensorShapeProto* getSymbolicInput(size_t index) const override;
  size_t getNumOutputs() const override { return output_types_.size(); }
  onnx::TypeProto* getOutputType(size_t index) override { return &output_types_[index]; }
  bool hasOutput(size_t index) override { return node_.output(index) != nullptr; }
  onnx::GraphInferencer* getGraphAttributeInferencer(const std::string& name) override;
  std::string getDisplayName() const override { return node_.Describe(); }

 private:
  template <typename T>
  static std::unique_ptr<T>& Slot(std::vector<std::unique_ptr<T>>& slots, size_t index) {
    if (slots.size() <= index) slots.resize(index + 1);
    return slots[index];
  }

  Inference& inference_;
  ir::Node& node_;
  std::vector<onnx::TypeProto> output_types_;
  mutable std::unordered_map<std::string, onnx::AttributeProto> attributes_;
  mutable std::vector<std::unique_ptr<onnx::TypeProto>> input_types_;
  mutable std::vector<std::unique_ptr<onnx::TensorProto>> input_data_;
  std::vector<std::unique_ptr<onnx::GraphInferencer>> inner_;
};

class Inference final : public ir::TypeInference {
 public:
  explicit Inference(const ir::Model& model) : model_(model) {}

  Result<bool> InferNode(ir::Node& node) override;
  Result<bool> InferGraph(ir::Graph& graph) override;

  /// The value's elements as far as they are known: of small integer constants, or propagated; else nullptr.
  const onnx::TensorShapeProto* Known(const ir::Value& value);

 private:
  friend class ValueView;
  const ir::Model& model_;
  /// Keyed by name, not address: a value that is gone must not lend its elements to a new one at its address.
  std::unordered_map<std::string, onnx::TensorShapeProto> known_;
};

/// What a propagation function sees of a node.
class ValueView final : public onnx::DataPropagationContext {
 public:
  ValueView(Inference& inference, NodeView& view, ir::Node& node)
      : inference_(inference), view_(view), node_(node) {}
  const onnx::AttributeProto* getAttribute(const std::string& name) const override {
    return view_.getAttribute(name);
  }
  size_t getNumInputs() const override { return view_.getNumInputs(); }
  const onnx::TypeProto* getInputType(size_t index) const override { return view_.getInputType(index); }
  size_t getNumOutputs() const override { return view_.getNumOutputs(); }
  const onnx::TypeProto* getOutputType(size_t index) const override { return view_.getOutputType(index); }
  const onnx::TensorShapeProto* getInputData(size_t index) override {
    const ir::Value* value = node_.input(index);
    return value != nullptr ? inference_.Known(*value) : nullptr;
  }
  void addOutputData(size_t index, onnx::TensorShapeProto&& elements) override {
    const ir::Value* value = node_.output(index);
    if (value != nullptr && elements.dim_size() <= kPropagatedElements)
      inference_.known_[value->name()] = std::move(elements);
  }

 private:
  Inference& inference_;
  NodeView& view_;
  ir::Node& node_;
};

/// `inferred` with what `declared` knows beyond it; inferred numbers win, since they follow from the inputs.
ir::Type Merged(const ir::Type& declared, ir::Type inferred) {
  if (!inferred.opaque.empty()) return inferred;
  if (inferred.element == ir::DataType::kUndefined) inferred.element = declared.element;
  if (inferred.element == ir::DataType::kUndefined && !inferred.has_rank) return declared;
  if (!declared.has_rank) return inferred;
  if (!inferred.has_rank) {
    inferred.has_rank = true;
    inferred.dims = declared.dims;
    return inferred;
  }
  if (declared.dims.size() != inferred.dims.size()) return inferred;
  for (size_t i = 0; i < inferred.dims.size(); ++i)
    if (!inferred.dims[i].known() && (declared.dims[i].known() || !declared.dims[i].symbol.empty()))
      inferred.dims[i] = declared.dims[i];
  return inferred;
}

/// Infers the body of an If, Loop or Scan from the types that its owner hands in.
class BodyInferencer final : public onnx::GraphInferencer {
 public:
  BodyInferencer(Inference& inference, ir::Graph& graph) : inference_(inference), graph_(graph) {}

  std::vector<const onnx::TypeProto*> doInferencing(const std::vector<const onnx::TypeProto*>& input_types,
                                                    const std::vector<const onnx::TensorProto*>&) override {
    for (size_t i = 0; i < graph_.inputs().size() && i < input_types.size(); ++i)
      if (input_types[i] != nullptr)
        graph_.inputs()[i]->type = Merged(graph_.inputs()[i]->type, TypeFromProto(*input_types[i]));
    if (const auto result = inference_.InferGraph(graph_); !result.ok())
      throw onnx::InferenceError(result.error().place + ": " + result.error().found);
    types_.resize(graph_.outputs().size());
    std::vector<const onnx::TypeProto*> out;
    for (size_t i = 0; i < types_.size(); ++i) {
      TypeToProto(graph_.outputs()[i]->type, types_[i]);
      out.push_back(&types_[i]);
    }
    return out;
  }

 private:
  Inference& inference_;
  ir::Graph& graph_;
  std::vector<onnx::TypeProto> types_;
};

const onnx::TensorShapeProto* NodeView::getSymbolicInput(size_t index) const {
  const ir::Value* value = node_.input(index);
  return value != nullptr ? inference_.Known(*value) : nullptr;
}

const onnx::TensorProto* NodeView::getInputData(size_t index) const {
  const ir::Value* value = node_.input(index);
  if (value == nullptr) return nullptr;
  auto& slot = Slot(input_data_, index);
  if (slot) return slot.get();
  if (const ir::Tensor* tensor = ir::ConstantOf(*value)) {
    if (tensor->count() > kVisibleElements) return nullptr;
    slot = std::make_unique<onnx::TensorProto>();
    TensorToProto(*tensor, value->name(), *slot);
    return slot.get();
  }
  // A computed shape whose every element has been propagated is as good as a constant.
  const onnx::TensorShapeProto* known = inference_.Known(*value);
  if (known == nullptr || value->type.element != ir::DataType::kInt64 || !value->type.has_rank ||
      value->type.dims.size() != 1)
    return nullptr;
  std::vector<int64_t> elements;
  for (const auto& element : known->dim()) {
    if (!element.has_dim_value()) return nullptr;
    elements.push_back(element.dim_value());
  }
  slot = std::make_unique<onnx::TensorProto>();
  TensorToProto(ir::Tensor::Ints(elements), value->name(), *slot);
  return slot.get();
}

onnx::GraphInferencer* NodeView::getGraphAttributeInferencer(const std::string& name) {
  const auto* attribute = node_.Find(name);
  const auto* graph = attribute != nullptr ? std::get_if<std::unique_ptr<ir::Graph>>(attribute) : nullptr;
  if (graph == nullptr) return nullptr;
  inner_.push_back(std::make_unique<BodyInferencer>(inference_, **graph));
  return inner_.back().get();
}

const onnx::TensorShapeProto* Inference::Known(const ir::Value& value) {
  if (const auto found = known_.find(value.name()); found != known_.end()) return &found->second;
  const ir::Tensor* tensor = ir::ConstantOf(value);
  if (tensor == nullptr || tensor->rank() > 1 || tensor->count() > kPropagatedElements ||
      (tensor->type() != ir::DataType::kInt64 && tensor->type() != ir::DataType::kInt32))
    return nullptr;
  const std::vector<int64_t> elements = tensor->ToInts().value();
  onnx::TensorShapeProto& known = known_[value.name()];
  for (const int64_t element : elements) known.add_dim()->set_dim_value(element);
  return &known;
}

/// The definition whose propagation of values holds for this node. Definitions before opset 13 carry none,
/// though the operators below move elements just as their successors do (Slice since its limits became
/// inputs).
const onnx::OpSchema* PropagationSchema(const onnx::OpSchema& schema, const ir::Node& node) {
  if (schema.has_data_propagation_function()) return &schema;
  static const std::unordered_set<std::string_view> kUnchanged = {
      "Slice", "Gather", "Concat", "Cast", "Add", "Sub", "Unsqueeze", "Squeeze", "Mul", "Shape"};
  if (!node.domain.empty() || !kUnchanged.contains(node.op_type)) return nullptr;
  if (node.op_type == "Slice" && node.inputs().size() < 3) return nullptr;
  const onnx::OpSchema* newest = onnx::OpSchemaRegistry::Schema(node.op_type);
  return newest != nullptr && newest->has_data_propagation_function() ? newest : nullptr;
}

Result<bool> Inference::InferNode(ir::Node& node) {
  const onnx::OpSchema* schema =
      onnx::OpSchemaRegistry::Schema(node.op_type, static_cast<int>(model_.Opset(node.domain)), node.domain);
  if (schema == nullptr) return false;
  NodeView view(*this, node);
  bool changed = false;
  try {
    if (schema->has_type_and_shape_inference_function()) schema->GetTypeAndShapeInferenceFunction()(view);
    for (size_t i = 0; i < node.outputs().size(); ++i) {
      ir::Value* output = node.output(i);
      if (output == nullptr) continue;
      ir::Type merged = Merged(output->type, TypeFromProto(*view.getOutputType(i)));
      if (merged == output->type) continue;
      output->type = std::move(merged);
      changed = true;
    }
    if (const onnx::OpSchema* propagation = PropagationSchema(*schema, node)) {
      for (const ir::Value* output : node.outputs())
        if (output != nullptr) known_.erase(output->name());
      const ir::Value* output = node.output();
      if (output != nullptr && output->type.has_rank && output->type.dims.size() <= 1) {
        ValueView values(*this, view, node);
        propagation->GetDataPropagationFunction()(values);
      }
    }
  } catch (const std::exception& error) {
    // Behind an operator of an unknown domain types are unknown, which some inference functions take for an
    // error.
    const bool blind = std::ranges::any_of(node.inputs(), [](const ir::Value* input) {
      return input != nullptr && input->type.element == ir::DataType::kUndefined &&
             input->type.opaque.empty();
    });
    if (blind) return changed;
    Diagnostic diagnostic;
    diagnostic.file = model_.source.string();
    diagnostic.place = node.Describe();
    diagnostic.found = std::string("its inputs contradict the operator's definition: ") + error.what();
    return diagnostic;
  }
  return changed;
}

Result<bool> Inference::InferGraph(ir::Graph& graph) {
  bool changed = false;
  for (ir::Node& node : graph.nodes()) {
    const Result<bool> result = InferNode(node);
    if (!result.ok()) return result.error();
    changed |= *result;
  }
  return changed;
}

}  // namespace

std::unique_ptr<ir::TypeInference> MakeTypeInference(const ir::Model& model) {
  return std::make_unique<Inference>(model);
}

}  // namespace shoehorn::formats
