// The verdict on candidates for another device, where only accuracy, placement and size are known:
//   int8 (per channel, unsigned, mse) is within the bound of accuracy; one island, nothing on the CPU. Not
//   measured on this target: speedup
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "fit/verdict.h"

namespace shoehorn::fit {
namespace {

constexpr std::array<std::string_view, 4> kCheapestFirst = {"int8", "int8+int16", "int16", "fp16"};

/// What a machine other than the target cannot tell.
bool OnlyTheTargetKnows(const RequirementResult& line) {
  return line.name.starts_with("latency") || line.name == "speedup" || line.name == "peak_memory" ||
         line.name == "load_time" || line.name == "throughput";
}

std::vector<RequirementResult> CheckForTarget(const Requirements& required, const Candidate& candidate,
                                              const Candidate& original) {
  std::vector<RequirementResult> lines = CheckRequirements(required, candidate, original);
  for (RequirementResult& line : lines) {
    if (!OnlyTheTargetKnows(line)) continue;
    line.measured = line.met = false;
    line.found = {};
    line.confidence = kUnknown;
  }
  return lines;
}

double Loss(const Candidate& candidate) {
  const double difference = candidate.metric.difference.value;
  return candidate.metric.higher_is_better ? -difference : difference;
}

std::string PlaceOf(const Candidate& candidate) {
  if (!candidate.placement) return "placement unknown";
  const Placement& placement = *candidate.placement;
  return fmt::format("{} island{}, {} on the CPU ({})", placement.islands, placement.islands == 1 ? "" : "s",
                     placement.cpu_operators == 0 ? "nothing"
                                                  : fmt::format("{} operator{}", placement.cpu_operators,
                                                                placement.cpu_operators == 1 ? "" : "s"),
                     placement.judged ? "judged" : "by rules, not judged");
}

}  // namespace

int CostOf(const std::string& precision) {
  const auto found = std::ranges::find(kCheapestFirst, precision);
  return static_cast<int>(found - kCheapestFirst.begin());
}

Verdict JudgeForTarget(const Requirements& required, std::vector<Candidate>& candidates) {
  const Candidate& original =
      *std::ranges::find_if(candidates, [](const Candidate& candidate) { return candidate.original; });
  const auto rank = [&](const Candidate& candidate) {
    const bool accurate = AccuracyHolds(required, candidate, original);
    const Placement placement = candidate.placement.value_or(Placement{});
    return std::tuple(!candidate.meets, !accurate, accurate ? 0 : Loss(candidate), placement.cpu_operators,
                      placement.islands, CostOf(candidate.precision), Loss(candidate));
  };
  const Candidate* best = nullptr;
  for (Candidate& candidate : candidates) {
    if (candidate.original || candidate.state != CandidateState::kMeasured) continue;
    candidate.meets = std::ranges::all_of(CheckForTarget(required, candidate, original),
                                          [](const auto& line) { return line.met || !line.measured; });
    if (best == nullptr || rank(candidate) < rank(*best)) best = &candidate;
  }
  Verdict verdict;
  verdict.original = original.id;
  if (best == nullptr) {
    verdict.chosen = original.id;
    verdict.explanation = "no candidate for the target could be made; the original is kept as it is";
    verdict.requirements = CheckForTarget(required, original, original);
    return verdict;
  }
  verdict.met = best->meets;
  verdict.chosen = best->id;
  verdict.requirements = CheckForTarget(required, *best, original);
  std::vector<std::string> failing, unknown;
  for (const RequirementResult& line : verdict.requirements) {
    if (!line.measured)
      unknown.push_back(line.name);
    else if (!line.met)
      failing.push_back(line.name);
  }
  verdict.explanation =
      fmt::format("{} ({}) ", best->precision, best->variant.empty() ? "as repaired" : best->variant);
  verdict.explanation += failing.empty()
                             ? "is within what can be checked here"
                             : fmt::format("comes nearest and fails {}", fmt::join(failing, ", "));
  verdict.explanation += "; " + PlaceOf(*best);
  if (!unknown.empty())
    verdict.explanation += fmt::format("; not measured on this target: {}", fmt::join(unknown, ", "));
  return verdict;
}

}  // namespace shoehorn::fit
