// Partition problems for tests: random ones by seed, and the least cost by trying every placement.
#pragma once

#include <cstdint>

#include "place/partition.h"

namespace shoehorn::testing {

/// The same numbers on every machine.
class Dice {
 public:
  explicit Dice(uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15 + 1) {}
  /// 0 to `sides` - 1 (splitmix64, Steele, Lea and Flood 2014).
  size_t Roll(size_t sides) {
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return (z ^ z >> 31) % sides;
  }
  double Share() { return static_cast<double>(Roll(1 << 20)) / (1 << 20); }

 private:
  uint64_t state_;
};

/// Up to `most_nodes` nodes on `units` units: refused nodes, equal costs, copies that cost nothing or very
/// much, and values that many nodes read, all of it more or less often from seed to seed.
place::PartitionProblem RandomPartition(uint64_t seed, size_t units, size_t most_nodes);

/// The least cost over all placements; infinite when none is possible. Tries every unit for every node and
/// gives up a beginning only when it costs more than the best whole.
double LeastByTrying(const place::PartitionProblem& problem);

/// The same with every placement priced as a whole: for few nodes.
double LeastByTryingAll(const place::PartitionProblem& problem);

}  // namespace shoehorn::testing
