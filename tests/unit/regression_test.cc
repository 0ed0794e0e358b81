#include "cost/regression.h"

#include <gtest/gtest.h>

#include <cmath>

namespace shoehorn::cost {
namespace {

/// Kernels whose truth is known: 2 us, 20 operations a nanosecond, 5 bytes a nanosecond, and an efficiency
/// that halves towards short rows (the second feature).
KernelSample Truth(double log_work, double log_row) {
  KernelSample sample;
  sample.shape.features = {log_work, log_row};
  sample.shape.operations = std::exp2(log_work);
  sample.shape.bytes = std::exp2(log_work - 3);
  const double efficiency = 0.5 + 0.5 / (1 + std::exp(4 - log_row));
  sample.seconds = 2e-6 + sample.shape.operations / (20e9 * efficiency) + sample.shape.bytes / 5e9;
  return sample;
}

std::vector<KernelSample> Grid() {
  std::vector<KernelSample> samples;
  for (int work = 10; work <= 28; work += 2)
    for (int row = 1; row <= 9; row += 2) samples.push_back(Truth(work, row + (work % 4 == 0 ? 0.5 : 0)));
  return samples;
}

TEST(KernelRegression, InterpolatesBetweenKernelsThatItNeverSaw) {
  const std::vector<KernelSample> samples = Grid();
  const KernelRegression regression(samples, KernelRegression::ChooseReaches(samples));
  for (const double work : {13.3, 19.7, 24.1})
    for (const double row : {2.2, 4.6, 7.9}) {
      const KernelSample truth = Truth(work, row);
      EXPECT_NEAR(regression.Seconds(truth.shape) / truth.seconds, 1, 0.08) << work << " " << row;
      EXPECT_GT(regression.Coverage(truth.shape), 0.3);
    }
  EXPECT_LT(regression.LeaveOneOutError(), 0.08);
}

TEST(KernelRegression, FarFromAllThePlainCostRemains) {
  const KernelRegression regression(Grid(), {2, 2});
  KernelSample far = Truth(34, 9);
  EXPECT_LT(regression.Coverage(far.shape), 0.05);
  EXPECT_NEAR(std::log(regression.Seconds(far.shape) / far.seconds), 0, 0.4);
}

TEST(KernelRegression, OneSampleIsAnAnswer) {
  const KernelRegression regression({Truth(20, 5)}, {2, 2});
  EXPECT_NEAR(regression.Seconds(Truth(20, 5).shape) / Truth(20, 5).seconds, 1, 0.01);
}

TEST(KernelRegression, OneWrongMeasurementMovesItsNeighboursLittle) {
  std::vector<KernelSample> samples = Grid();
  const KernelSample truth = Truth(19, 5);
  const double before = KernelRegression(samples, {2, 2}).Seconds(truth.shape);
  samples.push_back(Truth(19.2, 5));
  samples.back().seconds *= 2;
  const double after = KernelRegression(samples, {2, 2}).Seconds(truth.shape);
  EXPECT_LT(after / before, 1.7);
  EXPECT_GE(after, before * 0.99);
}

}  // namespace
}  // namespace shoehorn::cost
