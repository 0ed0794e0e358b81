// The partition between two units, as a minimum cut (H. S. Stone, Multiprocessor scheduling with the aid of
// network flow algorithms, IEEE Trans. Software Eng. 1977). Exact for any graph, however wide.
//
// Let x_n = 0 when node n stands on the first unit (the source's side), 1 on the second. A node's costs are
// edges from the source (cost on 1) and to the sink (cost on 0). A value of producer p with the readers R
// costs
//   c01 [x_p = 0 and some r in R has x_r = 1]  +  c10 [x_p = 1 and some r has x_r = 0].
// Take a vertex a with x_a >= x_r for all r (edges a -> r that are never cut) and an edge p -> a of capacity
// c01, cut when x_p = 0 and x_a = 1. Since c01 >= 0, the least x_a is best: x_a = max x_r, and the edge costs
// the first term. A vertex b with x_b <= x_r (edges r -> b) and an edge b -> p of capacity c10 make the
// second one. All terms are [x_u = 0 and x_v = 1] with capacities that are not negative, hence submodular
// (Kolmogorov and Zabih, What energy functions can be minimized via graph cuts?, PAMI 2004), and the least
// cut is the least cost.
//
// With nodes that stay on third units the same holds (the swap move of Boykov, Veksler and Zabih, PAMI 2001):
// where p stays, the source takes its place for a and the sink for b; readers that stay cost p one more edge
// to each side.
#pragma once

#include "place/partition.h"

namespace shoehorn::place {

/// The best placement that differs from `unit` (by node) only in where nodes on `first` and `second` stand:
/// they may change between these two. The others must be where they are not refused.
std::vector<size_t> CutBetween(const PartitionProblem& problem, size_t first, size_t second,
                               std::vector<size_t> unit);

}  // namespace shoehorn::place
