#include "place/turns.h"

#include <cmath>

namespace shoehorn::place {
namespace {

constexpr double kLadder[] = {1.5, 3, 16};
constexpr double kPrecision = 1.05;
constexpr size_t kMostFinalists = 5;

/// Who could take over: one of each cut, those that stand nearest.
std::vector<size_t> Finalists(const Court& court, const Choice& choice) {
  const std::vector<Candidate>& candidates = court.candidates();
  std::vector<size_t> order;
  for (const Judged& judged : choice.judged)
    if (judged.simulated() && (!judged.out || judged.out->limit)) order.push_back(judged.candidate);
  std::ranges::stable_sort(order, [&](size_t a, size_t b) {
    const Judged &left = choice.judged[a], &right = choice.judged[b];
    if (left.out.has_value() != right.out.has_value()) return !left.out;
    if (left.out && court.Excess(left) != court.Excess(right))
      return court.Excess(left) < court.Excess(right);
    return court.Better(left.mean, right.mean);
  });
  std::vector<size_t> finalists = {choice.best};
  const auto add = [&](size_t c) {
    const bool known = std::ranges::any_of(
        finalists, [&](size_t other) { return candidates[other].cut == candidates[c].cut; });
    if (!known && finalists.size() < kMostFinalists) finalists.push_back(c);
  };
  if (choice.runner_up) add(*choice.runner_up);
  for (const size_t c : order) add(c);
  return finalists;
}

class Search {
 public:
  Search(const Court& court, const Choice& choice)
      : court_(court), choice_(choice), finalists_(Finalists(court, choice)) {}

  Turn Find(const char* what, double World::*knob, bool up) const {
    Turn turn{.what = what, .up = up};
    double holds = 1;
    for (const double step : kLadder) {
      double turns = step;
      std::optional<size_t> to = BestAt(knob, up ? turns : 1 / turns);
      if (SameCut(to)) {
        holds = step;
        continue;
      }
      while (turns / holds > kPrecision) {
        const double middle = std::sqrt(turns * holds);
        const std::optional<size_t> then = BestAt(knob, up ? middle : 1 / middle);
        if (SameCut(then)) {
          holds = middle;
        } else {
          turns = middle;
          to = then;
        }
      }
      turn.factor = up ? turns : 1 / turns;
      turn.to = to;
      break;
    }
    return turn;
  }

 private:
  bool SameCut(const std::optional<size_t>& to) const {
    return to && court_.candidates()[*to].cut == court_.candidates()[choice_.best].cut;
  }

  std::optional<size_t> BestAt(double World::*knob, double factor) const {
    World world;
    world.*knob = factor;
    std::optional<size_t> best;
    Figures figures;
    for (const size_t c : finalists_) {
      const bool repriced = knob == &World::price && choice_.judged[c].simulated();
      const bool same = knob == &World::link_rate && !court_.candidates()[c].policy.route;
      const Judged judged = same       ? court_.Reprice(choice_.judged[c], 1)
                            : repriced ? court_.Reprice(choice_.judged[c], factor)
                                       : court_.Judge(c, world, false);
      if (judged.out || (best && !court_.Better(judged.mean, figures))) continue;
      best = c;
      figures = judged.mean;
    }
    return best;
  }

  const Court& court_;
  const Choice& choice_;
  std::vector<size_t> finalists_;
};

}  // namespace

std::vector<Turn> FindTurns(const Court& court, const Choice& choice) {
  const Search search(court, choice);
  std::vector<Turn> turns;
  for (const auto& [what, knob] :
       {std::pair("link rate", &World::link_rate), std::pair("price", &World::price),
        std::pair("device speed", &World::device_speed)})
    for (const bool up : {false, true}) turns.push_back(search.Find(what, knob, up));
  return turns;
}

}  // namespace shoehorn::place
