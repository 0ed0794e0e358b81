// How much of a layer's output would be noise if the layer ran in integers, from statistics alone:
//   conv7: input noise 31 dB below the signal, weights 43 dB, output 38 dB -> 30 dB. Layers of low ratio
//   should stay in float.
#pragma once

#include <span>
#include <vector>

#include "ir/graph.h"
#include "quant/scales.h"

namespace shoehorn::quant {

using Channels = std::vector<ActivationRanges::Channel>;

/// How the constant weights of a Conv, ConvTranspose, Gemm or MatMul connect channels.
struct WeightLayout {
  size_t output_axis = 0;  ///< 0: [outputs, inputs, kernel...]; 1: [inputs, outputs, kernel...]
  int64_t groups = 1;
  int64_t outputs = 0, inputs = 0;  ///< of the whole layer
  int64_t kernel = 1;               ///< product of the kernel's dimensions

  static WeightLayout Of(const ir::Node& node);
  /// Calls `visit(output, input, flat_index)` for each weight, in order.
  template <typename Visit>
  void ForEach(Visit visit) const {
    const int64_t rows = output_axis == 0 ? outputs : inputs;
    const int64_t columns = (output_axis == 0 ? inputs : outputs) / groups;
    for (int64_t row = 0, at = 0; row < rows; ++row)
      for (int64_t column = 0; column < columns; ++column)
        for (int64_t k = 0; k < kernel; ++k, ++at) {
          const int64_t across = row / (rows / groups) * columns + column;
          const int64_t output = output_axis == 0 ? row : across;
          const int64_t input = output_axis == 0 ? across : row;
          visit(static_cast<size_t>(output), static_cast<size_t>(input), static_cast<size_t>(at));
        }
  }
};

/// Statistics of the channels that `node` reads from `value` (its input 0) or writes to it, in the order that
/// its weights count them; empty when calibration did not see such channels.
Channels ChannelsOf(const CalibrationTable& table, const ir::Value& value, const ir::Node& node,
                    int64_t count);

/// Signal-to-quantization-noise ratio of the layer's output in dB: noise of the rounded input
/// (`input_scales`: one, or one a channel) and of the rounded weights, each taken as independent, summed over
/// all outputs. kLosslessDb when the statistics are missing.
double LayerSqnr(const ir::Node& node, const Channels& input, const Channels& output,
                 std::span<const float> input_scales, const IntegerWeights& weights);

}  // namespace shoehorn::quant
