// From ranges to scales, and from float weights to integers:
//   range [-1, 3], uint8          -> scale 4/255, zero point 64
//   weights [[1, -2], [0.5, 0.1]] -> [[64, -127], [127, 25]], scales [2/127, 0.5/127] per output channel
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "ir/tensor.h"
#include "quant/quantize.h"

namespace shoehorn::quant {

/// How one activation is held: value = (integer - zero_point) * scale.
struct ActivationScale {
  float scale = 1;
  int zero_point = 0;
  ir::DataType type = ir::DataType::kUint8;
  bool operator==(const ActivationScale&) const = default;

  int bits() const { return ir::BitsOf(type); }
  int lowest() const {
    return type == ir::DataType::kInt8 || type == ir::DataType::kInt16 ? -(1 << (bits() - 1)) : 0;
  }
  int highest() const { return lowest() + (1 << bits()) - 1; }
  /// The integer that `value` becomes, saturated.
  int Of(float value) const;
};

/// Scales, and zero points, of one tensor (a scalar) or of its channels (a vector).
ir::Tensor ScaleTensor(std::span<const ActivationScale> scales);
ir::Tensor ZeroPointTensor(std::span<const ActivationScale> scales);

/// 256 levels (65,536 with 16 bits) over `range` with zero on a level. Symmetric: zero in the middle, unless
/// the range has no negative values and the type is unsigned (then zero is the lowest level, and no level is
/// lost).
ActivationScale ScaleOf(const Range& range, bool is_signed, bool symmetric, int bits = 8);

/// `values`, of type float, as integers of `scale`, saturated.
ir::Tensor QuantizeValues(const ir::Tensor& values, const ActivationScale& scale);

/// Symmetric int8 weights: value = integer * scale of its channel.
struct IntegerWeights {
  ir::Tensor integers;        ///< the weights' shape
  std::vector<float> scales;  ///< one, or one a channel
  std::vector<float> errors;  ///< integer * scale - weight, in the weights' order
};

/// Rounds `weights` to [-127, 127] ([-63, 63] when `reduce_range`). Channels are those of `axis`, or one for
/// the whole tensor. `least_scales` (may be empty, else as many as channels) bounds scales from below.
IntegerWeights QuantizeWeights(const ir::Tensor& weights, std::optional<size_t> axis, bool reduce_range,
                               std::span<const float> least_scales);

/// 10 log10(mean square of the weights / mean square of the errors), over the whole tensor.
double WeightSqnr(const ir::Tensor& weights, const IntegerWeights& integers);

/// Calls `visit(channel, flat_index)` for each element of a tensor of shape `dims`, in order.
template <typename Visit>
void ForEachInChannel(std::span<const int64_t> dims, size_t axis, Visit visit) {
  const int64_t outer = ir::ElementCount(dims.first(axis)), channels = dims[axis],
                inner = ir::ElementCount(dims.subspan(axis + 1));
  for (int64_t o = 0, i = 0; o < outer; ++o)
    for (int64_t c = 0; c < channels; ++c)
      for (int64_t k = 0; k < inner; ++k, ++i) visit(static_cast<size_t>(c), static_cast<size_t>(i));
}

}  // namespace shoehorn::quant
