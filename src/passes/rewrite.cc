#include "passes/rewrite.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_set>

namespace shoehorn::passes {

using ir::DataType;
using ir::Node;
using ir::Tensor;
using ir::Value;

const Tensor* FloatConstant(const Value* value) {
  const Tensor* tensor = value != nullptr ? value->constant() : nullptr;
  if (tensor == nullptr) return nullptr;
  return tensor->type() == DataType::kFloat || tensor->type() == DataType::kDouble ? tensor : nullptr;
}

std::optional<double> ScalarConstant(const Value* value) {
  const Tensor* tensor = value != nullptr ? value->constant() : nullptr;
  if (tensor == nullptr || tensor->count() != 1) return std::nullopt;
  const auto values = tensor->ToDoubles();
  if (!values || values->size() != 1) return std::nullopt;
  return values->front();
}

std::optional<std::vector<int64_t>> IntsConstant(const Value* value) {
  const Tensor* tensor = value != nullptr ? value->constant() : nullptr;
  return tensor != nullptr ? tensor->ToInts() : std::nullopt;
}

std::optional<std::vector<int64_t>> IntsOf(const Node& node, size_t index, std::string_view attribute,
                                           std::vector<int64_t> otherwise) {
  if (node.input(index) != nullptr) return IntsConstant(node.input(index));
  return node.Ints(attribute, std::move(otherwise));
}

std::optional<size_t> NormalAxis(int64_t axis, size_t rank) {
  const auto signed_rank = static_cast<int64_t>(rank);
  if (axis < -signed_rank || axis >= signed_rank) return std::nullopt;
  return static_cast<size_t>(axis < 0 ? axis + signed_rank : axis);
}

std::optional<std::vector<int64_t>> NormalAxes(std::vector<int64_t> axes, size_t rank) {
  for (int64_t& axis : axes) {
    const auto normal = NormalAxis(axis, rank);
    if (!normal) return std::nullopt;
    axis = static_cast<int64_t>(*normal);
  }
  std::ranges::sort(axes);
  if (std::ranges::adjacent_find(axes) != axes.end()) return std::nullopt;
  return axes;
}

std::optional<WithConstant> SplitConstant(const Node& node) {
  if (node.inputs().size() != 2) return std::nullopt;
  Value* a = node.input(0);
  Value* b = node.input(1);
  if (a == nullptr || b == nullptr || (a->constant() != nullptr) == (b->constant() != nullptr))
    return std::nullopt;
  const bool first = a->constant() != nullptr;
  return WithConstant{first ? b : a, first ? a : b, first};
}

std::optional<WithScalar> SplitScalar(const Node& node) {
  const auto split = SplitConstant(node);
  if (!split) return std::nullopt;
  const auto scalar = ScalarConstant(split->constant);
  if (!scalar) return std::nullopt;
  const size_t rank = split->constant->constant()->rank();
  if (rank > 0 && (!split->data->type.has_rank || split->data->type.dims.size() < rank)) return std::nullopt;
  return WithScalar{split->data, *scalar, split->constant_first};
}

std::optional<Bounds> BoundsOf(const Node& node) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Bounds bounds{-kInfinity, kInfinity};
  if (node.Is("Relu")) return Bounds{0, kInfinity};
  if (node.Is("Max") || node.Is("Min")) {
    const auto split = SplitScalar(node);
    if (!split || std::isnan(split->scalar)) return std::nullopt;
    (node.Is("Max") ? bounds.low : bounds.high) = split->scalar;
    return bounds;
  }
  if (!node.Is("Clip") || node.input(0) == nullptr) return std::nullopt;
  for (const size_t i : {1, 2}) {
    if (node.input(i) == nullptr) continue;
    const auto bound = ScalarConstant(node.input(i));
    if (!bound) return std::nullopt;
    (i == 1 ? bounds.low : bounds.high) = *bound;
  }
  if (node.Has("min")) bounds.low = node.Float("min");
  if (node.Has("max")) bounds.high = node.Float("max");
  if (!(bounds.low <= bounds.high)) return std::nullopt;
  return bounds;
}

Value* BoundedValue(const Node& node) {
  if (node.Is("Max") || node.Is("Min")) return SplitScalar(node)->data;
  return node.input(0);
}

bool NeverNegative(const Value& value) {
  const Node* producer = value.producer();
  if (producer == nullptr) return false;
  if (producer->Is("Sigmoid") || producer->Is("HardSigmoid") || producer->Is("Softmax") ||
      producer->Is("Abs"))
    return true;
  const auto bounds = BoundsOf(*producer);
  return bounds && bounds->low >= 0;
}

bool Near(double a, double b, double tolerance) {
  return std::abs(a - b) <= tolerance * std::max(std::abs(a), std::abs(b));
}

std::string Label(const Node& node) {
  const auto names = node.UserNames();
  return names.empty() ? node.op_type : names.front();
}

void Absorb(Node& survivor, Node& gone, bool before) {
  // The longer list is moved, not copied, so that a long chain merged link by link stays linear.
  std::vector<std::string> kept =
      survivor.origins.empty() ? survivor.UserNames() : std::move(survivor.origins);
  std::vector<std::string> added = gone.origins.empty() ? gone.UserNames() : std::move(gone.origins);
  if (before) std::swap(kept, added);
  kept.insert(kept.end(), std::make_move_iterator(added.begin()), std::make_move_iterator(added.end()));
  survivor.origins = std::move(kept);
}

Value& NewConstant(Node& node, std::string_view suffix, Tensor tensor) {
  return node.graph().AddConstant(Label(node) + std::string(suffix), std::move(tensor));
}

void RemoveIfUnused(const std::vector<Value*>& values) {
  // A value becomes unused once, so it can enter the work list twice only by standing twice in one list. The
  // order is that of the lists, never that of addresses: the same model must give the same file.
  std::vector<Value*> pending;
  const auto add = [&](const std::vector<Value*>& candidates) {
    std::unordered_set<const Value*> seen;
    for (Value* value : candidates) {
      if (value == nullptr || !value->is_unused()) continue;
      if (candidates.size() == 1 || seen.insert(value).second) pending.push_back(value);
    }
  };
  add(values);
  while (!pending.empty()) {
    Value* value = pending.back();
    pending.pop_back();
    Node* producer = value->producer();
    if (producer == nullptr) {
      if (!value->is_input()) value->graph().RemoveValue(*value);
      continue;
    }
    const auto unused = [](const Value* output) { return output == nullptr || output->is_unused(); };
    if (!producer->Subgraphs().empty() || !std::ranges::all_of(producer->outputs(), unused)) continue;
    if (producer->outputs().size() > 1)
      std::erase_if(pending, [&](const Value* other) { return other->producer() == producer; });
    const std::vector<Value*> inputs = producer->inputs();
    producer->graph().RemoveNode(*producer);
    add(inputs);
  }
}

void Become(Node& node, std::string_view op_type, const std::vector<Value*>& inputs) {
  const std::vector<Value*> before = node.inputs();
  node.op_type = op_type;
  node.attributes().clear();
  SetInputs(node, inputs);
  RemoveIfUnused(before);
}

void SetInputs(Node& node, const std::vector<Value*>& inputs) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (i < node.inputs().size())
      node.SetInput(i, inputs[i]);
    else
      node.AppendInput(inputs[i]);
  }
  node.TruncateInputs(inputs.size());
}

}  // namespace shoehorn::passes
