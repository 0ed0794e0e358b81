// Repairs: the cheapest sequence of passes, named by the rules that nodes break, that leaves the fewest
// operators on the CPU and the fewest islands. What the rules promise is put before the judge again, and a
// repair that did not make the answer better is not kept.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ir/interfaces.h"
#include "passes/pipeline.h"
#include "targets/judge.h"
#include "targets/search.h"

namespace shoehorn::targets {

struct RepairOptions {
  /// Shapes that the user pins; a first dimension that stays open is pinned to 1 when the target wants
  /// numbers.
  passes::SimplifyOptions simplify;
  bool judge = true;  ///< ask the profile's judge where it is installed
  JudgeLimits limits;
  std::filesystem::path
      artifact;             ///< where the judge writes what it compiled of the repaired model; empty: nowhere
  size_t most_tries = 200;  ///< models that the search may look at
};

/// What a target says about a model, as it comes and repaired.
struct RepairOutcome {
  std::unique_ptr<ir::Model>
      original;        ///< a copy of the model as it came, with types and a name for every node
  CheckResult before;  ///< of `original`; with a judge, NodeAnswer::judged is set
  std::unique_ptr<ir::Model> repaired;
  CheckResult after;                      ///< of `repaired`
  std::vector<passes::Rewrite> rewrites;  ///< by simplification, which runs first
  std::vector<std::string> pinned;        ///< "the first dimension of input 'x' to 1"
  std::vector<RepairStep> steps;
  std::vector<std::string> given_up;  ///< repairs that the judge did not like, with the reason
  std::optional<Judgement> judged_before, judged_after;
  std::string judge_missing;  ///< why no judge was asked; empty when one was
};

/// Checks `model`, simplifies and repairs a copy of it, and checks that. `model` must outlive the outcome.
/// Errors: those of passes::Simplify, Ctrl-C; a judge that dies is no error.
Result<RepairOutcome> Repair(const ir::Model& model, const Profile& profile, const RepairOptions& options);

}  // namespace shoehorn::targets
