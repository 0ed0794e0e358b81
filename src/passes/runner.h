// Runs passes: each over a graph and every graph inside it, timed, counted and verified; any can be switched
// off by name or watched (`before` and `after` each run) to print the graph.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "passes/pass.h"

namespace shoehorn::passes {

enum class Moment { kBefore, kAfter };

struct RunnerOptions {
  std::vector<std::string> disabled;  ///< names of passes that are left out
  bool verify = false;                ///< check the IR's invariants after each pass that changed something
  /// Called around each run of a pass on the outermost graph, e.g. to dump it as text; may be empty.
  std::function<void(const Pass& pass, Moment moment, const ir::Graph& graph)> watch;
};

/// What a pass cost and did so far.
struct PassStatistics {
  std::string pass;
  int runs = 0;
  size_t rewrites = 0;
  double milliseconds = 0;
};

class Runner {
 public:
  /// `context` must outlive the runner and have `types` set.
  Runner(PassContext& context, RunnerOptions options);

  /// Runs `pass` on `graph`, then on the graphs inside it; true when any of them changed. A pass that is
  /// switched off changes nothing. Errors: the pass's own, with its name; with `verify`, a broken graph
  /// (blame kFault).
  Result<bool> Run(const Pass& pass, ir::Graph& graph);

  /// In the order in which the passes first ran.
  const std::vector<PassStatistics>& statistics() const { return statistics_; }

 private:
  Result<bool> RunInside(const Pass& pass, ir::Graph& graph);
  PassStatistics& StatisticsOf(const Pass& pass);

  PassContext& context_;
  /// The graph without inner graphs: no pass makes any, and looking for them costs as much as many a pass.
  const ir::Graph* flat_ = nullptr;
  RunnerOptions options_;
  std::vector<PassStatistics> statistics_;
  std::vector<Rewrite> own_log_;
};

}  // namespace shoehorn::passes
