// Targets and rules in words, from the tables that Shoehorn has.
#include "report/rule_manual.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace shoehorn::report {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(FindRule, EveryRuleOfEveryAcceleratorIsFoundByItsId) {
  for (const targets::Accelerator* accelerator : targets::AllAccelerators()) {
    if (accelerator->rows.empty()) continue;
    const targets::OperatorRow& row = accelerator->rows.front();
    const std::string place = accelerator->name + "." + row.op_types.front();
    const auto whole = FindRule(place);
    ASSERT_TRUE(whole.ok()) << whole.error().Text();
    EXPECT_EQ(whole->rule, nullptr);
    EXPECT_THAT(RuleText(*whole, {"board"}), StartsWith(place + "\n"));
    for (const targets::Rule& rule : accelerator->everywhere) {
      const auto found = FindRule(place + "." + rule.id);
      ASSERT_TRUE(found.ok()) << found.error().Text();
      EXPECT_FALSE(nlohmann::json::parse(RuleJson(*found, {"board"}))["source"].get<std::string>().empty());
      EXPECT_THAT(RuleText(*found, {"board"}), HasSubstr("  targets    board\n"));
    }
  }
}

TEST(FindRule, AnUnknownIdGetsASuggestion) {
  const auto found = FindRule("onnxruntime_cpu.Cnv");
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().Text(),
            "error: rule 'onnxruntime_cpu.Cnv': there is no such rule\n"
            "  expected: ACCELERATOR.OPERATOR.RULE as check prints it, or ACCELERATOR.OPERATOR\n"
            "  fix: did you mean 'onnxruntime_cpu.Conv'?");
}

TEST(TargetText, NamesFactsWithTheirSources) {
  TargetState state;
  state.profile.name = "board";
  state.profile.title = "A board";
  state.profile.accelerator = "onnxruntime_cpu";
  state.profile.facts["fp16"] = {1, targets::FactKind::kReported, "a page"};
  const std::string text = TargetText(state);
  EXPECT_THAT(text, StartsWith("board: A board\n  rules      onnxruntime_cpu: "));
  EXPECT_THAT(text, HasSubstr("facts\n  fp16: 1.00 (reported; a page)\n"));
  const auto json = nlohmann::json::parse(TargetJson(state));
  EXPECT_EQ(json["facts"]["fp16"]["source"], "a page");
  EXPECT_EQ(json["judge"], nullptr);
}

}  // namespace
}  // namespace shoehorn::report
