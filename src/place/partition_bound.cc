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
    given_.push_back({std::vector<double>(graph_.states(graph_.edges[i].a), 0),
                      std::vector<double>(graph_.states(graph_.edges[i].b), 0)});
    after_[graph_.edges[i].a].push_back({i, true});
    before_[graph_.edges[i].b].push_back({i, false});
  }
}

double PartitionBound::Entry(const Side& side, size_t own, size_t other) const {
  const PairwiseGraph::Edge& edge = graph_.edges[side.edge];
  const size_t i = side.first ? own : other, j = side.first ? other : own;
  return edge.table[i * graph_.states(edge.b) + j] - given_[side.edge].a[i] - given_[side.edge].b[j];
}

/// The least entry of a pair by state of the variable. Both ways go along the rows, as they lie in memory.
void PartitionBound::Minima(const Side& side, double* by_state) const {
  const PairwiseGraph::Edge& edge = graph_.edges[side.edge];
  const std::vector<double>&a = given_[side.edge].a, &b = given_[side.edge].b;
  const double* row = edge.table.data();
  if (side.first) {
    for (size_t i = 0; i < a.size(); ++i, row += b.size()) {
      double least = kInfinite;
      for (size_t j = 0; j < b.size(); ++j) least = std::min(least, row[j] - b[j]);
      by_state[i] = least - a[i];
    }
    return;
  }
  std::fill_n(by_state, b.size(), kInfinite);
  for (size_t i = 0; i < a.size(); ++i, row += b.size())
    for (size_t j = 0; j < b.size(); ++j) by_state[j] = std::min(by_state[j], row[j] - a[i]);
  for (size_t j = 0; j < b.size(); ++j) by_state[j] -= b[j];
}

PairwiseGraph PartitionBound::Moved() const {
  PairwiseGraph moved = graph_;
  for (size_t e = 0; e < moved.edges.size(); ++e) {
    double* entry = moved.edges[e].table.data();
    for (const double a : given_[e].a)
      for (const double b : given_[e].b) {
        *entry = std::max(0.0, *entry - a - b);  // less than 0 by rounding alone
        ++entry;
      }
  }
  return moved;
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
  for (const Side& side : ahead)
    for (size_t state = 0; state < costs.size(); ++state) Given(side)[state] -= share[state];
}

void PartitionBound::Gather(size_t variable, const Side& side) {
  std::array<double, kMostStates> least;
  Minima(side, least.data());
  for (size_t state = 0; state < graph_.states(variable); ++state) {
    if (keep_[variable][state] == 0) continue;
    if (least[state] == kInfinite) {
      Exclude(variable, state);
      continue;
    }
    graph_.unary[variable][state] += least[state];
    Given(side)[state] += least[state];
  }
}

void PartitionBound::Exclude(size_t variable, size_t state) {
  keep_[variable][state] = 0;
  graph_.unary[variable][state] = kInfinite;
  for (const std::vector<Side>* sides : {&before_[variable], &after_[variable]})
    for (const Side& side : *sides) Given(side)[state] = -kInfinite;
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
