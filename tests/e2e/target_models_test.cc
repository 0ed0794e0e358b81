// Real models, checked and repaired for targets: by rules alone the repaired model computes the same numbers
// and leaves no more on the CPU; before the Snapdragon's own compiler the models that it can take whole are
// taken whole, and the rules say what it says.
#include <gmock/gmock.h>

#include "formats/onnx.h"
#include "support/models.h"
#include "targets/compare.h"
#include "targets/repair.h"

namespace shoehorn {
namespace {

using testing::RealModel;

Result<targets::RepairOutcome> Repaired(const RealModel& model, const targets::Profile& profile, bool judge) {
  SHOEHORN_ASSIGN(const auto original, formats::LoadOnnx(model.path()));
  targets::RepairOptions options;
  options.judge = judge;
  if (model.pinnable) options.simplify.shapes = model.inputs.shapes;
  return targets::Repair(*original, profile, options);
}

class TargetModel : public ::testing::TestWithParam<std::tuple<RealModel, const char*>> {};

TEST_P(TargetModel, IsRepairedByRulesAndComputesTheSame) {
  const auto& [model, target] = GetParam();
  if (!std::filesystem::exists(model.path()))
    GTEST_SKIP() << "the shared test data is absent: " << model.path();
  const auto profile = targets::FindProfile(target);
  ASSERT_TRUE(profile.ok()) << profile.error().Text();
  const auto outcome = Repaired(model, *profile, false);
  ASSERT_TRUE(outcome.ok()) << outcome.error().Text();
  EXPECT_LE(outcome->after.summary.cpu_operators, outcome->before.summary.cpu_operators);
  for (const targets::NodeAnswer& answer : outcome->after.nodes) {
    if (answer.accepted()) continue;
    ASSERT_NE(answer.refusal, nullptr) << answer.node->Describe();
    EXPECT_FALSE(answer.refusal->found.empty() || answer.refusal->accepted.empty() ||
                 answer.refusal->source.empty())
        << answer.node->Describe()
        << ": a reason names what was found, what is accepted and where that stands";
  }
  const auto original = formats::LoadOnnx(model.path());
  ASSERT_TRUE(original.ok()) << original.error().Text();
  testing::InputOptions inputs = model.inputs;
  inputs.other_size = 1;  // the batch that repairing pins
  EXPECT_TRUE(testing::SameNumbers(**original, *outcome->repaired, inputs));
}

INSTANTIATE_TEST_SUITE_P(Targets, TargetModel,
                         ::testing::Combine(::testing::ValuesIn(testing::RealModels().begin(),
                                                                testing::RealModels().end()),
                                            ::testing::Values("snapdragon-8-gen-3", "tensorrt", "rk3588")),
                         [](const auto& info) {
                           return testing::TestName(std::get<0>(info.param).file) + "__" +
                                  testing::TestName(std::get<1>(info.param));
                         });

class JudgedModel : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override { ::setenv("SHOEHORN_JUDGE_WORKER", SHOEHORN_PROGRAM, 1); }
  void TearDown() override { ::unsetenv("SHOEHORN_JUDGE_WORKER"); }
};

TEST_P(JudgedModel, RunsWholeOnTheSnapdragonAfterRepair) {
  const RealModel& model = testing::FindRealModel(GetParam());
  if (!std::filesystem::exists(model.path()))
    GTEST_SKIP() << "the shared test data is absent: " << model.path();
  const auto profile = targets::FindProfile("snapdragon-8-gen-3");
  ASSERT_TRUE(profile.ok()) << profile.error().Text();
  if (const auto installed = targets::FindJudge(profile->judge)->Installed(); !installed.ok())
    GTEST_SKIP() << "the Snapdragon's compiler is absent: " << installed.error().Text();
  const auto outcome = Repaired(model, *profile, true);
  ASSERT_TRUE(outcome.ok()) << outcome.error().Text();
  ASSERT_TRUE(outcome->judged_after.has_value());
  EXPECT_FALSE(outcome->judged_after->died.has_value()) << *outcome->judged_after->died;
  EXPECT_EQ(outcome->judged_after->islands, 1u);
  EXPECT_EQ(outcome->judged_after->cpu_operators, 0u) << outcome->judged_after->words;
  const targets::Agreement agreement = targets::Compare(outcome->after, *outcome->judged_after);
  EXPECT_GT(agreement.compared, 0u);
  EXPECT_GE(static_cast<double>(agreement.agreed), 0.98 * static_cast<double>(agreement.compared))
      << (agreement.disagreements.empty() ? "" : agreement.disagreements[0].rules);
}

INSTANTIATE_TEST_SUITE_P(Targets, JudgedModel,
                         ::testing::Values("efficientnet_lite0.onnx", "ultraface_rfb320.onnx",
                                           "yunet_n_320.onnx", "yolox_nano.onnx", "lprnet.onnx",
                                           "mlperf_kws01_dscnn.onnx", "mlperf_ic01_resnet8.onnx",
                                           "ch_PP-OCRv4_det_infer.onnx"),
                         [](const auto& info) { return testing::TestName(info.param); });

}  // namespace
}  // namespace shoehorn
