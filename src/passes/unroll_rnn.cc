// An RNN over a known number of steps becomes the operators of its steps, which accelerators without loops
// take:
//   h = Tanh(x_t W' + h R' + b)      or Relu, when the node says so
#include "passes/recurrent.h"
#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Value;

Unrolled Unroll(Builder& build, const Node& node, const Recurrent& layer, size_t direction,
                std::string_view activation) {
  const int64_t hidden = layer.hidden;
  std::vector<float> bias = RowOf(node.input(3), direction, 0, hidden);
  const std::vector<float> state_bias =
      RowOf(node.input(3), direction, node.input(3) != nullptr ? hidden : 0, hidden);
  for (size_t i = 0; i < bias.size(); ++i) bias[i] += state_bias[i];
  const std::vector<Value*> projected = Project(build, node, layer, direction, bias);
  Value& weights = build.Constant("_r", TransposedRows(*node.input(2)->constant(), direction, 0, hidden));
  Value* h = InitialState(build, node, 5, direction);

  Unrolled result;
  result.states.resize(projected.size());
  for (size_t i = 0; i < projected.size(); ++i) {
    const size_t t = layer.reverse[direction] ? projected.size() - 1 - i : i;
    Value* sum = projected[t];
    if (h != nullptr) sum = &build.Make("Add", {sum, &build.Make("MatMul", {h, &weights})});
    h = &build.Make(activation, {sum});
    result.states[t] = h;
  }
  RemoveIfUnused({&weights});  // one step from a state of zeros multiplies nothing
  result.finals = {h};
  return result;
}

Result<bool> Repair(Node& node, PassContext& context) {
  std::string activation = "Tanh";
  auto layer = RecurrentOf(node, "RNN", 1, {activation});
  if (!layer) {
    activation = "Relu";
    if (node.Has("activations")) layer = RecurrentOf(node, "RNN", 1, {activation});
  }
  if (!layer) return false;
  return WriteOut(node, context, *layer, [&](Builder& build, size_t direction) {
    return Unroll(build, node, *layer, direction, activation);
  });
}

}  // namespace

Result<bool> UnrollRnn(ir::Graph& graph, PassContext& context) { return RepairEach(graph, context, Repair); }

}  // namespace shoehorn::passes
