#include "cost/regression.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "support/check.h"

namespace shoehorn::cost {
namespace {

// Variances of log(seconds / plain cost), as they predict networks best that had no part in the fit. A
// kernel's share of its network is known to about a tenth; shapes that are alike share most of their
// deviation from the plain cost, also where only one length is alike; the trend over a feature is gentle.
constexpr double kNoise = 0.1 * 0.1, kNear = 0.4 * 0.4, kAlone = 0.3 * 0.3, kLevel = 0.5 * 0.5,
                 kTrend = 0.05 * 0.05;
// Engines tell times in whole microseconds: those of short kernels are known less well.
constexpr double kResolution = 0.2e-6;
constexpr double kOdd = 2;  // a sample that many standard deviations from what all others say was disturbed
constexpr double kFirstReach = 2;  // two doublings of a length
constexpr double kLeastReach = 0.5, kMostReach = 16;
constexpr double kLeastSeconds = 1e-7;  // no kernel is faster: keeps the logarithm finite
constexpr size_t kTuned = 220;  // samples that choosing reaches looks at: its time grows with the cube

/// Variance of the logarithm of a measured time.
double NoiseOf(double seconds) {
  const double share = kResolution / std::max(seconds, kLeastSeconds);
  return kNoise + share * share;
}

// Lower Cholesky factor of the symmetric positive matrix `a` (n x n, row-major), in place.
void Factor(std::vector<double>& a, size_t n) {
  for (size_t j = 0; j < n; ++j) {
    double* const row_j = &a[j * n];
    for (size_t k = 0; k < j; ++k) row_j[j] -= row_j[k] * row_j[k];
    SHOEHORN_CHECK(row_j[j] > 0, "the covariance is not positive");
    row_j[j] = std::sqrt(row_j[j]);
    for (size_t i = j + 1; i < n; ++i) {
      double* const row_i = &a[i * n];
      double sum = row_i[j];
      for (size_t k = 0; k < j; ++k) sum -= row_i[k] * row_j[k];
      row_i[j] = sum / row_j[j];
    }
  }
}

std::vector<double> Solve(const std::vector<double>& factor, std::vector<double> x) {
  const size_t n = x.size();
  for (size_t i = 0; i < n; ++i) {
    for (size_t k = 0; k < i; ++k) x[i] -= factor[i * n + k] * x[k];
    x[i] /= factor[i * n + i];
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t k = i + 1; k < n; ++k) x[i] -= factor[k * n + i] * x[k];
    x[i] /= factor[i * n + i];
  }
  return x;
}

// Diagonal of the inverse, from the inverse of the factor.
std::vector<double> InverseDiagonal(const std::vector<double>& factor, size_t n) {
  std::vector<double> diagonal(n, 0), column(n);
  for (size_t j = 0; j < n; ++j) {
    for (size_t i = j; i < n; ++i) {
      double sum = i == j ? 1 : 0;
      for (size_t k = j; k < i; ++k) sum -= factor[i * n + k] * column[k];
      column[i] = sum / factor[i * n + i];
      diagonal[j] += column[i] * column[i];
    }
  }
  return diagonal;
}

// Least squares of sum(weight * (row . x - 1)^2) over the columns in `use`; others are 0. Negative when
// singular.
std::array<double, 3> LeastSquares(const std::vector<std::array<double, 3>>& rows,
                                   const std::vector<double>& weights, unsigned use) {
  std::array<std::array<double, 4>, 3> m{};
  for (size_t k = 0; k < rows.size(); ++k)
    for (size_t i = 0; i < 3; ++i) {
      for (size_t j = 0; j < 3; ++j) m[i][j] += weights[k] * rows[k][i] * rows[k][j];
      m[i][3] += weights[k] * rows[k][i];
    }
  for (size_t i = 0; i < 3; ++i) {
    if ((use >> i & 1) != 0) continue;
    for (size_t j = 0; j < 3; ++j) m[i][j] = m[j][i] = 0;
    m[i][i] = 1;
    m[i][3] = 0;
  }
  for (size_t i = 0; i < 3; ++i) {  // elimination; the matrix is symmetric and positive
    if (m[i][i] <= 1e-12) return {-1, -1, -1};
    for (size_t r = 0; r < 3; ++r) {
      if (r == i) continue;
      const double by = m[r][i] / m[i][i];
      for (size_t c = i; c < 4; ++c) m[r][c] -= by * m[i][c];
    }
  }
  return {m[0][3] / m[0][0], m[1][3] / m[1][1], m[2][3] / m[2][2]};
}

}  // namespace

double KernelRegression::PlainCost::Of(const KernelShape& shape) const {
  return std::max(kLeastSeconds, start + per_operation * shape.operations + per_byte * shape.bytes);
}

// The coefficients, none negative, that make predicted / measured nearest to 1: the best of all choices of
// which are 0.
KernelRegression::PlainCost KernelRegression::FitPlainCost(const std::vector<KernelSample>& samples) {
  // Scaled to the largest operations and bytes, so that the system is well conditioned.
  double operations = 1, bytes = 1, seconds = 0;
  for (const KernelSample& sample : samples) {
    operations = std::max(operations, sample.shape.operations);
    bytes = std::max(bytes, sample.shape.bytes);
    seconds = std::max(seconds, sample.seconds);
  }
  std::vector<std::array<double, 3>> rows;
  std::vector<double> weights;
  for (const KernelSample& sample : samples) {
    weights.push_back(kNoise / NoiseOf(sample.seconds));
    const double scale = seconds / std::max(sample.seconds, kLeastSeconds);
    rows.push_back({scale, scale * sample.shape.operations / operations, scale * sample.shape.bytes / bytes});
  }
  PlainCost best;
  double least = INFINITY;
  for (unsigned use = 1; use < 8; ++use) {
    const std::array<double, 3> x = LeastSquares(rows, weights, use);
    if (std::ranges::any_of(x, [](double each) { return each < 0 || !std::isfinite(each); })) continue;
    double error = 0;
    for (size_t k = 0; k < rows.size(); ++k) {
      const double off = rows[k][0] * x[0] + rows[k][1] * x[1] + rows[k][2] * x[2] - 1;
      error += weights[k] * off * off;
    }
    if (error >= least) continue;
    least = error;
    best = {x[0] * seconds, x[1] * seconds / operations, x[2] * seconds / bytes};
  }
  return best;
}

double KernelRegression::Nearness(const std::vector<double>& a, const std::vector<double>& b) const {
  double square = 0;
  for (size_t i = 0; i < reaches_.size(); ++i) {
    const double steps = (a[i] - b[i]) / reaches_[i];
    square += steps * steps;
  }
  return std::exp(-square / 2);
}

// A level, a trend over each feature, what each feature does by itself, and what only all of them together
// tell.
double KernelRegression::Covariance(const std::vector<double>& a, const std::vector<double>& b) const {
  double trend = 0, alone = 0, square = 0;
  for (size_t i = 0; i < reaches_.size(); ++i) {
    trend += (a[i] - centre_[i]) * (b[i] - centre_[i]);
    const double steps = (a[i] - b[i]) / reaches_[i];
    alone += std::exp(-steps * steps / 2);
    square += steps * steps;
  }
  return kLevel + kTrend * trend + kAlone * alone + kNear * std::exp(-square / 2);
}

KernelRegression::KernelRegression(std::vector<KernelSample> samples, Reaches reaches)
    : samples_(std::move(samples)), reaches_(std::move(reaches)), plain_(FitPlainCost(samples_)) {
  SHOEHORN_CHECK(!samples_.empty(), "a regression without samples");
  const size_t n = samples_.size();
  centre_.assign(reaches_.size(), 0);
  for (const KernelSample& sample : samples_) {
    SHOEHORN_CHECK(sample.shape.features.size() == reaches_.size(), "a sample with other features");
    for (size_t i = 0; i < reaches_.size(); ++i)
      centre_[i] += sample.shape.features[i] / static_cast<double>(n);
  }
  std::vector<double> deviation(n);
  for (size_t i = 0; i < n; ++i)
    deviation[i] = std::log(std::max(samples_[i].seconds, kLeastSeconds) / plain_.Of(samples_[i].shape));
  noise_.resize(n);
  for (size_t i = 0; i < n; ++i) noise_[i] = NoiseOf(samples_[i].seconds);
  std::vector<double> factor = FactoredCovariance();
  weights_ = Solve(factor, deviation);
  // What all others contradict was disturbed while it was measured: it counts less.
  const std::vector<double> diagonal = InverseDiagonal(factor, n);
  bool odd = false;
  for (size_t i = 0; i < n; ++i) {
    const double off = weights_[i] / diagonal[i], expected = 1 / std::sqrt(diagonal[i]);
    if (std::fabs(off) < kOdd * expected) continue;
    noise_[i] += off * off;
    odd = true;
  }
  if (odd) weights_ = Solve(FactoredCovariance(), std::move(deviation));
}

std::vector<double> KernelRegression::FactoredCovariance() const {
  const size_t n = samples_.size();
  std::vector<double> covariance(n * n);
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j <= i; ++j)
      covariance[i * n + j] = Covariance(samples_[i].shape.features, samples_[j].shape.features);
    covariance[i * n + i] += noise_[i];
  }
  Factor(covariance, n);
  return covariance;
}

double KernelRegression::LeaveOneOutError() const {
  const std::vector<double> diagonal = InverseDiagonal(FactoredCovariance(), samples_.size());
  double sum = 0, certainty = 0;
  for (size_t i = 0; i < samples_.size(); ++i) {
    const double off = weights_[i] / diagonal[i], weight = kNoise / NoiseOf(samples_[i].seconds);
    sum += weight * std::min(off * off, 1.0);  // one odd measurement does not decide
    certainty += weight;
  }
  return std::sqrt(sum / certainty);
}

double KernelRegression::Seconds(const KernelShape& shape) const {
  double deviation = 0;
  for (size_t i = 0; i < samples_.size(); ++i)
    deviation += weights_[i] * Covariance(shape.features, samples_[i].shape.features);
  return plain_.Of(shape) * std::exp(std::clamp(deviation, -3.0, 3.0));
}

double KernelRegression::Coverage(const KernelShape& shape) const {
  double nearest = 0;
  for (const KernelSample& sample : samples_)
    nearest = std::max(nearest, Nearness(shape.features, sample.shape.features));
  return nearest;
}

Reaches KernelRegression::ChooseReaches(const std::vector<KernelSample>& samples) {
  std::vector<KernelSample> some;
  const size_t step = std::max<size_t>(1, (samples.size() + kTuned - 1) / kTuned);
  for (size_t i = 0; i < samples.size(); i += step) some.push_back(samples[i]);
  Reaches reaches(samples.front().shape.features.size(), kFirstReach);
  double least = KernelRegression(some, reaches).LeaveOneOutError();
  for (int round = 0; round < 3; ++round) {
    bool better = false;
    for (double& reach : reaches) {
      const double before = reach;
      for (const double factor : {0.5, 2.0}) {
        const double tried = std::clamp(before * factor, kLeastReach, kMostReach);
        const double kept = reach;
        reach = tried;
        const double error = KernelRegression(some, reaches).LeaveOneOutError();
        if (error < least * 0.995) {
          least = error;
          better = true;
        } else {
          reach = kept;
        }
      }
    }
    if (!better) break;
  }
  return reaches;
}

}  // namespace shoehorn::cost
