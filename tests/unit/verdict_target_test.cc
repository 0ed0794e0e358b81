// The verdict on candidates for a device that is not here: accuracy first, then what stays on the CPU, then
// islands, then bits; what only the device knows neither meets nor fails.
#include <gmock/gmock.h>

#include "fit/result_json.h"
#include "fit/target_plans.h"
#include "fit/verdict.h"
#include "quant/rules.h"
#include "support/sample_result.h"

namespace shoehorn::fit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Candidate Placed(const std::string& precision, double drop, uint64_t cpu_operators, uint64_t islands) {
  Candidate candidate;
  candidate.id = precision + "-" + std::to_string(cpu_operators) + "-" + std::to_string(islands);
  candidate.engine = "onnxruntime";
  candidate.precision = precision;
  candidate.state = CandidateState::kMeasured;
  candidate.metric.score = {0.9 - drop, 0.85, 0.95};
  candidate.metric.difference = {-drop, -drop - 0.005, -drop + 0.005};
  candidate.size_bytes = 50;
  candidate.placement = Placement{.judged = true, .islands = islands, .cpu_operators = cpu_operators};
  return candidate;
}

Candidate Original() {
  Candidate original = Placed("fp32", 0, 0, 0);
  original.id = "original";
  original.original = true;
  original.placement.reset();
  original.size_bytes = 100;
  return original;
}

Requirements OnePoint() {
  Requirements required;
  required.accuracy_drop_absolute = 0.01;
  return required;
}

TEST(JudgeForTarget, PrefersFewerOperatorsOnTheCpuThenIslandsThenBits) {
  std::vector<Candidate> candidates = {Original(), Placed("int8", 0.002, 2, 3), Placed("int16", 0, 0, 2),
                                       Placed("int8+int16", 0.001, 0, 1), Placed("int8", 0.05, 0, 1)};
  EXPECT_EQ(JudgeForTarget(OnePoint(), candidates).chosen, "int8+int16-0-1");
  candidates.push_back(Placed("int8", 0.009, 0, 1));
  candidates.back().id = "eight bits will do";
  EXPECT_EQ(JudgeForTarget(OnePoint(), candidates).chosen, "eight bits will do");
}

TEST(JudgeForTarget, LeavesOpenWhatOnlyTheTargetKnows) {
  std::vector<Candidate> candidates = {Original(), Placed("int8", 0.002, 0, 1)};
  Requirements required = OnePoint();
  required.speedup = 2;
  required.latency_p99_ms = 5;
  required.size_ratio = 0.6;
  const Verdict verdict = JudgeForTarget(required, candidates);
  EXPECT_TRUE(verdict.met);
  std::vector<std::string> open;
  for (const RequirementResult& line : verdict.requirements) {
    if (!line.measured) open.push_back(line.name);
    EXPECT_EQ(line.met, line.measured) << line.name;
  }
  EXPECT_THAT(open, ElementsAre("latency_p99", "speedup"));
  EXPECT_EQ(
      verdict.explanation,
      "int8 (as repaired) is within what can be checked here; 1 island, nothing on the CPU (judged); not "
      "measured on this target: latency_p99, speedup");
}

TEST(JudgeForTarget, TakesTheNearestWhenNoneIsAccurateEnough) {
  std::vector<Candidate> candidates = {Original(), Placed("int8", 0.2, 0, 1), Placed("int16", 0.03, 1, 2)};
  const Verdict verdict = JudgeForTarget(OnePoint(), candidates);
  EXPECT_FALSE(verdict.met);
  EXPECT_EQ(verdict.chosen, "int16-1-2");
  EXPECT_THAT(verdict.explanation, HasSubstr("comes nearest and fails accuracy_drop; 2 islands, 1 operator"));
}

TEST(JudgeForTarget, KeepsTheOriginalWhenNothingCouldBeMade) {
  std::vector<Candidate> candidates = {Original(), Placed("int8", 0, 0, 1)};
  candidates[1].state = CandidateState::kFailed;
  const Verdict verdict = JudgeForTarget(OnePoint(), candidates);
  EXPECT_FALSE(verdict.met);
  EXPECT_EQ(verdict.chosen, "original");
}

TEST(PlanForTarget, TriesTheCheapestFirstAndFloatsWhereTheChipHasThem) {
  targets::Profile target;
  target.name = "chip";
  target.accelerator = "qnn_htp";
  const auto plans = PlanForTarget(target);
  EXPECT_TRUE(plans.front().candidate.original);
  for (size_t i = 2; i < plans.size(); ++i)
    EXPECT_LE(CostOf(plans[i - 1].candidate.precision), CostOf(plans[i].candidate.precision));
  EXPECT_EQ(plans.back().candidate.precision, "int16");
  target.facts["fp16"].value = 1;
  EXPECT_EQ(PlanForTarget(target).back().candidate.precision, "fp16");
}

TEST(ReasonToSkipForTarget, GivesUpWhatCostsMoreThanAnAnswer) {
  targets::Profile target;
  target.name = "chip";
  const CandidatePlan wide = PlanForTarget(target).back();
  EXPECT_EQ(ReasonToSkipForTarget(wide, OnePoint(), {Original(), Placed("int8", 0.002, 0, 1)}),
            "int8-0-1 costs less, is within the bound of accuracy and runs whole on the target");
  EXPECT_THAT(ReasonToSkipForTarget(wide, OnePoint(), {Original(), Placed("int8", 0.002, 1, 2)}), IsEmpty());
  EXPECT_THAT(ReasonToSkipForTarget(wide, OnePoint(), {Original(), Placed("int8", 0.02, 0, 1)}), IsEmpty());
}

TEST(ResultJson, CarriesTargetAndPlacement) {
  FitResult result = testing::SampleResult();
  result.target = TargetResult{"qcs6490", "Qualcomm QCS6490", "qnn 2.7", "", "artifact/model_ctx.onnx"};
  result.candidates[1].placement =
      Placement{.judged = true, .islands = 2, .cpu_operators = 1, .left_to_cpu = {{"n", "Det", "why"}}};
  result.requirements[0].measured = result.requirements[0].met = false;
  const auto read = ResultFromJson(ToJson(result), "result.json");
  ASSERT_TRUE(read.ok()) << read.error().Text();
  EXPECT_EQ(read->target->compiled, "artifact/model_ctx.onnx");
  ASSERT_TRUE(read->candidates[1].placement);
  EXPECT_EQ(read->candidates[1].placement->left_to_cpu[0].op_type, "Det");
  EXPECT_FALSE(read->candidates[0].placement);
  EXPECT_FALSE(read->requirements[0].measured);
  EXPECT_EQ(ToJson(*read), ToJson(result));
}

}  // namespace
}  // namespace shoehorn::fit
