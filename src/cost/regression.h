// The time of one kind of kernel as a function of its shape, learned from measured ones. A plain cost (start
// + operations / rate + bytes / rate, all fitted) carries the orders of magnitude; what a kernel of this
// shape takes beside it, as a ratio near 1, is interpolated between measured neighbours in the logarithm of
// everything. Far from all of them the plain cost remains, and Coverage() says so.
#pragma once

#include <vector>

namespace shoehorn::cost {

/// What a kernel's time depends on.
struct KernelShape {
  std::vector<double> features;  ///< lengths as log2; the same meaning for all kernels of a kind
  double operations = 0;         ///< two for a multiply-accumulate
  double bytes = 0;              ///< read and written
};

struct KernelSample {
  KernelShape shape;
  double seconds = 0;
};

/// How far a feature reaches, in its own unit: neighbours at that distance still say something.
using Reaches = std::vector<double>;

/// Gaussian process regression (Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006,
/// algorithm 2.1) of log(seconds / plain cost), with a linear trend.
class KernelRegression {
 public:
  /// Chooses the reaches that predict each sample best from all others (same book, equations 5.12).
  static Reaches ChooseReaches(const std::vector<KernelSample>& samples);

  /// At least one sample; all have as many features as there are reaches.
  KernelRegression(std::vector<KernelSample> samples, Reaches reaches);

  double Seconds(const KernelShape& shape) const;
  /// 1: amid measured kernels; 0: so far from all of them that only the plain cost holds.
  double Coverage(const KernelShape& shape) const;
  /// Root mean square of log(predicted / measured) where each sample is predicted from all others.
  double LeaveOneOutError() const;

 private:
  struct PlainCost {
    double start = 0, per_operation = 0, per_byte = 0;
    double Of(const KernelShape& shape) const;
  };
  static PlainCost FitPlainCost(const std::vector<KernelSample>& samples);
  std::vector<double> FactoredCovariance() const;
  double Covariance(const std::vector<double>& a, const std::vector<double>& b) const;
  double Nearness(const std::vector<double>& a, const std::vector<double>& b) const;

  std::vector<KernelSample> samples_;
  Reaches reaches_;
  PlainCost plain_;
  std::vector<double> centre_;   // mean of each feature
  std::vector<double> noise_;    // variance of each measurement
  std::vector<double> weights_;  // of the covariance with each sample
};

}  // namespace shoehorn::cost
