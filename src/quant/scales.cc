// See scales.h. Rounding is half to even, as QuantizeLinear's.
#include "quant/scales.h"

#include <algorithm>
#include <cmath>

namespace shoehorn::quant {

int ActivationScale::Of(float value) const {
  const double level = std::nearbyint(static_cast<double>(value) / scale) + zero_point;
  return static_cast<int>(std::clamp(level, static_cast<double>(lowest()), static_cast<double>(highest())));
}

namespace {

ir::Shape VectorOrScalar(size_t count) {
  return count == 1 ? ir::Shape{} : ir::Shape{static_cast<int64_t>(count)};
}

}  // namespace

ir::Tensor ScaleTensor(std::span<const ActivationScale> scales) {
  std::vector<float> values;
  for (const ActivationScale& scale : scales) values.push_back(scale.scale);
  return ir::Tensor::Of<float>(VectorOrScalar(scales.size()), values);
}

ir::Tensor ZeroPointTensor(std::span<const ActivationScale> scales) {
  std::vector<double> values;
  for (const ActivationScale& scale : scales) values.push_back(scale.zero_point);
  return ir::Tensor::FromDoubles(scales[0].type, VectorOrScalar(scales.size()), values);
}

ActivationScale ScaleOf(const Range& range, bool is_signed, bool symmetric, int bits) {
  ActivationScale scale;
  if (bits == 16)
    scale.type = is_signed ? ir::DataType::kInt16 : ir::DataType::kUint16;
  else
    scale.type = is_signed ? ir::DataType::kInt8 : ir::DataType::kUint8;
  const int half = 1 << (bits - 1);
  const double low = std::min(range.low, 0.0), high = std::max(range.high, 0.0);
  const double levels = 2.0 * half - 1;
  constexpr double kSmallest = 1e-30;
  if (symmetric && (is_signed || low < 0)) {
    scale.scale = static_cast<float>(std::max(std::max(-low, high) / (half - 1), kSmallest));
    scale.zero_point = scale.lowest() + half;
  } else {
    scale.scale = static_cast<float>(std::max((high - low) / levels, kSmallest));
    scale.zero_point =
        scale.lowest() + static_cast<int>(std::clamp(std::nearbyint(-low / scale.scale), 0.0, levels));
  }
  return scale;
}

ir::Tensor QuantizeValues(const ir::Tensor& values, const ActivationScale& scale) {
  std::vector<double> integers;
  for (const float value : values.As<float>()) integers.push_back(scale.Of(value));
  return ir::Tensor::FromDoubles(scale.type, values.dims(), integers);
}

IntegerWeights QuantizeWeights(const ir::Tensor& weights, std::optional<size_t> axis, bool reduce_range,
                               std::span<const float> least_scales) {
  const std::span<const float> values = weights.As<float>();
  const ir::Shape flat = {1, weights.count()};
  const std::span<const int64_t> dims = axis ? std::span<const int64_t>(weights.dims()) : std::span(flat);
  const size_t along = axis.value_or(0);
  const float top = reduce_range ? 63.0F : 127.0F;

  IntegerWeights result;
  result.scales.assign(static_cast<size_t>(dims[along]), 0.0F);
  ForEachInChannel(dims, along, [&](size_t channel, size_t i) {
    result.scales[channel] = std::max(result.scales[channel], std::abs(values[i]));
  });
  const float largest = *std::ranges::max_element(result.scales);
  for (size_t channel = 0; channel < result.scales.size(); ++channel) {
    float& scale = result.scales[channel];
    // A channel of zeros may have any scale: the tensor's own keeps it out of the denormals.
    if (scale < largest * 1e-12F || scale == 0) scale = largest > 0 ? largest : 1;
    scale /= top;
    if (!least_scales.empty()) scale = std::max(scale, least_scales[channel]);
  }
  std::vector<int8_t> integers(values.size());
  result.errors.resize(values.size());
  ForEachInChannel(dims, along, [&](size_t channel, size_t i) {
    const float scale = result.scales[channel];
    const float level = std::clamp(std::nearbyint(values[i] / scale), -top, top);
    integers[i] = static_cast<int8_t>(level);
    result.errors[i] = level * scale - values[i];
  });
  result.integers = ir::Tensor::Of<int8_t>(weights.dims(), integers);
  return result;
}

double WeightSqnr(const ir::Tensor& weights, const IntegerWeights& integers) {
  double signal = 0, noise = 0;
  for (const float value : weights.As<float>()) signal += static_cast<double>(value) * value;
  for (const float error : integers.errors) noise += static_cast<double>(error) * error;
  return noise > 0 && signal > 0 ? std::min(kLosslessDb, 10 * std::log10(signal / noise)) : kLosslessDb;
}

}  // namespace shoehorn::quant
