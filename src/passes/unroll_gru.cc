// A GRU over a known number of steps becomes the operators of its steps, which accelerators without loops
// take:
//   z, r = Sigmoid(x_t W' + h R' + b), both gates
//   n = Tanh(x_t Wn' + (r * h) Rn' + bn)     or, with linear_before_reset,   Tanh(x_t Wn' + r * (h Rn' + rbn)
//   + wbn) h = n + z * (h - n)
#include "passes/recurrent.h"
#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Tensor;
using ir::Value;

Unrolled Unroll(Builder& build, const Node& node, const Recurrent& layer, size_t direction) {
  const int64_t hidden = layer.hidden, rows = 3 * hidden;
  const bool reset_last = node.Int("linear_before_reset") != 0;
  const Value* biases = node.input(3);
  std::vector<float> bias = RowOf(biases, direction, 0, rows);
  const std::vector<float> state_bias = RowOf(biases, direction, biases != nullptr ? rows : 0, rows);
  // Where the reset gate scales the state's term with its bias, that bias stays apart.
  const int64_t joined = reset_last ? 2 * hidden : rows;
  for (size_t i = 0; i < static_cast<size_t>(joined); ++i) bias[i] += state_bias[i];
  const std::vector<Value*> projected = Project(build, node, layer, direction, bias);
  const Tensor& weights = *node.input(2)->constant();
  Value& gate_weights = build.Constant("_r", TransposedRows(weights, direction, 0, 2 * hidden));
  Value& new_weights = build.Constant("_rn", TransposedRows(weights, direction, 2 * hidden, rows));
  Value* new_bias = nullptr;
  if (reset_last && biases != nullptr)
    new_bias = &build.Constant(
        "_rbn", Tensor::Of<float>({hidden}, RowOf(biases, direction, rows + 2 * hidden, hidden)));
  Value* h = InitialState(build, node, 5, direction);

  Unrolled result;
  result.states.resize(projected.size());
  for (size_t i = 0; i < projected.size(); ++i) {
    const size_t t = layer.reverse[direction] ? projected.size() - 1 - i : i;
    const std::vector<Value*> parts = build.Split(*projected[t], 2, {2 * hidden, hidden});
    Value* sum = parts[0];
    if (h != nullptr) sum = &build.Make("Add", {sum, &build.Make("MatMul", {h, &gate_weights})});
    const std::vector<Value*> gates = build.Split(build.Make("Sigmoid", {sum}), 2, {hidden, hidden});
    Value *z = gates[0], *r = gates[1], *term = nullptr;
    if (reset_last) {
      if (h != nullptr) term = &build.Make("MatMul", {h, &new_weights});
      if (new_bias != nullptr) term = term != nullptr ? &build.Make("Add", {term, new_bias}) : new_bias;
      if (term != nullptr) term = &build.Make("Mul", {r, term});
    } else if (h != nullptr) {
      term = &build.Make("MatMul", {&build.Make("Mul", {r, h}), &new_weights});
    }
    Value& n = build.Make("Tanh", {term != nullptr ? &build.Make("Add", {parts[1], term}) : parts[1]});
    h = h == nullptr ? &build.Make("Sub", {&n, &build.Make("Mul", {z, &n})})
                     : &build.Make("Add", {&n, &build.Make("Mul", {z, &build.Make("Sub", {h, &n})})});
    result.states[t] = h;
  }
  RemoveIfUnused({&gate_weights, &new_weights});  // one step from a state of zeros multiplies nothing
  result.finals = {h};
  return result;
}

Result<bool> Repair(Node& node, PassContext& context) {
  const auto layer = RecurrentOf(node, "GRU", 3, {"Sigmoid", "Tanh"});
  if (!layer) return false;
  return WriteOut(node, context, *layer,
                  [&](Builder& build, size_t direction) { return Unroll(build, node, *layer, direction); });
}

}  // namespace

Result<bool> UnrollGru(ir::Graph& graph, PassContext& context) { return RepairEach(graph, context, Repair); }

}  // namespace shoehorn::passes
