// Refusals as SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/), which code-review tools show
// beside the model file: one run a target, one result a node that its accelerator does not take.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <unordered_map>

#include "report/check_report.h"
#include "support/files.h"

namespace shoehorn::report {
namespace {

using Json = nlohmann::ordered_json;
using targets::Grade;
using targets::NodeAnswer;

/// A path as a URI reference: everything but letters, digits and "-._~/" as %XX; absolute ones with file://.
std::string Uri(const std::string& path) {
  std::string uri = path.starts_with('/') ? "file://" : "";
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~/").find(c) != std::string_view::npos;
    uri += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return uri;
}

bool IsUrl(const std::string& source) {
  return (source.starts_with("https://") || source.starts_with("http://")) &&
         source.find_first_of(" \"<>") == std::string::npos;
}

/// An error stays on the CPU, a warning has a repair or a condition or is not known, a note runs as something
/// else.
const char* Level(Grade grade, const targets::Refusal& refusal) {
  if (grade == Grade::kEmulated) return "note";
  if (grade == Grade::kUnsupported && refusal.cures.empty()) return "error";
  return "warning";
}

std::string Help(const targets::Refusal& refusal) {
  std::string text = "Accepted: " + refusal.accepted + ". Source: " + refusal.source + ".";
  for (const std::string& cure : refusal.cures) text += " Repair: " + cure + ".";
  if (!refusal.advice.empty()) text += " Before training: " + refusal.advice + ".";
  return text;
}

Json Run(const CheckReport& report, std::string_view version) {
  const targets::Accelerator& accelerator = *report.before.check.accelerator;
  Json rules = Json::array(), results = Json::array();
  std::unordered_map<std::string, size_t> index;
  for (const NodeAnswer& node : report.before.check.nodes) {
    const Grade grade = GradeOf(node);
    if (grade == Grade::kNative || report.before.gone(node)) continue;
    const targets::Refusal refusal = RefusalOf(report.before, node);
    const auto [rule, fresh] = index.try_emplace(refusal.rule, rules.size());
    if (fresh) {
      Json entry = {{"id", refusal.rule},
                    {"shortDescription", {{"text", OperatorName(*node.node) + ": " + refusal.accepted}}},
                    {"help", {{"text", Help(refusal)}}},
                    {"properties", {{"accelerator", accelerator.name}, {"source", refusal.source}}}};
      if (IsUrl(refusal.source)) entry["helpUri"] = refusal.source;
      rules.push_back(std::move(entry));
    }
    const std::string name = targets::JudgedName(*node.node);
    results.push_back(
        {{"ruleId", refusal.rule},
         {"ruleIndex", rule->second},
         {"level", Level(grade, refusal)},
         {"message", {{"text", Sentence(node) + ". " + Help(refusal)}}},
         {"locations",
          {{{"physicalLocation", {{"artifactLocation", {{"uri", Uri(report.model)}, {"index", 0}}}}},
            {"logicalLocations", {{{"name", name}, {"kind", "node"}}}}}}},
         {"partialFingerprints", {{"target/node/v1", HashText(report.profile.name + "\n" + name)}}},
         {"properties", {{"grade", NameOf(grade)}, {"known", KnownFrom(node)}}}});
  }
  return {{"tool", {{"driver", {{"name", "shoehorn"}, {"version", version}, {"rules", std::move(rules)}}}}},
          {"automationDetails", {{"id", "shoehorn-check/" + report.profile.name + "/"}}},
          {"artifacts", {{{"location", {{"uri", Uri(report.model)}}}}}},
          {"results", std::move(results)},
          {"properties",
           {{"target", report.profile.name},
            {"accelerator", accelerator.name},
            {"runtime", accelerator.runtime}}}};
}

}  // namespace

std::string CheckSarif(const std::vector<CheckReport>& reports, std::string_view version) {
  Json json = {{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
               {"version", "2.1.0"},
               {"runs", Json::array()}};
  for (const CheckReport& report : reports) json["runs"].push_back(Run(report, version));
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace shoehorn::report
