// Targets, accelerators and rules in words, from the same sentences that refuse a node: for `shoehorn
// targets` and `shoehorn explain`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/report.h"
#include "targets/profile.h"
#include "targets/rule.h"

namespace shoehorn::report {

inline constexpr std::string_view kTargetsSchema = "shoehorn.targets/1";
inline constexpr std::string_view kTargetSchema = "shoehorn.target/1";
inline constexpr std::string_view kRuleSchema = "shoehorn.rule/1";

/// A profile and whether its judge can be asked.
struct TargetState {
  targets::Profile profile;
  std::string
      judge;  ///< the version that is installed, or why it cannot be asked and what to do; may be empty
  bool judge_installed = false;
};

/// Asks the judge of `profile` whether it is installed.
TargetState StateOf(targets::Profile profile);

/// A row a target.
std::string TargetsText(const std::vector<TargetState>& targets, const TextStyle& style = {});
std::string TargetsJson(const std::vector<TargetState>& targets);

/// One target: its facts with their sources, and what its accelerator takes under which requirements.
std::string TargetText(const TargetState& target, const TextStyle& style = {});
std::string TargetJson(const TargetState& target);

/// A rule, or a whole operator, found by its stable id.
struct RuleEntry {
  std::string id;
  const targets::Accelerator* accelerator = nullptr;
  const targets::OperatorRow* row = nullptr;
  const targets::Rule* rule = nullptr;  ///< nullptr: the operator itself is meant
};

/// "qnn_htp.MaxPool.rank_0" is a rule, "qnn_htp.MaxPool" an operator. Errors: an unknown id (did you mean).
Result<RuleEntry> FindRule(std::string_view id);

/// The sentence, source, cures and advice; `users` are the names of targets with this accelerator.
std::string RuleText(const RuleEntry& entry, const std::vector<std::string>& users,
                     const TextStyle& style = {});
std::string RuleJson(const RuleEntry& entry, const std::vector<std::string>& users);

}  // namespace shoehorn::report
