// The answer of a target on the terminal. Three lines first, then the tables and sentences behind them:
//   target   qcs6490: Qualcomm QCS6490 (Qualcomm HTP, ONNX Runtime QNN 2.7.0)
//   verdict  99 of 102 operators taken in 2 islands, 3 on the CPU (3 refused);
//            after repair all 104 taken in 1 island, nothing on the CPU
//   judge    qnn (onnxruntime-qnn 2.7.0): after repair 1 island, nothing on the CPU
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "report/check_report.h"
#include "report/columns.h"
#include "support/diagnostic.h"
#include "support/units.h"

namespace shoehorn::report {
namespace {

using targets::Grade;
using targets::NodeAnswer;
using targets::Summary;

std::string Operators(size_t count) { return Plural(static_cast<int64_t>(count), "operator"); }
std::string Islands(size_t count) { return Plural(static_cast<int64_t>(count), "island"); }
std::string OnCpu(size_t count) {
  return count == 0 ? "nothing on the CPU" : fmt::format("{} on the CPU", count);
}

/// "99 of 102 operators taken in 2 islands, 3 on the CPU (2 refused, 1 native if)".
std::string Counts(const Answer& answer) {
  const Summary& summary = answer.check.summary;
  const size_t all = answer.check.nodes.size();
  std::string text = summary.accepted == all
                         ? fmt::format("all {} taken", Operators(all))
                         : fmt::format("{} of {} taken", summary.accepted, Operators(all));
  text += fmt::format(" in {}, {}", Islands(summary.islands), OnCpu(summary.cpu_operators));
  std::vector<std::string> parts;
  if (summary.refused > 0) parts.push_back(fmt::format("{} refused", summary.refused));
  if (summary.conditional > 0) parts.push_back(fmt::format("{} native if", summary.conditional));
  if (summary.unknown > 0) parts.push_back(fmt::format("{} unknown", summary.unknown));
  return parts.empty() ? text : fmt::format("{} ({})", text, fmt::join(parts, ", "));
}

/// "3 islands, 7 operators on the CPU", or how the judge ended.
std::string Judged(const targets::Judgement& judgement) {
  if (judgement.died)
    return fmt::format("the compiler {}{}", *judgement.died,
                       judgement.words.empty() ? "" : " (" + judgement.words + ")");
  std::string text = fmt::format("{}, {}", Islands(judgement.islands), OnCpu(judgement.cpu_operators));
  if (judgement.nodes.empty() && !judgement.words.empty()) text += " (" + judgement.words + ")";
  return text;
}

/// "15 Relu, 6 BatchNormalization".
std::string OperatorCounts(const std::vector<const NodeAnswer*>& nodes) {
  std::vector<std::pair<std::string, size_t>> counts;
  std::unordered_map<std::string, size_t> index;
  for (const NodeAnswer* node : nodes) {
    const auto [at, fresh] = index.try_emplace(OperatorName(*node->node), counts.size());
    if (fresh) counts.emplace_back(at->first, 0);
    ++counts[at->second].second;
  }
  std::ranges::stable_sort(counts, [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text;
  for (const auto& [name, count] : counts)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, name);
  return text;
}

/// The grade as the table's head calls it.
std::string_view Verdict(const NodeAnswer& node) {
  const Grade grade = GradeOf(node);
  return grade == Grade::kUnsupported ? "refused" : NameOf(grade);
}

class Text {
 public:
  Text(const CheckReport& report, const CheckTextOptions& options)
      : report_(report), options_(options), width_(static_cast<size_t>(std::max(80, options.style.width))) {}

  std::string Whole() {
    ThreeLines();
    OperatorTable();
    if (report_.after) {
      for (const NodeAnswer& node : report_.after->check.nodes)
        if (!node.accepted() && !report_.after->gone(node))
          for (std::string& name : node.node->UserNames()) left_.insert(std::move(name));
    }
    Refusals(report_.before, "not taken as it comes");
    if (report_.after) Refusals(*report_.after, "left after repair");
    Emulated();
    Repairs();
    Crossings();
    Advice();
    Disagreements();
    return std::move(out_);
  }

 private:
  std::string Dim(std::string_view text) const {
    return options_.style.color ? fmt::format("\x1b[2m{}\x1b[0m", text) : std::string(text);
  }
  void Heading(std::string_view text) {
    out_ += "\n";
    for (const std::string& line : Folded(text, width_))
      out_ += options_.style.color ? fmt::format("\x1b[1m{}\x1b[0m\n", line) : line + "\n";
  }
  /// "  label     text", the text folded beside the label.
  void Field(size_t margin, std::string_view label, size_t label_width, std::string_view text) {
    std::string head = std::string(margin, ' ') + Dim(Left(label, label_width));
    for (const std::string& line : Folded(text, width_ - margin - label_width)) {
      out_ += head + line + "\n";
      head.assign(margin + label_width, ' ');
    }
  }
  void Item(std::string_view text) { Field(2, "", 0, text); }

  void ThreeLines() {
    const targets::Accelerator& accelerator = *report_.before.check.accelerator;
    Field(0, "target", 9,
          fmt::format("{}: {} (rules of {}, {})", report_.profile.name, report_.profile.title,
                      accelerator.title, accelerator.runtime));
    std::string verdict = Counts(report_.before);
    if (report_.after) verdict += "; after repair " + Counts(*report_.after);
    Field(0, "verdict", 9, verdict);
    const auto& before = report_.before.judgement;
    const auto after = report_.after ? report_.after->judgement : std::nullopt;
    if (!before && !after) {
      Field(0, "judge", 9,
            fmt::format("not asked, so all of this is by rules: {}",
                        report_.judge_missing.empty() ? "this target has no judge" : report_.judge_missing));
      return;
    }
    std::string text =
        fmt::format("{} ({}): ", (after ? after : before)->judge, (after ? after : before)->version);
    if (before) text += "as it comes " + Judged(*before);
    if (after) text += (before ? "; after repair " : "after repair ") + Judged(*after);
    Field(0, "judge", 9, text);
  }

  struct Row {
    size_t nodes = 0, taken = 0, conditional = 0, refused = 0, unknown = 0;
    size_t after = 0, cpu = 0;
  };

  void OperatorTable() {
    std::map<std::string, Row> rows;
    size_t gone = 0;
    for (const NodeAnswer& node : report_.before.check.nodes) {
      Row& row = rows[OperatorName(*node.node)];
      ++row.nodes;
      if (!node.accepted() && report_.before.gone(node)) {
        ++gone;
        continue;
      }
      row.taken += node.accepted();
      if (node.accepted()) continue;
      const Grade grade = GradeOf(node);
      row.conditional += grade == Grade::kConditional;
      row.refused += grade == Grade::kUnsupported;
      row.unknown += grade == Grade::kUnknown;
    }
    if (report_.after) {
      for (const NodeAnswer& node : report_.after->check.nodes) {
        Row& row = rows[OperatorName(*node.node)];
        ++row.after;
        row.cpu += !node.accepted() && !report_.after->gone(node);
      }
    }
    const auto cell = [](size_t count, size_t width) {
      return Right(count == 0 ? "-" : std::to_string(count), width);
    };
    const size_t name_width = width_ - (report_.after ? 57 : 40);
    Heading(Left("operator", name_width) + Right("nodes", 6) + Right("taken", 7) + Right("native if", 11) +
            Right("refused", 8) + Right("unknown", 8) +
            (report_.after ? Right("repaired", 10) + Right("CPU", 7) : ""));
    std::vector<std::pair<std::string, Row>> sorted(rows.begin(), rows.end());
    std::ranges::stable_sort(sorted, [](const auto& a, const auto& b) {
      const auto key = [](const Row& row) {
        return std::tuple(row.cpu, row.conditional + row.refused + row.unknown, row.nodes);
      };
      return key(a.second) > key(b.second);
    });
    for (const auto& [name, row] : sorted)
      out_ += Left(Fitted(Escaped(name), name_width - 1), name_width) + cell(row.nodes, 6) +
              cell(row.taken, 7) + cell(row.conditional, 11) + cell(row.refused, 8) + cell(row.unknown, 8) +
              (report_.after ? cell(row.after, 10) + cell(row.cpu, 7) : "") + "\n";
    if (gone > 0)
      Item(fmt::format(
          "{} that the rules refuse did not reach the accelerator: the runtime folds or fuses them "
          "away (judged)",
          Operators(gone)));
  }

  /// As many names as three lines bear, or all.
  std::string Names(const std::vector<std::string>& names) const {
    constexpr size_t kBudget = 200;
    std::string text;
    for (size_t i = 0; i < names.size(); ++i) {
      const std::string next = (i == 0 ? "" : ", ") + names[i];
      if (!options_.verbose && i > 0 && text.size() + next.size() > kBudget)
        return fmt::format("{} and {} more (--verbose names them)", text, names.size() - i);
      text += next;
    }
    return text;
  }

  void Refusals(const Answer& answer, std::string_view title) {
    std::vector<Alike> groups = GroupAlike(answer);
    size_t nodes = 0, below = 0;
    for (const Alike& group : groups) nodes += group.nodes.size();
    if (nodes == 0) return;
    const std::string head = fmt::format("{}: {}", title, Operators(nodes));
    // What no repair changed is said once, where it is left.
    if (report_.after && &answer == &report_.before)
      std::erase_if(groups, [&](const Alike& group) {
        const bool stays = StillLeft(group) == group.nodes.size();
        below += stays ? group.nodes.size() : 0;
        return stays;
      });
    nodes -= below;
    Heading(head + (below > 0 ? fmt::format("; {} of them are left after repair, below", below) : ""));
    constexpr size_t kShown = 12;
    for (size_t i = 0; i < groups.size(); ++i) {
      if (!options_.verbose && i == kShown) {
        Item(fmt::format("and {} for other reasons (--verbose gives them)", Operators(nodes)));
        return;
      }
      nodes -= groups[i].nodes.size();
      Refusal(groups[i], &answer == &report_.before);
    }
  }

  void Refusal(const Alike& group, bool as_it_comes) {
    const targets::Refusal& refusal = group.refusal;
    std::vector<std::string> names;
    for (const NodeAnswer* node : group.nodes) names.push_back(targets::JudgedName(*node->node));
    Item(fmt::format("{}, {} ({}): {}", OperatorCounts(group.nodes), Verdict(group.first()),
                     KnownFrom(group.first()), Names(names)));
    Field(4, "found", 10, refusal.found);
    if (options_.verbose)
      for (const NodeAnswer* node : group.nodes)
        if (node->refusal != nullptr && node->refusal->found != refusal.found)
          Field(14, "", 0, targets::JudgedName(*node->node) + ": " + node->refusal->found);
    Field(4, "accepted", 10, refusal.accepted);
    Field(4, "source", 10, refusal.source);
    if (!refusal.cures.empty()) Field(4, "repair", 10, Cure(group, as_it_comes));
    if (!refusal.advice.empty()) Field(4, "advice", 10, refusal.advice);
    if (refusal.cures.empty() && refusal.advice.empty())
      Field(4, "repair", 10,
            as_it_comes && report_.after && StillLeft(group) == 0 ? "not needed: simplification repairs it"
                                                                  : "none is known: it runs on the CPU");
    const size_t others = DistinctRules(group) - 1;
    Field(4, "rule", 10,
          refusal.rule + (others > 0 ? fmt::format(" and {} alike of other operators", others) : ""));
  }

  static size_t DistinctRules(const Alike& group) {
    std::unordered_set<std::string> rules;
    for (const NodeAnswer* node : group.nodes) rules.insert(node->refusal ? node->refusal->rule : "");
    return rules.size();
  }

  /// Nodes of a group whose work is not taken after repair either.
  size_t StillLeft(const Alike& group) const {
    return static_cast<size_t>(std::ranges::count_if(group.nodes, [&](const NodeAnswer* node) {
      return std::ranges::any_of(node->node->UserNames(),
                                 [&](const std::string& name) { return left_.contains(name); });
    }));
  }

  /// The passes that cure a group, and whether they did.
  std::string Cure(const Alike& group, bool as_it_comes) const {
    const std::string passes = fmt::format("{}", fmt::join(group.refusal.cures, " or "));
    if (!report_.after) return passes;
    if (!as_it_comes) return passes + ": did not apply here, or made nothing better";
    const size_t still = StillLeft(group);
    if (still == 0) {
      const bool applied = std::ranges::any_of(report_.repairs, [&](const targets::RepairStep& step) {
        return std::ranges::find(group.refusal.cures, step.pass) != group.refusal.cures.end();
      });
      return applied ? passes + ": repaired" : "not needed: simplification repairs it";
    }
    return fmt::format("{}: {} of {} repaired", passes, group.nodes.size() - still, group.nodes.size());
  }

  void Emulated() {
    const std::vector<Alike> groups = GroupAlike(report_.last(), true);
    if (groups.empty()) return;
    Heading("taken, but run as something else");
    for (const Alike& group : groups)
      Item(fmt::format("{} {}: {} ({})", group.nodes.size(), OperatorName(*group.first().node),
                       group.refusal.accepted, group.refusal.source));
  }

  void Repairs() {
    if (!report_.after) return;
    if (report_.rewrites.empty() && report_.repairs.empty() && report_.pinned.empty() &&
        report_.given_up.empty())
      return;
    Heading("repairs");
    for (const std::string& pin : report_.pinned) Item("pinned " + pin);
    if (!report_.rewrites.empty())
      Item(fmt::format("simplified first, {} (exact)",
                       Plural(static_cast<int64_t>(report_.rewrites.size()), "rewrite")));
    for (const targets::RepairStep& step : report_.repairs) {
      Item(fmt::format("{}, {} ({}): on the CPU {} -> {}, islands {} -> {}", step.pass,
                       Plural(static_cast<int64_t>(step.rewrites), "rewrite"),
                       step.error.empty() ? "exact" : step.error, step.before.cpu_operators,
                       step.after.cpu_operators, step.before.islands, step.after.islands));
      if (!step.nodes.empty()) Field(4, "", 0, Names(step.nodes));
    }
    for (const std::string& given_up : report_.given_up) Item("not kept: " + given_up);
    if (!report_.repaired_model.empty()) Item("written to " + report_.repaired_model);
    if (!report_.artifact.empty()) Item("compiled to " + report_.artifact);
  }

  void Crossings() {
    std::vector<targets::Crossing> crossings = report_.last().check.crossings;
    if (crossings.empty()) return;
    const size_t unsized = static_cast<size_t>(std::ranges::count_if(
        crossings, [](const targets::Crossing& crossing) { return crossing.bytes < 0; }));
    Heading(fmt::format("price of the fallback{}: {} and {} cross in each run, {}{}",
                        report_.after ? " after repair" : "",
                        Plural(static_cast<int64_t>(crossings.size()), "tensor"),
                        FormatBytes(static_cast<double>(targets::BytesCrossing(crossings))),
                        Islands(report_.last().check.summary.islands),
                        unsized > 0 ? fmt::format(" ({} of unknown size)", unsized) : ""));
    std::ranges::stable_sort(crossings, [](const auto& a, const auto& b) { return a.bytes > b.bytes; });
    constexpr size_t kShown = 8;
    for (size_t i = 0; i < crossings.size(); ++i) {
      if (!options_.verbose && i == kShown) {
        Item(fmt::format("and {} smaller ones (--verbose lists them)", crossings.size() - i));
        break;
      }
      const targets::Crossing& crossing = crossings[i];
      out_ += "  " +
              Right(crossing.bytes < 0 ? "unknown" : FormatBytes(static_cast<double>(crossing.bytes)), 10) +
              (crossing.to_cpu ? "  leaves  " : "  enters  ") + Escaped(crossing.value->name()) + "\n";
    }
  }

  void Advice() {
    if (report_.advice.empty()) return;
    Heading("advice for training");
    for (const targets::Advice& advice : report_.advice) {
      Item(fmt::format("{}: {}", advice.op_type, Names(advice.nodes)));
      Field(4, "because", 10, advice.reason);
      Field(4, "instead", 10, advice.replacement);
      std::string gain =
          fmt::format("on the CPU {} -> {} operators, islands {} -> {}", advice.now.cpu_operators,
                      advice.then.cpu_operators, advice.now.islands, advice.then.islands);
      if (advice.bytes_now != advice.bytes_then)
        gain += fmt::format(", {} -> {} cross", FormatBytes(static_cast<double>(advice.bytes_now)),
                            FormatBytes(static_cast<double>(advice.bytes_then)));
      Field(4, "gains", 10, gain + " (by rules)");
    }
  }

  void Disagreements() {
    const targets::Agreement& agreement = report_.last().agreement;
    if (agreement.compared == 0) return;
    Heading(
        fmt::format("rules and judge agree on {} of {}", agreement.agreed, Operators(agreement.compared)));
    constexpr size_t kShown = 10;
    for (size_t i = 0; i < agreement.disagreements.size(); ++i) {
      if (!options_.verbose && i == kShown) {
        Item(fmt::format("and {} more (--verbose lists them)", agreement.disagreements.size() - i));
        return;
      }
      const targets::Disagreement& disagreement = agreement.disagreements[i];
      Item(fmt::format("{} ({}): the judge wins", disagreement.node, disagreement.op_type));
      Field(4, "rules", 10, disagreement.rules);
      Field(4, "judge", 10, disagreement.judged);
    }
  }

  const CheckReport& report_;
  const CheckTextOptions& options_;
  const size_t width_;
  std::string out_;
  std::unordered_set<std::string> left_;  ///< the user's nodes that are not taken after repair
};

}  // namespace

std::string CheckText(const CheckReport& report, const CheckTextOptions& options) {
  return Text(report, options).Whole();
}

std::string ComparisonText(const std::vector<CheckReport>& reports, const CheckTextOptions& options) {
  const size_t width = static_cast<size_t>(std::max(80, options.style.width));
  size_t name_width = 8;
  for (const CheckReport& report : reports)
    name_width = std::max(name_width, Columns(report.profile.name) + 1);
  name_width = std::min<size_t>(name_width, 32);
  std::string out;
  if (!reports.empty())
    out += fmt::format("{}: {}, by rules\n\n", Escaped(reports[0].model),
                       Operators(reports[0].before.check.nodes.size()));
  out += Left("target", name_width) + Right("taken", 7) + Right("native if", 11) + Right("refused", 9) +
         Right("unknown", 9) + Right("islands", 9) + Right("CPU", 7) + "\n";
  for (const CheckReport& report : reports) {
    const Summary& summary = report.before.check.summary;
    out += Left(Fitted(Escaped(report.profile.name), name_width - 1), name_width) +
           Right(std::to_string(summary.accepted), 7) + Right(std::to_string(summary.conditional), 11) +
           Right(std::to_string(summary.refused), 9) + Right(std::to_string(summary.unknown), 9) +
           Right(std::to_string(summary.islands), 9) + Right(std::to_string(summary.cpu_operators), 7) + "\n";
    const auto first = std::ranges::find_if(report.before.check.nodes,
                                            [](const NodeAnswer& node) { return !node.accepted(); });
    if (first == report.before.check.nodes.end() || first->refusal == nullptr) continue;
    for (const std::string& line : Folded(fmt::format("{}: {}; accepted: {}", first->node->Describe(),
                                                      first->refusal->found, first->refusal->accepted),
                                          width - 4))
      out += "    " + line + "\n";
  }
  return out;
}

}  // namespace shoehorn::report
