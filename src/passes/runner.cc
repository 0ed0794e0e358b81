#include "passes/runner.h"

#include <chrono>

#include "passes/purity.h"

namespace shoehorn::passes {

Runner::Runner(PassContext& context, RunnerOptions options)
    : context_(context), options_(std::move(options)) {
  SHOEHORN_CHECK(context_.types != nullptr, "passes need type inference");
  if (context_.log == nullptr) context_.log = &own_log_;
}

PassStatistics& Runner::StatisticsOf(const Pass& pass) {
  const auto found = std::ranges::find(statistics_, std::string_view(pass.name), &PassStatistics::pass);
  if (found != statistics_.end()) return *found;
  return statistics_.emplace_back(PassStatistics{.pass = pass.name});
}

Result<bool> Runner::RunInside(const Pass& pass, ir::Graph& graph) {
  SHOEHORN_ASSIGN(bool changed, pass.run(graph, context_));
  graph.CollectGarbage();
  if (&graph == flat_) return changed;
  bool flat = true;
  for (ir::Node& node : graph.nodes()) {
    if (!HoldsGraphs(node)) continue;
    flat = false;
    for (ir::Graph* inner : node.Subgraphs()) {
      SHOEHORN_ASSIGN(const bool inner_changed, RunInside(pass, *inner));
      changed |= inner_changed;
    }
  }
  if (flat && graph.owner() == nullptr) flat_ = &graph;
  return changed;
}

Result<bool> Runner::Run(const Pass& pass, ir::Graph& graph) {
  if (std::ranges::find(options_.disabled, std::string_view(pass.name)) != options_.disabled.end())
    return false;
  if (options_.watch) options_.watch(pass, Moment::kBefore, graph);
  context_.pass = pass.name;
  const size_t noted = context_.log->size();
  const auto start = std::chrono::steady_clock::now();
  Result<bool> result = RunInside(pass, graph);
  const std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - start;

  PassStatistics& statistics = StatisticsOf(pass);
  ++statistics.runs;
  statistics.milliseconds += elapsed.count();
  statistics.rewrites += context_.log->size() - noted;
  const auto in_pass = [&](Diagnostic diagnostic) {
    diagnostic.found = "pass " + std::string(pass.name) + ": " + diagnostic.found;
    return diagnostic;
  };
  if (!result.ok()) return in_pass(result.error());
  if (options_.verify && *result)
    if (Status whole = ir::Verify(graph); !whole.ok()) return in_pass(whole.error());
  if (options_.watch) options_.watch(pass, Moment::kAfter, graph);
  return result;
}

}  // namespace shoehorn::passes
