// Exact minimization over a pairwise graph, one variable after the other (nonserial dynamic programming;
// Bertele and Brioschi 1972). A variable x with the neighbours N is replaced by one table over N,
//   table(N) = min over x of the sum of all tables that speak of x,
// which changes the minimum of nothing, by distributivity of + over min. Best x is kept for each entry, and
// read back in reverse. On a chain every table has two variables; a model costs as much as its widest place.
//
// In a table, what is eliminated sooner runs faster. So the states of x lie side by side in all tables that
// speak of it, and the sums over N are formed along N: what does not depend on the last variable of N is
// added up once for all of its states.
#pragma once

#include "place/partition_order.h"

namespace shoehorn::place {

class Elimination {
 public:
  /// Eliminates what `steps` say, from an EliminationOrder of this graph.
  Elimination(const PairwiseGraph& graph, std::vector<EliminationStep> steps);

  /// What is left: nothing but a constant, or, when all steps had at most two neighbours, a graph.
  PairwiseGraph TakeCore() { return std::move(core_); }

  /// States of all variables, given those of the core's.
  Assignment Complete(const Assignment& core) const;

 private:
  struct Factor {
    std::vector<size_t> scope;  // the last is eliminated first and runs fastest
    std::vector<double> table;
  };
  class Sums;

  void AddEdge(const PairwiseGraph::Edge& edge);
  void AddFactor(Factor factor);
  void Eliminate(size_t step);

  std::vector<size_t> states_;  // by variable
  std::vector<size_t> rank_;    // by variable: its step, or, of those that stay, more than any step
  std::vector<EliminationStep> steps_;
  std::vector<std::vector<uint8_t>> best_;    // by step and entry
  std::vector<std::vector<double>> unary_;    // by variable
  std::vector<std::vector<Factor>> factors_;  // by the variable that runs fastest
  std::vector<size_t> stay_;                  // variables of the core
  PairwiseGraph core_;
};

}  // namespace shoehorn::place
