// What `shoehorn check` found about a model and a target, and what it looks like: text for people, JSON
// (docs/check-schema.md), SARIF for code-review tools, one page; and every target side by side.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "report/report.h"
#include "targets/advice.h"
#include "targets/compare.h"
#include "targets/repair.h"

namespace shoehorn::report {

inline constexpr std::string_view kCheckSchema = "shoehorn.check/1";
inline constexpr std::string_view kComparisonSchema = "shoehorn.check-targets/1";

/// What a target says about a model.
struct Answer {
  targets::CheckResult check;  ///< with a judge, NodeAnswer::judged is set
  std::optional<targets::Judgement> judgement;
  targets::Agreement agreement;  ///< of rules and judge

  /// A judge was asked and gave an answer.
  bool judged() const { return judgement && !judgement->died; }
  /// A node that the judge never saw: the runtime folded it or fused it into another.
  bool gone(const targets::NodeAnswer& node) const { return judged() && !node.judged; }
};

/// One model, one target. Answers point into models that must outlive the report.
struct CheckReport {
  std::string model;  ///< the file, as the user wrote it
  targets::Profile profile;
  Answer before;                          ///< of the model as it comes
  std::optional<Answer> after;            ///< of the repaired model; absent when nothing was tried
  std::vector<passes::Rewrite> rewrites;  ///< by simplification, before the repairs
  std::vector<std::string> pinned;        ///< "the first dimension of input 'x' to 1"
  std::vector<targets::RepairStep> repairs;
  std::vector<std::string> given_up;     ///< repairs that made nothing better, with the reason
  std::string judge_missing;             ///< why no judge was asked
  std::vector<targets::Advice> advice;   ///< for training, of the last answer
  std::string repaired_model, artifact;  ///< files written; empty when not asked for

  /// The answer about the repaired model where there is one, else about the model as it comes.
  const Answer& last() const { return after ? *after : before; }
};

/// Nodes that are not taken for the same reason: the same rule, whatever the operator.
struct Alike {
  targets::Refusal refusal;  ///< of the first; the judge's words where the rules have no objection
  std::vector<const targets::NodeAnswer*> nodes;

  const targets::NodeAnswer& first() const { return *nodes.front(); }
};

/// The nodes that the accelerator does not take (or, with `emulated`, takes as something else) as groups, in
/// the order of the model; those that no longer existed where the judge looked are left out.
std::vector<Alike> GroupAlike(const Answer& answer, bool emulated = false);

/// Why `node` is not simply native, the judge's words where the rules have no objection.
targets::Refusal RefusalOf(const Answer& answer, const targets::NodeAnswer& node);
/// What holds for the node in the end: what a judge took is native (or emulated), what it left is no better
/// than native if.
targets::Grade GradeOf(const targets::NodeAnswer& node);
/// "by rules", or "judged" when it is the compiler's own answer.
std::string_view KnownFrom(const targets::NodeAnswer& node);
/// The operator with its domain, "com.microsoft::Gelu".
std::string OperatorName(const ir::Node& node);

/// Nodes that an answer leaves refused or of unknown support; where a judge answered, those that it left.
size_t LeftUnsupported(const Answer& answer);

struct CheckTextOptions {
  TextStyle style;
  bool verbose = false;  ///< every node of a group, with what was found there
};

/// Three lines that answer the question; then a table of operators, refusals with source and cure, repairs,
/// what crosses, advice and disagreements. Ends in a newline.
std::string CheckText(const CheckReport& report, const CheckTextOptions& options = {});
/// A table with a row a target, in the order given, and why each does not take the first node that it
/// refuses.
std::string ComparisonText(const std::vector<CheckReport>& reports, const CheckTextOptions& options = {});

/// The documented JSON of one target, and of several.
std::string CheckJson(const CheckReport& report);
std::string ComparisonJson(const std::vector<CheckReport>& reports);

/// SARIF 2.1.0: one run a target, one result a node that is not taken.
std::string CheckSarif(const std::vector<CheckReport>& reports, std::string_view version);

/// One self-contained page about one target or several side by side.
std::string CheckPage(const std::vector<CheckReport>& reports);

}  // namespace shoehorn::report
