// Layer normalization spelled out is LayerNormalization (opset 17 on):
//   d = x - ReduceMean(x);  y = d / Sqrt(ReduceMean(d * d) + epsilon) * scale + bias
//   becomes   y = LayerNormalization(x, scale, bias)
// for means over the last axes; the scale, the bias or both may be missing. One operator moves the data once,
// and is what accelerators know.
#include <algorithm>

#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Tensor;
using ir::Value;

Node* ProducerIf(const Value* value, std::string_view op_type) {
  Node* node = value != nullptr ? value->producer() : nullptr;
  return node != nullptr && node->Is(op_type) ? node : nullptr;
}

/// First axis of a mean over the last axes that keeps its dimensions.
std::optional<int64_t> MeanFrom(const Node& mean) {
  const Value* data = mean.input(0);
  if (data == nullptr || !data->type.has_rank || mean.Int("keepdims", 1) == 0) return std::nullopt;
  const size_t rank = data->type.dims.size();
  const auto list = IntsOf(mean, 1, "axes");
  if (!list || list->empty()) return std::nullopt;
  const auto axes = NormalAxes(*list, rank);
  if (!axes || axes->back() != static_cast<int64_t>(rank) - 1) return std::nullopt;
  if (axes->back() - axes->front() + 1 != static_cast<int64_t>(axes->size())) return std::nullopt;
  return axes->front();
}

/// d when `value` is d^2.
Value* SquareOf(const Value* value) {
  if (const Node* pow = ProducerIf(value, "Pow"))
    return ScalarConstant(pow->input(1)) == 2.0 ? pow->input(0) : nullptr;
  if (const Node* product = ProducerIf(value, "Mul"))
    return product->input(0) == product->input(1) ? product->input(0) : nullptr;
  return nullptr;
}

struct Match {
  Value* x;
  int64_t axis;
  double epsilon;
  std::vector<Node*> nodes;
};

/// The pattern up to the division, `node`.
std::optional<Match> MatchDivision(Node& node) {
  if (!node.Is("Div")) return std::nullopt;
  Node* centred = ProducerIf(node.input(0), "Sub");
  Node* root = ProducerIf(node.input(1), "Sqrt");
  Node* sum = root != nullptr ? ProducerIf(root->input(0), "Add") : nullptr;
  const auto epsilon = sum != nullptr ? SplitScalar(*sum) : std::nullopt;
  Node* variance = epsilon ? ProducerIf(epsilon->data, "ReduceMean") : nullptr;
  if (centred == nullptr || variance == nullptr) return std::nullopt;
  Node* mean = ProducerIf(centred->input(1), "ReduceMean");
  Value* x = centred->input(0);
  if (mean == nullptr || x == nullptr || mean->input(0) != x || x->type.element != ir::DataType::kFloat)
    return std::nullopt;
  const Value* square = variance->input(0);
  const Value* spread = SquareOf(square);
  if (spread != centred->output()) return std::nullopt;
  const auto axis = MeanFrom(*mean);
  if (!axis || axis != MeanFrom(*variance)) return std::nullopt;
  return Match{x, *axis, epsilon->scalar, {root, sum, variance, square->producer(), centred, mean}};
}

/// The constant operand of the only user of `value`, if that is `op_type` with a float constant of exactly
/// `dims`.
Node* UserWith(const Value& value, std::string_view op_type, const ir::Shape& dims) {
  if (!value.has_single_use()) return nullptr;
  Node* user = value.uses()[0].node;
  if (!user->Is(op_type)) return nullptr;
  const auto split = SplitConstant(*user);
  if (!split) return nullptr;
  const Tensor* tensor = split->constant->constant();
  return tensor->type() == ir::DataType::kFloat && tensor->dims() == dims ? user : nullptr;
}

Value* ConstantOf(const Node& node) { return node.input(SplitConstant(node)->constant_first ? 0 : 1); }

bool Fuse(Node& node, PassContext& context) {
  const auto match = MatchDivision(node);
  if (!match) return false;
  ir::Shape dims;
  for (size_t i = static_cast<size_t>(match->axis); i < match->x->type.dims.size(); ++i) {
    if (!match->x->type.dims[i].known()) return false;
    dims.push_back(match->x->type.dims[i].value);
  }
  std::vector<Node*> chain{&node};  // division, product, sum
  Value* scale = nullptr;
  Value* bias = nullptr;
  if (Node* product = UserWith(*node.output(), "Mul", dims)) {
    scale = ConstantOf(*product);
    chain.push_back(product);
  }
  if (Node* sum = UserWith(*chain.back()->output(), "Add", dims)) {
    bias = ConstantOf(*sum);
    chain.push_back(sum);
  }
  Node& last = *chain.back();
  if (scale == nullptr)
    scale = &NewConstant(
        node, "_scale",
        Tensor::Of<float>(dims, std::vector<float>(static_cast<size_t>(ir::ElementCount(dims)), 1.0F)));
  context.Note(last, "normalization by mean and variance of the last axes is LayerNormalization");
  chain.pop_back();
  for (size_t i = chain.size(); i-- > 0;) Absorb(last, *chain[i]);
  for (Node* one : match->nodes)
    if (one->output()->has_single_use() || one->Is("Sub")) Absorb(last, *one);
  std::vector<Value*> inputs{match->x, scale};
  if (bias != nullptr) inputs.push_back(bias);
  Become(last, "LayerNormalization", inputs);
  last.Set("axis", match->axis - static_cast<int64_t>(match->x->type.dims.size()));
  last.Set("epsilon", static_cast<float>(match->epsilon));
  return true;
}

}  // namespace

Result<bool> FuseLayerNorm(ir::Graph& graph, PassContext& context) {
  if (graph.model().Opset() < 17) return false;
  bool changed = false;
  for (Node& node : graph.nodes()) changed |= Fuse(node, context);
  return changed;
}

}  // namespace shoehorn::passes
