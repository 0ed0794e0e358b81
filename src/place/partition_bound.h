// How little a pairwise graph can cost at least, and which states cannot be part of anything better than what
// is known: for graphs that are too wide to eliminate.
//
// The sum of the minima of all tables is a lower bound. Moving a number from a variable's costs into the
// table of a pair, or back, changes the cost of no assignment, but the bound: Round() goes along the
// variables and back, gathers at each the minima of its pairs, takes out the least (the bound grows by it)
// and deals the rest to the pairs ahead (sequential reweighted message passing, Kolmogorov, PAMI 2015; the
// bound never falls). All tables stay at least 0, so bound + gathered cost of a state is a lower bound for
// every assignment with that state; states above the best known cost are excluded.
#pragma once

#include "place/partition_graph.h"

namespace shoehorn::place {

class PartitionBound {
 public:
  /// `graph` has no negative entry.
  explicit PartitionBound(PairwiseGraph graph);

  /// One way there and back. Excludes states that no assignment cheaper than `known` has.
  void Round(double known);

  double lower() const { return graph_.constant; }
  /// The graph as it stands: every assignment of states that are not excluded costs what it cost before.
  PairwiseGraph Moved() const;
  /// Nothing cheaper than what was known exists.
  bool exhausted() const { return exhausted_; }
  /// By variable and state: not excluded.
  const std::vector<std::vector<char>>& keep() const { return keep_; }
  size_t states_left() const;
  /// An assignment that the tables favour: along the variables, the cheapest state next to those already
  /// chosen.
  Assignment Guess() const;

 private:
  struct Side {
    size_t edge;
    bool first;  ///< the variable is the edge's `a`
  };
  double Entry(const Side& side, size_t own, size_t other) const;
  void Minima(const Side& side, double* by_state) const;
  std::vector<double>& Given(const Side& side) {
    return side.first ? given_[side.edge].a : given_[side.edge].b;
  }
  void Visit(size_t variable, const std::vector<Side>& behind, const std::vector<Side>& ahead, double known);
  void Gather(size_t variable, const Side& side);
  void Exclude(size_t variable, size_t state);

  /// What the variables of a pair took out of its table so far, by state; less than 0: put in. An entry
  /// stands for table - a - b, and what is excluded is minus infinity.
  struct Pair {
    std::vector<double> a, b;
  };
  PairwiseGraph graph_;
  std::vector<Pair> given_;                        // by edge
  std::vector<std::vector<Side>> before_, after_;  // pairs with earlier and with later variables
  std::vector<std::vector<char>> keep_;
  bool exhausted_ = false;
};

}  // namespace shoehorn::place
