#include "place/partition_bound.h"

#include <algorithm>
#include <array>
#include <limits>

namespace shoehorn::place {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();
constexpr size_t kMostStates = size_t{1} << kMaxPartitionUnits;

}  // namespace

PartitionBound::PartitionBound(PairwiseGraph graph)
    : graph_(std::move(graph)), before_(graph_.unary.size()), after_(graph_.unary.size()) {
  for (const std::vector<double>& costs : graph_.unary) keep_.emplace_back(costs.size(), 1);
  for (size_t i = 0; i < graph_.edges.size(); ++i) {
    after_[graph_.edges[i].a].push_back({i, true});
    before_[graph_.edges[i].b].push_back({i, false});
  }
}

size_t PartitionBound::others(const Side& side) const {
  const PairwiseGraph::Edge& edge = graph_.edges[side.edge];
  return graph_.states(side.first ? edge.b : edge.a);
}

double PartitionBound::Entry(const Side& side, size_t own, size_t other) const {
  const PairwiseGraph::Edge& edge = graph_.edges[side.edge];
  const size_t width = graph_.states(edge.b);
  return edge.table[side.first ? own * width + other : other * width + own];
}

/// The least entry of a pair's table by state of the variable. Both ways go along the rows, as they lie in
/// memory.
void PartitionBound::Minima(const Side& side, double* by_state) const {
  const PairwiseGraph::Edge& edge = graph_.edges[side.edge];
  const size_t height = graph_.states(edge.a), width = graph_.states(edge.b);
  const double* row = edge.table.data();
  if (side.first) {
    for (size_t i = 0; i < height; ++i, row += width) {
      double least = row[0];
      for (size_t j = 1; j < width; ++j) least = row[j] < least ? row[j] : least;
      by_state[i] = least;
    }
    return;
  }
  std::copy_n(row, width, by_state);
  for (size_t i = 1; i < height; ++i) {
    row += width;
    for (size_t j = 0; j < width; ++j) by_state[j] = row[j] < by_state[j] ? row[j] : by_state[j];
  }
}

void PartitionBound::Add(const Side& side, const double* by_state) {
  PairwiseGraph::Edge& edge = graph_.edges[side.edge];
  const size_t height = graph_.states(edge.a), width = graph_.states(edge.b);
  double* row = edge.table.data();
  if (side.first) {
    for (size_t i = 0; i < height; ++i, row += width)
      if (const double number = by_state[i]; number != 0)
        for (size_t j = 0; j < width; ++j) row[j] += number;
    return;
  }
  for (size_t i = 0; i < height; ++i, row += width)
    for (size_t j = 0; j < width; ++j) row[j] += by_state[j];
}

size_t PartitionBound::states_left() const {
  size_t left = 0;
  for (const std::vector<char>& states : keep_) left += static_cast<size_t>(std::ranges::count(states, 1));
  return left;
}

void PartitionBound::Round(double known) {
  for (size_t i = 0; i < graph_.unary.size() && !exhausted_; ++i) Visit(i, before_[i], after_[i], known);
  for (size_t i = graph_.unary.size(); i-- > 0 && !exhausted_;) Visit(i, after_[i], before_[i], known);
}

/// The pairs ahead need not be gathered: nothing was moved there since the last visit, which came from there.
void PartitionBound::Visit(size_t variable, const std::vector<Side>& behind, const std::vector<Side>& ahead,
                           double known) {
  for (const Side& side : behind) Gather(variable, side);
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
  std::array<double, kMostStates> share;
  for (size_t state = 0; state < costs.size(); ++state) {
    share[state] = keep_[variable][state] != 0 ? costs[state] / static_cast<double>(shares) : 0;
    costs[state] = shares == ahead.size() && keep_[variable][state] != 0
                       ? 0
                       : costs[state] - share[state] * static_cast<double>(ahead.size());
  }
  for (const Side& side : ahead) Add(side, share.data());
}

void PartitionBound::Gather(size_t variable, const Side& side) {
  std::array<double, kMostStates> least;
  Minima(side, least.data());
  bool moved = false;
  for (size_t state = 0; state < graph_.states(variable); ++state) {
    if (least[state] == kInfinite) {
      if (keep_[variable][state] != 0) Exclude(variable, state);
      least[state] = 0;
    }
    graph_.unary[variable][state] += least[state];
    moved = moved || least[state] != 0;
    least[state] = -least[state];
  }
  if (moved) Add(side, least.data());
}

void PartitionBound::Exclude(size_t variable, size_t state) {
  keep_[variable][state] = 0;
  graph_.unary[variable][state] = kInfinite;
  std::array<double, kMostStates> only{};
  only[state] = kInfinite;
  for (const std::vector<Side>* sides : {&before_[variable], &after_[variable]})
    for (const Side& side : *sides) Add(side, only.data());
}

Assignment PartitionBound::Guess() const {
  Assignment guess(graph_.unary.size(), 0);
  std::array<double, kMostStates> cost, ahead;
  for (size_t i = 0; i < guess.size(); ++i) {
    const size_t states = graph_.states(i);
    std::ranges::copy(graph_.unary[i], cost.begin());
    for (const Side& side : before_[i])
      for (size_t state = 0; state < states; ++state)
        cost[state] += Entry(side, state, guess[graph_.edges[side.edge].a]);
    for (const Side& side : after_[i]) {
      Minima(side, ahead.data());
      for (size_t state = 0; state < states; ++state) cost[state] += ahead[state];
    }
    guess[i] = static_cast<uint8_t>(std::min_element(cost.begin(), cost.begin() + states) - cost.begin());
  }
  return guess;
}

}  // namespace shoehorn::place
