#include "place/partition_elimination.h"

#include <algorithm>
#include <limits>

#include "support/check.h"

namespace shoehorn::place {

/// The minima over one variable of a sum of factors, by entry of a scope.
class Elimination::Sums {
 public:
  Sums(const std::vector<double>& unary, const std::vector<Factor>& factors, const std::vector<size_t>& scope,
       const std::vector<size_t>& states)
      : own_(unary.size()),
        unary_(unary),
        ending_(scope.size()),
        moved_(scope.size()),
        partial_(scope.size(), unary) {
    for (const size_t variable : scope) digits_.push_back(states[variable]);
    for (const Factor& factor : factors) {
      // Both scopes stand in the same order, the factor's with the eliminated variable at the end.
      size_t stride = own_, depth = scope.size(), last = 0;
      for (size_t i = factor.scope.size() - 1; i-- > 0; stride *= digits_[depth]) {
        while (scope[--depth] != factor.scope[i]) continue;
        moved_[depth].push_back({at_.size(), stride});
        last = std::max(last, depth);
      }
      ending_[last].push_back(at_.size());
      at_.push_back(factor.table.data());
    }
  }

  void Minimize(std::vector<double>& least, std::vector<uint8_t>& best) {
    size_t entries = 1;
    for (const size_t digits : digits_) entries *= digits;
    least.resize(entries);
    best.resize(entries);
    least_ = least.data();
    best_ = best.data();
    digits_.empty() ? Emit(unary_.data(), std::vector<double>(own_, 0).data()) : Descend(0, unary_.data());
  }

 private:
  struct Move {
    size_t factor, stride;
  };

  /// `sum`, by state: of all factors that the first `depth` variables of the scope decide.
  void Descend(size_t depth, const double* sum) {
    const std::vector<size_t>& ending = ending_[depth];
    const bool leaf = depth + 1 == digits_.size();  // some factor ends there
    const size_t added = ending.size() - (leaf ? 1 : 0);
    double* const partial = partial_[depth].data();
    for (size_t digit = 0; digit < digits_[depth]; ++digit) {
      const double* more = sum;
      for (size_t i = 0; i < added; ++i) {
        const double* const row = at_[ending[i]];
        for (size_t state = 0; state < own_; ++state) partial[state] = more[state] + row[state];
        more = partial;
      }
      leaf ? Emit(more, at_[ending.back()]) : Descend(depth + 1, more);
      for (const Move& move : moved_[depth]) at_[move.factor] += move.stride;
    }
    for (const Move& move : moved_[depth]) at_[move.factor] -= move.stride * digits_[depth];
  }

  void Emit(const double* sum, const double* row) {
    double least = sum[0] + row[0];
    size_t best = 0;
    for (size_t state = 1; state < own_; ++state) {
      const double cost = sum[state] + row[state];
      best = cost < least ? state : best;
      least = cost < least ? cost : least;
    }
    *least_++ = least;
    *best_++ = static_cast<uint8_t>(best);
  }

  size_t own_;  // states of the variable
  const std::vector<double>& unary_;
  std::vector<size_t> digits_;                // states of the scope's
  std::vector<const double*> at_;             // by factor: its entry for the digits so far
  std::vector<std::vector<size_t>> ending_;   // by depth: factors that it decides
  std::vector<std::vector<Move>> moved_;      // by depth
  std::vector<std::vector<double>> partial_;  // by depth and state
  double* least_ = nullptr;
  uint8_t* best_ = nullptr;
};

Elimination::Elimination(const PairwiseGraph& graph, std::vector<EliminationStep> steps)
    : rank_(graph.unary.size(), 0),
      steps_(std::move(steps)),
      best_(steps_.size()),
      unary_(graph.unary),
      factors_(graph.unary.size()) {
  core_.constant = graph.constant;
  for (const std::vector<double>& costs : graph.unary) states_.push_back(costs.size());
  for (size_t i = 0; i < steps_.size(); ++i) rank_[steps_[i].variable] = i + 1;
  std::vector<size_t> number(rank_.size(), 0);
  for (size_t i = 0; i < rank_.size(); ++i) {
    if (rank_[i]-- > 0) continue;
    rank_[i] = rank_.size() + rank_.size() - i;
    number[i] = stay_.size();
    stay_.push_back(i);
  }
  for (const PairwiseGraph::Edge& edge : graph.edges) AddEdge(edge);
  for (size_t i = 0; i < steps_.size(); ++i) Eliminate(i);
  for (const size_t variable : stay_) {
    core_.unary.push_back(std::move(unary_[variable]));
    for (Factor& factor : factors_[variable]) {
      SHOEHORN_CHECK(factor.scope.size() == 2, "a core is made of pairs");
      core_.edges.push_back({number[factor.scope[0]], number[factor.scope[1]], std::move(factor.table)});
    }
  }
  Merge(core_.edges);
  factors_ = {};
  unary_ = {};
}

void Elimination::AddEdge(const PairwiseGraph::Edge& edge) {
  const bool turned = rank_[edge.a] < rank_[edge.b];
  Factor factor{{}, edge.table};
  for (const size_t variable : {turned ? edge.b : edge.a, turned ? edge.a : edge.b})
    if (states_[variable] > 1) factor.scope.push_back(variable);
  if (turned && factor.scope.size() == 2) {
    double* entry = factor.table.data();
    for (size_t j = 0; j < states_[edge.b]; ++j)
      for (size_t i = 0; i < states_[edge.a]; ++i) *entry++ = edge.table[i * states_[edge.b] + j];
  }
  AddFactor(std::move(factor));
}

void Elimination::AddFactor(Factor factor) {
  if (factor.scope.empty()) {
    core_.constant += factor.table[0];
  } else if (factor.scope.size() == 1) {
    for (size_t i = 0; i < factor.table.size(); ++i) unary_[factor.scope[0]][i] += factor.table[i];
  } else {
    factors_[factor.scope.back()].push_back(std::move(factor));
  }
}

void Elimination::Eliminate(size_t step) {
  auto& [variable, scope] = steps_[step];
  std::ranges::sort(scope, std::greater<>(), [&](size_t other) { return rank_[other]; });
  const std::vector<Factor> factors = std::exchange(factors_[variable], {});
  Factor left{scope, {}};
  Sums(unary_[variable], factors, scope, states_).Minimize(left.table, best_[step]);
  AddFactor(std::move(left));
}

Assignment Elimination::Complete(const Assignment& core) const {
  Assignment assignment(states_.size(), 0);
  for (size_t i = 0; i < stay_.size(); ++i) assignment[stay_[i]] = core[i];
  for (size_t i = steps_.size(); i-- > 0;) {
    size_t entry = 0;
    for (const size_t other : steps_[i].scope) entry = entry * states_[other] + assignment[other];
    assignment[steps_[i].variable] = best_[i][entry];
  }
  return assignment;
}

}  // namespace shoehorn::place
