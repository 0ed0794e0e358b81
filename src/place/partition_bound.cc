#include "place/partition_bound.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace shoehorn::place {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();

}  // namespace

PartitionBound::PartitionBound(PairwiseGraph graph)
    : graph_(std::move(graph)), before_(graph_.unary.size()), after_(graph_.unary.size()) {
  for (const std::vector<double>& costs : graph_.unary) keep_.emplace_back(costs.size(), 1);
  for (size_t i = 0; i < graph_.edges.size(); ++i) {
    after_[graph_.edges[i].a].push_back({i, true});
    before_[graph_.edges[i].b].push_back({i, false});
  }
}

double PartitionBound::Entry(const Side& side, size_t own, size_t other) const {
  const PairwiseGraph::Edge& edge = graph_.edges[side.edge];
  const size_t width = graph_.states(edge.b);
  return edge.table[side.first ? own * width + other : other * width + own];
}

double& PartitionBound::Entry(const Side& side, size_t own, size_t other) {
  PairwiseGraph::Edge& edge = graph_.edges[side.edge];
  const size_t width = graph_.states(edge.b);
  return edge.table[side.first ? own * width + other : other * width + own];
}

size_t PartitionBound::Others(const Side& side) const {
  const PairwiseGraph::Edge& edge = graph_.edges[side.edge];
  return graph_.states(side.first ? edge.b : edge.a);
}

void PartitionBound::Round(double known) {
  for (size_t i = 0; i < graph_.unary.size() && !exhausted_; ++i) Visit(i, after_[i], known);
  for (size_t i = graph_.unary.size(); i-- > 0 && !exhausted_;) Visit(i, before_[i], known);
}

void PartitionBound::Visit(size_t variable, const std::vector<Side>& ahead, double known) {
  for (const Side& side : before_[variable]) Gather(variable, side);
  for (const Side& side : after_[variable]) Gather(variable, side);
  std::vector<double>& costs = graph_.unary[variable];
  const double least = std::ranges::min(costs);
  if (graph_.constant + least >= known) {
    exhausted_ = true;
    return;
  }
  graph_.constant += least;
  for (size_t state = 0; state < costs.size(); ++state) {
    costs[state] -= least;
    if (keep_[variable][state] != 0 && graph_.constant + costs[state] >= known) Exclude(variable, state);
  }
  if (ahead.empty()) return;
  const size_t shares = std::max(before_[variable].size(), after_[variable].size());
  for (size_t state = 0; state < costs.size(); ++state) {
    if (keep_[variable][state] == 0) continue;
    const double share = costs[state] / static_cast<double>(shares);
    if (share == 0) continue;
    for (const Side& side : ahead)
      for (size_t other = 0; other < Others(side); ++other) Entry(side, state, other) += share;
    costs[state] = shares == ahead.size() ? 0 : costs[state] - share * static_cast<double>(ahead.size());
  }
}

void PartitionBound::Gather(size_t variable, const Side& side) {
  for (size_t state = 0; state < graph_.states(variable); ++state) {
    if (keep_[variable][state] == 0) continue;
    double least = kInfinite;
    for (size_t other = 0; other < Others(side); ++other) least = std::min(least, Entry(side, state, other));
    if (least == kInfinite) {
      Exclude(variable, state);
      continue;
    }
    if (least == 0) continue;
    graph_.unary[variable][state] += least;
    for (size_t other = 0; other < Others(side); ++other) Entry(side, state, other) -= least;
  }
}

void PartitionBound::Exclude(size_t variable, size_t state) {
  keep_[variable][state] = 0;
  graph_.unary[variable][state] = kInfinite;
  for (const std::vector<Side>* sides : {&before_[variable], &after_[variable]})
    for (const Side& side : *sides)
      for (size_t other = 0; other < Others(side); ++other) Entry(side, state, other) = kInfinite;
}

Assignment PartitionBound::Guess() const {
  Assignment guess(graph_.unary.size(), 0);
  for (size_t i = 0; i < guess.size(); ++i) {
    double best = kInfinite;
    for (size_t state = 0; state < graph_.states(i); ++state) {
      double cost = graph_.unary[i][state];
      for (const Side& side : before_[i]) cost += Entry(side, state, guess[graph_.edges[side.edge].a]);
      for (const Side& side : after_[i]) {
        double least = kInfinite;
        for (size_t other = 0; other < Others(side); ++other)
          least = std::min(least, Entry(side, state, other));
        cost += least;
      }
      if (cost >= best) continue;
      best = cost;
      guess[i] = static_cast<uint8_t>(state);
    }
  }
  return guess;
}

}  // namespace shoehorn::place
