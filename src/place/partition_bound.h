// How little a pairwise graph can cost at least, and which states cannot be part of anything better than what
// is known: for graphs that are too wide to eliminate.
//
// The sum of the minima of all tables is a lower bound. Moving a number from a variable's costs into the
// table of a pair, or back, changes the cost of no assignment, but the bound: Round() goes along the
// variables and back, gathers at each the minima of its pairs, takes out the least (the bound grows by it)
// and deals the rest to the pairs ahead (sequential reweighted message passing, Kolmogorov, PAMI 2015; the
// bound never falls). All tables stay at least 0, so bound + gathered cost of a state is a lower bound for
// every assignment with that state; states above the best known cost are excluded.
//
// A round reads every table twice, so tables lie one behind the other, in rows that are filled up to whole
// registers with states that are excluded from the beginning.
#pragma once

#include <span>

#include "place/partition_graph.h"

namespace shoehorn::place {

class PartitionBound {
 public:
  /// `graph` has no negative entry, and its edges are sorted.
  explicit PartitionBound(const PairwiseGraph& graph);

  /// One way there and back. Excludes states that no assignment cheaper than `known` has.
  void Round(double known);

  double lower() const { return lower_; }
  /// Nothing cheaper than what was known exists.
  bool exhausted() const { return exhausted_; }
  size_t states_left() const { return states_left_; }
  /// The graph as it stands, without what is excluded: every assignment that is left costs what it cost
  /// before. `kept` receives, by variable, the old state of each new one.
  PairwiseGraph Left(std::vector<Assignment>& kept) const;
  /// An assignment that the tables favour: along the variables, the cheapest state next to those already
  /// chosen.
  Assignment Guess() const;

 private:
  /// A pair as one of its variables sees it. Places in `given_` and `tables_`.
  struct Side {
    size_t other;  ///< variable
    size_t own_given, other_given, table;
    bool rows;  ///< the table has a row for each state of this variable; else a column
  };
  size_t Width(size_t variable) const { return at_[variable + 1] - at_[variable]; }
  std::span<const Side> Before(size_t variable) const;
  std::span<const Side> After(size_t variable) const;
  double Entry(size_t variable, const Side& side, size_t own, size_t other) const;
  void Minima(size_t variable, const Side& side, double* by_state) const;
  void Visit(size_t variable, std::span<const Side> behind, std::span<const Side> ahead, double known);
  void Exclude(size_t variable, size_t state);

  std::vector<size_t> states_, at_;  // by variable: how many, and where they begin in `costs_`
  std::vector<double> costs_;        // of single states
  std::vector<char> kept_;           // not excluded, beside them
  std::vector<double> tables_;       // as they were
  /// What the variables of a pair took out of its table so far, by state; less than 0: put in. An entry
  /// stands for table - given of one - given of the other, and what is excluded is minus infinity.
  std::vector<double> given_;
  std::vector<Side> sides_;    // by variable, first those of pairs with earlier variables
  std::vector<size_t> first_;  // [2 x variable], [2 x variable + 1]: where both kinds begin
  double lower_;
  size_t states_left_ = 0;
  bool exhausted_ = false;
};

}  // namespace shoehorn::place
