// The search for repairs: which passes, in which order, bring a model to where the target takes most of it.
// Best first over sequences of repairs: a state is a model, an action one pass over the nodes whose broken
// rule names it.
//   lprnet on an accelerator of four dimensions: 3 MaxPool refused -> lower_pool_3d -> nothing refused, one
//   island
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "targets/check.h"

namespace shoehorn::targets {

/// What counts, the most important first: operators on the CPU, islands, bytes that cross, nodes.
struct Score {
  size_t cpu_operators = 0, islands = 0;
  int64_t crossing_bytes = 0;
  size_t nodes = 0;
  auto operator<=>(const Score&) const = default;
  /// Nothing is left to repair.
  bool perfect() const { return cpu_operators == 0 && islands <= 1; }
  /// The target does more, or in fewer pieces: fewer nodes alone are no reason to change a model.
  bool BetterThan(const Score& other) const {
    return std::tie(cpu_operators, islands, crossing_bytes) <
           std::tie(other.cpu_operators, other.islands, other.crossing_bytes);
  }
};
Score ScoreOf(const CheckResult& check);

/// One repair that was kept.
struct RepairStep {
  std::string pass;
  size_t rewrites = 0;
  std::vector<std::string> nodes;  ///< the user's nodes that it replaced
  std::string error;               ///< how far numbers may move; empty: exact
  Summary before, after;
};

struct Repaired {
  std::unique_ptr<ir::Model> model;  ///< with types
  std::vector<RepairStep> steps;     ///< empty: no repair made it better
  size_t tries = 0;                  ///< models that were looked at
  bool gave_up = false;              ///< `most_tries` was reached before the queue was empty
};

/// What the target says of a model: its rules, and what a judge has said of nodes like these.
using Oracle = std::function<CheckResult(const ir::Model&)>;

/// The best sequence of repairs for `model` (simplified, with types), without any step that the result does
/// as well without. Errors: those of the passes.
Result<Repaired> SearchRepairs(const ir::Model& model, const Oracle& oracle, size_t most_tries);

}  // namespace shoehorn::targets
