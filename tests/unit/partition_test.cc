// The partition between units, held against trying every placement, and what it promises about wide graphs.
#include "place/partition.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "support/partition_problems.h"

namespace shoehorn::place {
namespace {

using testing::Dice;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::LeastByTrying;
using testing::LeastByTryingAll;
using testing::RandomPartition;

constexpr double kInfinite = std::numeric_limits<double>::infinity();

/// Copies between `units` units that all cost the same.
std::vector<double> Copies(size_t units, double cost) {
  std::vector<double> copies(units * units, cost);
  for (size_t i = 0; i < units; ++i) copies[i * units + i] = 0;
  return copies;
}

bool SomeNodeIsRefused(const PartitionProblem& problem) {
  return std::ranges::any_of(problem.nodes, [](const PartitionNode& node) {
    return std::ranges::all_of(node.cost, [](double cost) { return cost == kInfinite; });
  });
}

std::string Named(uint64_t seed, size_t units) {
  return "seed " + std::to_string(seed) + ", units " + std::to_string(units);
}

TEST(Partition, TryingAndTryingAllAgree) {
  for (uint64_t seed = 0; seed < 500; ++seed) {
    const size_t units = 2 + seed % 3;
    const PartitionProblem problem = RandomPartition(seed, units, 5);
    EXPECT_EQ(LeastByTrying(problem), LeastByTryingAll(problem)) << Named(seed, units);
  }
}

TEST(Partition, EqualsTryingEveryPlacement) {
  size_t impossible = 0;
  for (uint64_t seed = 0; seed < 4000; ++seed) {
    const size_t units = 2 + seed % 3;
    const PartitionProblem problem = RandomPartition(seed, units, 14);
    const double least = LeastByTrying(problem);
    const auto answer = SolvePartition(problem);
    ASSERT_EQ(answer.ok(), least < kInfinite) << Named(seed, units);
    if (!answer.ok()) {
      ++impossible;
      continue;
    }
    ASSERT_TRUE(answer->optimal) << Named(seed, units);
    ASSERT_NEAR(answer->cost, least, 1e-9 * (1 + least)) << Named(seed, units);
    ASSERT_EQ(answer->cost, PartitionCost(problem, answer->unit)) << Named(seed, units);
    ASSERT_EQ(answer->lower_bound, answer->cost) << Named(seed, units);
  }
  EXPECT_GT(impossible, 10u);
  EXPECT_LT(impossible, 3000u);
}

TEST(Partition, UpToEightUnits) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    const size_t units = 5 + seed % 4;
    const PartitionProblem problem = RandomPartition(seed, units, 6);
    const double least = LeastByTrying(problem);
    const auto answer = SolvePartition(problem);
    ASSERT_EQ(answer.ok(), least < kInfinite) << Named(seed, units);
    if (!answer.ok()) continue;
    ASSERT_TRUE(answer->optimal) << Named(seed, units);
    ASSERT_NEAR(answer->cost, least, 1e-9 * (1 + least)) << Named(seed, units);
  }
}

TEST(Partition, ABoundedSearchNeverClaimsTooMuch) {
  size_t proven = 0, asked = 0;
  for (uint64_t seed = 0; seed < 3000; ++seed) {
    const size_t units = 3 + seed % 2;
    const PartitionProblem problem = RandomPartition(seed, units, 12);
    if (SomeNodeIsRefused(problem)) continue;
    const double least = LeastByTrying(problem);
    if (least == kInfinite) continue;
    // Tables of one entry: whatever ties two variables together is too wide. Of 64: what the bound left may
    // fit.
    for (const size_t table : {1, 64}) {
      const auto answer = SolvePartition(problem, {.table = static_cast<size_t>(table)});
      if (!answer.ok()) {  // with infinite copies a search without room may miss all that is possible
        ASSERT_THAT(answer.error().Text(), HasSubstr("no placement was found that has a way"))
            << Named(seed, units);
        continue;
      }
      ASSERT_LE(answer->lower_bound, least * (1 + 1e-9)) << Named(seed, units);
      ASSERT_GE(answer->cost, least * (1 - 1e-9)) << Named(seed, units);
      if (answer->optimal) {
        ASSERT_NEAR(answer->cost, least, 1e-8 * (1 + least)) << Named(seed, units);
      }
      proven += answer->optimal ? 1 : 0;
      ++asked;
    }
  }
  EXPECT_GT(proven * 10, asked * 9) << proven << " of " << asked;
}

TEST(Partition, ANodeThatEveryUnitRefusesIsNamed) {
  PartitionProblem problem;
  problem.units = 2;
  problem.nodes = {{"node 'a' (Relu)", {1, 1}}, {"node 'b' (NonZero)", {kInfinite, kInfinite}}};
  problem.values = {{0, {1}, Copies(2, 1)}};
  EXPECT_EQ(SolvePartition(problem).error().Text(),
            "error: node 'b' (NonZero): every unit refuses it\n"
            "  expected: one that runs it\n"
            "  fix: a CPU takes every operator: leave `accelerator` out of the unit that should run it");
}

TEST(Partition, UnitsWithoutAWayBetweenThemAreNamed) {
  for (const size_t units : {2, 3}) {
    PartitionProblem problem;
    problem.units = units;
    problem.nodes = {{"node 'a' (Relu)", std::vector<double>(units, kInfinite)},
                     {"node 'b' (TopK)", std::vector<double>(units, kInfinite)}};
    problem.nodes[0].cost[0] = problem.nodes[1].cost[1] = 1;
    problem.values = {{0, {1}, Copies(units, kInfinite)}};
    EXPECT_EQ(
        SolvePartition(problem).error().Text(),
        "error: node 'a' (Relu): no placement has a way for every tensor between the units that make and "
        "read it\n  expected: a [[copy]] between them");
  }
}

TEST(Partition, NothingToPlaceCostsNothing) {
  PartitionProblem problem;
  for (const size_t units : {1, 2, 3}) {
    problem.units = units;
    const auto answer = SolvePartition(problem);
    ASSERT_TRUE(answer.ok());
    EXPECT_TRUE(answer->optimal);
    EXPECT_EQ(answer->cost, 0);
  }
}

TEST(Partition, OneUnitRunsEverything) {
  PartitionProblem problem;
  problem.units = 1;
  problem.nodes = {{"a", {1}}, {"b", {2}}, {"c", {4}}};
  problem.values = {{0, {1, 2}, {0}}};
  const auto answer = SolvePartition(problem);
  EXPECT_THAT(answer->unit, ElementsAre(0, 0, 0));
  EXPECT_EQ(answer->cost, 7);
}

TEST(Partition, AValueIsCopiedOnceHoweverManyRead) {
  // The producer is held on unit 0; 3,000 readers gain 1 each on unit 1 and share one copy of 2,999.
  for (const size_t units : {2, 4}) {
    PartitionProblem problem;
    problem.units = units;
    std::vector<double> here(units, kInfinite), there(units, 2);
    here[0] = 0;
    there[1] = 1;
    problem.nodes.push_back({"input", here});
    PartitionValue value{0, {}, Copies(units, 2999)};
    for (size_t i = 1; i <= 3000; ++i) {
      problem.nodes.push_back({"reader", there});
      value.readers.push_back(i);
    }
    problem.values.push_back(value);
    EXPECT_EQ(SolvePartition(problem)->cost, 3000 + 2999);
    problem.values[0].copy = Copies(units, 3001);
    EXPECT_EQ(SolvePartition(problem)->cost, 6000);
  }
}

/// Layers of `wide` nodes, each reading everything that the layer before made.
PartitionProblem Layers(size_t units, size_t layers, size_t wide, uint64_t seed) {
  Dice dice(seed);
  PartitionProblem problem;
  problem.units = units;
  for (size_t layer = 0; layer < layers; ++layer)
    for (size_t i = 0; i < wide; ++i) {
      PartitionNode node{"node", {}};
      for (size_t unit = 0; unit < units; ++unit) node.cost.push_back(10 * dice.Share());
      if (layer > 0)
        for (size_t before = 0; before < wide; ++before)
          problem.values[(layer - 1) * wide + before].readers.push_back(problem.nodes.size());
      problem.nodes.push_back(std::move(node));
      problem.values.push_back({layer * wide + i, {}, Copies(units, 6 * dice.Share())});
    }
  return problem;
}

TEST(Partition, WideGraphsBetweenTwoUnitsAreCutExactly) {
  // A third unit that refuses everything makes no difference, but leaves the minimum cut to other ways.
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const PartitionProblem problem = Layers(2, 6, 5, seed);
    PartitionProblem three = problem;
    three.units = 3;
    for (PartitionNode& node : three.nodes) node.cost.push_back(kInfinite);
    for (PartitionValue& value : three.values) {
      const std::vector<double> copy = value.copy;
      value.copy = {0, copy[1], 1, copy[2], 0, 1, 1, 1, 0};
    }
    const auto cut = SolvePartition(problem), eliminated = SolvePartition(three);
    EXPECT_EQ(cut->method, "minimum cut");
    EXPECT_EQ(eliminated->method, "elimination");
    EXPECT_NEAR(cut->cost, eliminated->cost, 1e-9 * cut->cost) << seed;
  }
  const auto wide = SolvePartition(Layers(2, 5, 60, 1));
  EXPECT_TRUE(wide->optimal);
}

TEST(Partition, WideGraphsBetweenFourUnitsSayWhatIsProven) {
  const PartitionProblem problem = Layers(4, 4, 40, 1);
  const auto answer = SolvePartition(problem);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->cost, PartitionCost(problem, answer->unit));
  EXPECT_LE(answer->lower_bound, answer->cost);
  EXPECT_EQ(answer->optimal, answer->lower_bound == answer->cost);
  double apart = 0;  // each node where it is cheapest, all copies free: a bound that nothing can undercut
  for (const PartitionNode& node : problem.nodes) apart += std::ranges::min(node.cost);
  EXPECT_GE(answer->lower_bound, apart * (1 - 1e-9));
  for (size_t unit = 0; unit < 4; ++unit)
    EXPECT_LE(answer->cost, PartitionCost(problem, std::vector<size_t>(problem.nodes.size(), unit)));
}

TEST(Partition, AChainOfTenThousandIsSolvedLikeAChain) {
  Dice dice(7);
  PartitionProblem problem;
  problem.units = 4;
  std::vector<double> least(4, 0);  // of the chain up to here, ending on each unit
  for (size_t i = 0; i < 10'000; ++i) {
    PartitionNode node{"node", {}};
    for (size_t unit = 0; unit < 4; ++unit) node.cost.push_back(dice.Roll(5) == 0 ? kInfinite : dice.Share());
    if (dice.Roll(5) > 0) node.cost[0] = dice.Share();
    if (std::ranges::all_of(node.cost, [](double cost) { return cost == kInfinite; })) node.cost[3] = 1;
    std::vector<double> copy;
    for (size_t j = 0; j < 16; ++j) copy.push_back(j % 5 == 0 ? 0 : dice.Share());
    std::vector<double> next(4, kInfinite);
    for (size_t to = 0; to < 4; ++to)
      for (size_t from = 0; from < 4; ++from)
        next[to] = std::min(next[to], least[from] + (i == 0 ? 0 : copy[from * 4 + to]) + node.cost[to]);
    least = next;
    if (i > 0) problem.values.push_back({i - 1, {i}, copy});
    problem.nodes.push_back(std::move(node));
  }
  const auto answer = SolvePartition(problem);
  EXPECT_EQ(answer->method, "elimination");
  EXPECT_NEAR(answer->cost, std::ranges::min(least), 1e-9 * answer->cost);
}

}  // namespace
}  // namespace shoehorn::place
