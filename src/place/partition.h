// Which unit runs each node, at the least cost: an abstract problem, solved exactly where that is possible
// and with a proven bound where it is not. It knows no models and no devices; place/device_plan.h makes
// problems out of them.
//   conv on {cpu: 9, npu: 1}, topk on {cpu: 2, npu: refused}, a copy each way costs 3
//   -> conv on the npu, topk on the cpu: 1 + 3 + 2 (and 3 more for the input that the npu reads)
//
// How it is solved, and why the answer is the least:
// - Two units: a minimum cut (Stone 1977), see place/partition_cut.h for the construction and its proof.
// - More units: a value that several nodes read gets a variable of its own, the set of units that hold it.
//   Costs then tie at most two variables together, and variables are eliminated one by one (dynamic
//   programming), see place/partition_elimination.h. Chains and branches cost a few operations a node; what
//   decides is how many values are alive side by side.
// - Too many alive for the limits: a bound from the dual of the linear relaxation excludes what cannot be
// part
//   of anything better, and the rest is eliminated, see place/partition_search.h. Where that is too wide
//   still, the answer says that it is not proven, with the lower bound.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "support/result.h"

namespace shoehorn::place {

/// Something that runs on one unit. What must be on a certain unit (the inputs and outputs of a model) is a
/// node whose cost is finite there alone.
struct PartitionNode {
  std::string name;          ///< for messages: "node 'conv1' (Conv)"
  std::vector<double> cost;  ///< by unit, not negative; infinite: the unit refuses it
};

/// Something that a node makes and others read. It costs copy[from][to] once for each unit other than the
/// producer's that runs a reader, however many readers run there.
struct PartitionValue {
  size_t producer = 0;
  std::vector<size_t> readers;  ///< may name a node twice, not the producer
  std::vector<double> copy;  ///< [from * units + to], not negative, the diagonal 0; infinite: there is no way
};

struct PartitionProblem {
  size_t units = 0;                  ///< 1 to kMaxPartitionUnits
  std::vector<PartitionNode> nodes;  ///< producers before readers: the order is used for speed alone
  std::vector<PartitionValue> values;
};

inline constexpr size_t kMaxPartitionUnits = 8;

/// What sums of ten thousand costs may be off by: nothing that is better by less is looked for.
inline constexpr double kPartitionRounding = 1e-9;

/// How far the exact search may go. Counted, not timed, so that the same problem has the same answer
/// everywhere.
struct PartitionLimits {
  size_t table = size_t{1} << 20;  ///< entries of one table of the elimination
  size_t work = size_t{1} << 27;   ///< sums compared in one elimination
  int rounds = 200;                ///< of the bound
};

struct PartitionAnswer {
  std::vector<size_t> unit;  ///< by node
  double cost = 0;
  double lower_bound = 0;  ///< no placement costs less; equal to `cost` when optimal
  bool optimal = false;    ///< proven, up to rounding of the sums
  std::string method;      ///< "minimum cut", "elimination", "elimination after bounding", "bounded search"
};

/// What `unit` (by node) costs; infinite when a node is refused where it stands.
double PartitionCost(const PartitionProblem& problem, const std::vector<size_t>& unit);

/// Errors (Diagnostic): a node that every unit refuses (named); no placement that copies can carry out (a
/// value without any way is named by its producer).
Result<PartitionAnswer> SolvePartition(const PartitionProblem& problem, const PartitionLimits& limits = {});

}  // namespace shoehorn::place
