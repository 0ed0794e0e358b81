#include "place/partition_elimination.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "support/check.h"

namespace shoehorn::place {
namespace {

int64_t WeightOf(size_t states) { return std::llround(1024 * std::log2(static_cast<double>(states))); }

uint64_t PairKey(size_t a, size_t b) { return static_cast<uint64_t>(a) << 32 | b; }

/// A table read along an odometer over the new scope: where it stands, and how far each digit moves it.
struct Reader {
  const double* table;
  size_t variable_stride = 0;
  std::vector<size_t> strides;  // by place in the new scope
  size_t at = 0;
};

}  // namespace

Elimination::Elimination(const PairwiseGraph& graph)
    : constant_(graph.constant),
      unary_(graph.unary),
      factors_of_(graph.unary.size()),
      neighbours_(graph.unary.size()),
      weight_(graph.unary.size(), 0),
      gone_(graph.unary.size(), 0) {
  for (const std::vector<double>& costs : graph.unary) states_.push_back(costs.size());
  for (const PairwiseGraph::Edge& edge : graph.edges) {
    // A variable of one state ties nobody together: its tables are the other's own costs.
    if (states(edge.a) == 1) {
      AddFactor({{edge.b}, edge.table});
    } else if (states(edge.b) == 1) {
      AddFactor({{edge.a}, edge.table});
    } else {
      Link(edge.a, edge.b);
      AddFactor({{edge.a, edge.b}, edge.table});
    }
  }
}

void Elimination::Link(size_t a, size_t b) {
  const auto at = std::ranges::lower_bound(neighbours_[a], b);
  if (at != neighbours_[a].end() && *at == b) return;
  neighbours_[a].insert(at, b);
  weight_[a] += WeightOf(states(b));
  auto& others = neighbours_[b];
  others.insert(std::ranges::lower_bound(others, a), a);
  weight_[b] += WeightOf(states(a));
}

void Elimination::Queue(size_t variable, size_t most_neighbours) {
  if (neighbours_[variable].size() <= most_neighbours) queue_.emplace(weight_[variable], variable);
}

bool Elimination::Run(size_t most_neighbours, const PartitionLimits& limits) {
  queue_ = {};
  for (size_t i = 0; i < unary_.size(); ++i)
    if (gone_[i] == 0) Queue(i, most_neighbours);
  while (!queue_.empty()) {
    const auto [weight, variable] = queue_.top();
    queue_.pop();
    if (gone_[variable] != 0 || weight != weight_[variable] || neighbours_[variable].size() > most_neighbours)
      continue;
    if (!Eliminate(variable, limits)) return false;
    for (const size_t neighbour : steps_.back().scope) Queue(neighbour, most_neighbours);
  }
  return true;
}

bool Elimination::Eliminate(size_t variable, const PartitionLimits& limits) {
  const std::vector<size_t> scope = neighbours_[variable];
  size_t entries = 1;
  for (const size_t neighbour : scope) {
    entries *= states(neighbour);
    if (entries > limits.table) return false;
  }
  const auto alive = [&](size_t id) { return !factors_[id].scope.empty(); };
  work_ += entries * states(variable) *
           (1 + static_cast<size_t>(std::ranges::count_if(factors_of_[variable], alive)));
  if (work_ > limits.work) return false;

  std::vector<Factor> factors;
  for (const size_t id : factors_of_[variable]) {
    if (!alive(id)) continue;
    if (factors_[id].scope.size() == 2) pairs_.erase(PairKey(factors_[id].scope[0], factors_[id].scope[1]));
    factors.push_back(std::exchange(factors_[id], {}));
  }
  factors_of_[variable].clear();
  gone_[variable] = 1;
  for (const size_t neighbour : scope) {
    auto& others = neighbours_[neighbour];
    others.erase(std::ranges::lower_bound(others, variable));
    weight_[neighbour] -= WeightOf(states(variable));
  }
  for (size_t i = 0; i < scope.size(); ++i)
    for (size_t j = i + 1; j < scope.size(); ++j) Link(scope[i], scope[j]);
  Replace(variable, scope, std::move(factors), entries);
  return true;
}

void Elimination::Replace(size_t variable, const std::vector<size_t>& scope, std::vector<Factor> factors,
                          size_t entries) {
  std::vector<Reader> readers;
  for (const Factor& factor : factors) {
    Reader reader{factor.table.data(), 0, std::vector<size_t>(scope.size(), 0)};
    size_t stride = 1;
    for (size_t i = factor.scope.size(); i-- > 0;) {
      const auto place = std::ranges::lower_bound(scope, factor.scope[i]) - scope.begin();
      (factor.scope[i] == variable ? reader.variable_stride : reader.strides[static_cast<size_t>(place)]) =
          stride;
      stride *= states(factor.scope[i]);
    }
    readers.push_back(std::move(reader));
  }
  Factor left{scope, std::vector<double>(entries)};
  Step step{variable, scope, std::vector<uint8_t>(entries)};
  std::vector<size_t> digits(scope.size(), 0);
  for (size_t entry = 0; entry < entries; ++entry) {
    double least = std::numeric_limits<double>::infinity();
    for (size_t state = 0; state < states(variable); ++state) {
      double sum = unary_[variable][state];
      for (const Reader& reader : readers) sum += reader.table[reader.at + state * reader.variable_stride];
      if (sum >= least) continue;
      least = sum;
      step.best[entry] = static_cast<uint8_t>(state);
    }
    left.table[entry] = least;
    for (size_t i = scope.size(); i-- > 0;) {
      const bool carry = ++digits[i] == states(scope[i]);
      for (Reader& reader : readers)
        reader.at = carry ? reader.at - reader.strides[i] * (digits[i] - 1) : reader.at + reader.strides[i];
      if (!carry) break;
      digits[i] = 0;
    }
  }
  AddFactor(std::move(left));
  steps_.push_back(std::move(step));
}

void Elimination::AddFactor(Factor factor) {
  if (factor.scope.empty()) {
    constant_ += factor.table[0];
    return;
  }
  if (factor.scope.size() == 1) {
    for (size_t i = 0; i < factor.table.size(); ++i) unary_[factor.scope[0]][i] += factor.table[i];
    return;
  }
  if (factor.scope.size() == 2) {
    const auto [at, fresh] = pairs_.try_emplace(PairKey(factor.scope[0], factor.scope[1]), factors_.size());
    if (!fresh) {
      for (size_t i = 0; i < factor.table.size(); ++i) factors_[at->second].table[i] += factor.table[i];
      return;
    }
  }
  for (const size_t variable : factor.scope) factors_of_[variable].push_back(factors_.size());
  factors_.push_back(std::move(factor));
}

PairwiseGraph Elimination::TakeCore(std::vector<size_t>& variables) {
  PairwiseGraph core;
  core.constant = constant_;
  variables.clear();
  std::vector<size_t> number(states_.size(), 0);
  for (size_t i = 0; i < states_.size(); ++i) {
    if (gone_[i] != 0) continue;
    number[i] = variables.size();
    variables.push_back(i);
    core.unary.push_back(std::move(unary_[i]));
  }
  for (Factor& factor : factors_) {
    if (factor.scope.empty()) continue;
    SHOEHORN_CHECK(factor.scope.size() == 2, "a core is made of pairs");
    core.edges.push_back({number[factor.scope[0]], number[factor.scope[1]], std::move(factor.table)});
  }
  unary_ = {};
  factors_ = {};
  factors_of_ = {};
  pairs_ = {};
  neighbours_ = {};
  return core;
}

Assignment Elimination::Complete(Assignment assignment) const {
  assignment.resize(states_.size(), 0);
  for (size_t i = steps_.size(); i-- > 0;) {
    size_t entry = 0;
    for (const size_t neighbour : steps_[i].scope) entry = entry * states(neighbour) + assignment[neighbour];
    assignment[steps_[i].variable] = steps_[i].best[entry];
  }
  return assignment;
}

}  // namespace shoehorn::place
