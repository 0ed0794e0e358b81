#include "targets/manual.h"

#include <fmt/format.h>

#include <algorithm>

#include "targets/device_facts.h"
#include "targets/rule.h"

namespace shoehorn::targets {
namespace {

/// Text that stands in a cell of a table.
std::string Cell(const std::string& text) {
  std::string cell;
  for (const char c : text) cell += c == '|' ? std::string("\\|") : std::string(1, c);
  return cell;
}

void Append(std::string& list, const std::string& item, const char* between) {
  if (item.empty()) return;
  if (!list.empty()) list += between;
  list += item;
}

std::string Operators(const OperatorRow& row) {
  std::string text;
  for (const std::string& op_type : row.op_types) Append(text, op_type, ", ");
  return text;
}

/// A rule's sentence, and what a node that breaks it is when that is not refused: "opset 9 to 20 (else
/// unknown)".
std::string Requirement(const Rule& rule) {
  if (rule.otherwise == Grade::kUnsupported) return rule.sentence;
  return fmt::format("{} (else {})", rule.sentence,
                     rule.otherwise == Grade::kConditional ? "conditional" : NameOf(rule.otherwise));
}

/// The grade of a row as it stands in the table: a row with requirements is native if they hold.
std::string GradeOf(const OperatorRow& row) {
  if (row.grade == Grade::kNative && !row.rules.empty()) return std::string(NameOf(Grade::kConditional));
  return std::string(NameOf(row.grade));
}

std::string Cures(const OperatorRow& row) {
  std::vector<std::string> all;
  const auto add = [&](const std::vector<std::string>& cures) {
    for (const std::string& cure : cures)
      if (std::ranges::find(all, cure) == all.end()) all.push_back(cure);
  };
  for (const Rule& rule : row.rules) add(rule.cures);
  add(row.cures);
  std::string text;
  for (const std::string& cure : all) Append(text, "`" + cure + "`", ", ");
  return text;
}

std::string Advice(const OperatorRow& row) {
  std::vector<std::string> all;
  const auto add = [&](const std::string& advice) {
    if (!advice.empty() && std::ranges::find(all, advice) == all.end()) all.push_back(advice);
  };
  for (const Rule& rule : row.rules) add(rule.advice);
  add(row.advice);
  std::string text;
  for (const std::string& advice : all) Append(text, advice, "; ");
  return text;
}

std::string RowText(const OperatorRow& row) {
  std::string requirements = row.remark;
  for (const Rule& rule : row.rules) Append(requirements, Requirement(rule), "; ");
  return fmt::format("| {} | {} | {} | {} | {} |\n", Cell(Operators(row)), GradeOf(row), Cell(requirements),
                     Cures(row), Cell(Advice(row)));
}

std::string Section(const Accelerator& accelerator) {
  std::string text =
      fmt::format("\n## {}\n\n`{}`: {}.  \nSource: {}.\n\n{}\n", accelerator.title, accelerator.name,
                  accelerator.runtime, accelerator.source,
                  accelerator.complete
                      ? "What the table does not name is refused: the source lists all that is taken."
                      : "What the table does not name is unknown: the source does not claim to list all.");
  if (!accelerator.everywhere.empty()) {
    text += "\nFor every operator:\n\n";
    for (const Rule& rule : accelerator.everywhere) text += "- " + Requirement(rule) + "\n";
  }
  text += "\n| operators | grade | requirements | repairs | advice for training |\n|---|---|---|---|---|\n";
  std::vector<std::string> sources;
  const auto cite = [&](const std::string& source) {
    if (!source.empty() && source != accelerator.source &&
        std::ranges::find(sources, source) == sources.end())
      sources.push_back(source);
  };
  for (const Rule& rule : accelerator.everywhere) cite(rule.source);
  for (const OperatorRow& row : accelerator.rows) {
    text += RowText(row);
    cite(row.source);
    for (const Rule& rule : row.rules) cite(rule.source);
  }
  if (!sources.empty()) text += "\nRows and rules that were read elsewhere:\n\n";
  for (const std::string& source : sources) text += "- " + source + "\n";
  return text;
}

std::string DeviceSection(const Profile& profile) {
  std::string text = fmt::format("\n### {}\n\n{}.\n\n", profile.name, profile.title);
  for (const Unit& unit : profile.device->units)
    text += fmt::format("- `{}`: {}\n", unit.name, SummaryOf(unit));
  text += "\n| of | figure | value | kind | source |\n|---|---|---|---|---|\n";
  for (const DeviceFact& row : FactsOf(*profile.device))
    text += fmt::format("| {} | {} | {} | {} | {} |\n", Cell(row.owner), row.what, row.value,
                        NameOf(row.fact->kind), Cell(row.fact->source));
  return text;
}

std::string DeviceSections(const std::vector<Profile>& profiles) {
  std::string text =
      "\n## Devices\n\n"
      "What the profiles in `targets/` say of compute units, on which `shoehorn place` counts: "
      "[profiles.md](profiles.md)\n"
      "explains the figures. A figure is measured, reported by a vendor or a benchmark page, or inferred: "
      "then the "
      "source says from\n"
      "what. A profile that is not listed here says nothing of units.\n";
  for (const Profile& profile : profiles)
    if (profile.device) text += DeviceSection(profile);
  return text;
}

}  // namespace

std::string TargetsManual(const std::vector<Profile>& profiles) {
  std::string text =
      "# Targets\n\n"
      "What each accelerator takes, as `shoehorn check` judges it by rules: read from the runtimes' public "
      "documents and\n"
      "source, restated, each with its source and version. Inputs are counted from 0; behind a "
      "DequantizeLinear the type of\n"
      "an input is the quantized one. This page is generated from the tables in `src/targets/rules` and the "
      "profiles in\n`targets`; a test compares them.\n\n"
      "| grade | meaning |\n|---|---|\n"
      "| native | runs on the accelerator |\n"
      "| native if | runs there when the requirements hold; without them it is refused, where nothing else "
      "is said |\n"
      "| emulated | runs there as other operators, or slower |\n"
      "| unsupported | runs on the CPU |\n"
      "| unknown | the documents do not say; never counted as taken |\n\n"
      "Every node of real models on which rules and a judge disagree stands in "
      "[disagreements.md](disagreements.md).\n";
  for (const Accelerator* accelerator : AllAccelerators()) text += Section(*accelerator);
  return text + DeviceSections(profiles);
}

}  // namespace shoehorn::targets
