#include "place/partition_order.h"

#include <algorithm>
#include <cmath>

namespace shoehorn::place {
namespace {

constexpr double kGone = -1;

}  // namespace

EliminationOrder::EliminationOrder(const PairwiseGraph& graph)
    : neighbours_(graph.unary.size()), score_(graph.unary.size(), 0) {
  for (const std::vector<double>& costs : graph.unary) {
    states_.push_back(costs.size());
    weight_.push_back(std::log2(static_cast<double>(costs.size())));
  }
  for (const PairwiseGraph::Edge& edge : graph.edges) {
    if (states_[edge.a] == 1 || states_[edge.b] == 1) continue;
    neighbours_[edge.a].push_back(edge.b);
    neighbours_[edge.b].push_back(edge.a);
  }
  for (std::vector<size_t>& neighbours : neighbours_) std::ranges::sort(neighbours);
}

bool EliminationOrder::Extend(size_t most_neighbours, const PartitionLimits& limits) {
  queue_ = {};
  size_t left = 0;
  for (size_t i = 0; i < score_.size(); ++i) {
    if (score_[i] == kGone) continue;
    Queue(i, most_neighbours, limits);
    ++left;
  }
  while (!queue_.empty()) {
    const auto [score, variable] = queue_.top();
    queue_.pop();
    if (score != score_[variable]) continue;
    const size_t work = Entries(variable, limits.table) * states_[variable];
    if (work_ + work > limits.work) return false;
    work_ += work;
    --left;
    score_[variable] = kGone;
    steps_.push_back({variable, std::exchange(neighbours_[variable], {})});
    const std::vector<size_t>& scope = steps_.back().scope;
    std::vector<size_t> tied;
    for (const size_t neighbour : scope) {
      tied.clear();
      std::ranges::set_union(neighbours_[neighbour], scope, std::back_inserter(tied));
      std::erase_if(tied, [&](size_t other) { return other == neighbour || other == variable; });
      neighbours_[neighbour] = tied;
    }
    for (const size_t neighbour : scope) Queue(neighbour, most_neighbours, limits);
  }
  return left == 0;
}

void EliminationOrder::Queue(size_t variable, size_t most_neighbours, const PartitionLimits& limits) {
  score_[variable] = std::numeric_limits<double>::infinity();
  if (neighbours_[variable].size() > most_neighbours || Entries(variable, limits.table) > limits.table)
    return;
  score_[variable] = states_[variable] == 1 ? 0 : Fill(variable) / weight_[variable];
  queue_.emplace(score_[variable], variable);
}

size_t EliminationOrder::Entries(size_t variable, size_t most) const {
  size_t entries = 1;
  for (const size_t neighbour : neighbours_[variable])
    if ((entries *= states_[neighbour]) > most) break;
  return entries;
}

double EliminationOrder::Fill(size_t variable) const {
  const std::vector<size_t>& among = neighbours_[variable];
  double fill = 0;
  for (size_t i = 0; i < among.size(); ++i)
    for (size_t j = i + 1; j < among.size(); ++j)
      if (!std::ranges::binary_search(neighbours_[among[i]], among[j]))
        fill += weight_[among[i]] * weight_[among[j]];
  return fill;
}

}  // namespace shoehorn::place
