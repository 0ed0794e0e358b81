// Whether a frame should ask the tail, by place::LinkRule: only when the answer is expected in time, as the
// simulation does it. Knows no socket and no clock; the caller says when things happened.
#pragma once

#include <chrono>
#include <map>
#include <optional>

#include "place/plan.h"

namespace shoehorn::runtime {

class LinkWatch {
 public:
  using Time = std::chrono::steady_clock::time_point;
  /// Without a rule every frame asks.
  explicit LinkWatch(std::optional<place::LinkRule> rule) : rule_(rule) {}

  /// `before_s`: from the frame's arrival to the call, what is over and what the head will take.
  bool InTime(Time now, double before_s) const;
  /// No call is open, and none ended for so long that one should be tried though it is not expected in time.
  bool ProbeDue(Time now) const;
  void Sent(int64_t frame, Time now);
  void Answered(int64_t frame, Time now);
  void GivenUp(int64_t frame, Time now);
  /// Seconds from sending to answer that the next call is expected to take.
  double Expected(Time now) const;

 private:
  std::optional<place::LinkRule> rule_;
  double expected_s_ = 0;
  bool seen_ = false;
  std::map<int64_t, Time> open_;  // calls without an end, by frame
  std::optional<Time> last_;      // when a call last ended
};

}  // namespace shoehorn::runtime
