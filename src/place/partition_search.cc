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
    PairwiseGraph core = Contracted(variables_.graph(), {});
    if (Eliminated(core, limits_.work / 8)) {
      best_.method = "elimination";
      return Proven();
    }
    for (int rounds = 0; rounds < limits_.rounds && !core.unary.empty();) {
      PartitionBound bound(std::move(core));
      const size_t states = bound.states_left();
      bool stuck = false;
      // A new core is worth its while once a fifth of the states are gone.
      while (!stuck && rounds < limits_.rounds && bound.states_left() * 5 > states * 4) {
        const double before = bound.lower();
        const size_t left = bound.states_left();
        for (int i = 0; i < kRoundsATurn && !bound.exhausted(); ++i, ++rounds) bound.Round(Enough());
        if (bound.exhausted()) return Proven();
        Try(bound.Guess(), rounds == kRoundsATurn);
        best_.lower_bound = std::min(bound.lower(), best_.cost);
        stuck = bound.lower() - before < 1e-3 * (best_.cost - bound.lower()) && bound.states_left() == left;
      }
      std::vector<Assignment> kept;
      const PairwiseGraph left = Restricted(bound.Moved(), bound.keep(), kept);
      core = Contracted(left, std::move(kept));
      const bool last = stuck || rounds >= limits_.rounds;
      if (Eliminated(core, last ? limits_.work : limits_.work / 64)) return Proven();
      if (last) break;
    }
    Swap(best_.unit, best_.cost);
    return best_.lower_bound >= Enough() ? Proven() : best_;
  }

 private:
  /// One turn: from the graph before, `kept` of its states went into a graph, which was contracted to a core.
  struct Turn {
    std::vector<Assignment> kept;  // empty: all
    Elimination contraction;
    std::vector<size_t> core;
  };

  /// Only what costs less than this is looked for.
  double Enough() const { return best_.cost * (1 - kPartitionRounding); }

  PartitionAnswer Proven() {
    best_.lower_bound = best_.cost;
    best_.optimal = true;
    return best_;
  }

  PairwiseGraph Contracted(const PairwiseGraph& graph, std::vector<Assignment> kept) {
    turns_.push_back({std::move(kept), Elimination(graph), {}});
    turns_.back().contraction.Run(2, limits_);
    return turns_.back().contraction.TakeCore(turns_.back().core);
  }

  /// Finishes the core exactly when `work` suffices.
  bool Eliminated(const PairwiseGraph& core, size_t work) {
    PartitionLimits limits = limits_;
    limits.work = work;
    Elimination elimination(core);
    if (!elimination.Run(kEveryNeighbour, limits)) return false;
    Try(elimination.Complete({}), false);
    best_.method = "elimination after bounding";
    return true;
  }

  std::vector<size_t> UnitsOf(Assignment assignment) const {
    for (auto turn = turns_.rbegin(); turn != turns_.rend(); ++turn) {
      Assignment whole(turn->contraction.variables(), 0);
      for (size_t i = 0; i < assignment.size(); ++i) whole[turn->core[i]] = assignment[i];
      assignment = turn->contraction.Complete(std::move(whole));
      for (size_t i = 0; i < turn->kept.size(); ++i) assignment[i] = turn->kept[i][assignment[i]];
    }
    return variables_.UnitsOf(assignment);
  }

  /// Takes what `guess` (about the innermost core) stands for when it is the best so far.
  void Try(const Assignment& guess, bool swaps) {
    std::vector<size_t> unit = UnitsOf(guess);
    double cost = PartitionCost(problem_, unit);
    if (swaps) Swap(unit, cost);
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
