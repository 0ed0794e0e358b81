// What a fit tries and what it gives up early, with the sentences that the report shows.
#include "fit/candidates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace shoehorn::fit {
namespace {

using engines::Precision;
using testing::HasSubstr;

std::map<std::string, std::vector<Precision>> Fast() {
  return {{"onnxruntime", {Precision::kFp32, Precision::kInt8}},
          {"openvino", {Precision::kFp32, Precision::kBf16, Precision::kInt8}}};
}

const CandidatePlan& Find(const std::vector<CandidatePlan>& plans, const std::string& id) {
  for (const CandidatePlan& plan : plans)
    if (plan.candidate.id == id) return plan;
  throw std::runtime_error("no plan " + id);
}

Candidate Ran(const CandidatePlan& plan, double speedup, double drop) {
  Candidate candidate = plan.candidate;
  candidate.state = CandidateState::kMeasured;
  candidate.latency = {10 / speedup, 11, 12, 9, 11, true, 100};
  candidate.speedup = {speedup, speedup * 0.98, speedup * 1.02};
  candidate.metric.score = Exactly(0.9 - drop);
  candidate.metric.difference = Exactly(-drop);
  return candidate;
}

class CandidatesTest : public testing::Test {
 protected:
  CandidatesTest() {
    spec_.requirements.accuracy_drop_absolute = 0.01;
    plans_ = PlanCandidates(spec_, Fast());
    done_ = {Ran(Find(plans_, "original-1t"), 1, 0)};
  }
  std::string Skip(const std::string& id) const {
    return ReasonToSkip(Find(plans_, id), spec_.requirements, plans_, done_);
  }
  Spec spec_;
  std::vector<CandidatePlan> plans_;
  std::vector<Candidate> done_;
};

TEST_F(CandidatesTest, ComeInOrderEachWithItsOwnName) {
  ASSERT_GE(plans_.size(), 12u);
  std::vector<std::string> ids;
  for (size_t i = 0; i < 6; ++i) ids.push_back(plans_[i].candidate.id);
  EXPECT_THAT(ids, testing::ElementsAre("original-1t", "onnxruntime-fp32-1t", "openvino-fp32-1t",
                                        "onnxruntime-bf16-1t", "openvino-bf16-1t",
                                        "onnxruntime-int8-perchannel-u8-min_max-1t"));
  std::set<std::string> unique;
  for (const CandidatePlan& plan : plans_) unique.insert(plan.candidate.id);
  EXPECT_EQ(unique.size(), plans_.size());
}

TEST_F(CandidatesTest, SlowPrecisionsAreNamedOnce) {
  const CandidatePlan& plan = Find(plans_, "onnxruntime-bf16-1t");
  EXPECT_EQ(plan.candidate.state, CandidateState::kPruned);
  EXPECT_EQ(plan.candidate.reason, "onnxruntime does not run bf16 fast on this processor");
}

TEST_F(CandidatesTest, HonourEnginesPrecisionsAndThreads) {
  spec_.engines = {"openvino"};
  spec_.precisions = {"bf16"};
  spec_.threads = {1, 2};
  std::vector<std::string> ids;
  for (const CandidatePlan& plan : PlanCandidates(spec_, Fast())) ids.push_back(plan.candidate.id);
  EXPECT_THAT(ids,
              testing::ElementsAre("original-1t", "original-2t", "openvino-bf16-1t", "openvino-bf16-2t"));
}

TEST_F(CandidatesTest, ThreadCountsShareABuild) {
  spec_.threads = {1, 2};
  const auto plans = PlanCandidates(spec_, Fast());
  EXPECT_EQ(Find(plans, "openvino-bf16-1t").build, Find(plans, "openvino-bf16-2t").build);
}

TEST_F(CandidatesTest, NoFurtherInt8VariantWhenOneIsAccurateEnough) {
  EXPECT_EQ(Skip("openvino-int8-perchannel-u8-mse-1t"), "");
  done_.push_back(Ran(Find(plans_, "openvino-int8-perchannel-u8-min_max-1t"), 2, 0.005));
  EXPECT_EQ(Skip("openvino-int8-perchannel-u8-mse-1t"),
            "openvino-int8-perchannel-u8-min_max-1t is within the bound of accuracy already");
  EXPECT_EQ(Skip("onnxruntime-int8-perchannel-u8-mse-1t"), "");  // another engine
  EXPECT_EQ(Skip("openvino-bf16-1t"), "");                       // not int8
}

TEST_F(CandidatesTest, OtherRangesAreTriedWhenTheFirstLosesTooMuch) {
  done_.push_back(Ran(Find(plans_, "openvino-int8-perchannel-u8-min_max-1t"), 2, 0.05));
  EXPECT_EQ(Skip("openvino-int8-perchannel-u8-mse-1t"), "");
  EXPECT_EQ(Skip("openvino-int8-pertensor-u8-min_max-1t"),
            "weights per channel ran, and weights per tensor are coarser and no faster");
}

TEST_F(CandidatesTest, TheSameKernelsAreNotTriedTwiceWhenTooSlow) {
  Candidate slow = Ran(Find(plans_, "openvino-int8-perchannel-u8-min_max-1t"), 0.5, 0);
  slow.state = CandidateState::kPruned;
  done_.push_back(slow);
  EXPECT_EQ(Skip("openvino-int8-perchannel-u8-mse-1t"),
            "openvino-int8-perchannel-u8-min_max-1t runs the same kernels and cannot win");
  EXPECT_EQ(Skip("openvino-int8-perchannel-s8-min_max-1t"), "");  // other kernels
}

TEST_F(CandidatesTest, AFailureSaysNothingAboutItsSiblings) {
  Candidate failed = Find(plans_, "openvino-int8-perchannel-u8-min_max-1t").candidate;
  failed.state = CandidateState::kFailed;
  done_.push_back(failed);
  EXPECT_EQ(Skip("openvino-int8-perchannel-u8-mse-1t"), "");
  EXPECT_EQ(Skip("openvino-int8-pertensor-u8-min_max-1t"), "");
}

TEST_F(CandidatesTest, AShortMeasurementEndsWhatCannotWin) {
  const CandidatePlan& plan = Find(plans_, "openvino-fp32-1t");
  EXPECT_EQ(ReasonToStop(Ran(plan, 0.9, 0), spec_.requirements, done_), "slower than the original: 0.900x");
  EXPECT_EQ(ReasonToStop(Ran(plan, 1.5, 0), spec_.requirements, done_), "");
  done_.push_back(Ran(Find(plans_, "openvino-bf16-1t"), 2, 0));
  EXPECT_EQ(ReasonToStop(Ran(plan, 1.5, 0), spec_.requirements, done_),
            "1.50x the original's speed, and openvino-bf16-1t meets the spec with 2.00x");
  EXPECT_EQ(ReasonToStop(Ran(plan, 1.95, 0), spec_.requirements, done_), "");  // the intervals touch
}

TEST_F(CandidatesTest, AFasterOneThatMissesTheSpecEndsNobody) {
  done_.push_back(Ran(Find(plans_, "openvino-bf16-1t"), 3, 0.5));
  EXPECT_EQ(ReasonToStop(Ran(Find(plans_, "openvino-fp32-1t"), 1.5, 0), spec_.requirements, done_), "");
}

}  // namespace
}  // namespace shoehorn::fit
