#include "fit/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "support/units.h"

namespace shoehorn::fit {
namespace {

/// Loss against the original, positive when worse.
Estimate Drop(const Candidate& candidate) {
  const Estimate& difference = candidate.metric.difference;
  if (!candidate.metric.higher_is_better) return difference;
  return {-difference.value, -difference.high, -difference.low};
}

Estimate Divided(const Estimate& estimate, double by) {
  if (!(by > 0)) return {};
  return {estimate.value / by, estimate.low / by, estimate.high / by};
}

RequirementResult Line(std::string name, std::string unit, bool at_least, double required,
                       const Estimate& found) {
  RequirementResult line;
  line.name = std::move(name);
  line.unit = std::move(unit);
  line.at_least = at_least;
  line.required = required;
  line.found = found;
  // A drop of exactly 5 in 500 is one point, whatever the subtraction made of it; unknown values compare
  // false.
  const double slack = 1e-9 * std::max(1.0, std::abs(required));
  line.met = at_least ? found.value >= required - slack : found.value <= required + slack;
  const bool has_interval = !std::isnan(found.low) && !std::isnan(found.high);
  line.confidence = has_interval ? ConfidenceOf(found, required) : kUnknown;
  return line;
}

/// How far a requirement is missed as a fraction of what is required; 0 when met.
double Miss(const RequirementResult& line) {
  if (line.met) return 0;
  if (std::isnan(line.found.value)) return std::numeric_limits<double>::infinity();
  return std::abs(line.found.value - line.required) / std::max(std::abs(line.required), 1e-3);
}

double WorstMiss(const std::vector<RequirementResult>& lines) {
  double worst = 0;
  for (const RequirementResult& line : lines) worst = std::max(worst, Miss(line));
  return worst;
}

/// `value` rounded to three digits towards the side that `value` itself still meets.
double Loosened(double value, bool at_least) {
  if (value == 0 || !std::isfinite(value)) return value;
  const double step = std::pow(10, std::floor(std::log10(std::abs(value))) - 2);
  return at_least ? std::floor(value / step + 1e-9) * step : std::ceil(value / step - 1e-9) * step;
}

std::string Quantity(double value, const std::string& unit) {
  if (std::isnan(value)) return "unknown";
  if (unit == "bytes") return FormatBytes(value);
  if (unit == "x") return FormatNumber(value) + "x";
  return unit.empty() ? FormatNumber(value) : FormatNumber(value) + " " + unit;
}

std::string Failing(const std::vector<RequirementResult>& lines) {
  std::vector<std::string> parts;
  for (const RequirementResult& line : lines)
    if (!line.met)
      parts.push_back(
          fmt::format("{} is {}, required {} {}", line.name, Quantity(line.found.value, line.unit),
                      line.at_least ? "at least" : "at most", Quantity(line.required, line.unit)));
  return fmt::format("{}", fmt::join(parts, "; "));
}

/// For each requirement alone: the candidate that meets all the others and misses it least.
std::vector<Relaxation> Relaxations(const Requirements& required, const std::vector<Candidate>& candidates) {
  std::vector<Relaxation> best;
  std::vector<double> misses;
  for (const Candidate& candidate : candidates) {
    const Candidate& original = OriginalAt(candidates, candidate.threads);
    const bool fast_enough = candidate.original || candidate.speedup.low >= 1;
    if (candidate.state != CandidateState::kMeasured || !fast_enough) continue;
    const auto lines = CheckRequirements(required, candidate, original);
    const auto failing = [](const RequirementResult& line) { return !line.met; };
    if (std::count_if(lines.begin(), lines.end(), failing) != 1) continue;
    const RequirementResult& line = *std::find_if(lines.begin(), lines.end(), failing);
    const double miss = Miss(line);
    if (!std::isfinite(miss)) continue;
    const Relaxation relaxation{line.name, line.required, Loosened(line.found.value, line.at_least),
                                line.unit, candidate.id};
    const auto same =
        std::find_if(best.begin(), best.end(), [&](const auto& r) { return r.requirement == line.name; });
    if (same == best.end()) {
      best.push_back(relaxation);
      misses.push_back(miss);
    } else if (auto& known = misses[static_cast<size_t>(same - best.begin())]; miss < known) {
      *same = relaxation;
      known = miss;
    }
  }
  std::vector<size_t> order(best.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return misses[a] < misses[b]; });
  std::vector<Relaxation> sorted;
  for (const size_t i : order) sorted.push_back(best[i]);
  return sorted;
}

std::string Describe(const Candidate& candidate) {
  if (candidate.original) return "the original";
  return fmt::format("{} {}{} on {} thread{}", candidate.engine, candidate.precision,
                     candidate.variant.empty() ? "" : " (" + candidate.variant + ")", candidate.threads,
                     candidate.threads == 1 ? "" : "s");
}

}  // namespace

const Candidate& OriginalAt(const std::vector<Candidate>& candidates, int threads) {
  for (const Candidate& candidate : candidates)
    if (candidate.original && candidate.threads == threads) return candidate;
  SHOEHORN_CHECK(false, "no original at this thread count");
}

std::vector<RequirementResult> CheckRequirements(const Requirements& required, const Candidate& candidate,
                                                 const Candidate& original) {
  std::vector<RequirementResult> lines;
  const auto add = [&](const char* name, const char* unit, bool at_least, const std::optional<double>& value,
                       const Estimate& found) {
    if (value) lines.push_back(Line(name, unit, at_least, *value, found));
  };
  const LatencyResult& latency = candidate.latency;
  const Estimate drop = Drop(candidate);
  add("accuracy_drop", "", false, required.accuracy_drop_absolute, drop);
  add("accuracy_drop_relative", "", false, required.accuracy_drop_relative,
      Divided(drop, std::abs(original.metric.score.value)));
  add("latency_p50", "ms", false, required.latency_p50_ms, {latency.p50, latency.low, latency.high});
  add("latency_p90", "ms", false, required.latency_p90_ms, {latency.p90, kUnknown, kUnknown});
  add("latency_p99", "ms", false, required.latency_p99_ms, {latency.p99, kUnknown, kUnknown});
  if (required.latency_p99_ms && !latency.p99_trusted) lines.back().met = false;
  add("speedup", "x", true, required.speedup, candidate.speedup);
  add("peak_memory", "bytes", false, required.peak_memory_bytes, Exactly(candidate.peak_memory_bytes));
  add("size", "bytes", false, required.size_bytes, Exactly(candidate.size_bytes));
  add("size_ratio", "x", false, required.size_ratio, Exactly(candidate.size_bytes / original.size_bytes));
  add("load_time", "ms", false, required.load_ms, {candidate.load_ms, kUnknown, kUnknown});
  add("throughput", "1/s", true, required.throughput_per_s,
      {1000 / latency.p50, 1000 / latency.high, 1000 / latency.low});
  return lines;
}

bool AccuracyHolds(const Requirements& required, const Candidate& candidate, const Candidate& original) {
  if (candidate.original) return true;
  Requirements accuracy;
  accuracy.accuracy_drop_absolute = required.accuracy_drop_absolute;
  accuracy.accuracy_drop_relative = required.accuracy_drop_relative;
  const auto lines = CheckRequirements(accuracy, candidate, original);
  return std::all_of(lines.begin(), lines.end(), [](const RequirementResult& line) { return line.met; });
}

bool MayBeChosen(const Requirements& required, const Candidate& candidate, const Candidate& original) {
  if (candidate.state != CandidateState::kMeasured) return false;
  return candidate.original || (candidate.speedup.low >= 1 && AccuracyHolds(required, candidate, original));
}

double DriftFreeLatency(const Candidate& candidate, const Candidate& original) {
  return original.latency.p50 / candidate.speedup.value;
}

namespace {

/// The candidate whose worst requirement fails least, the faster one of equals; sets `meets` of all. Null
/// when `may` admits none.
const Candidate* Nearest(const Requirements& required, std::vector<Candidate>& candidates,
                         const std::function<bool(const Candidate&, const Candidate& original)>& may) {
  const Candidate* best = nullptr;
  double best_miss = 0, best_latency = 0;
  for (Candidate& candidate : candidates) {
    const Candidate& original = OriginalAt(candidates, candidate.threads);
    const double miss = WorstMiss(CheckRequirements(required, candidate, original));
    const bool admitted = may(candidate, original);
    candidate.meets = admitted && miss == 0;
    if (!admitted) continue;
    const double latency = DriftFreeLatency(candidate, original);
    if (best == nullptr || miss < best_miss || (miss == best_miss && latency < best_latency)) {
      best = &candidate;
      best_miss = miss;
      best_latency = latency;
    }
  }
  return best;
}

Verdict VerdictOn(const Requirements& required, const Candidate& best,
                  const std::vector<Candidate>& candidates) {
  const Candidate& original = OriginalAt(candidates, best.threads);
  Verdict verdict;
  verdict.met = best.meets;
  verdict.chosen = best.id;
  verdict.original = original.id;
  verdict.requirements = CheckRequirements(required, best, original);
  return verdict;
}

}  // namespace

Verdict Judge(const Requirements& required, std::vector<Candidate>& candidates) {
  const Candidate* best =
      Nearest(required, candidates, [&](const Candidate& candidate, const Candidate& original) {
        return MayBeChosen(required, candidate, original);
      });
  SHOEHORN_CHECK(best != nullptr, "the original itself may always be chosen");
  Verdict verdict = VerdictOn(required, *best, candidates);
  if (!verdict.met) {
    verdict.relaxations = Relaxations(required, candidates);
    verdict.explanation = fmt::format("no candidate meets the spec; nearest is {}: {}", Describe(*best),
                                      Failing(verdict.requirements));
  } else if (best->original) {
    verdict.explanation = "the original meets the spec and nothing else that does is faster";
  } else {
    verdict.explanation =
        fmt::format("{} is the fastest of the candidates that meet the spec, {}x the original's speed",
                    Describe(*best), FormatNumber(best->speedup.value));
  }
  return verdict;
}

Verdict JudgeSubjects(const Requirements& required, std::vector<Candidate>& candidates) {
  const Candidate* best = Nearest(required, candidates, [](const Candidate& candidate, const Candidate&) {
    return !candidate.original && candidate.state == CandidateState::kMeasured;
  });
  SHOEHORN_CHECK(best != nullptr, "nothing but originals was measured");
  Verdict verdict = VerdictOn(required, *best, candidates);
  verdict.explanation = verdict.met ? fmt::format("{} meets the spec, {}x the original's speed",
                                                  Describe(*best), FormatNumber(best->speedup.value))
                                    : fmt::format("{} does not meet the spec: {}", Describe(*best),
                                                  Failing(verdict.requirements));
  return verdict;
}

}  // namespace shoehorn::fit
