#include "support/partition_problems.h"

#include <limits>

namespace shoehorn::testing {
namespace {

using place::PartitionProblem;
using place::PartitionValue;

constexpr double kInfinite = std::numeric_limits<double>::infinity();

/// Places node after node; a value is paid for as soon as a reader's unit is known.
class Trial {
 public:
  explicit Trial(const PartitionProblem& problem) : problem_(problem), reads_(problem.nodes.size()) {
    for (size_t value = 0; value < problem.values.size(); ++value)
      for (const size_t reader : problem.values[value].readers) reads_[reader].push_back(value);
    held_.assign(problem.values.size(), 0);
  }

  double Least() {
    Place(0, 0);
    return best_;
  }

 private:
  void Place(size_t node, double paid) {
    if (paid >= best_) return;
    if (node == problem_.nodes.size()) {
      best_ = paid;
      return;
    }
    for (size_t unit = 0; unit < problem_.units; ++unit) {
      double cost = paid + problem_.nodes[node].cost[unit];
      if (cost >= best_) continue;
      const size_t arrived = arrived_.size();
      units_.push_back(unit);
      for (const size_t value : reads_[node]) {
        const size_t from = units_[problem_.values[value].producer];
        if (unit == from || (held_[value] >> unit & 1) != 0) continue;
        held_[value] |= size_t{1} << unit;
        arrived_.push_back(value);
        cost += problem_.values[value].copy[from * problem_.units + unit];
      }
      Place(node + 1, cost);
      for (; arrived_.size() > arrived; arrived_.pop_back()) held_[arrived_.back()] ^= size_t{1} << unit;
      units_.pop_back();
    }
  }

  const PartitionProblem& problem_;
  std::vector<std::vector<size_t>> reads_;
  std::vector<size_t> held_, units_, arrived_;
  double best_ = kInfinite;
};

}  // namespace

PartitionProblem RandomPartition(uint64_t seed, size_t units, size_t most_nodes) {
  Dice dice(seed);
  PartitionProblem problem;
  problem.units = units;
  const size_t nodes = 1 + dice.Roll(most_nodes);
  const size_t refusals = dice.Roll(4);  // of 10
  const bool whole_numbers = dice.Roll(2) == 0;
  const size_t odd_copies = dice.Roll(4);  // of 10
  const auto price = [&](size_t most) {
    return whole_numbers ? static_cast<double>(dice.Roll(most)) : static_cast<double>(most) * dice.Share();
  };
  for (size_t i = 0; i < nodes; ++i) {
    place::PartitionNode node{"node " + std::to_string(i), {}};
    for (size_t unit = 0; unit < units; ++unit)
      node.cost.push_back(dice.Roll(10) < refusals ? kInfinite : price(8));
    if (dice.Roll(20) != 0) node.cost[dice.Roll(units)] = price(8);
    problem.nodes.push_back(std::move(node));
  }
  const size_t scale = size_t{1} << dice.Roll(5);
  for (size_t i = 0; i + 1 < nodes; ++i) {
    for (size_t made = dice.Roll(6) == 0 ? 2 : 1; made > 0; --made) {
      PartitionValue value;
      value.producer = i;
      const size_t readers = dice.Roll(4) == 0 ? dice.Roll(nodes) : 1 + dice.Roll(2);
      for (size_t j = 0; j < readers; ++j) value.readers.push_back(i + 1 + dice.Roll(nodes - i - 1));
      for (size_t from = 0; from < units; ++from)
        for (size_t to = 0; to < units; ++to) {
          double copy = from == to ? 0 : price(scale);
          if (from != to && dice.Roll(10) < odd_copies)
            copy = std::vector<double>{0, 1e6, kInfinite}[dice.Roll(dice.Roll(4) == 0 ? 3 : 2)];
          value.copy.push_back(copy);
        }
      problem.values.push_back(std::move(value));
    }
  }
  return problem;
}

double LeastByTrying(const PartitionProblem& problem) { return Trial(problem).Least(); }

double LeastByTryingAll(const PartitionProblem& problem) {
  std::vector<size_t> units(problem.nodes.size(), 0);
  double best = kInfinite;
  while (true) {
    best = std::min(best, PartitionCost(problem, units));
    size_t at = 0;
    while (at < units.size() && ++units[at] == problem.units) units[at++] = 0;
    if (at == units.size()) return best;
  }
}

}  // namespace shoehorn::testing
