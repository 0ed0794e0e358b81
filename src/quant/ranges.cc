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

/// Divergence of the values as 256 levels over some bins from the values clipped to them. Sums from the left
/// over counts, filled bins and count * log(count) make a level cost a few operations.
class Divergence {
 public:
  explicit Divergence(const Histogram& histogram) : counts_(histogram.counts()), sums_(Histogram::kBins + 1) {
    for (int i = 0; i < Histogram::kBins; ++i) {
      const auto count = static_cast<double>(counts_[i]);
      sums_[i + 1] = {sums_[i].count + count, sums_[i].filled + (count > 0 ? 1 : 0),
                      sums_[i].count_log + TimesLog(count)};
    }
  }

  /// Of bins `first` to `last` - 1; counts outside are added to the outermost bins of the clipped values
  /// only.
  double Of(int first, int last) const {
    const double total = sums_.back().count, kept = sums_[last].count - sums_[first].count;
    if (kept <= 0) return std::numeric_limits<double>::infinity();
    double divergence = sums_[last].count_log - sums_[first].count_log - kept * std::log(total);
    for (int level = 0; level <= static_cast<int>(kLevels); ++level) {
      const Sums& begin = sums_[Edge(first, last, level)];
      const Sums& end = sums_[Edge(first, last, level + 1)];
      const double sum = end.count - begin.count;
      if (sum > 0) divergence -= sum * std::log(sum / (end.filled - begin.filled) / kept);
    }
    divergence += Outside(first, last, 0, first, sums_[first].count);
    divergence += Outside(first, last, 255, last - 1, total - sums_[last].count);
    return divergence / total;
  }

 private:
  struct Sums {
    double count = 0, filled = 0, count_log = 0;
  };
  static double TimesLog(double value) { return value > 0 ? value * std::log(value) : 0; }
  static int Edge(int first, int last, int level) {
    return first + static_cast<int>(static_cast<int64_t>(last - first) * level / 256);
  }

  /// What `more` counts in `bin` of `level` add.
  double Outside(int first, int last, int level, int bin, double more) const {
    if (more <= 0) return 0;
    constexpr double kSmall = 1e-9;
    const double total = sums_.back().count, kept = sums_[last].count - sums_[first].count;
    const Sums& begin = sums_[Edge(first, last, level)];
    const Sums& end = sums_[Edge(first, last, level + 1)];
    const auto count = static_cast<double>(counts_[bin]);
    const double level_share =
        count > 0 ? (end.count - begin.count) / (end.filled - begin.filled) / kept : kSmall;
    return TimesLog(count + more) - TimesLog(count) - more * std::log(total) - more * std::log(level_share);
  }

  std::span<const uint64_t> counts_;
  std::vector<Sums> sums_;
};

Range LeastDivergence(const Histogram& histogram) {
  constexpr int kFewestBins = 512;  // two bins a level: fewer would be represented without any loss
  const Divergence divergence(histogram);
  Range best{histogram.low(), histogram.high()};
  double least = std::numeric_limits<double>::infinity();
  for (double ratio = 1; ratio > 0.02; ratio *= 0.97) {
    const double limit = ratio * std::max(-histogram.low(), histogram.high());
    const double low = std::max(histogram.low(), -limit), high = std::min(histogram.high(), limit);
    const int first = static_cast<int>(std::floor((low - histogram.edge(0)) / histogram.width()));
    const int last = std::min(Histogram::kBins,
                              static_cast<int>(std::ceil((high - histogram.edge(0)) / histogram.width())));
    if (last - first < kFewestBins) break;
    const double found = divergence.Of(first, last);
    if (found < least) {
      least = found;
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
