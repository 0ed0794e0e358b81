// What calibration remembers of one activation: a histogram that grows with the values it meets, exact
// extremes, and extremes and moments of every channel. Its size is fixed, however many samples stream
// through; all range methods read it.
//   Observer o; for (each sample) o.Observe(values, channels); Range r = ChooseRange(o.histogram(),
//   RangeMethod::kMse);
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "quant/quantize.h"

namespace shoehorn::quant {

/// Counts of values in bins of equal width. The width is a power of two and zero is an edge, so that doubling
/// the width merges whole bins and loses nothing but resolution. Between a half and all of the bins are in
/// use.
class Histogram {
 public:
  static constexpr int kBins = 4096;

  /// Makes room for values from `low` to `high` (finite, zero is always included).
  void Cover(double low, double high);
  /// Counts `values`, all inside what Cover() made room for.
  void Add(std::span<const float> values);

  double width() const { return width_; }
  /// Left edge of bin `i`.
  double edge(int i) const { return static_cast<double>(origin_ + i) * width_; }
  /// Values exactly zero (rectified ones, padding), which every quantization represents without error, are
  /// counted apart.
  uint64_t zeros() const { return zeros_; }
  uint64_t total() const { return total_; }
  std::span<const uint64_t> counts() const { return counts_; }
  double low() const { return low_; }    ///< smallest value covered, at most 0
  double high() const { return high_; }  ///< largest value covered, at least 0

 private:
  double width_ = 0;
  int64_t origin_ = 0;  // bin i holds [origin_ + i, origin_ + i + 1) * width_
  double low_ = 0, high_ = 0;
  uint64_t zeros_ = 0, total_ = 0;
  std::vector<uint64_t> counts_;
};

/// Extremes and sums of some values; NaN does not count as an extreme.
struct Summary {
  float low = std::numeric_limits<float>::infinity();
  float high = -std::numeric_limits<float>::infinity();
  double sum = 0, squares = 0;

  void Include(float value);
  void Include(const Summary& other);
};

class Observer {
 public:
  /// Values of one sample of an activation, read as [outer, channels, inner] with inner = the rest. Extremes
  /// and means see all of them; the histogram sees at most kSampled, in runs of 16 evenly spread (a run
  /// starts elsewhere each time). NaN and infinities (attention masks) are passed over.
  void Observe(std::span<const float> values, int64_t outer, int64_t channels);

  const Histogram& histogram() const { return histogram_; }
  /// Empty when the number of channels differed between samples or values were not finite.
  std::vector<ActivationRanges::Channel> channels() const;

  static constexpr size_t kSampled = 16384;

 private:
  Histogram histogram_;
  std::vector<Summary> channels_;
  int64_t per_channel_ = 0;
  bool same_channels_ = true;
  size_t seen_ = 0;
};

/// The range of 8-bit values that serves the histogram best by `method`, with the
/// signal-to-quantization-noise ratio that it leaves. Percentile keeps 99.99 % of the values, half of the
/// rest cut on either side. Mean squared error is the least over a grid of both ends (rounding noise
/// scale^2/12, clipping noise exact to a bin). Entropy is the clipping with the least Kullback-Leibler
/// divergence (S. Migacz, "8-bit Inference with TensorRT", GTC 2017).
Range ChooseRange(const Histogram& histogram, RangeMethod method);

}  // namespace shoehorn::quant
