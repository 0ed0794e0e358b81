#include "place/choose.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "place/court.h"
#include "place/turns.h"

namespace shoehorn::place {
namespace {

Diagnostic NobodyMeets(const Court& court, const std::vector<Judged>& judged) {
  std::map<std::string, size_t> excluded;
  const Judged* nearest = nullptr;
  for (const Judged& one : judged) {
    const Exclusion& out = *one.out;
    ++excluded[out.limit ? fmt::format("{} of {} {}", NameOf(*out.limit),
                                       *out.limit == Measure::kAccuracy ? "at least" : "at most",
                                       FormatMeasure(*out.limit, out.allowed))
                         : out.why];
    if (out.limit && (nearest == nullptr || court.Excess(one) < court.Excess(*nearest))) nearest = &one;
  }
  std::vector<std::string> counts;
  for (const auto& [limit, count] : excluded) counts.push_back(fmt::format("{} excludes {}", limit, count));
  Diagnostic wrong{
      .place = "limits",
      .found = fmt::format("none of {} choices meets them: {}", judged.size(), fmt::join(counts, ", ")),
      .expected = "limits that one choice meets on every drive"};
  if (nearest != nullptr)
    wrong.fix =
        fmt::format("nearest is {}: {}", court.candidates()[nearest->candidate].name, nearest->out->Text());
  return wrong;
}

}  // namespace

Result<Choice> Choose(const std::vector<Candidate>& candidates, const std::vector<Place>& places,
                      const Ground& ground, const Requirements& requirements) {
  Court court(candidates, places, ground, requirements);
  Choice choice;
  std::vector<size_t> order;
  for (size_t c = 0; c < candidates.size(); ++c) {
    choice.judged.push_back(court.Glance(c));
    if (candidates[c].forbidden.empty()) order.push_back(c);
  }
  // Pure choices stand in the report, so they are simulated whatever becomes of them; then those that promise
  // most.
  std::ranges::stable_sort(order, [&](size_t a, size_t b) {
    if (candidates[a].pure != candidates[b].pure) return candidates[a].pure;
    return court.Better(choice.judged[a].best_case, choice.judged[b].best_case);
  });

  std::optional<size_t> best, runner_up;
  const auto better = [&](const Figures& figures, const std::optional<size_t>& than) {
    return !than || court.Better(figures, choice.judged[*than].mean);
  };
  for (const size_t c : order) {
    Judged& judged = choice.judged[c];
    if (!candidates[c].pure) {
      if (judged.out) continue;
      const bool of_best = best && candidates[*best].cut == candidates[c].cut;
      if (!better(judged.best_case, of_best ? best : runner_up)) continue;
    }
    Judged simulated = court.Judge(c, {}, candidates[c].pure);
    simulated.best_case = std::move(judged.best_case);
    if (!simulated.out && judged.out && !judged.out->limit) simulated.out = judged.out;
    judged = std::move(simulated);
    if (judged.out) continue;
    if (better(judged.mean, best)) {
      if (best && candidates[*best].cut != candidates[c].cut) runner_up = best;
      best = c;
    } else if (candidates[c].cut != candidates[*best].cut && better(judged.mean, runner_up)) {
      runner_up = c;
    }
  }
  if (!best) return NobodyMeets(court, choice.judged);
  choice.best = *best;
  choice.runner_up = runner_up;
  choice.turns = FindTurns(court, choice);
  return choice;
}

Judged JudgeOne(const std::vector<Candidate>& candidates, size_t candidate, const std::vector<Place>& places,
                const Ground& ground, const Requirements& requirements, size_t timeline) {
  return Court(candidates, places, ground, requirements).Judge(candidate, {}, true, timeline);
}

}  // namespace shoehorn::place
