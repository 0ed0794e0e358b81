// A check as text, JSON, SARIF and page, from reports made by hand.
#include "report/check_report.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "report/columns.h"
#include "support/files.h"
#include "support/sample_check.h"
#include "support/schema.h"

namespace shoehorn::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Json = nlohmann::json;

std::string Complaint(const std::string& json) { return testing::SchemaComplaint("check.schema.json", json); }

TEST(CheckText, AnswersInTheFirstThreeLines) {
  EXPECT_THAT(CheckText(testing::RulesOnly().report),
              StartsWith("target   toy-1: A toy board (rules of Toy, Toy 1.0)\n"
                         "verdict  3 of 9 operators taken in 3 islands, 6 on the CPU (4 refused, 1 native\n"
                         "         if, 1 unknown)\n"
                         "judge    not asked, so all of this is by rules: the compiler is not installed;\n"
                         "         run make vendors\n"));
  EXPECT_THAT(CheckText(testing::RepairedAndJudged().report),
              HasSubstr("judge    toyc (toyc 3.1): as it comes the compiler was killed by signal 11\n"
                        "         (SIGSEGV); after repair 2 islands, 2 on the CPU\n"));
}

TEST(CheckText, EveryRefusalNamesNodeFoundAcceptedSourceAndWhatToDo) {
  const std::string text = CheckText(testing::RulesOnly().report);
  EXPECT_THAT(text, HasSubstr("  3 BatchNormalization, refused (by rules): bn1, bn2, bn3\n"
                              "    found     operator BatchNormalization\n"
                              "    accepted  Mul and Add\n"
                              "    source    toy manual 1.0\n"
                              "    repair    decompose_batch_norm\n"
                              "    rule      toy.BatchNormalization\n"));
  EXPECT_THAT(text, HasSubstr("    advice    train with GlobalAveragePool\n"));
  EXPECT_THAT(text, HasSubstr("  1 Relu, native if (by rules): open\n"
                              "    found     input 0 has the shape [batch,2]\n"));
  EXPECT_THAT(text, HasSubstr("  1 Sin, unknown (by rules): sine\n"));
  EXPECT_THAT(text, HasSubstr("    repair    none is known: it runs on the CPU\n"));
}

TEST(CheckText, SaysWhatTheJudgeSaidAndThatItWins) {
  const std::string text = CheckText(testing::RepairedAndJudged().report);
  EXPECT_THAT(text, HasSubstr("  1 Relu, refused (judged): relu1\n"
                              "    found     no room for relu1\n"));
  EXPECT_THAT(text, HasSubstr("rules and judge agree on 2 of 4 operators\n"));
  EXPECT_THAT(text, HasSubstr("  relu1 (Relu): the judge wins\n"
                              "    rules     native\n"
                              "    judge     left to the CPU: no room for relu1\n"));
  EXPECT_THAT(text, HasSubstr("repair    decompose_batch_norm: repaired\n"));
  EXPECT_THAT(text, HasSubstr("  not kept: fuse_nothing: the judge takes no more of the model with it\n"));
}

TEST(CheckText, SaysThePriceAndWhatTrainingWouldGain) {
  const std::string text = CheckText(testing::RulesOnly().report);
  EXPECT_THAT(text, HasSubstr("price of the fallback: 6 tensors and 3.00 KiB cross in each run"));
  EXPECT_THAT(text, HasSubstr("advice for training\n"
                              "  GlobalLpPool: pool\n"));
  EXPECT_THAT(text, HasSubstr("    gains     on the CPU 6 -> 5 operators, islands "));
}

TEST(CheckText, FitsATerminal) {
  for (const testing::SampleCheck& sample : {testing::RulesOnly(), testing::RepairedAndJudged()}) {
    std::istringstream lines(CheckText(sample.report));
    for (std::string line; std::getline(lines, line);) EXPECT_LE(Columns(line), 80u) << line;
  }
}

TEST(CheckText, ManyAlikeNodesDoNotScrollTheScreen) {
  testing::SampleCheck sample = testing::RulesOnly();
  auto& nodes = sample.report.before.check.nodes;
  const targets::NodeAnswer refused = nodes.front();
  nodes.insert(nodes.begin(), 200, refused);
  const std::string text = CheckText(sample.report);
  EXPECT_THAT(text, HasSubstr("203 BatchNormalization, refused (by rules): bn1, bn1,"));
  EXPECT_THAT(text, HasSubstr("more (--verbose"));
  EXPECT_THAT(CheckText(sample.report, {.style = {}, .verbose = true}), Not(HasSubstr("--verbose")));
}

TEST(ComparisonText, HasARowATargetAndItsFirstReason) {
  const testing::SampleCheck sample = testing::RulesOnly();
  const std::string text = ComparisonText({sample.report});
  EXPECT_THAT(text, StartsWith("models/a b.onnx: 9 operators, by rules\n"));
  EXPECT_THAT(text,
              HasSubstr("toy-1         3          1        4        1        3      6\n"
                        "    node 'bn1' (BatchNormalization): operator BatchNormalization; accepted: Mul\n"
                        "    and Add\n"));
}

TEST(CheckJson, FollowsTheDocumentedSchema) {
  const testing::SampleCheck rules = testing::RulesOnly(), judged = testing::RepairedAndJudged();
  EXPECT_EQ(Complaint(CheckJson(rules.report)), "");
  EXPECT_EQ(Complaint(CheckJson(judged.report)), "");
  EXPECT_EQ(Complaint(ComparisonJson({rules.report, judged.report})), "");
}

TEST(CheckJson, TheSchemaRefusesWhatIsNotDocumented) {
  const testing::SampleCheck sample = testing::RulesOnly();
  const Json good = Json::parse(CheckJson(sample.report));
  Json bad = good;
  bad["summary"].erase("islands");
  EXPECT_NE(Complaint(bad.dump()), "");
  bad = good;
  bad["nodes"][0]["reason"] = nullptr;  // a refused node without its reason
  EXPECT_NE(Complaint(bad.dump()), "");
  bad = good;
  bad["nodes"][0]["grade"] = "perhaps";
  EXPECT_NE(Complaint(bad.dump()), "");
}

TEST(CheckJson, EveryKeyIsInTheManual) {
  const auto manual = ReadText(std::string(SHOEHORN_SOURCE_DIR) + "/docs/check-schema.md");
  ASSERT_TRUE(manual.ok());
  const std::function<void(const Json&)> look = [&](const Json& json) {
    if (json.is_object())
      for (const auto& [key, value] : json.items()) {
        EXPECT_NE(manual->find("`" + key), std::string::npos) << key;
        look(value);
      }
    if (json.is_array())
      for (const Json& each : json) look(each);
  };
  const testing::SampleCheck sample = testing::RepairedAndJudged();
  look(Json::parse(CheckJson(sample.report)));
}

TEST(CheckJson, TheJudgeWinsNodeByNode) {
  const testing::SampleCheck sample = testing::RepairedAndJudged();
  const Json json = Json::parse(CheckJson(sample.report));
  EXPECT_EQ(json["judge"]["died"], "was killed by signal 11 (SIGSEGV)");
  const Json& after = json["after"];
  EXPECT_EQ(after["judge"]["cpu_operators"], 2);
  EXPECT_EQ(after["summary"]["islands"], 2);
  const Json& nodes = after["nodes"];
  EXPECT_EQ(nodes[1]["name"], "relu1");
  EXPECT_EQ(nodes[1]["grade"], "unsupported");
  EXPECT_EQ(nodes[1]["judged"], "left");
  EXPECT_EQ(nodes[1]["found"], "no room for relu1");
  EXPECT_EQ(nodes[1]["source"], "toyc 3.1");
  EXPECT_EQ(nodes[2]["grade"], "native");
  EXPECT_EQ(nodes[2]["judged"], "taken");
  EXPECT_EQ(nodes[4]["judged"], "gone");
  EXPECT_EQ(json["nodes"][0]["judged"], nullptr);  // a judge that died has said nothing
}

TEST(LeftUnsupported, CountsRefusedAndUnknownButNotWhatAShapeCures) {
  const testing::SampleCheck rules = testing::RulesOnly(), judged = testing::RepairedAndJudged();
  EXPECT_EQ(LeftUnsupported(rules.report.before), 5u);
  EXPECT_EQ(LeftUnsupported(*judged.report.after), 2u);
}

// The part of the SARIF 2.1.0 schema that is used: required properties, types, and what an index points to.
TEST(CheckSarif, IsSarif) {
  const testing::SampleCheck sample = testing::RulesOnly();
  const Json sarif = Json::parse(CheckSarif({sample.report}, "1.2.3"));
  EXPECT_EQ(sarif["version"], "2.1.0");
  ASSERT_EQ(sarif["runs"].size(), 1u);
  const Json& run = sarif["runs"][0];
  const Json& driver = run["tool"]["driver"];
  EXPECT_EQ(driver["name"], "shoehorn");
  EXPECT_EQ(driver["version"], "1.2.3");
  ASSERT_TRUE(driver["rules"].is_array());
  ASSERT_TRUE(run["artifacts"].is_array());
  EXPECT_EQ(run["artifacts"][0]["location"]["uri"], "models/a%20b.onnx");
  ASSERT_TRUE(run["results"].is_array());
  ASSERT_EQ(run["results"].size(), 7u);  // 6 on the CPU, 1 emulated
  std::map<std::string, int> levels;
  for (const Json& result : run["results"]) {
    const size_t index = result["ruleIndex"].get<size_t>();
    ASSERT_LT(index, driver["rules"].size());
    EXPECT_EQ(driver["rules"][index]["id"], result["ruleId"]);
    EXPECT_TRUE(result["message"]["text"].is_string());
    ++levels[result["level"].get<std::string>()];
    ASSERT_TRUE(result["locations"].is_array());
    ASSERT_TRUE(result["locations"][0].is_object());
    const Json& location = result["locations"][0];
    EXPECT_EQ(location["physicalLocation"]["artifactLocation"]["index"], 0);
    ASSERT_TRUE(location["logicalLocations"].is_array());
    EXPECT_TRUE(location["logicalLocations"][0]["name"].is_string());
    for (const auto& [key, value] : result["partialFingerprints"].items())
      EXPECT_TRUE(value.is_string()) << key;
  }
  EXPECT_EQ(levels, (std::map<std::string, int>{{"error", 1}, {"note", 1}, {"warning", 5}}));
  bool linked = false;
  for (const Json& rule : driver["rules"]) {
    EXPECT_TRUE(rule["shortDescription"]["text"].is_string());
    EXPECT_TRUE(rule["help"]["text"].is_string());
    if (rule["id"] == "toy.Relu.static_shape") {
      EXPECT_EQ(rule["helpUri"], "https://toy.example/manual#relu");
      linked = true;
    } else {
      EXPECT_FALSE(rule.contains("helpUri")) << rule;
    }
  }
  EXPECT_TRUE(linked);
}

TEST(CheckPage, NamesFromModelsStayNames) {
  testing::SampleCheck sample = testing::RulesOnly();
  sample.report.model = "</script><img src=x onerror=alert(1)>";
  sample.model->graph->first()->name = "</script><img src=y>";
  const std::string page = CheckPage({sample.report});
  EXPECT_EQ(page.find("<img src"), std::string::npos);
  EXPECT_NE(page.find("\\u003c/script\\u003e\\u003cimg src=y\\u003e"), std::string::npos);
  EXPECT_NE(page.find("default-src 'none'"), std::string::npos);
  EXPECT_NE(page.find("verdict  3 of 9 operators taken"), std::string::npos);  // for readers without scripts
}

}  // namespace
}  // namespace shoehorn::report
