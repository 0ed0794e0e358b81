// Exact minimization over a pairwise graph, one variable after the other (nonserial dynamic programming;
// Bertele and Brioschi 1972). A variable x with the neighbours N is replaced by one table over N,
//   table(N) = min over x of the sum of all tables that speak of x,
// which changes the minimum of nothing, by distributivity of + over min. Best x is kept for each entry, and
// read back in reverse. On a chain every table has two variables; a model costs as much as its widest place.
// The next variable is the one whose table is smallest, the first in order among equals.
#pragma once

#include <limits>
#include <queue>
#include <unordered_map>

#include "place/partition_graph.h"

namespace shoehorn::place {

inline constexpr size_t kEveryNeighbour = std::numeric_limits<size_t>::max();

class Elimination {
 public:
  explicit Elimination(const PairwiseGraph& graph);

  /// Eliminates variables of at most `most_neighbours` as long as there are any. False: one would need more
  /// than the limits allow; what was done up to then stands.
  bool Run(size_t most_neighbours, const PartitionLimits& limits);

  /// Takes out what is left after Run(2, ...), as a graph; `variables` receives, for each of its variables,
  /// the number here. Only Complete() may follow.
  PairwiseGraph TakeCore(std::vector<size_t>& variables);

  /// States of all variables, given those of the variables that are left (the others' are overwritten).
  Assignment Complete(Assignment assignment) const;

  size_t variables() const { return states_.size(); }

 private:
  struct Factor {
    std::vector<size_t> scope;  // increasing
    std::vector<double> table;  // the last variable runs fastest
  };
  struct Step {
    size_t variable;
    std::vector<size_t> scope;
    std::vector<uint8_t> best;
  };

  size_t states(size_t variable) const { return states_[variable]; }
  void Queue(size_t variable, size_t most_neighbours);
  void Link(size_t a, size_t b);
  bool Eliminate(size_t variable, const PartitionLimits& limits);
  void Replace(size_t variable, const std::vector<size_t>& scope, std::vector<Factor> factors,
               size_t entries);
  void AddFactor(Factor factor);

  double constant_;
  std::vector<size_t> states_;  // by variable
  std::vector<std::vector<double>> unary_;
  std::vector<Factor> factors_;
  std::vector<std::vector<size_t>> factors_of_;  // by variable; emptied factors are skipped
  std::unordered_map<uint64_t, size_t> pairs_;   // factor of two variables
  std::vector<std::vector<size_t>> neighbours_;  // by variable, increasing
  std::vector<int64_t> weight_;                  // 1024 x log2 of the entries of the table that x would leave
  std::vector<char> gone_;
  std::vector<Step> steps_;
  std::priority_queue<std::pair<int64_t, size_t>, std::vector<std::pair<int64_t, size_t>>, std::greater<>>
      queue_;
  size_t work_ = 0;
};

}  // namespace shoehorn::place
