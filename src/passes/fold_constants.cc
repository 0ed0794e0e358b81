// What does not depend on the inputs is computed now, by an engine:
//   w: constant; t = Transpose(w); y = MatMul(x, t)   becomes   y = MatMul(x, t) with the constant t
// All such nodes of the model, inner graphs included, go to the engine as one model; when that fails each is
// tried alone, and those that cannot be computed stay and are noted. Left alone: random operators, nodes with
// inner graphs, weights that are stored quantized (DequantizeLinear), and results above the limit that are
// larger than what they replace.
#include <limits>

#include "passes/purity.h"
#include "passes/replace.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Value;

constexpr int64_t kUnknownSize = -1;

bool Computable(const Node& node) {
  static const std::unordered_set<std::string_view> kNever = {"Constant", "DequantizeLinear",
                                                              "SequenceConstruct", "Optional", "Identity"};
  return IsPure(node) && !node.inputs().empty() && !kNever.contains(node.op_type);
}

/// Operators whose result may be far larger than their inputs: folded only when the size is known.
bool MayGrow(const Node& node) {
  static const std::unordered_set<std::string_view> kGrowing = {
      "ConstantOfShape", "Expand", "Tile", "Range", "Resize", "Pad", "OneHot", "Upsample"};
  return kGrowing.contains(node.op_type);
}

int64_t BytesOf(const ir::Type& type) {
  if (!type.is_static()) return kUnknownSize;
  double bytes = ir::BitsOf(type.element) / 8.0;
  for (const ir::Dim& dim : type.dims) bytes *= static_cast<double>(dim.value);
  return bytes < 9e18 ? static_cast<int64_t>(bytes) : std::numeric_limits<int64_t>::max();
}

/// The nodes that only depend on constants, in an order in which they can run, and what each may weigh.
class Foldable {
 public:
  Foldable(ir::Graph& graph, const PassContext& context) : context_(context) { Collect(graph); }

  const std::vector<Node*>& nodes() const { return nodes_; }
  bool Contains(const Node* node) const { return node != nullptr && set_.contains(node); }

 private:
  void Collect(ir::Graph& graph) {
    for (Node& node : graph.nodes()) {
      if (IsFoldable(node)) {
        nodes_.push_back(&node);
        set_.insert(&node);
      }
      if (HoldsGraphs(node))
        for (ir::Graph* inner : node.Subgraphs()) Collect(*inner);
    }
  }

  bool IsFoldable(const Node& node) const {
    const auto known = [&](const Value* input) {
      return input == nullptr || input->constant() != nullptr || Contains(input->producer());
    };
    if (!std::ranges::all_of(node.inputs(), known) || !Computable(node)) return false;
    int64_t input_bytes = 0;
    for (const Value* input : node.inputs()) {
      if (input == nullptr) continue;
      const ir::Tensor* tensor = input->constant();
      if (tensor != nullptr && tensor->type() == ir::DataType::kString) return false;
      input_bytes += tensor != nullptr ? static_cast<int64_t>(tensor->byte_size())
                                       : std::max<int64_t>(0, BytesOf(input->type));
    }
    for (const Value* output : node.outputs()) {
      if (output == nullptr) continue;
      if (!output->type.opaque.empty() || output->type.element == ir::DataType::kString) return false;
      if (context_.unfoldable.contains(output->name())) return false;
      const int64_t bytes = BytesOf(output->type);
      if (bytes == kUnknownSize && MayGrow(node)) return false;
      if (bytes > static_cast<int64_t>(context_.fold_limit) && bytes > input_bytes) return false;
    }
    return true;
  }

  const PassContext& context_;
  std::vector<Node*> nodes_;
  std::unordered_set<const Node*> set_;
};

ir::AttributeValue Copy(const ir::AttributeValue& value) {
  return std::visit(
      [](const auto& content) -> ir::AttributeValue {
        using T = std::decay_t<decltype(content)>;
        if constexpr (std::is_same_v<T, std::unique_ptr<ir::Graph>> ||
                      std::is_same_v<T, std::vector<std::unique_ptr<ir::Graph>>>)
          return int64_t{0};  // not reached: nodes with inner graphs are not computable
        else
          return content;
      },
      value);
}

/// A model of `nodes` alone, whose outputs are `wanted`.
std::unique_ptr<ir::Model> ModelOf(const ir::Model& whole, const std::vector<Node*>& nodes,
                                   const std::vector<Value*>& wanted) {
  auto model = std::make_unique<ir::Model>();
  model->ir_version = whole.ir_version;
  model->opsets = whole.opsets;
  ir::Graph& graph = *model->graph;
  graph.name = "constants";
  std::unordered_map<const Value*, Value*> copies;
  for (const Node* node : nodes) {
    std::vector<Value*> inputs, outputs;
    for (const Value* input : node->inputs()) {
      if (input == nullptr) {
        inputs.push_back(nullptr);
        continue;
      }
      Value*& copy = copies[input];
      if (copy == nullptr) copy = &graph.AddConstant(input->name(), *input->constant());
      inputs.push_back(copy);
    }
    for (const Value* output : node->outputs())
      outputs.push_back(output != nullptr ? copies[output] = &graph.AddValue(output->name(), output->type)
                                          : nullptr);
    Node& copy = graph.AddNodeWithOutputs(node->op_type, std::move(inputs), std::move(outputs));
    copy.name = node->name;
    for (const ir::Attribute& attribute : node->attributes())
      copy.attributes().push_back({attribute.name, Copy(attribute.value)});
  }
  for (const Value* value : wanted) graph.AddOutput(*copies.at(value));
  return model;
}

Result<std::vector<ir::Tensor>> Compute(PassContext& context, const ir::Model& whole,
                                        const std::vector<Node*>& nodes, const std::vector<Value*>& wanted) {
  Result<std::vector<ir::Tensor>> tensors = context.evaluator->Evaluate(*ModelOf(whole, nodes, wanted));
  if (tensors.ok() && tensors->size() != wanted.size()) {
    Diagnostic diagnostic;
    diagnostic.found = "the engine gave another number of results than asked for";
    diagnostic.blame = Blame::kFault;
    return diagnostic;
  }
  return tensors;
}

std::vector<Value*> Outputs(const Node& node) {
  std::vector<Value*> outputs;
  for (Value* output : node.outputs())
    if (output != nullptr && !output->is_unused()) outputs.push_back(output);
  return outputs;
}

Status Install(PassContext& context, const std::vector<Value*>& values, std::vector<ir::Tensor>& tensors) {
  for (size_t i = 0; i < values.size(); ++i) {
    ir::Value& constant = ReplaceByConstant(*values[i], std::move(tensors[i]));
    SHOEHORN_TRY(context.InferUsers(constant));
  }
  return Ok();
}

void RemoveIfUnread(Node& node) {
  if (std::ranges::all_of(node.outputs(),
                          [](const Value* output) { return output == nullptr || output->is_unused(); }))
    node.graph().RemoveNode(node);
}

/// Node by node, each from constants: slow, but one that cannot be computed does not keep the others.
Result<bool> FoldOneByOne(PassContext& context, const ir::Model& model, const std::vector<Node*>& nodes) {
  bool changed = false;
  for (Node* node : nodes) {
    const bool ready = std::ranges::all_of(
        node->inputs(), [](const Value* input) { return input == nullptr || input->constant() != nullptr; });
    const std::vector<Value*> outputs = Outputs(*node);
    if (!ready || outputs.empty()) continue;
    Result<std::vector<ir::Tensor>> tensors = Compute(context, model, {node}, outputs);
    if (!tensors.ok()) {
      for (const Value* output : outputs) context.unfoldable.insert(output->name());
      context.Note(*node, "left as it is: it could not be computed (" + tensors.error().found + ")");
      continue;
    }
    context.Note(*node, "it depends on constants only");
    SHOEHORN_TRY(Install(context, outputs, *tensors));
    RemoveIfUnread(*node);
    changed = true;
  }
  return changed;
}

}  // namespace

Result<bool> FoldConstants(ir::Graph& graph, PassContext& context) {
  if (graph.owner() != nullptr || context.evaluator == nullptr)
    return false;  // inner graphs go with the outermost
  const Foldable foldable(graph, context);
  std::vector<Value*> wanted;
  for (const Node* node : foldable.nodes()) {
    for (Value* output : Outputs(*node)) {
      const auto& uses = output->uses();
      if (output->is_output() ||
          std::ranges::any_of(uses, [&](const ir::Use& use) { return !foldable.Contains(use.node); }))
        wanted.push_back(output);
    }
  }
  if (wanted.empty()) return false;
  Result<std::vector<ir::Tensor>> tensors = Compute(context, graph.model(), foldable.nodes(), wanted);
  if (!tensors.ok()) return FoldOneByOne(context, graph.model(), foldable.nodes());
  for (const Node* node : foldable.nodes()) context.Note(*node, "it depends on constants only");
  SHOEHORN_TRY(Install(context, wanted, *tensors));
  for (auto node = foldable.nodes().rbegin(); node != foldable.nodes().rend(); ++node) RemoveIfUnread(**node);
  return true;
}

}  // namespace shoehorn::passes
