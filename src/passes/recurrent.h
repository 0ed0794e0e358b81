// What unroll_lstm, unroll_gru and unroll_rnn share. An unrolled layer computes the products of all steps
// with W at once, before the loop; a step then adds the product of the state with R. States are [1, batch,
// hidden], so that neither steps nor outputs need a change of shape before the end.
#pragma once

#include <functional>

#include "passes/builder.h"

namespace shoehorn::passes {

/// A recurrent node that can be unrolled: its weights are constant floats, its steps a known number.
struct Recurrent {
  int64_t gates;  ///< 4 for LSTM, 3 for GRU, 1 for RNN
  int64_t hidden;
  int64_t steps;
  std::vector<bool> reverse;  ///< one entry a direction
};

/// Nothing when the node is something else or is asked for what an unrolled one does not do: a clip,
/// activations other than `activations` (of one direction), sequences of several lengths, batch first, more
/// than 128 steps.
std::optional<Recurrent> RecurrentOf(const ir::Node& node, std::string_view op_type, int64_t gates,
                                     const std::vector<std::string>& activations);

/// The rows [first, last) of direction `direction` of a tensor [directions, rows, columns], transposed to
/// [columns, last - first].
ir::Tensor TransposedRows(const ir::Tensor& weights, size_t direction, int64_t first, int64_t last);
/// Element i of direction `direction` of a constant [directions, count], or zeros when `value` is absent.
std::vector<float> RowOf(const ir::Value* value, size_t direction, int64_t first, int64_t count);
/// The projections of all steps, in the order of time, plus `bias` (gates * hidden numbers).
std::vector<ir::Value*> Project(Builder& build, const ir::Node& node, const Recurrent& layer,
                                size_t direction, const std::vector<float>& bias);
/// The state that input `index` starts with, [1, batch, hidden]; nullptr when absent: zeros.
ir::Value* InitialState(Builder& build, const ir::Node& node, size_t index, size_t direction);

/// The outputs of one direction.
struct Unrolled {
  std::vector<ir::Value*> states;  ///< one a step, in the order of time
  std::vector<ir::Value*> finals;  ///< the last hidden state, and of LSTM the last cell state
};
/// Writes the layer out, direction by direction, and hands its outputs Y, Y_h and Y_c on.
Result<bool> WriteOut(ir::Node& node, PassContext& context, const Recurrent& layer,
                      const std::function<Unrolled(Builder&, size_t direction)>& unroll);

}  // namespace shoehorn::passes
