#include "measure/statistics.h"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>

namespace shoehorn::measure {
namespace {

constexpr double kTail = 0.025;  // on each side of a 95 % interval
constexpr size_t kEnoughForP99 = 662;

Quantile OfSorted(const std::vector<double>& sorted, double q) {
  using boost::math::cdf;
  const size_t n = sorted.size();
  SHOEHORN_CHECK(n > 0, "a quantile of nothing");
  const boost::math::binomial_distribution<double> below(static_cast<double>(n),
                                                         q);  // values below the true quantile
  // Ranks count from 1: the value of rank r is below the quantile's lower bound with probability cdf(r - 1).
  size_t low = static_cast<size_t>(std::floor(static_cast<double>(n) * q)), high = low;
  while (low > 0 && cdf(below, static_cast<double>(low - 1)) > kTail) --low;
  while (high <= n && (high == 0 || cdf(below, static_cast<double>(high - 1)) < 1 - kTail)) ++high;
  const double position = q * static_cast<double>(n - 1);
  const size_t floor = static_cast<size_t>(position);
  const double between = position - static_cast<double>(floor);
  Quantile quantile;
  quantile.value = sorted[floor] + (floor + 1 < n ? between * (sorted[floor + 1] - sorted[floor]) : 0);
  quantile.low = std::min(quantile.value, sorted[low == 0 ? 0 : low - 1]);
  quantile.high = std::max(quantile.value, sorted[std::min(high, n) - 1]);
  quantile.trusted = low >= 1 && high <= n && (q < 0.99 || n >= kEnoughForP99);
  return quantile;
}

}  // namespace

Quantile QuantileOf(std::vector<double> values, double q) {
  std::ranges::sort(values);
  return OfSorted(values, q);
}

Latency LatencyOf(const std::vector<double>& run_ms) {
  std::vector<double> sorted = run_ms;
  std::ranges::sort(sorted);
  Latency latency;
  latency.p50 = OfSorted(sorted, 0.5);
  latency.p90 = OfSorted(sorted, 0.9);
  latency.p99 = OfSorted(sorted, 0.99);
  latency.runs = sorted.size();
  return latency;
}

}  // namespace shoehorn::measure
