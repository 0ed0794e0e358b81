// The least placement between more than two units: eliminated at once where that fits the limits, else in
// turns,
// - the bound rises (place/partition_bound.h) and excludes states that nothing better than the best known
// has;
// - variables with one state left, and those with at most two neighbours, are eliminated, which is exact;
// - guesses from the bound lower the best known cost, and, where they no longer do, cuts between pairs of
// units;
// - what is left is eliminated as soon as it fits the limits, which the order of elimination tells
// beforehand. It ends proven when nothing cheaper than the best known placement is left, else with the lower
// bound.
#pragma once

#include "place/partition.h"
#include "place/partition_graph.h"

namespace shoehorn::place {

/// `variables` are those of `problem`.
PartitionAnswer SearchPartition(const PartitionProblem& problem, const PartitionVariables& variables,
                                const PartitionLimits& limits);

}  // namespace shoehorn::place
