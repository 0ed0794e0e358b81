#include "place/outcome.h"

#include <cmath>

namespace shoehorn::place {
namespace {

/// Nearest rank: the least response that `share` of the frames do not exceed. Reorders `responses`.
double Quantile(std::vector<double>& responses, double share) {
  const double rank = std::ceil(share * static_cast<double>(responses.size()) - 1e-9);
  const size_t at = static_cast<size_t>(std::max(1.0, rank)) - 1;
  std::ranges::nth_element(responses, responses.begin() + static_cast<ptrdiff_t>(at));
  return responses[at];
}

std::vector<Bucket> TimelineOf(std::span<const Frame> frames, const Scene& scene) {
  std::vector<Bucket> buckets(scene.timeline);
  if (buckets.empty() || frames.empty()) return buckets;
  const double last = frames.back().arrival;
  const double length =
      std::max(scene.link != nullptr ? std::max(scene.link->duration_s(), last) : last, 1e-9) /
      static_cast<double>(buckets.size());
  for (size_t b = 0; b < buckets.size(); ++b) {
    buckets[b].start_s = length * static_cast<double>(b);
    if (scene.link == nullptr) continue;
    buckets[b].up_rate =
        scene.link->Bytes(Direction::kUp, buckets[b].start_s, buckets[b].start_s + length) / length;
    buckets[b].round_trip_s = scene.link->RoundTrip(buckets[b].start_s);
  }
  for (const Frame& frame : frames) {
    Bucket& bucket = buckets[std::min(static_cast<size_t>(frame.arrival / length), buckets.size() - 1)];
    ++bucket.frames;
    bucket.by_tail += frame.by == By::kTail;
    bucket.by_fallback += frame.by == By::kFallback;
    bucket.late += scene.deadline_s > 0 && !(frame.response_s() <= scene.deadline_s * (1 + 1e-9));
    bucket.mean_s += frame.response_s();
    bucket.worst_s = std::max(bucket.worst_s, frame.response_s());
  }
  for (Bucket& bucket : buckets)
    if (bucket.frames > 0) bucket.mean_s /= static_cast<double>(bucket.frames);
  return buckets;
}

}  // namespace

Outcome SummaryOf(std::span<const Frame> frames, const Scene& scene) {
  Outcome outcome;
  outcome.frames = frames.size();
  outcome.timeline = TimelineOf(frames, scene);
  if (frames.empty()) return outcome;
  std::vector<double> responses;
  responses.reserve(frames.size());
  for (const Frame& frame : frames) {
    responses.push_back(frame.response_s());
    outcome.mean_s += frame.response_s();
    outcome.worst_s = std::max(outcome.worst_s, frame.response_s());
    outcome.answered += frame.gone();
    outcome.by_tail += frame.by == By::kTail;
    outcome.by_fallback += frame.by == By::kFallback;
    outcome.late += scene.deadline_s > 0 && !(frame.response_s() <= scene.deadline_s * (1 + 1e-9));
  }
  outcome.mean_s /= static_cast<double>(frames.size());
  outcome.p50_s = Quantile(responses, 0.5);
  outcome.p90_s = Quantile(responses, 0.9);
  outcome.p99_s = Quantile(responses, 0.99);
  return outcome;
}

}  // namespace shoehorn::place
