// Shape arithmetic that comes out as numbers is replaced by them, also where only some dimensions are known:
//   s = Shape(x: float[2, n, 8]); b = Gather(s, 0); t = Concat(b, {-1}, {4, 2}); y = Reshape(x, t)
// becomes y = Reshape(x, {2, -1, 4, 2}); and where `b` is x's unknown batch, Reshape(x, {0, -1, 4, 2}), since
// 0 copies the dimension of the input and -1 stands for the one that is left. Two computations of the same
// dimensions become one.
#include <map>
#include <tuple>

#include "passes/replace.h"
#include "passes/shape_knowledge.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Value;

bool IsInteger(ir::DataType type) {
  return type == ir::DataType::kInt64 || type == ir::DataType::kInt32 || type == ir::DataType::kBool;
}

/// Is there anything to learn from? A graph without shape arithmetic costs one look at each node.
bool HasShapeArithmetic(const ir::Graph& graph) {
  for (const Node& node : graph.nodes()) {
    if (!node.domain.empty()) continue;
    if (node.op_type == "Shape" || node.op_type == "Size") return true;
    const Value* first = node.input(0);
    if (first != nullptr && first->constant() != nullptr && node.output() != nullptr &&
        IsInteger(node.output()->type.element))
      return true;
  }
  return false;
}

/// Removes nothing: what is learnt is kept by the address of values, so dead nodes are left to
/// eliminate_dead.
class Folder {
 public:
  Folder(ir::Graph& graph, PassContext& context) : graph_(graph), context_(context) {}

  Result<bool> Run() {
    for (Node& node : graph_.nodes()) {
      if (!node.domain.empty()) continue;
      if (node.op_type == "Reshape") SHOEHORN_TRY(SettleTarget(node, &Folder::ReshapeTarget));
      if (node.op_type == "Expand") SHOEHORN_TRY(SettleTarget(node, &Folder::ExpandTarget));
      knowledge_.Visit(node);
      if (node.op_type == "Identity" || node.op_type == "Constant") continue;
      for (Value* output : node.outputs()) {
        if (output == nullptr || output->is_unused() || !IsInteger(output->type.element)) continue;
        if (const Contents* contents = knowledge_.ContentsOf(*output))
          SHOEHORN_TRY(Replace(node, *output, *contents));
      }
    }
    return changed_;
  }

 private:
  Status Replace(const Node& node, Value& output, const Contents& contents) {
    if (std::ranges::all_of(contents.elements,
                            [&](Term term) { return knowledge_.terms().NumberOf(term).has_value(); }))
      return ReplaceByNumbers(node, output, contents);

    const auto [known, first] =
        known_.try_emplace({output.type.element, contents.scalar, contents.elements}, &output);
    Value& earlier = *known->second;
    if (first || !CanStandIn(output, earlier)) return Ok();
    context_.Note(node, "'" + earlier.name() + "' holds the same dimensions");
    graph_.ReplaceValue(output, earlier);
    changed_ = true;
    return Ok();
  }

  Status ReplaceByNumbers(const Node& node, Value& output, const Contents& contents) {
    std::vector<int64_t> numbers;
    for (const Term term : contents.elements) numbers.push_back(*knowledge_.terms().NumberOf(term));
    ir::Shape shape;
    if (!contents.scalar) shape.push_back(static_cast<int64_t>(numbers.size()));
    ir::Tensor tensor = Packed(output.type.element, shape, numbers);
    context_.Note(node, "its result is known before the model runs");
    ir::Value& constant = ReplaceByConstant(output, std::move(tensor));
    changed_ = true;
    return context_.InferUsers(constant);
  }

  static ir::Tensor Packed(ir::DataType type, const ir::Shape& shape, const std::vector<int64_t>& numbers) {
    if (type == ir::DataType::kInt64) return ir::Tensor::Of<int64_t>(shape, numbers);
    std::vector<std::byte> bytes;
    for (const int64_t number : numbers) {
      const auto narrow = static_cast<int32_t>(number);
      const auto* start = reinterpret_cast<const std::byte*>(&narrow);
      bytes.insert(bytes.end(), start, start + (type == ir::DataType::kBool ? 1 : sizeof(narrow)));
    }
    return ir::Tensor::OfBytes(type, shape, bytes);
  }

  /// Gives `node`, whose second input is a computed shape, a constant one where the rule finds it.
  Status SettleTarget(Node& node,
                      std::optional<std::vector<int64_t>> (Folder::*rule)(Node&, const Contents&)) {
    const Value* target = node.input(1);
    if (target == nullptr || target->constant() != nullptr) return Ok();
    const Contents* contents = knowledge_.ContentsOf(*target);
    if (contents == nullptr || contents->scalar) return Ok();
    const auto settled = (this->*rule)(node, *contents);
    if (!settled) return Ok();
    context_.Note(node, "its shape does not need to be computed while the model runs");
    const std::string name = (node.name.empty() ? node.output()->name() : node.name) + "_shape";
    node.SetInput(1, &graph_.AddConstant(name, ir::Tensor::Ints(*settled)));
    changed_ = true;
    return context_.InferFrom(node);
  }

  std::optional<std::vector<int64_t>> ReshapeTarget(Node& node, const Contents& contents) {
    const bool allow_zero = node.Int("allowzero") != 0;
    const auto* dims = knowledge_.Dims(*node.input(0));
    std::vector<int64_t> target;
    int inferred = 0;
    for (size_t i = 0; i < contents.elements.size(); ++i) {
      const Term element = contents.elements[i];
      if (const auto number = knowledge_.terms().NumberOf(element)) {
        if (*number == 0 && allow_zero) return std::nullopt;
        target.push_back(*number);
        inferred += *number == -1 ? 1 : 0;
      } else if (dims != nullptr && i < dims->size() && (*dims)[i] == element) {
        target.push_back(0);
      } else {
        target.push_back(-1);
        ++inferred;
      }
    }
    if (inferred > 1) return std::nullopt;
    if (allow_zero) node.Remove("allowzero");
    return target;
  }

  /// Asking for 1 keeps the input's own dimension.
  std::optional<std::vector<int64_t>> ExpandTarget(Node& node, const Contents& contents) {
    const auto* dims = knowledge_.Dims(*node.input(0));
    if (dims == nullptr) return std::nullopt;
    const size_t rank = dims->size(), length = contents.elements.size();
    std::vector<int64_t> target;
    for (size_t i = 0; i < length; ++i) {
      const Term element = contents.elements[i];
      const auto number = knowledge_.terms().NumberOf(element);
      const bool own = i + rank >= length && (*dims)[i + rank - length] == element;
      if (!number && !own) return std::nullopt;
      target.push_back(own && !number ? 1 : *number);
    }
    return target;
  }

  ir::Graph& graph_;
  PassContext& context_;
  ShapeKnowledge knowledge_;
  std::map<std::tuple<ir::DataType, bool, std::vector<Term>>, Value*> known_;
  bool changed_ = false;
};

}  // namespace

Result<bool> FoldShape(ir::Graph& graph, PassContext& context) {
  if (!HasShapeArithmetic(graph)) return false;
  return Folder(graph, context).Run();
}

}  // namespace shoehorn::passes
