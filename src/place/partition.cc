#include "place/partition.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "place/partition_bound.h"
#include "place/partition_cut.h"
#include "place/partition_elimination.h"
#include "place/partition_graph.h"
#include "support/check.h"

namespace shoehorn::place {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();
/// What sums of ten thousand costs may be off by: nothing that is better by less is looked for.
constexpr double kRounding = 1e-9;
constexpr size_t kEverything = std::numeric_limits<size_t>::max();

void CheckProblem(const PartitionProblem& problem) {
  SHOEHORN_CHECK(problem.units >= 1 && problem.units <= kMaxPartitionUnits, "1 to 8 units");
  for (const PartitionNode& node : problem.nodes) {
    SHOEHORN_CHECK(node.cost.size() == problem.units, "a cost for each unit");
    for (const double cost : node.cost) SHOEHORN_CHECK(cost >= 0, "costs are not negative");
  }
  for (const PartitionValue& value : problem.values) {
    SHOEHORN_CHECK(value.copy.size() == problem.units * problem.units, "a copy for each pair of units");
    for (const double cost : value.copy) SHOEHORN_CHECK(cost >= 0, "copies are not negative");
    SHOEHORN_CHECK(value.producer < problem.nodes.size(), "a producer that exists");
    for (const size_t reader : value.readers)
      SHOEHORN_CHECK(reader < problem.nodes.size() && reader != value.producer, "readers that exist");
  }
}

Status EveryNodeHasAUnit(const PartitionProblem& problem) {
  for (const PartitionNode& node : problem.nodes) {
    if (std::ranges::any_of(node.cost, [](double cost) { return cost < kInfinite; })) continue;
    Diagnostic diagnostic;
    diagnostic.place = node.name;
    diagnostic.found = "every unit refuses it";
    diagnostic.expected = "one that runs it";
    diagnostic.fix = "a CPU takes every operator: leave `accelerator` out of the unit that should run it";
    return diagnostic;
  }
  return Ok();
}

/// What to say when copies make every placement impossible, with a value that no placement brings to a reader, if one
/// is to blame alone.
Diagnostic NoWay(const PartitionProblem& problem) {
  const auto no_way = [&](const PartitionValue& value, size_t reader) {
    for (size_t from = 0; from < problem.units; ++from)
      for (size_t to = 0; to < problem.units; ++to)
        if (problem.nodes[value.producer].cost[from] < kInfinite &&
            problem.nodes[reader].cost[to] < kInfinite &&
            (from == to || value.copy[from * problem.units + to] < kInfinite))
          return false;
    return true;
  };
  Diagnostic diagnostic;
  diagnostic.found = "no placement has a way for every tensor between the units that make and read it";
  diagnostic.expected = "a [[copy]] between them";
  for (const PartitionValue& value : problem.values)
    for (const size_t reader : value.readers)
      if (diagnostic.place.empty() && no_way(value, reader))
        diagnostic.place = problem.nodes[value.producer].name;
  return diagnostic;
}

PartitionAnswer Optimal(const PartitionProblem& problem, std::vector<size_t> unit, const char* method) {
  PartitionAnswer answer;
  answer.unit = std::move(unit);
  answer.cost = answer.lower_bound = PartitionCost(problem, answer.unit);
  answer.optimal = true;
  answer.method = method;
  return answer;
}

/// The least assignment of `graph`; nothing when the limits do not allow to find it.
std::optional<Assignment> Eliminated(const PairwiseGraph& graph, const PartitionLimits& limits) {
  Elimination elimination(graph);
  if (!elimination.Run(kEverything, limits)) return std::nullopt;
  return elimination.Complete({});
}

/// The search in a graph that is too wide to eliminate: bound and best known placement come closer until nothing
/// is left between them, or what is left can be eliminated.
class BoundedSearch {
 public:
  BoundedSearch(const PartitionProblem& problem, const PartitionVariables& variables,
                const PartitionLimits& limits)
      : problem_(problem), variables_(variables), limits_(limits), contraction_(variables.graph()) {
    best_.cost = kInfinite;
    contraction_.Run(2, limits);
    core_ = contraction_.Core(core_variables_);
  }

  PartitionAnswer Run() {
    PartitionBound bound(core_);
    for (int round = 0; round < limits_.rounds && !bound.exhausted(); ++round) {
      bound.Round(best_.cost * (1 - kRounding));
      if (round % 8 == 0) Try(bound.Guess(), round == 0);
    }
    Try(bound.Guess(), true);
    best_.lower_bound = std::min(bound.lower(), best_.cost);
    best_.optimal = bound.exhausted() || best_.lower_bound >= best_.cost * (1 - kRounding);
    best_.method = "bounded search";
    if (best_.optimal) {
      best_.lower_bound = best_.cost;
    } else {
      EliminateRest(bound);
    }
    return best_;
  }

 private:
  /// Keeps what `guess` (about the core) stands for when it is the best so far, after swaps between pairs of units.
  void Try(const Assignment& guess, bool swaps) {
    std::vector<size_t> unit = UnitsOf(guess);
    double cost = PartitionCost(problem_, unit);
    for (bool better = swaps && cost < kInfinite; better;) {
      better = false;
      for (size_t a = 0; a < problem_.units; ++a)
        for (size_t b = a + 1; b < problem_.units; ++b) {
          std::vector<size_t> swapped = CutBetween(problem_, a, b, unit);
          const double least = PartitionCost(problem_, swapped);
          if (least >= cost * (1 - kRounding)) continue;
          cost = least;
          unit = std::move(swapped);
          better = true;
        }
    }
    if (cost >= best_.cost && !best_.unit.empty()) return;
    best_.cost = cost;
    best_.unit = std::move(unit);
  }

  std::vector<size_t> UnitsOf(const Assignment& core) const {
    Assignment whole(variables_.graph().unary.size(), 0);
    for (size_t i = 0; i < core.size(); ++i) whole[core_variables_[i]] = core[i];
    return variables_.UnitsOf(contraction_.Complete(std::move(whole)));
  }

  void EliminateRest(const PartitionBound& bound) {
    std::vector<Assignment> kept;
    const auto found = Eliminated(Restricted(core_, bound.keep(), kept), limits_);
    if (!found) return;
    Assignment core(found->size());
    for (size_t i = 0; i < core.size(); ++i) core[i] = kept[i][(*found)[i]];
    Try(core, false);
    best_.lower_bound = best_.cost;
    best_.optimal = true;
    best_.method = "elimination after bounding";
  }

  const PartitionProblem& problem_;
  const PartitionVariables& variables_;
  const PartitionLimits& limits_;
  Elimination contraction_;
  std::vector<size_t> core_variables_;
  PairwiseGraph core_;
  PartitionAnswer best_;
};

PartitionAnswer Least(const PartitionProblem& problem, const PartitionLimits& limits) {
  if (problem.units == 2)
    return Optimal(problem, CutBetween(problem, 0, 1, std::vector<size_t>(problem.nodes.size(), 0)),
                   "minimum cut");
  const PartitionVariables variables(problem);
  if (const auto found = Eliminated(variables.graph(), limits))
    return Optimal(problem, variables.UnitsOf(*found), "elimination");
  return BoundedSearch(problem, variables, limits).Run();
}

}  // namespace

double PartitionCost(const PartitionProblem& problem, const std::vector<size_t>& unit) {
  double cost = 0;
  for (size_t i = 0; i < problem.nodes.size(); ++i) cost += problem.nodes[i].cost[unit[i]];
  for (const PartitionValue& value : problem.values) {
    size_t paid = size_t{1} << unit[value.producer];
    for (const size_t reader : value.readers) {
      const size_t to = unit[reader];
      if ((paid >> to & 1) != 0) continue;
      paid |= size_t{1} << to;
      cost += value.copy[unit[value.producer] * problem.units + to];
    }
  }
  return cost;
}

Result<PartitionAnswer> SolvePartition(const PartitionProblem& problem, const PartitionLimits& limits) {
  CheckProblem(problem);
  SHOEHORN_TRY(EveryNodeHasAUnit(problem));
  PartitionAnswer answer = Least(problem, limits);
  if (answer.cost == kInfinite && answer.optimal) return NoWay(problem);
  return answer;
}

}  // namespace shoehorn::place
