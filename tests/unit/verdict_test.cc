// The verdict: who is chosen from given measurements, and what is said when nobody meets the spec.
#include "fit/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoehorn::fit {
namespace {

Candidate Measured(const std::string& id, double speedup, double drop, double size = 50) {
  Candidate candidate;
  candidate.id = id;
  candidate.engine = "openvino";
  candidate.precision = "int8";
  candidate.state = CandidateState::kMeasured;
  candidate.latency = {10 / speedup, 11 / speedup, 12 / speedup, 9.9 / speedup, 10.1 / speedup, true, 1000};
  candidate.speedup = {speedup, speedup * 0.98, speedup * 1.02};
  candidate.metric.name = "top_k";
  candidate.metric.score = {0.9 - drop, 0.85, 0.95};
  candidate.metric.samples = 500;
  candidate.metric.difference = {-drop, -drop - 0.005, -drop + 0.005};
  candidate.size_bytes = size;
  candidate.peak_memory_bytes = 1000;
  candidate.load_ms = 20;
  return candidate;
}

Candidate Original() {
  Candidate original = Measured("original-1t", 1, 0, 100);
  original.original = true;
  original.speedup = Exactly(1);
  original.metric.difference = Exactly(0);
  return original;
}

Requirements OnePoint() {
  Requirements required;
  required.accuracy_drop_absolute = 0.01;
  return required;
}

TEST(VerdictTest, ChoosesTheFastestThatMeetsTheSpec) {
  std::vector<Candidate> candidates = {Original(), Measured("a", 1.5, 0.0), Measured("b", 2.0, 0.009),
                                       Measured("c", 3.0, 0.02)};
  Requirements required = OnePoint();
  required.speedup = 1.8;
  const Verdict verdict = Judge(required, candidates);
  EXPECT_TRUE(verdict.met);
  EXPECT_EQ(verdict.chosen, "b");
  EXPECT_EQ(verdict.original, "original-1t");
  EXPECT_TRUE(candidates[2].meets);
  EXPECT_FALSE(candidates[1].meets);
  EXPECT_FALSE(candidates[3].meets);
  ASSERT_EQ(verdict.requirements.size(), 2u);
  EXPECT_EQ(verdict.requirements[0].name, "accuracy_drop");
  EXPECT_NEAR(verdict.requirements[0].found.low, 0.004, 1e-12);
  EXPECT_NEAR(verdict.requirements[0].found.high, 0.014, 1e-12);
  EXPECT_GT(verdict.requirements[0].confidence, 0.5);
  EXPECT_LT(verdict.requirements[0].confidence, 0.8);
  EXPECT_TRUE(verdict.relaxations.empty());
}

TEST(VerdictTest, NeverSlowerThanTheOriginal) {
  Candidate close = Measured("close", 1.01, 0);  // its lower bound is 0.99
  std::vector<Candidate> candidates = {Original(), close};
  const Verdict verdict = Judge(OnePoint(), candidates);
  EXPECT_TRUE(verdict.met);
  EXPECT_EQ(verdict.chosen, "original-1t");
  EXPECT_EQ(verdict.explanation, "the original meets the spec and nothing else that does is faster");
}

TEST(VerdictTest, NeverLessAccurateThanAllowedEvenWhenTheSpecIsNotMet) {
  std::vector<Candidate> candidates = {Original(), Measured("fast", 4.0, 0.2), Measured("right", 1.5, 0.005)};
  Requirements required = OnePoint();
  required.speedup = 3;
  const Verdict verdict = Judge(required, candidates);
  EXPECT_FALSE(verdict.met);
  EXPECT_EQ(verdict.chosen, "right");
  EXPECT_EQ(verdict.explanation,
            "no candidate meets the spec; nearest is openvino int8 on 1 thread: speedup is 1.50x, required "
            "at least 3.00x");
}

TEST(VerdictTest, NamesTheSmallestRelaxationFirst) {
  std::vector<Candidate> candidates = {Original(), Measured("fast", 4.0, 0.0123),
                                       Measured("right", 2.987, 0.005)};
  Requirements required = OnePoint();
  required.speedup = 3;
  const Verdict verdict = Judge(required, candidates);
  EXPECT_FALSE(verdict.met);
  ASSERT_EQ(verdict.relaxations.size(), 2u);
  EXPECT_EQ(verdict.relaxations[0].requirement, "speedup");
  EXPECT_EQ(verdict.relaxations[0].candidate, "right");
  EXPECT_NEAR(verdict.relaxations[0].to, 2.98, 1e-9);
  EXPECT_EQ(verdict.relaxations[1].requirement, "accuracy_drop");
  EXPECT_EQ(verdict.relaxations[1].candidate, "fast");
  EXPECT_NEAR(verdict.relaxations[1].to, 0.0123, 1e-9);
}

TEST(VerdictTest, NoSingleChangeHelpsWhenTwoRequirementsFail) {
  std::vector<Candidate> candidates = {Original(), Measured("a", 1.5, 0.0, 80)};
  Requirements required = OnePoint();
  required.speedup = 2;
  required.size_ratio = 0.5;
  const Verdict verdict = Judge(required, candidates);
  EXPECT_FALSE(verdict.met);
  EXPECT_TRUE(verdict.relaxations.empty());
  EXPECT_THAT(verdict.explanation,
              testing::HasSubstr("speedup is 1.50x, required at least 2.00x; size_ratio is 0.800x"));
}

TEST(VerdictTest, LowerIsBetterMetricsLoseByRising) {
  Candidate candidate = Measured("a", 2, 0);
  candidate.metric.higher_is_better = false;
  candidate.metric.difference = {0.02, 0.01, 0.03};
  EXPECT_FALSE(AccuracyHolds(OnePoint(), candidate, Original()));
  candidate.metric.difference = {-0.02, -0.03, -0.01};
  EXPECT_TRUE(AccuracyHolds(OnePoint(), candidate, Original()));
}

TEST(VerdictTest, RelativeDropIsOfTheOriginalsValue) {
  Requirements required;
  required.accuracy_drop_relative = 0.01;
  EXPECT_TRUE(AccuracyHolds(required, Measured("a", 2, 0.0089), Original()));
  EXPECT_FALSE(AccuracyHolds(required, Measured("a", 2, 0.0091), Original()));
}

TEST(VerdictTest, AnUntrustedP99OrAnUnmeasuredValueDoesNotMeetTheSpec) {
  Candidate candidate = Measured("a", 2, 0);
  Requirements required;
  required.latency_p99_ms = 100;
  EXPECT_TRUE(CheckRequirements(required, candidate, Original()).at(0).met);
  candidate.latency.p99_trusted = false;
  EXPECT_FALSE(CheckRequirements(required, candidate, Original()).at(0).met);
  candidate.metric.difference = {};
  EXPECT_FALSE(AccuracyHolds(OnePoint(), candidate, Original()));
}

TEST(VerdictTest, PrunedAndFailedCandidatesAreNeverChosen) {
  Candidate pruned = Measured("pruned", 5, 0), failed = Measured("failed", 6, 0);
  pruned.state = CandidateState::kPruned;
  failed.state = CandidateState::kFailed;
  std::vector<Candidate> candidates = {Original(), pruned, failed};
  EXPECT_EQ(Judge(OnePoint(), candidates).chosen, "original-1t");
}

TEST(VerdictTest, ThreadCountsAreComparedByLatency) {
  Candidate two = Original();
  two.id = "original-2t";
  two.threads = 2;
  two.latency.p50 = 6;
  Candidate a = Measured("a-1t", 2, 0), b = Measured("b-2t", 1.5, 0);
  b.threads = 2;
  std::vector<Candidate> candidates = {Original(), two, a, b};
  const Verdict verdict = Judge(OnePoint(), candidates);
  EXPECT_EQ(verdict.chosen, "b-2t");  // 6 / 1.5 = 4 ms against 10 / 2 = 5 ms
  EXPECT_EQ(verdict.original, "original-2t");
}

}  // namespace
}  // namespace shoehorn::fit
