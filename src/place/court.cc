#include "place/court.h"

#include <cmath>
#include <limits>

namespace shoehorn::place {
namespace {

/// How long a drive is where nothing has a link, seconds.
constexpr double kNoLinks = 60;
/// Two figures closer than this are equal: sums in another order.
constexpr double kRounding = 1e-9;

double Least(Measure measure, double value) { return measure == Measure::kAccuracy ? -value : value; }

void SpeedUp(std::vector<Step>& steps, double factor) {
  for (Step& step : steps) step.seconds /= factor;
}

/// The policy on a device that is `factor` as fast. A rule that compares with the device's own time follows
/// it.
Policy OnFasterDevice(Policy policy, double factor, double deadline_s) {
  if (factor == 1) return policy;
  SpeedUp(policy.local, factor);
  if (policy.route) SpeedUp(policy.route->head, factor);
  if (policy.rule && policy.rule->limit_s < deadline_s)
    policy.rule->limit_s = std::min(policy.rule->limit_s / factor, deadline_s);
  return policy;
}

double Times(double found, double allowed) {
  if (allowed > 0) return found / allowed;
  return found > 0 ? std::numeric_limits<double>::infinity() : 0;
}

}  // namespace

Court::Court(const std::vector<Candidate>& candidates, const std::vector<Place>& places, const Ground& ground,
             const Requirements& requirements)
    : candidates_(candidates), places_(places), ground_(ground), requirements_(requirements) {
  SHOEHORN_CHECK(!candidates.empty() && ground.drives > 0, "somebody to judge");
  for (size_t drive = 0; drive < ground.drives; ++drive) {
    double duration = ground.duration_s;
    for (const Place& place : places) {
      SHOEHORN_CHECK(place.links.empty() || place.links.size() == ground.drives, "one link a drive");
      if (!place.links.empty()) duration = std::max(duration, place.links[drive].duration_s());
    }
    arrivals_.push_back(Arrivals(requirements.rate_per_s, duration > 0 ? duration : kNoLinks));
  }
  for (const Candidate& candidate : candidates) {
    SHOEHORN_CHECK(candidate.place < places.size(), "a candidate names a place");
    SHOEHORN_CHECK(!candidate.policy.route || !places[candidate.place].links.empty(), "a place has links");
  }
}

std::string Court::DriveName(size_t candidate, size_t drive) const {
  const Place& place = PlaceOf(candidate);
  return candidates_[candidate].policy.route && ground_.drives > 1 ? place.links[drive].source() : "";
}

Judged Court::Judge(size_t c, const World& world, bool all_drives, size_t timeline) const {
  const Candidate& candidate = candidates_[c];
  Place place = PlaceOf(c);
  place.price_per_hour *= world.price;
  place.price_per_call *= world.price;
  place.price_per_byte *= world.price;
  const Policy policy = OnFasterDevice(candidate.policy, world.device_speed, requirements_.deadline_s);
  Judged judged{.candidate = c};
  for (size_t drive = 0; drive < ground_.drives; ++drive) {
    std::optional<Link> link;
    if (policy.route) link = place.links[drive].Scaled(world.link_rate);
    const Scene scene{.arrivals = arrivals_[drive],
                      .link = link ? &*link : nullptr,
                      .units = ground_.units,
                      .servers = place.servers,
                      .deadline_s = requirements_.deadline_s,
                      .retry_after_s = place.retry_after_s,
                      .retries = place.retries,
                      .loss = place.loss,
                      .idle_w = ground_.idle_w,
                      .radio = ground_.radio,
                      .seed = ground_.seed + drive,
                      .timeline = timeline};
    judged.outcomes.push_back(Simulate(policy, scene));
    judged.drives.push_back(FiguresOf(judged.outcomes.back(), candidate, place, requirements_));
    HoldAgainstLimits(judged, judged.drives.back(), false, DriveName(c, drive));
    if (judged.out && !all_drives) break;
  }
  Average(judged);
  return judged;
}

Judged Court::Reprice(const Judged& judged, double price) const {
  Place place = PlaceOf(judged.candidate);
  place.price_per_hour *= price;
  place.price_per_call *= price;
  place.price_per_byte *= price;
  Judged repriced{.candidate = judged.candidate};
  for (size_t drive = 0; drive < judged.outcomes.size(); ++drive) {
    repriced.drives.push_back(
        FiguresOf(judged.outcomes[drive], candidates_[judged.candidate], place, requirements_));
    HoldAgainstLimits(repriced, repriced.drives.back(), false, DriveName(judged.candidate, drive));
  }
  Average(repriced);
  return repriced;
}

void Court::Average(Judged& judged) const {
  if (judged.drives.size() < ground_.drives) return;
  for (const Figures& figures : judged.drives)
    for (const auto& [measure, value] : figures)
      judged.mean[measure] += value / static_cast<double>(ground_.drives);
}

void Court::HoldAgainstLimits(Judged& judged, const Figures& figures, bool at_least,
                              const std::string& drive) const {
  for (const auto& [measure, allowed] : requirements_.limits) {
    const double found = figures.at(measure);
    if (Least(measure, found) <= Least(measure, allowed) + kRounding * std::fabs(allowed)) continue;
    const auto times = [&](double value) {
      return measure == Measure::kAccuracy ? Times(allowed, value) : Times(value, allowed);
    };
    if (judged.out && judged.out->limit) {
      const Exclusion& out = *judged.out;
      const double before =
          *out.limit == Measure::kAccuracy ? Times(out.allowed, out.found) : Times(out.found, out.allowed);
      if (before >= times(found)) continue;
    }
    judged.out =
        Exclusion{.limit = measure, .found = found, .allowed = allowed, .at_least = at_least, .drive = drive};
  }
}

double Court::Excess(const Judged& judged) const {
  if (!judged.out) return 0;
  if (!judged.out->limit) return std::numeric_limits<double>::infinity();
  return *judged.out->limit == Measure::kAccuracy ? Times(judged.out->allowed, judged.out->found)
                                                  : Times(judged.out->found, judged.out->allowed);
}

bool Court::Better(const Figures& a, const Figures& b) const {
  for (const Measure measure :
       {requirements_.objective, Measure::kLate, Measure::kP99, Measure::kEnergy, Measure::kMoney}) {
    const double left = Least(measure, a.at(measure)), right = Least(measure, b.at(measure));
    if (left == right) continue;  // infinite ones, too
    if (std::isinf(left) || std::isinf(right)) return left < right;
    if (std::fabs(left - right) > kRounding * std::max(std::fabs(left), std::fabs(right)))
      return left < right;
  }
  return false;
}

Judged Court::Glance(size_t c) {
  const Candidate& candidate = candidates_[c];
  Judged judged{.candidate = c};
  if (!candidate.forbidden.empty()) {
    judged.out = Exclusion{.why = candidate.forbidden};
    return judged;
  }
  for (size_t drive = 0; drive < ground_.drives; ++drive) {
    const Figures figures = BestCase(c, drive);
    for (const auto& [measure, value] : figures)
      judged.best_case[measure] += value / static_cast<double>(ground_.drives);
    HoldAgainstLimits(judged, figures, true, DriveName(c, drive));
  }
  if (requirements_.answers_without_link && !candidate.without_link)
    judged.out = Exclusion{.why = "it does not answer without the link"};
  return judged;
}

Figures Court::BestCase(size_t c, size_t drive) {
  const Candidate& candidate = candidates_[c];
  const Policy& policy = candidate.policy;
  const Place& place = PlaceOf(c);
  const double local_s = SecondsOf(policy.local);
  double local_j = 0, head_j = 0, longest = 0;
  for (const Step& step : policy.local) local_j += step.joules;
  const size_t frames = arrivals_[drive].size();

  // An Outcome with nothing in it but what cannot be undercut.
  Outcome best;
  best.frames = frames;
  const auto quantiles = [&](std::vector<double> responses) {
    for (const double response : responses) {
      best.mean_s += response / static_cast<double>(frames);
      best.late += requirements_.deadline_s > 0 && response > requirements_.deadline_s * (1 + kRounding);
    }
    const auto at = [&](double share) {
      const auto rank =
          static_cast<ptrdiff_t>(std::ceil(share * static_cast<double>(frames) - kRounding)) - 1;
      std::ranges::nth_element(responses, responses.begin() + std::max<ptrdiff_t>(rank, 0));
      return responses[static_cast<size_t>(std::max<ptrdiff_t>(rank, 0))];
    };
    best.p50_s = at(0.5);
    best.p99_s = at(0.99);
  };
  if (!policy.route || policy.cascade) {
    quantiles(std::vector<double>(frames, local_s));
    best.energy_j = local_j;
    best.accuracy = policy.cascade ? 1 : policy.local_accuracy;
  } else {
    const Route& route = *policy.route;
    for (const Step& step : route.head) {
      head_j += step.joules;
      longest = std::max(longest, step.seconds);
    }
    if (cached_place_ != candidate.place || cached_cut_ != candidate.cut) {
      cached_place_ = candidate.place;
      cached_cut_ = candidate.cut;
      cached_.assign(ground_.drives, {});
    }
    std::vector<double>& alone = cached_[drive];
    const Link& link = place.links[drive];
    if (alone.empty()) {
      const double head_s = SecondsOf(route.head), tail_s = route.tail_p99_s > 0 ? 0 : route.tail_s;
      alone.reserve(frames);
      for (const double arrival : arrivals_[drive]) {
        const double sent = link.Finish(Direction::kUp, arrival + head_s, route.up_bytes);
        if (std::isinf(sent)) {
          alone.push_back(sent);
          continue;
        }
        const double back = sent + link.RoundTrip(sent) + tail_s;
        alone.push_back(link.Finish(Direction::kDown, back, route.down_bytes) - arrival);
      }
    }
    std::vector<double> responses = alone;
    double ceiling = std::numeric_limits<double>::infinity();
    if (policy.rule) ceiling = local_s;
    if (policy.fallback) ceiling = std::min(ceiling, std::max(requirements_.deadline_s - longest, local_s));
    for (double& response : responses) response = std::min(response, ceiling);
    quantiles(std::move(responses));
    const double crossing_j =
        ground_.radio.up_j_per_byte * route.up_bytes + ground_.radio.down_j_per_byte * route.down_bytes;
    const bool always = !policy.rule && !policy.fallback && place.loss == 0;
    best.energy_j = policy.rule       ? std::min(local_j, head_j + crossing_j)
                    : policy.fallback ? head_j + std::min(local_j, crossing_j)
                                      : head_j + (always ? crossing_j : 0);
    best.up_bytes = always ? route.up_bytes * static_cast<double>(frames) : 0;
    best.down_bytes = always ? route.down_bytes * static_cast<double>(frames) : 0;
    best.calls = always ? static_cast<double>(frames) : 0;
    best.accuracy =
        policy.rule || policy.fallback ? std::max(route.accuracy, policy.local_accuracy) : route.accuracy;
  }
  best.energy_j += ground_.idle_w / requirements_.rate_per_s;
  return FiguresOf(best, candidate, place, requirements_);
}

}  // namespace shoehorn::place
