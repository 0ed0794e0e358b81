#include "place/partition_bound.h"

#include <algorithm>
#include <array>
#include <limits>

#include "support/check.h"

namespace shoehorn::place {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();
constexpr size_t kMostStates = size_t{1} << kMaxPartitionUnits;
constexpr size_t kLanes = 4;

size_t Filled(size_t states) { return (states + kLanes - 1) / kLanes * kLanes; }

/// min(a, b) as processors have it, which std::min is not in loops over lanes.
double Less(double a, double b) { return a < b ? a : b; }

double LeastOf(const double* lanes) { return Less(Less(lanes[0], lanes[1]), Less(lanes[2], lanes[3])); }

}  // namespace

PartitionBound::PartitionBound(const PairwiseGraph& graph)
    : at_{0}, first_(2 * graph.unary.size() + 2, 0), lower_(graph.constant) {
  for (const std::vector<double>& costs : graph.unary) {
    states_.push_back(costs.size());
    states_left_ += costs.size();
    costs_.insert(costs_.end(), costs.begin(), costs.end());
    at_.push_back(at_.back() + Filled(costs.size()));
    costs_.resize(at_.back(), kInfinite);
  }
  kept_.resize(at_.back(), 1);
  for (const PairwiseGraph::Edge& edge : graph.edges) {
    ++first_[2 * edge.b + 1];
    ++first_[2 * edge.a + 2];
  }
  for (size_t i = 1; i < first_.size(); ++i) first_[i] += first_[i - 1];
  sides_.resize(2 * graph.edges.size());
  std::vector<size_t> next(first_);
  size_t given = 0, entries = 0;
  for (const PairwiseGraph::Edge& edge : graph.edges) {
    const size_t a = given, b = given += Width(edge.a);
    const bool rows = states_[edge.a] <= states_[edge.b];
    sides_[next[2 * edge.a + 1]++] = {edge.b, a, b, entries, rows};
    sides_[next[2 * edge.b]++] = {edge.a, b, a, entries, !rows};
    given += Width(edge.b);
    entries += rows ? states_[edge.a] * Width(edge.b) : states_[edge.b] * Width(edge.a);
  }
  given_.resize(given, 0);
  tables_.resize(entries, kInfinite);
  double* row = tables_.data();
  for (const PairwiseGraph::Edge& edge : graph.edges) {
    const size_t columns = states_[edge.b];
    const bool rows = states_[edge.a] <= columns;
    for (size_t i = 0; i < (rows ? states_[edge.a] : columns); ++i, row += Width(rows ? edge.b : edge.a))
      for (size_t j = 0; j < (rows ? columns : states_[edge.a]); ++j)
        row[j] = edge.table[rows ? i * columns + j : j * columns + i];
  }
}

std::span<const PartitionBound::Side> PartitionBound::Before(size_t variable) const {
  return {sides_.begin() + first_[2 * variable], sides_.begin() + first_[2 * variable + 1]};
}

std::span<const PartitionBound::Side> PartitionBound::After(size_t variable) const {
  return {sides_.begin() + first_[2 * variable + 1], sides_.begin() + first_[2 * variable + 2]};
}

double PartitionBound::Entry(size_t variable, const Side& side, size_t own, size_t other) const {
  const size_t entry = side.rows ? own * Width(side.other) + other : other * Width(variable) + own;
  return tables_[side.table + entry] - given_[side.own_given + own] - given_[side.other_given + other];
}

/// The least entry of a pair by state of the variable. Both ways go along the rows, as they lie in memory.
void PartitionBound::Minima(size_t variable, const Side& side, double* by_state) const {
  const double* row = tables_.data() + side.table;
  const double* const own = given_.data() + side.own_given;
  const double* const other = given_.data() + side.other_given;
  const size_t width = Width(variable), other_width = Width(side.other);
  if (side.rows) {
    std::fill_n(by_state + width - kLanes, kLanes, kInfinite);
    for (size_t i = 0; i < states_[variable]; ++i, row += other_width) {
      double least[kLanes] = {kInfinite, kInfinite, kInfinite, kInfinite};
      for (size_t j = 0; j < other_width; j += kLanes)
        for (size_t k = 0; k < kLanes; ++k) least[k] = Less(row[j + k] - other[j + k], least[k]);
      by_state[i] = LeastOf(least) - own[i];
    }
    return;
  }
  for (size_t j = 0; j < width; j += kLanes, row += kLanes) {
    double least[kLanes] = {kInfinite, kInfinite, kInfinite, kInfinite};
    for (size_t i = 0; i < states_[side.other]; ++i)
      for (size_t k = 0; k < kLanes; ++k) least[k] = Less(row[i * width + k] - other[i], least[k]);
    for (size_t k = 0; k < kLanes; ++k) by_state[j + k] = least[k] - own[j + k];
  }
}

PairwiseGraph PartitionBound::Left(std::vector<Assignment>& kept) const {
  PairwiseGraph left;
  left.constant = lower_;
  left.unary.resize(states_.size());
  kept.assign(states_.size(), {});
  for (size_t i = 0; i < states_.size(); ++i) {
    for (size_t state = 0; state < states_[i]; ++state) {
      if (kept_[at_[i] + state] == 0) continue;
      kept[i].push_back(static_cast<uint8_t>(state));
      left.unary[i].push_back(costs_[at_[i] + state]);
    }
    SHOEHORN_CHECK(!kept[i].empty(), "a variable without a state");
  }
  left.edges.reserve(sides_.size() / 2);
  for (size_t a = 0; a < states_.size(); ++a)
    for (const Side& side : After(a)) {
      PairwiseGraph::Edge& edge = left.edges.emplace_back();
      edge.a = a;
      edge.b = side.other;
      edge.table.reserve(kept[a].size() * kept[side.other].size());
      for (const size_t i : kept[a])
        for (const size_t j : kept[side.other])
          edge.table.push_back(std::max(0.0, Entry(a, side, i, j)));  // less than 0 by rounding alone
    }
  return left;
}

void PartitionBound::Round(double known) {
  for (size_t i = 0; i < states_.size() && !exhausted_; ++i) Visit(i, Before(i), After(i), known);
  for (size_t i = states_.size(); i-- > 0 && !exhausted_;) Visit(i, After(i), Before(i), known);
}

/// The pairs ahead need not be gathered: nothing was moved there since the last visit, which came from there.
void PartitionBound::Visit(size_t variable, std::span<const Side> behind, std::span<const Side> ahead,
                           double known) {
  double* const costs = costs_.data() + at_[variable];
  const size_t width = Width(variable);
  std::array<double, kMostStates> moved;
  for (const Side& side : behind) {
    Minima(variable, side, moved.data());
    double* const own = given_.data() + side.own_given;
    for (size_t i = 0; i < width; i += kLanes)
      for (size_t k = i; k < i + kLanes; ++k) {
        costs[k] += moved[k];
        own[k] = moved[k] < kInfinite ? own[k] + moved[k] : -kInfinite;
      }
  }
  const double least = *std::min_element(costs, costs + width);
  if (lower_ + least >= known) {
    exhausted_ = true;
    return;
  }
  lower_ += least;
  for (size_t i = 0; i < states_[variable]; ++i) {
    costs[i] -= least;
    if (kept_[at_[variable] + i] != 0 && lower_ + costs[i] >= known) Exclude(variable, i);
  }
  if (ahead.empty()) return;
  const auto shares = static_cast<double>(std::max(behind.size(), ahead.size()));
  const double rest = 1 - static_cast<double>(ahead.size()) / shares;
  for (size_t i = 0; i < width; ++i) {
    const bool excluded = costs[i] == kInfinite;
    moved[i] = excluded ? 0 : costs[i] / shares;
    costs[i] = excluded ? kInfinite : costs[i] * rest;
  }
  for (const Side& side : ahead) {
    double* const own = given_.data() + side.own_given;
    for (size_t i = 0; i < width; i += kLanes)
      for (size_t k = i; k < i + kLanes; ++k) own[k] -= moved[k];
  }
}

void PartitionBound::Exclude(size_t variable, size_t state) {
  kept_[at_[variable] + state] = 0;
  --states_left_;
  costs_[at_[variable] + state] = kInfinite;
  for (const std::span<const Side> sides : {Before(variable), After(variable)})
    for (const Side& side : sides) given_[side.own_given + state] = -kInfinite;
}

Assignment PartitionBound::Guess() const {
  Assignment guess(states_.size(), 0);
  std::array<double, kMostStates> cost, ahead;
  for (size_t i = 0; i < guess.size(); ++i) {
    std::copy_n(costs_.begin() + at_[i], Width(i), cost.begin());
    for (const Side& side : Before(i))
      for (size_t state = 0; state < states_[i]; ++state)
        cost[state] += Entry(i, side, state, guess[side.other]);
    for (const Side& side : After(i)) {
      Minima(i, side, ahead.data());
      for (size_t state = 0; state < states_[i]; ++state) cost[state] += ahead[state];
    }
    guess[i] = static_cast<uint8_t>(std::min_element(cost.begin(), cost.begin() + states_[i]) - cost.begin());
  }
  return guess;
}

}  // namespace shoehorn::place
