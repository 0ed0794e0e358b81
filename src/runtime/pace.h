// How long something takes, learnt while it runs, and when each of many frames must turn to the fallback at
// the latest.
#pragma once

#include <algorithm>
#include <chrono>
#include <span>
#include <vector>

namespace shoehorn::runtime {

/// Two estimates of one duration. The worst jumps up at once and sinks slowly: what a deadline is kept by.
/// The typical is a smoothed mean.
class Pace {
 public:
  explicit Pace(double seconds) : worst_(seconds), typical_(seconds) {}
  void See(double seconds) {
    worst_ = std::max(seconds, worst_ - 0.05 * (worst_ - seconds));
    typical_ += 0.1 * (seconds - typical_);
  }
  double worst_s() const { return worst_; }
  double typical_s() const { return typical_; }

 private:
  double worst_, typical_;
};

/// Latest starts of fallbacks that run one after the other, `run_s` each, so that each frame is answered by
/// its deadline: deadline - reserve, and earlier where the next frame's start leaves no room. `deadlines`
/// ascend.
inline std::vector<std::chrono::steady_clock::time_point> LatestStarts(
    std::span<const std::chrono::steady_clock::time_point> deadlines, double reserve_s, double run_s) {
  using Clock = std::chrono::steady_clock;
  const auto reserve = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(reserve_s));
  const auto run = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(run_s));
  std::vector<Clock::time_point> starts(deadlines.size());
  for (size_t i = deadlines.size(); i-- > 0;) {
    starts[i] = deadlines[i] - reserve;
    if (i + 1 < deadlines.size()) starts[i] = std::min(starts[i], starts[i + 1] - run);
  }
  return starts;
}

}  // namespace shoehorn::runtime
