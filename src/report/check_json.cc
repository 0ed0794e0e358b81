// The answer as JSON, documented in docs/check-schema.md; a shorter form of it, without the nodes that are
// taken, is what the page draws itself from.
#include "report/check_json.h"

#include <nlohmann/json.hpp>

#include "report/check_report.h"

namespace shoehorn::report {
namespace {

using Json = nlohmann::ordered_json;
using targets::Grade;
using targets::NodeAnswer;

/// Absent text is null, so that no reader takes "" for an answer.
Json OrNull(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json ToJson(const targets::Summary& summary) {
  return {{"accepted", summary.accepted}, {"conditional", summary.conditional},
          {"refused", summary.refused},   {"unknown", summary.unknown},
          {"islands", summary.islands},   {"cpu_operators", summary.cpu_operators}};
}

Json ToJson(const targets::Refusal& refusal) {
  return {{"rule", refusal.rule},
          {"found", refusal.found},
          {"accepted", refusal.accepted},
          {"source", refusal.source},
          {"repair", refusal.cures.empty() ? Json() : Json(refusal.cures.front())},
          {"repairs", refusal.cures},
          {"advice", OrNull(refusal.advice)}};
}

Json ToJson(const Answer& answer, const NodeAnswer& node) {
  const Grade grade = GradeOf(node);
  Json json = {{"name", targets::JudgedName(*node.node)},
               {"op", OperatorName(*node.node)},
               {"grade", NameOf(grade)},
               {"judged", node.judged         ? Json(*node.judged ? "taken" : "left")
                          : answer.gone(node) ? Json("gone")
                                              : Json()},
               {"island", node.island < 0 ? Json() : Json(node.island)},
               {"origins", node.node->origins}};
  if (grade == Grade::kNative) {
    for (const char* key : {"reason", "rule", "found", "accepted", "source", "repair"}) json[key] = nullptr;
    json["repairs"] = Json::array();
    json["advice"] = nullptr;
    return json;
  }
  json["reason"] = Sentence(node);
  json.update(ToJson(RefusalOf(answer, node)));
  return json;
}

Json ToJson(const std::optional<targets::Judgement>& judgement) {
  if (!judgement) return nullptr;
  return {{"name", judgement->judge},
          {"version", judgement->version},
          {"islands", judgement->islands},
          {"cpu_operators", judgement->cpu_operators},
          {"died", judgement->died ? Json(*judgement->died) : Json()},
          {"words", OrNull(judgement->words)},
          {"seconds", judgement->seconds},
          {"peak_bytes", judgement->peak_bytes}};
}

Json ToJson(const targets::Agreement& agreement) {
  Json disagreements = Json::array();
  for (const targets::Disagreement& each : agreement.disagreements)
    disagreements.push_back(
        {{"name", each.node}, {"op", each.op_type}, {"rules", each.rules}, {"judge", each.judged}});
  return {{"compared", agreement.compared},
          {"agreed", agreement.agreed},
          {"unknown", agreement.unknown},
          {"disagreements", std::move(disagreements)}};
}

/// Refusals by reason, with as many names as a page can bear.
Json Reasons(const Answer& answer) {
  constexpr size_t kNames = 200;
  Json list = Json::array();
  for (const Alike& group : GroupAlike(answer)) {
    Json json = {{"grade", NameOf(GradeOf(group.first()))},
                 {"known", KnownFrom(group.first())},
                 {"count", group.nodes.size()}};
    json.update(ToJson(group.refusal));
    Json names = Json::array(), operators = Json::object();
    for (const NodeAnswer* node : group.nodes) {
      if (names.size() < kNames) names.push_back(targets::JudgedName(*node->node));
      Json& count = operators[OperatorName(*node->node)];
      count = count.is_null() ? 1 : count.get<int>() + 1;
    }
    json["operators"] = std::move(operators);
    json["nodes"] = std::move(names);
    list.push_back(std::move(json));
  }
  return list;
}

/// Counts by operator: all, taken, native if, refused, unknown.
Json Operators(const Answer& answer) {
  Json operators = Json::object();
  for (const NodeAnswer& node : answer.check.nodes) {
    Json& row = operators[OperatorName(*node.node)];
    if (row.is_null())
      row = {{"nodes", 0}, {"accepted", 0}, {"conditional", 0}, {"refused", 0}, {"unknown", 0}};
    const auto count = [&](const char* key) { row[key] = row[key].get<int>() + 1; };
    count("nodes");
    const Grade grade = GradeOf(node);
    if (node.accepted()) {
      count("accepted");
    } else if (!answer.gone(node)) {
      count(grade == Grade::kConditional ? "conditional" : grade == Grade::kUnknown ? "unknown" : "refused");
    }
  }
  return operators;
}

void AddAnswer(const Answer& answer, bool for_page, Json& json) {
  json["summary"] = ToJson(answer.check.summary);
  json["judge"] = ToJson(answer.judgement);
  json["agreement"] = ToJson(answer.agreement);
  json["crossing_bytes"] = targets::BytesCrossing(answer.check.crossings);
  Json crossings = Json::array();
  for (const targets::Crossing& crossing : answer.check.crossings) {
    if (for_page && crossings.size() == 200) break;
    crossings.push_back({{"tensor", crossing.value->name()},
                         {"direction", crossing.to_cpu ? "to_cpu" : "from_cpu"},
                         {"bytes", crossing.bytes < 0 ? Json() : Json(crossing.bytes)}});
  }
  json["crossings"] = std::move(crossings);
  if (for_page) {
    json["crossing_count"] = answer.check.crossings.size();
    json["operators"] = Operators(answer);
    json["reasons"] = Reasons(answer);
    return;
  }
  Json nodes = Json::array();
  for (const NodeAnswer& node : answer.check.nodes) nodes.push_back(ToJson(answer, node));
  json["nodes"] = std::move(nodes);
}

Json ToJson(const targets::Advice& advice) {
  return {{"rule", advice.rule},
          {"op", advice.op_type},
          {"nodes", advice.nodes},
          {"reason", advice.reason},
          {"replacement", advice.replacement},
          {"now", ToJson(advice.now)},
          {"then", ToJson(advice.then)},
          {"crossing_bytes_now", advice.bytes_now},
          {"crossing_bytes_then", advice.bytes_then}};
}

Json ToJson(const targets::RepairStep& step) {
  return {{"pass", step.pass},           {"rewrites", step.rewrites},     {"nodes", step.nodes},
          {"error", OrNull(step.error)}, {"before", ToJson(step.before)}, {"after", ToJson(step.after)}};
}

Json Whole(const CheckReport& report, bool for_page) {
  const targets::Accelerator& accelerator = *report.before.check.accelerator;
  Json json = {{"schema", kCheckSchema},          {"model", report.model},
               {"target", report.profile.name},   {"title", report.profile.title},
               {"accelerator", accelerator.name}, {"accelerator_title", accelerator.title},
               {"runtime", accelerator.runtime},  {"source", accelerator.source}};
  AddAnswer(report.before, for_page, json);
  json["judge_missing"] = OrNull(report.judge_missing);
  json["rewrites"] = report.rewrites.size();
  json["pinned"] = report.pinned;
  json["repairs"] = Json::array();
  for (const targets::RepairStep& step : report.repairs) json["repairs"].push_back(ToJson(step));
  json["given_up"] = report.given_up;
  json["after"] = nullptr;
  if (report.after) {
    Json after = Json::object();
    AddAnswer(*report.after, for_page, after);
    json["after"] = std::move(after);
  }
  json["advice"] = Json::array();
  for (const targets::Advice& advice : report.advice) json["advice"].push_back(ToJson(advice));
  json["repaired_model"] = OrNull(report.repaired_model);
  json["artifact"] = OrNull(report.artifact);
  return json;
}

std::string Dump(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json Comparison(const std::vector<CheckReport>& reports, bool for_page) {
  Json json = {{"schema", kComparisonSchema},
               {"model", reports.empty() ? "" : reports.front().model},
               {"targets", Json::array()}};
  for (const CheckReport& report : reports) json["targets"].push_back(Whole(report, for_page));
  return json;
}

}  // namespace

std::string CheckJson(const CheckReport& report) { return Dump(Whole(report, false), 2); }

std::string ComparisonJson(const std::vector<CheckReport>& reports) {
  return Dump(Comparison(reports, false), 2);
}

std::string PageJson(const std::vector<CheckReport>& reports) { return Dump(Comparison(reports, true), -1); }

}  // namespace shoehorn::report
