// Thresholds of cascades, chosen on labelled samples under a limit on accuracy.
#include "place/cascade.h"

#include <gtest/gtest.h>

#include <cmath>

namespace shoehorn::place {
namespace {

// By confidence: the device is right on the sure ones, the tail on all but the surest.
const std::vector<CascadeSample> kSamples = {{0.95, 1, 0}, {0.9, 1, 1}, {0.8, 1, 1}, {0.7, 0, 1},
                                             {0.6, 1, 1},  {0.5, 0, 1}, {0.4, 0, 1}, {0.3, 0, 1}};

TEST(CascadeTest, TheCurveGoesFromOneModelToTheOther) {
  const auto curve = CascadeCurve(kSamples);
  ASSERT_EQ(curve.size(), 9);
  EXPECT_EQ(curve[0].threshold, 0.3);
  EXPECT_EQ(curve[0].asked_share, 0);
  EXPECT_DOUBLE_EQ(curve[0].accuracy, 4.0 / 8) << "the device alone";
  EXPECT_EQ(curve[3].threshold, 0.6);
  EXPECT_DOUBLE_EQ(curve[3].asked_share, 3.0 / 8);
  EXPECT_DOUBLE_EQ(curve[3].accuracy, 7.0 / 8);
  EXPECT_GT(curve[8].threshold, 0.95);
  EXPECT_EQ(curve[8].asked_share, 1);
  EXPECT_DOUBLE_EQ(curve[8].accuracy, 7.0 / 8) << "the tail alone";
}

TEST(CascadeTest, EqualConfidencesGoTogether) {
  const std::vector<CascadeSample> samples = {{0.5, 1, 0}, {0.5, 0, 1}, {0.9, 1, 1}};
  const auto curve = CascadeCurve(samples);
  ASSERT_EQ(curve.size(), 3);
  EXPECT_EQ(curve[1].threshold, 0.9);
  EXPECT_DOUBLE_EQ(curve[1].asked_share, 2.0 / 3);
}

TEST(CascadeTest, AsksForTheFewestThatKeepTheAccuracy) {
  const auto choice = ChooseThreshold(kSamples, 0.85);
  ASSERT_TRUE(choice.ok());
  EXPECT_EQ(choice->point.threshold, 0.6);
  EXPECT_DOUBLE_EQ(choice->device_accuracy, 0.5);
  EXPECT_DOUBLE_EQ(choice->tail_accuracy, 0.875);
  // Better than either model alone: the device on the surest, the tail on the others.
  EXPECT_EQ(ChooseThreshold(kSamples, 1.0)->point.threshold, 0.8);
  EXPECT_EQ(ChooseThreshold(kSamples, 0.5)->point.asked_share, 0);
}

TEST(CascadeTest, HeldOutAccuracyIsThatOfTheOtherHalf) {
  // Odd samples say "keep from 0.6 on", even ones "keep from 0.4 on"; each scores on the other.
  const std::vector<CascadeSample> samples = {{0.6, 1, 0}, {0.4, 1, 0}, {0.5, 0, 1}, {0.3, 0, 1}};
  const auto choice = ChooseThreshold(samples, 1.0);
  EXPECT_FALSE(choice.ok()) << "together no threshold is always right";
  const auto most = ChooseThreshold(samples, 0.75);
  ASSERT_TRUE(most.ok());
  EXPECT_EQ(most->point.threshold, 0.4);
  EXPECT_DOUBLE_EQ(most->point.accuracy, 0.75);
  // Half one {0.6, 0.5}: keep from 0.6. On {0.4, 0.3}: tail wrong, right. Half two: keep from 0.4; on {0.6,
  // 0.5}: device right, wrong.
  EXPECT_DOUBLE_EQ(most->held_out_accuracy, 0.5);
}

TEST(CascadeTest, OffersThresholdsThatAskForMore) {
  // 40 samples; the device is wrong on the ten that it is least sure of, and on the twelfth.
  std::vector<CascadeSample> samples;
  for (int i = 0; i < 40; ++i) samples.push_back({0.02 * (i + 1), i < 10 || i == 11 ? 0.0 : 1.0, 1});
  const auto thresholds = ThresholdsFor(samples, 1.0);
  ASSERT_TRUE(thresholds.ok()) << thresholds.error().Text();
  std::vector<double> shares;
  for (const CascadeThreshold& each : *thresholds) {
    shares.push_back(each.point.asked_share);
    EXPECT_EQ(each.point.accuracy, 1);
  }
  EXPECT_EQ(shares, (std::vector<double>{0.3, 0.475, 0.65, 0.825})) << "in quarters of the way to all";
  EXPECT_DOUBLE_EQ((*thresholds)[0].point.threshold, 0.26);
  EXPECT_DOUBLE_EQ((*thresholds)[0].held_out_accuracy, 39.0 / 40) << "one half does not know of the twelfth";
  EXPECT_EQ((*thresholds)[3].held_out_accuracy, 1) << "far above where the device fails";
  // What scores less than asked for is not offered: here the tail fails on the surest.
  for (size_t i = 20; i < 40; ++i) samples[i].tail_score = 0;
  const auto few = ThresholdsFor(samples, 1.0);
  ASSERT_TRUE(few.ok());
  ASSERT_EQ(few->size(), 2);
  EXPECT_EQ((*few)[1].point.asked_share, 0.475);
  // A model that is always quite sure is never below the threshold that it would need.
  const std::vector<CascadeSample> sure = {{1, 0, 1}, {1, 0, 1}};
  EXPECT_TRUE(ThresholdsFor(sure, 1.0)->empty());
}

TEST(CascadeTest, AThresholdOfSomebodyElseIsHeldAgainstTheSamples) {
  const CascadeThreshold given = ThresholdOnSamples(kSamples, 0.6);
  EXPECT_EQ(given.point.threshold, 0.6);
  EXPECT_DOUBLE_EQ(given.point.asked_share, 3.0 / 8);
  EXPECT_DOUBLE_EQ(given.point.accuracy, 7.0 / 8);
  EXPECT_EQ(given.held_out_accuracy, given.point.accuracy);
}

TEST(CascadeTest, Refuses) {
  EXPECT_EQ(ChooseThreshold({}, 0.5).error().Text(),
            "error: a cascade without labelled samples\n"
            "  expected: samples that both models answered\n"
            "  fix: give labelled samples, or the threshold itself");
  EXPECT_EQ(ChooseThreshold(kSamples, 1.1).error().Text(),
            "error: no threshold of the cascade reaches an accuracy of 1.1000\n"
            "  expected: at most 1.0000, which a threshold of 0.8000 reaches\n"
            "  fix: lower the limit, or give a better model");
  const std::vector<CascadeSample> wrong = {{0.5, 1, 1}, {std::nan(""), 1, 1}};
  EXPECT_EQ(ChooseThreshold(wrong, 0.5).error().Text(),
            "error: sample 2: a confidence of nan\n  expected: a number from 0 to 1");
}

TEST(CascadeTest, ReadsSamples) {
  const auto samples =
      ParseCascadeSamples("device_score,tail_score,confidence\n1,0,0.5\n0,1,0.25\n", "s.csv");
  ASSERT_TRUE(samples.ok()) << samples.error().Text();
  ASSERT_EQ(samples->size(), 2);
  EXPECT_EQ((*samples)[0].confidence, 0.5);
  EXPECT_EQ((*samples)[1].tail_score, 1);
  EXPECT_EQ(ParseCascadeSamples("confidence,device_score\n0.5,1\n", "s.csv").error().Text(),
            "error: s.csv: line 1: no column 'tail_score'\n"
            "  expected: the columns confidence, device_score, tail_score");
  EXPECT_EQ(ParseCascadeSamples("confidence,device_score,tail_score\n1.5,1,1\n", "s.csv").error().Text(),
            "error: s.csv: line 2, column 'confidence': '1.5'\n  expected: a number from 0 to 1");
}

}  // namespace
}  // namespace shoehorn::place
