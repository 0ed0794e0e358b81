#include "passes/recurrent.h"

#include <algorithm>

#include "passes/rewrite.h"

namespace shoehorn::passes {

using ir::Node;
using ir::Tensor;
using ir::Value;

namespace {

constexpr int64_t kMostSteps = 128;

bool EqualNames(const std::string& a, const std::string& b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

/// Absent, or a constant of floats of this shape.
bool IsWeight(const Value* value, const ir::Shape& shape) {
  if (value == nullptr) return true;
  return value->constant() != nullptr && value->constant()->type() == ir::DataType::kFloat &&
         value->constant()->dims() == shape;
}

/// Every sequence is as long as the input.
bool WholeSequences(const Value* lengths, int64_t steps) {
  if (lengths == nullptr) return true;
  const auto numbers = IntsConstant(lengths);
  return numbers && std::ranges::all_of(*numbers, [&](int64_t length) { return length == steps; });
}

std::vector<bool> DirectionsOf(const std::string& direction) {
  if (direction == "forward") return {false};
  if (direction == "reverse") return {true};
  return direction == "bidirectional" ? std::vector<bool>{false, true} : std::vector<bool>{};
}

}  // namespace

std::optional<Recurrent> RecurrentOf(const Node& node, std::string_view op_type, int64_t gates,
                                     const std::vector<std::string>& activations) {
  if (!node.Is(op_type) || node.graph().model().Opset() < 7 || RankOf(node.input(0)) != 3)
    return std::nullopt;
  const Value* r = node.input(2);
  if (!IsFloat(node.input(0)) || node.input(1) == nullptr || r == nullptr || r->constant() == nullptr)
    return std::nullopt;
  if (r->constant()->rank() != 3 || node.Has("clip") || node.Int("layout") != 0 ||
      node.Int("input_forget") != 0)
    return std::nullopt;
  Recurrent layer{gates, r->constant()->dims()[2], KnownDim(*node.input(0), 0),
                  DirectionsOf(node.String("direction", "forward"))};
  const auto directions = static_cast<int64_t>(layer.reverse.size());
  const int64_t rows = gates * layer.hidden, columns = KnownDim(*node.input(0), 2);
  if (directions == 0 || layer.steps < 1 || layer.steps > kMostSteps || layer.hidden < 1 || columns < 1)
    return std::nullopt;
  if (node.Int("hidden_size", layer.hidden) != layer.hidden || !WholeSequences(node.input(4), layer.steps))
    return std::nullopt;
  if (!IsWeight(node.input(1), {directions, rows, columns}) ||
      !IsWeight(r, {directions, rows, layer.hidden}) || !IsWeight(node.input(3), {directions, 2 * rows}))
    return std::nullopt;
  const ir::AttributeValue* named = node.Find("activations");
  if (const auto* names = named != nullptr ? std::get_if<std::vector<std::string>>(named) : nullptr) {
    if (names->size() != activations.size() * layer.reverse.size()) return std::nullopt;
    for (size_t i = 0; i < names->size(); ++i)
      if (!EqualNames((*names)[i], activations[i % activations.size()])) return std::nullopt;
  }
  return layer;
}

Tensor TransposedRows(const Tensor& weights, size_t direction, int64_t first, int64_t last) {
  const int64_t rows = weights.dims()[1], columns = weights.dims()[2], count = last - first;
  const auto from = weights.As<float>().subspan(direction * static_cast<size_t>(rows * columns));
  std::vector<float> to(static_cast<size_t>(count * columns));
  for (int64_t row = 0; row < count; ++row)
    for (int64_t column = 0; column < columns; ++column)
      to[static_cast<size_t>(column * count + row)] =
          from[static_cast<size_t>((first + row) * columns + column)];
  return Tensor::Of<float>({columns, count}, to);
}

std::vector<float> RowOf(const Value* value, size_t direction, int64_t first, int64_t count) {
  if (value == nullptr) return std::vector<float>(static_cast<size_t>(count), 0.0f);
  const auto width = static_cast<size_t>(value->constant()->dims()[1]);
  const auto row = value->constant()->As<float>().subspan(direction * width + static_cast<size_t>(first));
  return {row.begin(), row.begin() + count};
}

std::vector<Value*> Project(Builder& build, const Node& node, const Recurrent& layer, size_t direction,
                            const std::vector<float>& bias) {
  const int64_t rows = layer.gates * layer.hidden;
  Value& weights = build.Constant("_w", TransposedRows(*node.input(1)->constant(), direction, 0, rows));
  Value* all = &build.Make("MatMul", {node.input(0), &weights});
  if (std::ranges::any_of(bias, [](float number) { return number != 0; }))
    all = &build.Make("Add", {all, &build.Constant("_wb", Tensor::Of<float>({rows}, bias))});
  if (layer.steps == 1) return {all};
  return build.Split(*all, 0, std::vector<int64_t>(static_cast<size_t>(layer.steps), 1));
}

Value* InitialState(Builder& build, const Node& node, size_t index, size_t direction) {
  Value* state = node.input(index);
  if (state == nullptr) return nullptr;
  if (const Tensor* constant = state->constant())
    if (const auto numbers = constant->ToDoubles();
        numbers && std::ranges::all_of(*numbers, [](double number) { return number == 0; }))
      return nullptr;
  if (KnownDim(*state, 0) == 1) return state;
  const auto first = static_cast<int64_t>(direction);
  return &build.Slice(*state, {0}, {first}, {first + 1});
}

namespace {

/// Puts the directions' outputs together.
Status Finish(Builder& build, const Node& node, const std::vector<Unrolled>& directions) {
  const auto is_read = [&](size_t output) {
    return node.output(output) != nullptr && !node.output(output)->is_unused();
  };
  const auto join = [&](const std::vector<Value*>& parts, int64_t axis) {
    return parts.size() == 1 ? parts.front() : &build.Concat(parts, axis);
  };
  std::vector<Value*> outputs(node.outputs().size(), nullptr);
  if (is_read(0)) {
    std::vector<Value*> sequences;
    for (const Unrolled& direction : directions)
      sequences.push_back(&build.Unsqueeze(*join(direction.states, 0), {1}));
    outputs[0] = join(sequences, 1);
  }
  for (size_t i = 0; i < directions.front().finals.size(); ++i) {
    if (!is_read(i + 1)) continue;
    std::vector<Value*> finals;
    for (const Unrolled& direction : directions) finals.push_back(direction.finals[i]);
    outputs[i + 1] = join(finals, 0);
  }
  return build.ReplaceOutputs(outputs);
}

}  // namespace

Result<bool> WriteOut(Node& node, PassContext& context, const Recurrent& layer,
                      const std::function<Unrolled(Builder&, size_t)>& unroll) {
  context.Note(node, "its " + std::to_string(layer.steps) + " steps are written out");
  Builder build(node, context);
  std::vector<Unrolled> directions;
  for (size_t i = 0; i < layer.reverse.size(); ++i) directions.push_back(unroll(build, i));
  SHOEHORN_TRY(Finish(build, node, directions));
  return true;
}

}  // namespace shoehorn::passes
