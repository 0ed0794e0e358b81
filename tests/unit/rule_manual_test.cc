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

TEST(TargetText, ShowsUnitsWithEachFigureItsKindAndSource) {
  TargetState state;
  state.profile.name = "board";
  state.profile.title = "A board";
  state.profile.accelerator = "unknown";
  targets::Unit cpu;
  cpu.name = "cpu";
  cpu.runtime = "onnxruntime";
  cpu.peak["fp32"] = {8e9, targets::FactKind::kInferred, "page 1"};
  cpu.bandwidth = {4e9, targets::FactKind::kReported, "page 2"};
  cpu.dispatch = {10e-6, targets::FactKind::kMeasured, "page 3"};
  targets::Unit npu = cpu;
  npu.name = "npu";
  npu.kind = targets::UnitKind::kNpu;
  npu.accelerator = "qnn_htp";
  npu.busy_power = {0.25, targets::FactKind::kInferred, "page 4"};
  state.profile.device = targets::Device();
  state.profile.device->idle_power = {1.5, targets::FactKind::kMeasured, "page 5"};
  state.profile.device->units = {cpu, npu};
  state.profile.device->copies = {
      {"cpu", "npu", {5e8, targets::FactKind::kReported, "page 6"}, {0, {}, "page 7"}}};
  EXPECT_EQ(TargetText(state),
            "board: A board\n"
            "  rules      none are known: nobody can say which operators it takes\n"
            "  judge      none: its compiler cannot be asked here\n"
            "  profile    \n"
            "\nunits\n"
            "  cpu: cpu, takes every operator, onnxruntime\n"
            "  npu: npu, rules qnn_htp, onnxruntime\n"
            "\nfigures of device\n"
            "  idle power       1.50 W (measured; page 5)\n"
            "\nfigures of cpu\n"
            "  peak fp32        8.00 GOPS (inferred; page 1)\n"
            "  bandwidth        4.00 GB/s (reported; page 2)\n"
            "  dispatch         10 us (measured; page 3)\n"
            "\nfigures of npu\n"
            "  peak fp32        8.00 GOPS (inferred; page 1)\n"
            "  bandwidth        4.00 GB/s (reported; page 2)\n"
            "  dispatch         10 us (measured; page 3)\n"
            "  busy power       250 mW (inferred; page 4)\n"
            "\nfigures of cpu and npu\n"
            "  copy bandwidth   500 MB/s (reported; page 6)\n"
            "  copy latency     0 us (measured; page 7)\n");
  const auto json = nlohmann::json::parse(TargetJson(state));
  EXPECT_EQ(json["device"]["units"][1]["busy_power"]["value"], 0.25);
  EXPECT_EQ(json["device"]["units"][0]["busy_power"], nullptr);
  EXPECT_EQ(json["device"]["units"][0]["peak"]["fp32"]["source"], "page 1");
  EXPECT_EQ(json["device"]["copies"][0]["between"][1], "npu");
}

}  // namespace
}  // namespace shoehorn::report
