#include "place/partition_graph.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace shoehorn::place {
namespace {

/// An edge between two variables in whatever order, its table made by `cost(state of x, state of y)`.
template <typename Cost>
PairwiseGraph::Edge MakeEdge(const PairwiseGraph& graph, size_t x, size_t y, const Cost& cost) {
  PairwiseGraph::Edge edge{std::min(x, y), std::max(x, y), {}};
  edge.table.reserve(graph.states(x) * graph.states(y));
  for (size_t i = 0; i < graph.states(edge.a); ++i)
    for (size_t j = 0; j < graph.states(edge.b); ++j) edge.table.push_back(x < y ? cost(i, j) : cost(j, i));
  return edge;
}

}  // namespace

void Merge(std::vector<PairwiseGraph::Edge>& edges) {
  const auto key = [](const PairwiseGraph::Edge& edge) { return std::pair(edge.a, edge.b); };
  std::ranges::stable_sort(edges, {}, key);
  size_t kept = 0;
  for (size_t i = 0; i < edges.size(); ++i) {
    if (kept > 0 && key(edges[kept - 1]) == key(edges[i])) {
      for (size_t j = 0; j < edges[i].table.size(); ++j) edges[kept - 1].table[j] += edges[i].table[j];
    } else if (kept++ != i) {
      edges[kept - 1] = std::move(edges[i]);
    }
  }
  edges.resize(kept);
}

PartitionVariables::PartitionVariables(const PartitionProblem& problem) {
  std::vector<std::vector<const PartitionValue*>> made(problem.nodes.size());
  for (const PartitionValue& value : problem.values) made[value.producer].push_back(&value);
  // A set stands right behind the node that makes the value: elimination and bound go along this order.
  std::vector<ReadValue> read;
  for (size_t i = 0; i < problem.nodes.size(); ++i) {
    AddNode(problem.nodes[i]);
    for (const PartitionValue* value : made[i]) {
      ReadValue each{value, value->readers, graph_.unary.size()};
      std::ranges::sort(each.readers);
      each.readers.erase(std::unique(each.readers.begin(), each.readers.end()), each.readers.end());
      if (each.readers.size() > 1) graph_.unary.emplace_back();
      if (!each.readers.empty()) read.push_back(std::move(each));
    }
  }
  for (const ReadValue& each : read) AddValue(problem.units, each);
  Merge(graph_.edges);
}

void PartitionVariables::AddNode(const PartitionNode& node) {
  variable_.push_back(graph_.unary.size());
  graph_.unary.emplace_back();
  units_.emplace_back();
  for (size_t unit = 0; unit < node.cost.size(); ++unit) {
    if (node.cost[unit] == std::numeric_limits<double>::infinity()) continue;
    graph_.unary.back().push_back(node.cost[unit]);
    units_.back().push_back(unit);
  }
}

void PartitionVariables::AddValue(size_t units, const ReadValue& read) {
  const auto copy = [&](size_t from, size_t to) {
    return from == to ? 0.0 : read.value->copy[from * units + to];
  };
  const size_t producer = variable_[read.value->producer];
  const std::vector<size_t>& from = units_[read.value->producer];
  if (read.readers.size() == 1) {
    const std::vector<size_t>& to = units_[read.readers[0]];
    graph_.edges.push_back(MakeEdge(graph_, producer, variable_[read.readers[0]],
                                    [&](size_t i, size_t j) { return copy(from[i], to[j]); }));
    return;
  }
  size_t possible = 0;
  for (const size_t reader : read.readers)
    for (const size_t unit : units_[reader]) possible |= size_t{1} << unit;
  std::vector<size_t> sets;
  for (size_t set = 1; set < size_t{1} << units; ++set)
    if ((set & ~possible) == 0 && static_cast<size_t>(std::popcount(set)) <= read.readers.size())
      sets.push_back(set);
  graph_.unary[read.set].assign(sets.size(), 0.0);
  graph_.edges.push_back(MakeEdge(graph_, producer, read.set, [&](size_t i, size_t j) {
    double cost = 0;
    for (size_t to = 0; to < units; ++to)
      if ((sets[j] >> to & 1) != 0) cost += copy(from[i], to);
    return cost;
  }));
  for (const size_t reader : read.readers)
    graph_.edges.push_back(MakeEdge(graph_, read.set, variable_[reader], [&](size_t i, size_t j) {
      return (sets[i] >> units_[reader][j] & 1) != 0 ? 0.0 : std::numeric_limits<double>::infinity();
    }));
}

std::vector<size_t> PartitionVariables::UnitsOf(const Assignment& assignment) const {
  std::vector<size_t> units(variable_.size());
  for (size_t i = 0; i < units.size(); ++i) units[i] = units_[i][assignment[variable_[i]]];
  return units;
}

}  // namespace shoehorn::place
