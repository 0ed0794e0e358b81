// What a policy does to every frame of a recorded drive, by discrete events: frames arrive, wait for the
// device's units, cross the link one at a time, wait for the other place's servers, and come back; late ones
// are answered by the fallback. Nothing here knows models: seconds, joules and bytes are plain numbers that
// the caller counted or measured.
//   2 Mbit/s, 25 kB a frame, 50 ms round trip, tail 10 ms -> answered 160 ms after arrival while the link is
//   idle
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "place/link.h"
#include "place/plan.h"

namespace shoehorn::place {

/// A piece of work on one of the device's units, which does one thing at a time.
struct Step {
  size_t unit = 0;
  double seconds = 0;
  double joules = 0;  ///< above idle
};
double SecondsOf(std::span<const Step> steps);

/// What a frame that asks the other place goes through.
struct Route {
  std::vector<Step> head{};  ///< on the device, packing included; empty: the inputs cross as they are
  double up_bytes = 0, down_bytes = 0;
  double tail_s = 0;
  double tail_p99_s = 0;  ///< log-normal with the median tail_s; 0: always tail_s
  double accuracy = 1;    ///< of the answers that come this way
};

/// One labelled sample as both models see it. The scores are 1 for right and 0 for wrong, or between.
struct CascadeSample {
  double confidence = 0;
  double device_score = 0, tail_score = 0;
};
/// The device answers first; below `threshold` the other place is asked. With a fallback the device's answer
/// stands where none comes by the deadline.
struct CascadePolicy {
  double threshold = 0;
  std::span<const CascadeSample> samples{};  ///< frames are such samples, drawn with the scene's seed
};

/// All that is decided before the drive.
struct Policy {
  std::vector<Step> local{};  ///< the answer without the link; with a cascade, the small model
  double local_accuracy = 1;
  std::optional<Route> route{};    ///< absent: everything on the device
  bool fallback = false;           ///< `local` starts early enough for the deadline when no answer is there
  std::optional<LinkRule> rule{};  ///< needs `local`
  std::optional<CascadePolicy> cascade{};  ///< needs `local`
};

/// The modem's power: Huang et al., MobiSys 2012, find it linear in the rate: a base while it moves data, and
/// so much for each byte.
struct Radio {
  double active_w = 0;
  double up_j_per_byte = 0, down_j_per_byte = 0;
};

/// All that the policy meets.
struct Scene {
  std::span<const double> arrivals{};  ///< seconds, ascending
  const Link* link = nullptr;          ///< needed by a route
  size_t units = 1;                    ///< of the device
  size_t servers = 1;                  ///< at the other place; 0: as many as needed
  double deadline_s = 0;               ///< from arrival to answer; 0: none
  double retry_after_s = 0;            ///< a call without an answer for so long is sent again; 0: never
  int retries = 0;
  double loss = 0;    ///< share of calls that vanish on the way
  double idle_w = 0;  ///< spread over the frames; 0: energy is above idle
  Radio radio{};
  uint64_t seed = 1;
  size_t timeline = 0;  ///< buckets wanted
};

/// A stretch of the drive, for charts.
struct Bucket {
  double start_s = 0;
  size_t frames = 0, by_tail = 0, by_fallback = 0, late = 0;
  double mean_s = 0, worst_s = 0;        ///< response of the frames that arrived in it
  double up_rate = 0, round_trip_s = 0;  ///< bytes a second at its start, seconds
};

struct Outcome {
  size_t frames = 0;
  size_t answered = 0;     ///< the others never were
  size_t by_tail = 0;      ///< answered by the other place
  size_t by_fallback = 0;  ///< asked it, and answered by the device
  size_t late = 0;         ///< after the deadline or never; 0 without a deadline
  double mean_s = 0, p50_s = 0, p90_s = 0, p99_s = 0,
         worst_s = 0;                   ///< infinite where frames were never answered
  double energy_j = 0;                  ///< on the device, a frame
  double accuracy = 0;                  ///< of the answers that were given, a frame without one counts 0
  double calls = 0;                     ///< that reached the other place
  double up_bytes = 0, down_bytes = 0;  ///< that crossed, in all
  std::vector<double> unit_busy;        ///< share of the time, by unit
  double up_busy = 0, down_busy = 0, server_busy = 0;  ///< the server's by one server
  std::vector<Bucket> timeline;
};

/// Deterministic: the same policy and scene give the same outcome on every machine.
Outcome Simulate(const Policy& policy, const Scene& scene);

/// Frames at a constant rate from 0 on, as many as begin within `duration_s`.
std::vector<double> Arrivals(double rate_per_s, double duration_s);

}  // namespace shoehorn::place
