// See sensitivity.h. Rounding to a step s makes an error of variance s^2 / 12, independent of the value (B.
// Widrow, "Statistical analysis of amplitude-quantized sampled-data systems", 1961).
#include "quant/sensitivity.h"

#include <cmath>

namespace shoehorn::quant {

WeightLayout WeightLayout::Of(const ir::Node& node) {
  const ir::Shape& dims = node.input(1)->constant()->dims();
  WeightLayout layout;
  if (node.Is("Conv")) {
    layout.groups = node.Int("group", 1);
    layout.outputs = dims[0];
    layout.inputs = dims[1] * layout.groups;
    layout.kernel = ir::ElementCount(std::span(dims).subspan(2));
  } else if (node.Is("ConvTranspose")) {
    layout.output_axis = 1;
    layout.groups = node.Int("group", 1);
    layout.inputs = dims[0];
    layout.outputs = dims[1] * layout.groups;
    layout.kernel = ir::ElementCount(std::span(dims).subspan(2));
  } else {
    layout.output_axis = node.Is("Gemm") && node.Int("transB") != 0 ? 0 : 1;
    layout.outputs = dims[layout.output_axis];
    layout.inputs = dims[1 - layout.output_axis];
  }
  return layout;
}

Channels ChannelsOf(const CalibrationTable& table, const ir::Value& value, const ir::Node& node,
                    int64_t count) {
  const auto found = table.find(value.name());
  // Calibration takes the last axis of three for the channels; a one-dimensional convolution has them in the
  // middle.
  const bool convolves = node.op_type.starts_with("Conv");
  if (found == table.end() || (convolves && node.input(1)->constant()->rank() == 3)) return {};
  if (static_cast<int64_t>(found->second.channels.size()) != count) return {};
  return found->second.channels;
}

double LayerSqnr(const ir::Node& node, const Channels& input, const Channels& output,
                 std::span<const float> input_scales, const IntegerWeights& weights) {
  if (input.empty() || output.empty()) return kLosslessDb;
  const std::span<const float> floats = node.input(1)->constant()->As<float>();
  double noise = 0, signal = 0;
  WeightLayout::Of(node).ForEach([&](size_t, size_t channel, size_t i) {
    const double step = input_scales[input_scales.size() == 1 ? 0 : channel];
    const double weight = floats[i], error = weights.errors[i];
    noise += weight * weight * step * step / 12 + error * error * input[channel].power;
  });
  for (const auto& channel : output) signal += std::max(0.0F, channel.power - channel.mean * channel.mean);
  if (noise <= 0 || signal <= 0) return kLosslessDb;
  return std::min(kLosslessDb, 10 * std::log10(signal / noise));
}

}  // namespace shoehorn::quant
