#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "report/report.h"
#include "support/sample_result.h"
#include "support/schema.h"

namespace shoehorn::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

size_t Columns(const std::string& line) {
  return static_cast<size_t>(
      std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

TEST(SummaryText, AnswersInTheFirstThreeLines) {
  EXPECT_THAT(SummaryText(testing::SampleResult()),
              StartsWith("device   AMD EPYC, 2 cores; openvino 2026.4.1, bf16, 1 thread\n"
                         "latency  5.70 ms (12.3 ms before, 2.16x faster), 116 MiB peak memory\n"
                         "verdict  met\n"));
}

TEST(SummaryText, ListsRequirementsWithTheirIntervals) {
  const std::string text = SummaryText(testing::SampleResult());
  EXPECT_THAT(text,
              HasSubstr("speedup                  at least 1.80x      2.16x (2.10x to 2.22x)      met\n"));
  EXPECT_THAT(text,
              HasSubstr("peak_memory              at most 200 MiB     116 MiB                     met\n"));
}

TEST(SummaryText, ANarrowVerdictSaysHowSureItIs) {
  fit::FitResult result = testing::SampleResult();
  result.met = false;
  result.requirements[1] = {"speedup", "x", true, 2.2, {2.16, 2.10, 2.22}, false, 0.904};
  result.relaxations = {{"speedup", 2.2, 2.16, "x", "openvino-bf16-1t"}};
  const std::string text = SummaryText(result);
  EXPECT_THAT(text, HasSubstr("verdict  not met\n"));
  EXPECT_THAT(text, HasSubstr("not met\n" + std::string(45, ' ') + "90 % sure\n"));
  EXPECT_THAT(text, HasSubstr("  speedup: 2.16x instead of 2.20x, by openvino-bf16-1t\n"));
}

TEST(SummaryText, NothingIsNotNegative) {
  fit::FitResult result = testing::SampleResult();
  result.requirements[0].found = {0.002, -0.0001, 0.006};
  EXPECT_THAT(SummaryText(result), HasSubstr("0.002 (0.000 to 0.006)"));
}

TEST(SummaryText, SaysWhatWasNotMeasuredAndWhy) {
  const std::string text = SummaryText(testing::SampleResult());
  EXPECT_THAT(text, HasSubstr("> openvino bf16 "));
  EXPECT_THAT(text, HasSubstr("pruned: ctc_exact"));
  EXPECT_THAT(text, HasSubstr("failed: the worker\n    was ended by signal 11"));
  EXPECT_THAT(text, HasSubstr("skipped: the budget"));
  EXPECT_THAT(text, HasSubstr("warning: the frequency governor"));
}

TEST(SummaryText, AlikeCandidatesShareALine) {
  fit::FitResult result = testing::SampleResult();
  for (int i = 0; i < 9; ++i) {
    fit::Candidate pruned = result.candidates[10];
    pruned.reason = "slower than the original";
    pruned.variant = "variant " + std::to_string(i);
    if (i >= 3) pruned.reason += ", way " + std::to_string(i);
    result.candidates.push_back(pruned);
  }
  const std::string text = SummaryText(result);
  EXPECT_THAT(
      text,
      HasSubstr(
          "not measured to the end (12)\n  onnxruntime int8, 1 thread, per channel, signed, minmax: failed"));
  EXPECT_THAT(text,
              HasSubstr("  onnxruntime int8, 1 thread, 3 variants: pruned: slower than the original\n"));
  EXPECT_THAT(text, HasSubstr("4\n  and 4 more, in result.json\n"));
}

TEST(SummaryText, FitsTheTerminal) {
  fit::FitResult result = testing::SampleResult();
  result.requirements[0].name = "a_requirement_with_a_name_far_longer_than_its_column";
  result.candidates[2].variant = std::string(200, 'v');
  for (const int width : {80, 120}) {
    std::istringstream lines(SummaryText(result, {.color = false, .width = width}));
    for (std::string line; std::getline(lines, line);) EXPECT_LE(Columns(line), width) << line;
  }
}

TEST(SummaryText, ColoursAndControlCharactersOnlyWhenAsked) {
  fit::FitResult result = testing::SampleResult();
  result.explanation = testing::kHostileName;
  EXPECT_THAT(SummaryText(result), Not(HasSubstr("\x1b")));
  EXPECT_THAT(SummaryText(result), HasSubstr("\\x1b[2J"));
  EXPECT_THAT(SummaryText(result, {.color = true}), HasSubstr("\x1b[1;32mmet\x1b[0m"));
}

TEST(SummaryText, AnEmptyResultIsStillAnAnswer) {
  EXPECT_THAT(SummaryText({}), HasSubstr("latency  nothing could be measured\nverdict  not met\n"));
}

TEST(PlanJson, FollowsTheDocumentedSchema) {
  EXPECT_EQ(testing::SchemaComplaint("plan.schema.json", PlanJson(testing::SampleResult())), "");
  EXPECT_NE(testing::SchemaComplaint("plan.schema.json", R"({"schema": "shoehorn.plan/1"})"), "");
}

TEST(PlanJson, SaysHowToRunTheArtifact) {
  const auto plan = nlohmann::json::parse(PlanJson(testing::SampleResult()));
  EXPECT_EQ(plan["schema"], "shoehorn.plan/1");
  EXPECT_EQ(plan["artifact"], "model.xml");
  EXPECT_EQ(plan["engine"], "openvino");
  EXPECT_EQ(plan["engine_version"], "2026.4.1-22982-e213a147257");
  EXPECT_EQ(plan["options"]["threads"], 1);
  EXPECT_EQ(plan["options"]["precision"], "bf16");
  EXPECT_EQ(plan["inputs"][0]["shape"], nlohmann::json({1, 3, 48, 192}));
  EXPECT_EQ(plan["inputs"][0]["mean"][0], 127.5);
  EXPECT_EQ(plan["model"]["hash"], "3a7bd3e2360a3d29");
}

}  // namespace
}  // namespace shoehorn::report
