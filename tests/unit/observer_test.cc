// What calibration remembers, and the ranges it reads from that.
#include "quant/observer.h"

#include <cmath>
#include <numeric>
#include <random>

namespace shoehorn::quant {
namespace {

std::vector<float> Normal(size_t count, float deviation, uint32_t seed = 1) {
  std::mt19937 random(seed);
  std::normal_distribution<float> distribution(0, deviation);
  std::vector<float> values(count);
  for (float& value : values) value = distribution(random);
  return values;
}

uint64_t Counted(const Histogram& histogram) {
  return std::accumulate(histogram.counts().begin(), histogram.counts().end(), uint64_t{0}) +
         histogram.zeros();
}

/// The ratio that rounding `values` to 256 levels over `range` really leaves.
double MeasuredSqnr(const std::vector<float>& values, const Range& range) {
  const double scale = (range.high - range.low) / 255;
  double signal = 0, noise = 0;
  for (const double value : values) {
    const double held = std::nearbyint(std::clamp(value, range.low, range.high) / scale) * scale;
    signal += value * value;
    noise += (held - value) * (held - value);
  }
  return 10 * std::log10(signal / noise);
}

TEST(Histogram, WidensByDoublingAndLosesNoCount) {
  Histogram histogram;
  histogram.Cover(0, 1);
  histogram.Add(std::vector<float>{0.25F, 0.5F, 0.75F});
  const double width = histogram.width();
  histogram.Cover(-30, 100);
  histogram.Add(std::vector<float>{-30, 100, 0});
  EXPECT_EQ(std::fmod(histogram.width() / width, 2), 0);
  EXPECT_EQ(histogram.total(), 6u);
  EXPECT_EQ(histogram.zeros(), 1u);
  EXPECT_EQ(Counted(histogram), 6u);
  for (int i = 0; i < Histogram::kBins; ++i) {
    if (histogram.counts()[i] == 0) continue;
    const double left = histogram.edge(i), right = histogram.edge(i + 1);
    bool found = false;
    for (const double value : {0.25, 0.5, 0.75, -30.0, 100.0})
      found = found || (left <= value && value < right);
    EXPECT_TRUE(found) << "a count stands at [" << left << ", " << right << ")";
  }
}

TEST(Histogram, UsesAtLeastHalfOfItsBins) {
  for (const double high : {1e-6, 0.3, 1.0, 7.0, 1e9}) {
    Histogram histogram;
    histogram.Cover(0, high);
    EXPECT_GT(high / histogram.width(), Histogram::kBins / 2 - 2) << high;
    EXPECT_LT(high / histogram.width(), Histogram::kBins) << high;
  }
}

TEST(Observer, KnowsExtremesAndMomentsOfEachChannel) {
  Observer observer;
  std::vector<float> values(2 * 40);
  for (int i = 0; i < 40; ++i) {
    values[i] = i % 2 == 0 ? 1.0F : 3.0F;
    values[40 + i] = -0.5F;
  }
  observer.Observe(values, 1, 2);
  observer.Observe(values, 1, 2);
  const auto channels = observer.channels();
  ASSERT_EQ(channels.size(), 2u);
  EXPECT_EQ(channels[0].low, 1);
  EXPECT_EQ(channels[0].high, 3);
  EXPECT_FLOAT_EQ(channels[0].mean, 2);
  EXPECT_FLOAT_EQ(channels[0].power, 5);
  EXPECT_FLOAT_EQ(channels[1].mean, -0.5F);
  EXPECT_EQ(observer.histogram().low(), -0.5);
  EXPECT_EQ(observer.histogram().high(), 3);
}

TEST(Observer, SeesEveryExtremeOfALargeActivationThoughItCountsASample) {
  std::vector<float> values = Normal(1'000'000, 1);
  values[777'777] = 50;
  Observer observer;
  observer.Observe(values, 1, 1);
  EXPECT_EQ(observer.histogram().high(), 50);
  EXPECT_LE(observer.histogram().total(), Observer::kSampled + 16);
  EXPECT_GE(observer.histogram().total(), Observer::kSampled / 2);
}

TEST(Observer, PassesOverNanAndInfinity) {
  Observer observer;
  const float infinity = std::numeric_limits<float>::infinity();
  std::vector<float> values = {1, -infinity, std::nanf(""), 2, infinity};
  observer.Observe(values, 1, 1);
  EXPECT_EQ(observer.histogram().low(), 0);
  EXPECT_EQ(observer.histogram().high(), 2);
  EXPECT_EQ(observer.histogram().total(), 2u);
  EXPECT_TRUE(observer.channels().empty());
}

TEST(Observer, GivesNoChannelsWhenTheirNumberChanges) {
  Observer observer;
  observer.Observe(std::vector<float>{1, 2, 3, 4}, 1, 2);
  observer.Observe(std::vector<float>{1, 2, 3, 4}, 1, 4);
  EXPECT_TRUE(observer.channels().empty());
}

TEST(ChooseRange, PredictsTheNoiseThatRoundingMakes) {
  const std::vector<float> values = Normal(16'000, 2);
  Observer observer;
  observer.Observe(values, 1, 1);
  for (const RangeMethod method : kRangeMethods) {
    const Range range = ChooseRange(observer.histogram(), method);
    EXPECT_NEAR(range.sqnr_db, MeasuredSqnr(values, range), 0.3) << NameOf(method);
  }
}

TEST(ChooseRange, CutsAnOutlierExceptByMinMax) {
  Observer observer;
  for (uint32_t seed = 0; seed < 20; ++seed) observer.Observe(Normal(16'000, 1, seed), 1, 1);
  observer.Observe(std::vector<float>{40}, 1, 1);
  EXPECT_EQ(ChooseRange(observer.histogram(), RangeMethod::kMinMax).high, 40);
  EXPECT_LT(ChooseRange(observer.histogram(), RangeMethod::kPercentile).high, 5);
  const Range mse = ChooseRange(observer.histogram(), RangeMethod::kMse);
  EXPECT_LT(mse.high, 40);
  EXPECT_LT(ChooseRange(observer.histogram(), RangeMethod::kEntropy).high, 40);
  for (const RangeMethod method : kRangeMethods)
    EXPECT_LE(ChooseRange(observer.histogram(), method).sqnr_db, mse.sqnr_db) << NameOf(method);
}

TEST(ChooseRange, KeepsRectifiedValuesAboveZero) {
  std::vector<float> values = Normal(16'000, 1);
  for (float& value : values) value = std::max(value, 0.0F);
  Observer observer;
  observer.Observe(values, 1, 1);
  for (const RangeMethod method : kRangeMethods)
    EXPECT_EQ(ChooseRange(observer.histogram(), method).low, 0) << NameOf(method);
}

TEST(ChooseRange, HoldsAConstantWithoutLoss) {
  Observer observer;
  observer.Observe(std::vector<float>(100, 0.0F), 1, 1);
  for (const RangeMethod method : kRangeMethods) {
    const Range range = ChooseRange(observer.histogram(), method);
    EXPECT_EQ(range.low, 0);
    EXPECT_EQ(range.high, 0);
    EXPECT_EQ(range.sqnr_db, kLosslessDb);
  }
}

}  // namespace
}  // namespace shoehorn::quant
