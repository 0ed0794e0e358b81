// An LSTM over a known number of steps becomes the operators of its steps, which accelerators without loops
// take:
//   i, o, f, g = Split(x_t W' + h R' + b)
//   c = Sigmoid(f) * c + Sigmoid(i) * Tanh(g),   h = Sigmoid(o) * Tanh(c)
#include "passes/recurrent.h"
#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Tensor;
using ir::Value;

/// Peepholes, [directions, 3 * hidden], as constants [hidden] for i, o and f; nullptr: none.
struct Peepholes {
  Value *input = nullptr, *output = nullptr, *forget = nullptr;
};

Peepholes PeepholesOf(Builder& build, const Node& node, size_t direction, int64_t hidden) {
  if (node.input(7) == nullptr) return {};
  const auto part = [&](std::string_view suffix, int64_t index) {
    return &build.Constant(
        suffix, Tensor::Of<float>({hidden}, RowOf(node.input(7), direction, index * hidden, hidden)));
  };
  return {part("_pi", 0), part("_po", 1), part("_pf", 2)};
}

Unrolled Unroll(Builder& build, const Node& node, const Recurrent& layer, size_t direction) {
  const int64_t hidden = layer.hidden, rows = 4 * hidden;
  std::vector<float> bias = RowOf(node.input(3), direction, 0, rows);
  const std::vector<float> state_bias =
      RowOf(node.input(3), direction, node.input(3) != nullptr ? rows : 0, rows);
  for (size_t i = 0; i < bias.size(); ++i) bias[i] += state_bias[i];
  const std::vector<Value*> projected = Project(build, node, layer, direction, bias);
  Value* weights = nullptr;
  const Peepholes peepholes = PeepholesOf(build, node, direction, hidden);
  Value* h = InitialState(build, node, 5, direction);
  Value* c = InitialState(build, node, 6, direction);

  const auto peep = [&](Value* gate, Value* peephole) {
    if (peephole == nullptr || c == nullptr) return gate;
    return &build.Make("Add", {gate, &build.Make("Mul", {c, peephole})});
  };
  Unrolled result;
  result.states.resize(projected.size());
  for (size_t i = 0; i < projected.size(); ++i) {
    const size_t t = layer.reverse[direction] ? projected.size() - 1 - i : i;
    Value* sum = projected[t];
    if (h != nullptr) {
      if (weights == nullptr)
        weights = &build.Constant("_r", TransposedRows(*node.input(2)->constant(), direction, 0, rows));
      sum = &build.Make("Add", {sum, &build.Make("MatMul", {h, weights})});
    }
    const std::vector<Value*> gates = build.Split(*sum, 2, std::vector<int64_t>(4, hidden));
    Value& in = build.Make("Sigmoid", {peep(gates[0], peepholes.input)});
    Value& cell = build.Make("Mul", {&in, &build.Make("Tanh", {gates[3]})});
    if (c == nullptr) {
      c = &cell;
    } else {
      Value& forget = build.Make("Sigmoid", {peep(gates[2], peepholes.forget)});
      c = &build.Make("Add", {&build.Make("Mul", {&forget, c}), &cell});
    }
    Value& out = build.Make("Sigmoid", {peep(gates[1], peepholes.output)});
    h = &build.Make("Mul", {&out, &build.Make("Tanh", {c})});
    result.states[t] = h;
  }
  result.finals = {h, c};
  return result;
}

Result<bool> Repair(Node& node, PassContext& context) {
  const auto layer = RecurrentOf(node, "LSTM", 4, {"Sigmoid", "Tanh", "Tanh"});
  if (!layer) return false;
  if (const Value* peepholes = node.input(7)) {
    const ir::Shape shape = {static_cast<int64_t>(layer->reverse.size()), 3 * layer->hidden};
    if (FloatConstant(peepholes) == nullptr || !IsFloat(peepholes) || peepholes->constant()->dims() != shape)
      return false;
  }
  return WriteOut(node, context, *layer,
                  [&](Builder& build, size_t direction) { return Unroll(build, node, *layer, direction); });
}

}  // namespace

Result<bool> UnrollLstm(ir::Graph& graph, PassContext& context) { return RepairEach(graph, context, Repair); }

}  // namespace shoehorn::passes
