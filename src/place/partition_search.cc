#include "place/partition_search.h"

#include <algorithm>
#include <deque>
#include <limits>

#include "place/partition_bound.h"
#include "place/partition_cut.h"
#include "place/partition_elimination.h"

namespace shoehorn::place {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();
constexpr int kRoundsATurn = 4;

class Search {
 public:
  Search(const PartitionProblem& problem, const PartitionVariables& variables, const PartitionLimits& limits)
      : problem_(problem), variables_(variables), limits_(limits) {
    best_.cost = kInfinite;
    best_.method = "bounded search";
  }

  PartitionAnswer Run() {
    PairwiseGraph core = Eliminated(variables_.graph(), {}, limits_.work);
    best_.method = "elimination";
    for (int rounds = 0; !core.unary.empty();) {
      best_.method = "bounded search";
      PartitionBound bound(core);
      const size_t states = bound.states_left();
      bool last = false;
      // A new core is worth its while once a fifth of the states are gone.
      while (!last && bound.states_left() * 5 > states * 4) {
        const double before = bound.lower();
        const size_t left = bound.states_left();
        for (int i = 0; i < kRoundsATurn && !bound.exhausted(); ++i, ++rounds) bound.Round(Enough());
        if (bound.exhausted()) return Proven();
        Try(bound.Guess());
        best_.lower_bound = std::min(bound.lower(), best_.cost);
        last = rounds >= limits_.rounds ||
               (bound.lower() - before < 1e-3 * (best_.cost - bound.lower()) && bound.states_left() == left);
      }
      if (last) {
        Swap(best_.unit, best_.cost);
        bound.Round(Enough());
        if (bound.exhausted()) return Proven();
        best_.lower_bound = std::min(bound.lower(), best_.cost);
      }
      std::vector<Assignment> kept;
      const PairwiseGraph left = bound.Left(kept);
      core = Eliminated(left, std::move(kept), last ? limits_.work : limits_.work / 8);
      if (last && !core.unary.empty()) return best_.lower_bound >= Enough() ? Proven() : best_;
      best_.method = "elimination after bounding";
    }
    Try({});
    return Proven();
  }

 private:
  /// One turn: from the core before, `kept` of its states went into a graph, which left a core.
  struct Turn {
    std::vector<Assignment> kept;  // empty: all
    Elimination elimination;
  };

  /// Only what costs less than this is looked for.
  double Enough() const { return best_.cost * (1 - kPartitionRounding); }

  PartitionAnswer Proven() {
    best_.lower_bound = best_.cost;
    best_.optimal = true;
    return best_;
  }

  /// `graph` (`kept` of the states of the core before) eliminated when `work` suffices, else contracted.
  PairwiseGraph Eliminated(const PairwiseGraph& graph, std::vector<Assignment> kept, size_t work) {
    EliminationOrder order(graph);
    order.Extend(2, limits_);
    const size_t contracted = order.steps().size();
    PartitionLimits limits = limits_;
    limits.work = work;
    if (!order.Extend(kEveryNeighbour, limits)) order.steps().resize(contracted);
    turns_.push_back({std::move(kept), Elimination(graph, std::move(order.steps()))});
    return turns_.back().elimination.TakeCore();
  }

  std::vector<size_t> UnitsOf(Assignment assignment) const {
    for (auto turn = turns_.rbegin(); turn != turns_.rend(); ++turn) {
      assignment = turn->elimination.Complete(assignment);
      for (size_t i = 0; i < turn->kept.size(); ++i) assignment[i] = turn->kept[i][assignment[i]];
    }
    return variables_.UnitsOf(assignment);
  }

  /// Takes what `guess` (about the innermost core) stands for when it is the best so far.
  void Try(const Assignment& guess) {
    std::vector<size_t> unit = UnitsOf(guess);
    const double cost = PartitionCost(problem_, unit);
    if (cost >= best_.cost && !best_.unit.empty()) return;
    best_.cost = cost;
    best_.unit = std::move(unit);
  }

  /// Cuts between pairs of units in turn, until as many as there are made nothing better.
  void Swap(std::vector<size_t>& unit, double& cost) const {
    std::vector<std::pair<size_t, size_t>> pairs;
    for (size_t a = 0; a < problem_.units; ++a)
      for (size_t b = a + 1; b < problem_.units; ++b) pairs.emplace_back(a, b);
    size_t in_vain = 0;
    for (size_t i = 0; cost < kInfinite && in_vain < pairs.size(); i = (i + 1) % pairs.size(), ++in_vain) {
      std::vector<size_t> swapped = CutBetween(problem_, pairs[i].first, pairs[i].second, unit);
      const double least = PartitionCost(problem_, swapped);
      if (least >= cost * (1 - kPartitionRounding)) continue;
      cost = least;
      unit = std::move(swapped);
      in_vain = 0;
    }
  }

  const PartitionProblem& problem_;
  const PartitionVariables& variables_;
  const PartitionLimits& limits_;
  std::deque<Turn> turns_;
  PartitionAnswer best_;
};

}  // namespace

PartitionAnswer SearchPartition(const PartitionProblem& problem, const PartitionVariables& variables,
                                const PartitionLimits& limits) {
  return Search(problem, variables, limits).Run();
}

}  // namespace shoehorn::place
