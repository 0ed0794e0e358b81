#include "place/partition.h"

#include <algorithm>
#include <limits>

#include "place/partition_cut.h"
#include "place/partition_graph.h"
#include "place/partition_search.h"
#include "support/check.h"

namespace shoehorn::place {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();

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

/// What to say when copies make every placement impossible, with a value that no placement brings to a
/// reader, if one is to blame alone.
Diagnostic NoWay(const PartitionProblem& problem, bool proven) {
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
  diagnostic.found = proven
                         ? "no placement has a way for every tensor between the units that make and read it"
                         : "no placement was found that has a way for every tensor between its units";
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

PartitionAnswer Least(const PartitionProblem& problem, const PartitionLimits& limits) {
  if (problem.units == 2)
    return Optimal(problem, CutBetween(problem, 0, 1, std::vector<size_t>(problem.nodes.size(), 0)),
                   "minimum cut");
  return SearchPartition(problem, PartitionVariables(problem), limits);
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
  if (answer.cost == kInfinite) return NoWay(problem, answer.optimal);
  return answer;
}

}  // namespace shoehorn::place
