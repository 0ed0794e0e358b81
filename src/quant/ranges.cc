// From a histogram to the range that 8 bits are spent on. A wide range clips nothing and rounds coarsely, a
// narrow one the other way round; the four methods weigh the two differently:
//   min_max [-1, 50]   percentile [-1, 9.5]   mse [-1, 14.2]   entropy [-1, 12]     for a heavy-tailed
//   activation
#include <algorithm>
#include <cmath>
#include <limits>

#include "quant/observer.h"

namespace shoehorn::quant {
namespace {

constexpr double kLevels = 255;

/// Sums over bins from the left, so that the noise of any range costs a few operations.
class Noise {
 public:
  explicit Noise(const Histogram& histogram) : histogram_(histogram), sums_(Histogram::kBins + 1) {
    for (int i = 0; i < Histogram::kBins; ++i) {
      const auto count = static_cast<double>(histogram.counts()[i]);
      const double centre = histogram.edge(i) + histogram.width() / 2;
      sums_[i + 1] = {sums_[i].count + count, sums_[i].value + count * centre,
                      sums_[i].square + count * centre * centre};
    }
  }

  double signal() const { return sums_.back().square; }

  /// Sum of squared errors over all values, for 256 levels from `low` to `high`.
  double Of(double low, double high) const {
    const Sums& below = At(low);
    const Sums& above = At(high);
    const Sums& all = sums_.back();
    const double step = (high - low) / kLevels;
    const double rounding = (above.count - below.count) * step * step / 12;
    const double left = Clipped(below, low);
    const double right =
        Clipped({all.count - above.count, all.value - above.value, all.square - above.square}, high);
    return rounding + left + right;
  }

 private:
  struct Sums {
    double count = 0, value = 0, square = 0;
  };
  static double Clipped(const Sums& sums, double limit) {
    return std::max(0.0, sums.square - 2 * limit * sums.value + limit * limit * sums.count);
  }
  const Sums& At(double value) const {
    const double bin = std::round((value - histogram_.edge(0)) / histogram_.width());
    return sums_[static_cast<size_t>(std::clamp(bin, 0.0, static_cast<double>(Histogram::kBins)))];
  }

  const Histogram& histogram_;
  std::vector<Sums> sums_;
};

Range Percentile(const Histogram& histogram) {
  const double cut = static_cast<double>(histogram.total()) * (1 - 0.9999) / 2;
  Range range{histogram.low(), histogram.high()};
  double gone = 0;
  for (int i = 0; i < Histogram::kBins && histogram.edge(i + 1) <= 0; ++i) {
    gone += static_cast<double>(histogram.counts()[i]);
    if (gone > cut) break;
    range.low = std::max(range.low, histogram.edge(i + 1));
  }
  gone = 0;
  for (int i = Histogram::kBins - 1; i >= 0 && histogram.edge(i) >= 0; --i) {
    gone += static_cast<double>(histogram.counts()[i]);
    if (gone > cut) break;
    range.high = std::min(range.high, histogram.edge(i));
  }
  return range;
}

Range LeastSquares(const Histogram& histogram, const Noise& noise) {
  constexpr int kSteps = 80;
  constexpr double kRatio = 0.95;
  Range best{histogram.low(), histogram.high()};
  double least = noise.Of(best.low, best.high);
  double low = histogram.low();
  for (int i = 0; i < (histogram.low() < 0 ? kSteps : 1); ++i, low *= kRatio) {
    double high = histogram.high();
    for (int k = 0; k < (histogram.high() > 0 ? kSteps : 1); ++k, high *= kRatio) {
      if (low == high) continue;
      const double error = noise.Of(low, high);
      if (error < least) {
        least = error;
        best = {low, high};
      }
    }
  }
  return best;
}

/// Divergence of the values as 256 levels between bins `first` and `last` from the values clipped to them.
double Divergence(const Histogram& histogram, int first, int last, double below, double above) {
  const auto counts = histogram.counts();
  const int bins = last - first;
  double total = below + above, kept = 0;
  for (int i = first; i < last; ++i) total += static_cast<double>(counts[i]);
  kept = total - below - above;
  if (kept <= 0) return std::numeric_limits<double>::infinity();
  constexpr double kSmall = 1e-9;
  double divergence = 0;
  for (int level = 0; level <= static_cast<int>(kLevels); ++level) {
    const int begin = first + static_cast<int>(static_cast<int64_t>(bins) * level / 256);
    const int end = first + static_cast<int>(static_cast<int64_t>(bins) * (level + 1) / 256);
    double sum = 0;
    int filled = 0;
    for (int i = begin; i < end; ++i) {
      sum += static_cast<double>(counts[i]);
      filled += counts[i] != 0;
    }
    for (int i = begin; i < end; ++i) {
      double p = static_cast<double>(counts[i]);
      const double q = counts[i] != 0 ? sum / filled / kept : kSmall;
      if (i == first) p += below;
      if (i == last - 1) p += above;
      if (p > 0) divergence += p / total * std::log(p / total / q);
    }
  }
  return divergence;
}

Range LeastDivergence(const Histogram& histogram) {
  constexpr int kFewestBins = 512;  // two bins a level: fewer would be represented without any loss
  const auto counts = histogram.counts();
  Range best{histogram.low(), histogram.high()};
  double least = std::numeric_limits<double>::infinity();
  for (double ratio = 1; ratio > 0.02; ratio *= 0.97) {
    const double limit = ratio * std::max(-histogram.low(), histogram.high());
    const double low = std::max(histogram.low(), -limit), high = std::min(histogram.high(), limit);
    const int first = static_cast<int>(std::floor((low - histogram.edge(0)) / histogram.width()));
    const int last = std::min(Histogram::kBins,
                              static_cast<int>(std::ceil((high - histogram.edge(0)) / histogram.width())));
    if (last - first < kFewestBins) break;
    double below = 0, above = 0;
    for (int i = 0; i < first; ++i) below += static_cast<double>(counts[i]);
    for (int i = last; i < Histogram::kBins; ++i) above += static_cast<double>(counts[i]);
    const double divergence = Divergence(histogram, first, last, below, above);
    if (divergence < least) {
      least = divergence;
      best = {low, high};
    }
  }
  return best;
}

}  // namespace

std::string_view NameOf(RangeMethod method) {
  switch (method) {
    case RangeMethod::kMinMax:
      return "min_max";
    case RangeMethod::kPercentile:
      return "percentile";
    case RangeMethod::kMse:
      return "mse";
    case RangeMethod::kEntropy:
      return "entropy";
  }
  return "?";
}

Range ChooseRange(const Histogram& histogram, RangeMethod method) {
  Range range{histogram.low(), histogram.high()};
  if (histogram.low() == histogram.high() || histogram.counts().empty()) {
    range.sqnr_db = kLosslessDb;
    return range;
  }
  const Noise noise(histogram);
  switch (method) {
    case RangeMethod::kMinMax:
      break;
    case RangeMethod::kPercentile:
      range = Percentile(histogram);
      break;
    case RangeMethod::kMse:
      range = LeastSquares(histogram, noise);
      break;
    case RangeMethod::kEntropy:
      range = LeastDivergence(histogram);
      break;
  }
  if (range.low == range.high) range = {histogram.low(), histogram.high()};
  const double error = noise.Of(range.low, range.high);
  range.sqnr_db = error > 0 ? std::min(kLosslessDb, 10 * std::log10(noise.signal() / error)) : kLosslessDb;
  return range;
}

}  // namespace shoehorn::quant
