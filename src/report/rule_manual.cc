#include "report/rule_manual.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "passes/pass.h"
#include "report/columns.h"
#include "support/diagnostic.h"
#include "support/units.h"
#include "targets/device_facts.h"
#include "targets/judge.h"

namespace shoehorn::report {
namespace {

using Json = nlohmann::ordered_json;
using targets::Accelerator;
using targets::Grade;
using targets::OperatorRow;
using targets::Rule;

/// "Gelu" of "com.microsoft::Gelu": ids carry no domain.
std::string WithoutDomain(const std::string& op_type) {
  const size_t colons = op_type.rfind("::");
  return colons == std::string::npos ? op_type : op_type.substr(colons + 2);
}

const std::string& SourceOf(const RuleEntry& entry) {
  if (entry.rule != nullptr && !entry.rule->source.empty()) return entry.rule->source;
  if (entry.row != nullptr && !entry.row->source.empty()) return entry.row->source;
  return entry.accelerator->source;
}

/// "lower_pool_3d: Write a pool over three dimensions as ... (exact)".
std::string CureText(const std::string& name) {
  const passes::Pass* pass = passes::FindPass(name);
  if (pass == nullptr) return name + ": give every dimension a number (--shape, --symbol)";
  return fmt::format("{}: {} ({})", name, pass->sentence, pass->error == nullptr ? "exact" : pass->error);
}

/// Lines of text with labels, folded to the terminal.
class Lines {
 public:
  explicit Lines(const TextStyle& style)
      : color_(style.color), width_(static_cast<size_t>(std::max(80, style.width))) {}

  void Heading(std::string_view text) {
    out_ += out_.empty() ? "" : "\n";
    for (const std::string& line : Folded(text, width_))
      out_ += color_ ? fmt::format("\x1b[1m{}\x1b[0m\n", line) : line + "\n";
  }
  void Field(size_t margin, std::string_view label, size_t label_width, std::string_view text) {
    std::string head = std::string(margin, ' ') + Left(label, label_width);
    for (const std::string& line : Folded(text, width_ - margin - label_width)) {
      out_ += head + line + "\n";
      head.assign(margin + label_width, ' ');
    }
  }
  std::string Text() { return std::move(out_); }

 private:
  bool color_;
  size_t width_;
  std::string out_;
};

std::string JudgeText(const TargetState& target) {
  if (target.profile.judge.empty()) return "none: its compiler cannot be asked here";
  return fmt::format("{}, {}", target.profile.judge,
                     target.judge_installed ? target.judge : "not installed: " + target.judge);
}

/// The units, and under each owner its figures with their sources.
void DeviceLines(const targets::Device& device, Lines& lines) {
  lines.Heading("units");
  for (const targets::Unit& unit : device.units) lines.Field(2, "", 0, unit.name + ": " + SummaryOf(unit));
  std::string owner;
  for (const targets::DeviceFact& row : FactsOf(device)) {
    if (row.owner != owner) lines.Heading("figures of " + row.owner);
    owner = row.owner;
    lines.Field(2, row.what, 17,
                fmt::format("{} ({}; {})", row.value, NameOf(row.fact->kind), row.fact->source));
  }
}

Json ToJson(const targets::Fact& fact) {
  return {{"value", fact.value}, {"kind", NameOf(fact.kind)}, {"source", fact.source}};
}

Json ToJson(const std::optional<targets::Fact>& fact) { return fact ? ToJson(*fact) : Json(); }

/// Figures in operations/s, bytes/s, bytes, seconds, watts and joules.
Json ToJson(const targets::Device& device) {
  Json json = {{"memory", ToJson(device.memory)},
               {"idle_power", ToJson(device.idle_power)},
               {"sustained_power", ToJson(device.sustained_power)},
               {"battery", ToJson(device.battery)},
               {"units", Json::array()},
               {"copies", Json::array()}};
  for (const targets::Unit& unit : device.units) {
    Json peak = Json::object();
    for (const auto& [precision, fact] : unit.peak) peak[precision] = ToJson(fact);
    json["units"].push_back({{"name", unit.name},
                             {"kind", NameOf(unit.kind)},
                             {"accelerator", unit.accelerator.empty() ? Json() : Json(unit.accelerator)},
                             {"runtime", unit.runtime},
                             {"peak", std::move(peak)},
                             {"efficiency", ToJson(unit.efficiency)},
                             {"bandwidth", ToJson(unit.bandwidth)},
                             {"memory", ToJson(unit.memory)},
                             {"dispatch", ToJson(unit.dispatch)},
                             {"operator", ToJson(unit.per_operator)},
                             {"busy_power", ToJson(unit.busy_power)}});
  }
  for (const targets::Copy& copy : device.copies)
    json["copies"].push_back({{"between", {copy.first, copy.second}},
                              {"bandwidth", ToJson(copy.bandwidth)},
                              {"latency", ToJson(copy.latency)}});
  return json;
}

std::string FactText(const targets::Fact& fact) {
  return fmt::format("{} ({}; {})", FormatNumber(fact.value), NameOf(fact.kind), fact.source);
}

void RuleLines(const Rule& rule, Lines& lines) {
  std::string text = rule.sentence;
  if (rule.otherwise != Grade::kUnsupported) text += fmt::format(" (else {})", NameOf(rule.otherwise));
  if (!rule.cures.empty()) text += fmt::format("; repair {}", fmt::join(rule.cures, " or "));
  lines.Field(4, "", 0, fmt::format("{}: {}", rule.id, text));
}

Json ToJson(const Rule& rule) {
  return {{"id", rule.id},
          {"sentence", rule.sentence},
          {"otherwise", NameOf(rule.otherwise)},
          {"repairs", rule.cures},
          {"advice", rule.advice.empty() ? Json() : Json(rule.advice)},
          {"source", rule.source.empty() ? Json() : Json(rule.source)}};
}

Json ToJson(const std::vector<Rule>& rules) {
  Json list = Json::array();
  for (const Rule& rule : rules) list.push_back(ToJson(rule));
  return list;
}

Json ToJson(const OperatorRow& row) {
  return {{"operators", row.op_types},
          {"grade", NameOf(row.grade)},
          {"remark", row.remark.empty() ? Json() : Json(row.remark)},
          {"repairs", row.cures},
          {"advice", row.advice.empty() ? Json() : Json(row.advice)},
          {"source", row.source.empty() ? Json() : Json(row.source)},
          {"rules", ToJson(row.rules)}};
}

Json Summary(const TargetState& target) {
  const targets::Profile& profile = target.profile;
  Json judge = nullptr;
  if (!profile.judge.empty())
    judge = {{"name", profile.judge},
             {"installed", target.judge_installed},
             {target.judge_installed ? "version" : "missing", target.judge}};
  return {{"name", profile.name},           {"title", profile.title},    {"accelerator", profile.accelerator},
          {"precision", profile.precision}, {"judge", std::move(judge)}, {"file", profile.file.string()}};
}

std::string Dump(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

}  // namespace

TargetState StateOf(targets::Profile profile) {
  TargetState state;
  if (!profile.judge.empty()) {
    const targets::Judge* judge = targets::FindJudge(profile.judge);
    const Result<std::string> installed = judge->Installed();
    state.judge_installed = installed.ok();
    state.judge = installed.ok() ? *installed : installed.error().found;
    if (!installed.ok() && !installed.error().fix.empty()) state.judge += "; " + installed.error().fix;
  }
  state.profile = std::move(profile);
  return state;
}

std::string TargetsText(const std::vector<TargetState>& targets, const TextStyle& style) {
  Lines lines(style);
  size_t width = 0;
  for (const TargetState& target : targets) width = std::max(width, Columns(target.profile.name) + 2);
  for (const TargetState& target : targets) {
    const targets::Profile& profile = target.profile;
    lines.Field(0, Escaped(profile.name), width, profile.title);
    lines.Field(width, "", 0,
                fmt::format("{}{}", profile.HasRules() ? "rules " + profile.accelerator : "no support rules",
                            profile.judge.empty() ? "; no judge" : "; judge " + JudgeText(target)));
  }
  return lines.Text() + "\nshoehorn targets NAME says what a target takes, and from which source.\n";
}

std::string TargetsJson(const std::vector<TargetState>& targets) {
  Json json = {{"schema", kTargetsSchema}, {"targets", Json::array()}};
  for (const TargetState& target : targets) json["targets"].push_back(Summary(target));
  return Dump(json);
}

std::string TargetText(const TargetState& target, const TextStyle& style) {
  const targets::Profile& profile = target.profile;
  const Accelerator& accelerator = *targets::FindAccelerator(profile.accelerator);
  Lines lines(style);
  lines.Heading(profile.name + ": " + profile.title);
  if (profile.HasRules()) {
    lines.Field(2, "rules", 11,
                fmt::format("{}: {}, as of {}", accelerator.name, accelerator.title, accelerator.runtime));
    lines.Field(2, "source", 11, accelerator.source);
  } else {
    lines.Field(2, "rules", 11, "none are known: nobody can say which operators it takes");
  }
  lines.Field(2, "judge", 11, JudgeText(target));
  if (!profile.precision.empty()) lines.Field(2, "runs best", 11, "in " + profile.precision);
  lines.Field(2, "profile", 11, profile.file.string());
  if (!profile.facts.empty()) lines.Heading("facts");
  for (const auto& [name, fact] : profile.facts) lines.Field(2, "", 0, name + ": " + FactText(fact));
  if (profile.device) DeviceLines(*profile.device, lines);
  if (!profile.HasRules()) return lines.Text();
  if (!accelerator.everywhere.empty()) lines.Heading("required of every operator");
  for (const Rule& rule : accelerator.everywhere) RuleLines(rule, lines);

  std::vector<std::string> free;
  for (const OperatorRow& row : accelerator.rows)
    if (row.grade == Grade::kNative && row.rules.empty())
      free.insert(free.end(), row.op_types.begin(), row.op_types.end());
  std::ranges::sort(free);
  if (!free.empty()) {
    lines.Heading("taken without further requirements");
    lines.Field(2, "", 0, fmt::format("{}", fmt::join(free, ", ")));
  }
  lines.Heading("taken under requirements, as something else, or refused");
  for (const OperatorRow& row : accelerator.rows) {
    if (row.grade == Grade::kNative && row.rules.empty()) continue;
    std::string head = fmt::format("{}", fmt::join(row.op_types, ", "));
    if (row.grade != Grade::kNative) head += fmt::format(": {}, {}", NameOf(row.grade), row.remark);
    if (!row.cures.empty()) head += fmt::format("; repair {}", fmt::join(row.cures, " or "));
    if (!row.advice.empty()) head += "; advice: " + row.advice;
    lines.Field(2, "", 0, head);
    for (const Rule& rule : row.rules) RuleLines(rule, lines);
  }
  lines.Heading(accelerator.complete ? "Every other operator is refused: the source lists all that is taken."
                                     : "Of every other operator nothing is known: it counts as not taken.");
  lines.Field(0, "", 0,
              fmt::format("shoehorn explain {}.OPERATOR.RULE says more of a rule.", accelerator.name));
  return lines.Text();
}

std::string TargetJson(const TargetState& target) {
  const targets::Profile& profile = target.profile;
  const Accelerator& accelerator = *targets::FindAccelerator(profile.accelerator);
  Json json = {{"schema", kTargetSchema}};
  json.update(Summary(target));
  json["runtime"] = accelerator.runtime;
  json["source"] = accelerator.source;
  json["complete"] = accelerator.complete;
  json["facts"] = Json::object();
  for (const auto& [name, fact] : profile.facts) json["facts"][name] = ToJson(fact);
  json["device"] = profile.device ? ToJson(*profile.device) : Json();
  json["everywhere"] = ToJson(accelerator.everywhere);
  json["operators"] = Json::array();
  for (const OperatorRow& row : accelerator.rows) json["operators"].push_back(ToJson(row));
  return Dump(json);
}

Result<RuleEntry> FindRule(std::string_view id) {
  std::vector<std::string> known;
  RuleEntry found;
  found.id = std::string(id);
  const auto offer = [&](std::string name, const Accelerator& accelerator, const OperatorRow* row,
                         const Rule* rule) {
    if (name == id && found.accelerator == nullptr) {
      found.accelerator = &accelerator;
      found.row = row;
      found.rule = rule;
    }
    known.push_back(std::move(name));
  };
  for (const Accelerator* accelerator : targets::AllAccelerators())
    for (const OperatorRow& row : accelerator->rows)
      for (const std::string& op_type : row.op_types) {
        const std::string place = accelerator->name + "." + WithoutDomain(op_type);
        offer(place, *accelerator, &row, nullptr);
        for (const Rule& rule : row.rules) offer(place + "." + rule.id, *accelerator, &row, &rule);
        for (const Rule& rule : accelerator->everywhere)
          offer(place + "." + rule.id, *accelerator, &row, &rule);
      }
  if (found.accelerator != nullptr) return found;
  Diagnostic diagnostic;
  diagnostic.place = "rule '" + Escaped(id) + "'";
  diagnostic.found = "there is no such rule";
  diagnostic.expected = "ACCELERATOR.OPERATOR.RULE as check prints it, or ACCELERATOR.OPERATOR";
  if (const std::string near = DidYouMean(id, known); !near.empty())
    diagnostic.fix = "did you mean '" + near + "'?";
  return diagnostic;
}

std::string RuleText(const RuleEntry& entry, const std::vector<std::string>& users, const TextStyle& style) {
  const Accelerator& accelerator = *entry.accelerator;
  Lines lines(style);
  lines.Heading(entry.id);
  const auto field = [&](std::string_view label, std::string_view text) {
    if (!text.empty()) lines.Field(2, label, 11, text);
  };
  const std::vector<std::string>& cures = entry.rule != nullptr ? entry.rule->cures : entry.row->cures;
  const std::string& advice = entry.rule != nullptr ? entry.rule->advice : entry.row->advice;
  if (entry.rule != nullptr) {
    field("accepted", entry.rule->sentence);
    field("otherwise", NameOf(entry.rule->otherwise));
  } else {
    field("grade", NameOf(entry.row->grade));
    field("remark", entry.row->remark);
  }
  field("source", SourceOf(entry));
  field("runtime", accelerator.title + ", " + accelerator.runtime);
  for (size_t i = 0; i < cures.size(); ++i) field(i == 0 ? "repair" : "", CureText(cures[i]));
  field("advice", advice);
  field("targets", fmt::format("{}", fmt::join(users, ", ")));
  if (entry.rule != nullptr) return lines.Text();
  if (!entry.row->rules.empty() || !accelerator.everywhere.empty()) lines.Heading("requirements");
  for (const Rule& rule : entry.row->rules) RuleLines(rule, lines);
  for (const Rule& rule : accelerator.everywhere) RuleLines(rule, lines);
  return lines.Text();
}

std::string RuleJson(const RuleEntry& entry, const std::vector<std::string>& users) {
  Json json = {{"schema", kRuleSchema}, {"id", entry.id}, {"accelerator", entry.accelerator->name}};
  Json body = entry.rule != nullptr ? ToJson(*entry.rule) : ToJson(*entry.row);
  body.erase("id");
  json.update(body);
  json["source"] = SourceOf(entry);
  json["runtime"] = entry.accelerator->runtime;
  json["targets"] = users;
  return Dump(json);
}

}  // namespace shoehorn::report
