// A partition as variables tied together in pairs: what the elimination and the bound work on.
//   relu's value is read by two nodes -> one more variable, the set of units that hold it: {cpu}, {npu},
//   {cpu, npu}
// The cost of a set is that of its copies from the producer's unit, and a reader must stand on a unit of the
// set. A set larger than needed costs no less, since copies cost no less than 0, so the least cost is the
// same as before; and no set larger than the number of readers is needed.
#pragma once

#include <cstdint>
#include <vector>

#include "place/partition.h"

namespace shoehorn::place {

/// Costs of single variables and of pairs; a variable has at most 255 states. The cost of an assignment is
/// `constant` and the sum of all entries that it picks.
struct PairwiseGraph {
  struct Edge {
    size_t a = 0, b = 0;        ///< a < b; one edge a pair
    std::vector<double> table;  ///< [state of a * states of b + state of b]
  };
  double constant = 0;
  std::vector<std::vector<double>> unary;  ///< by variable and state
  std::vector<Edge> edges;

  size_t states(size_t variable) const { return unary[variable].size(); }
};

using Assignment = std::vector<uint8_t>;  ///< a state for each variable

/// Sorts edges and joins those of one pair by adding their tables.
void Merge(std::vector<PairwiseGraph::Edge>& edges);

/// The variables of a problem. A node's states are the units that do not refuse it; there must be one.
class PartitionVariables {
 public:
  explicit PartitionVariables(const PartitionProblem& problem);

  const PairwiseGraph& graph() const { return graph_; }
  /// The unit of each node in `assignment`.
  std::vector<size_t> UnitsOf(const Assignment& assignment) const;

 private:
  struct ReadValue {
    const PartitionValue* value;
    std::vector<size_t> readers;  // each once
    size_t set;                   // the variable, when there are several readers
  };
  void AddNode(const PartitionNode& node);
  void AddValue(size_t units, const ReadValue& read);

  PairwiseGraph graph_;
  std::vector<size_t> variable_;            // by node
  std::vector<std::vector<size_t>> units_;  // by node and state
};

}  // namespace shoehorn::place
