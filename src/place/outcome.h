// From what happened to each frame to the figures of a drive: quantiles, shares, and a timeline for charts.
#pragma once

#include <limits>
#include <span>

#include "place/simulate.h"

namespace shoehorn::place {

enum class By : uint8_t { kNobody, kDevice, kFallback, kTail };

/// A frame's fate, and its call while the simulation runs.
struct Frame {
  double arrival = 0;
  double answered = std::numeric_limits<double>::infinity();
  double asked = -1;    ///< when its call was sent first
  double trip_s = 0;    ///< round trip that its call met
  uint32_t serial = 0;  ///< of its present attempt: what belongs to older ones is stale
  int attempts = 0;
  By by = By::kNobody;
  bool open = false;   ///< its call is waited for
  bool probe = false;  ///< asked only to learn how the link is
  bool probe_ended = false;

  bool gone() const { return by != By::kNobody; }
  double response_s() const { return answered - arrival; }
};

/// The counts, quantiles and the timeline of an Outcome; the rest is left at 0.
Outcome SummaryOf(std::span<const Frame> frames, const Scene& scene);

}  // namespace shoehorn::place
