#include "runtime/link_watch.h"

#include <algorithm>
#include <cmath>

namespace shoehorn::runtime {
namespace {

constexpr double kJustAbove = 1 + 1e-9;

double Seconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

double LinkWatch::Expected(Time now) const {
  return open_.empty() ? expected_s_ : std::max(expected_s_, Seconds(now - open_.begin()->second));
}

bool LinkWatch::InTime(Time now, double before_s) const {
  if (!rule_) return true;
  if (rule_->most_open > 0 && static_cast<int64_t>(open_.size()) >= rule_->most_open) return false;
  return before_s + Expected(now) <= rule_->limit_s;
}

bool LinkWatch::ProbeDue(Time now) const {
  return rule_ && open_.empty() && (!last_ || Seconds(now - *last_) >= rule_->probe_s);
}

void LinkWatch::Sent(int64_t frame, Time now) { open_[frame] = now; }

void LinkWatch::Answered(int64_t frame, Time now) {
  const auto call = open_.find(frame);
  if (call == open_.end()) return;
  const double took = Seconds(now - call->second);
  const double weight =
      seen_ && rule_ ? 1 - std::exp(-Seconds(now - last_.value_or(now)) / rule_->memory_s) : 1;
  expected_s_ += weight * (took - expected_s_);
  seen_ = true;
  last_ = now;
  open_.erase(call);
}

void LinkWatch::GivenUp(int64_t frame, Time now) {
  if (open_.erase(frame) == 0) return;
  if (rule_) expected_s_ = std::max(expected_s_, rule_->limit_s * kJustAbove);
  seen_ = true;
  last_ = now;
}

}  // namespace shoehorn::runtime
