// In which order to eliminate the variables of a graph, found on the neighbour sets alone: what an
// elimination will cost is known before it is done.
//   a - b - c, a - c, c - d   -> d, a, b, c: a goes before c, whose neighbours are not tied together yet
// Eliminating a variable ties its neighbours together. Next is the variable for which the new ties are
// fewest, a tie weighing log(states of one) x log(states of the other), divided by log(its own states): large
// variables go early (minimum weighted fill; U. Kjaerulff, Triangulation of graphs, Aalborg 1990). The first
// in order among equals.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <queue>
#include <utility>
#include <vector>

#include "place/partition_graph.h"

namespace shoehorn::place {

inline constexpr size_t kEveryNeighbour = std::numeric_limits<size_t>::max();

struct EliminationStep {
  size_t variable = 0;
  std::vector<size_t> scope;  ///< the neighbours that it has by then, increasing
};

class EliminationOrder {
 public:
  /// Variables of one state tie nobody together and are nobody's neighbour.
  explicit EliminationOrder(const PairwiseGraph& graph);

  /// Appends variables of at most `most_neighbours` as long as there are any. False: some are left whose
  /// tables would be too large, or all steps together too much work.
  bool Extend(size_t most_neighbours, const PartitionLimits& limits);

  std::vector<EliminationStep>& steps() { return steps_; }

 private:
  void Queue(size_t variable, size_t most_neighbours, const PartitionLimits& limits);
  double Fill(size_t variable) const;
  /// Entries of the table that the variable would leave, or a number above `most`.
  size_t Entries(size_t variable, size_t most) const;

  std::vector<size_t> states_;                   // by variable
  std::vector<double> weight_;                   // log2 of them
  std::vector<std::vector<size_t>> neighbours_;  // increasing
  std::vector<double> score_;                    // the last one queued; negative: gone
  std::vector<EliminationStep> steps_;
  std::priority_queue<std::pair<double, size_t>, std::vector<std::pair<double, size_t>>, std::greater<>>
      queue_;
  size_t work_ = 0;
};

}  // namespace shoehorn::place
