#include "runtime/link_watch.h"

#include <algorithm>

namespace shoehorn::runtime {
namespace {

double Seconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

double LinkWatch::Expected(Time now) const {
  return open_.empty() ? expected_s_ : std::max(expected_s_, Seconds(now - open_.begin()->second));
}

bool LinkWatch::ShouldAsk(Time now, double head_s) const {
  if (!rule_ || head_s + Expected(now) <= rule_->limit_s) return true;
  return open_.empty() && (!last_ || Seconds(now - *last_) >= rule_->probe_s);
}

void LinkWatch::Sent(int64_t frame, Time now) { open_[frame] = now; }

void LinkWatch::Answered(int64_t frame, Time now) {
  const auto call = open_.find(frame);
  if (call == open_.end()) return;
  Learn(Seconds(now - call->second));
  last_ = now;
  open_.erase(call);
}

void LinkWatch::GivenUp(int64_t frame, Time now) {
  const auto call = open_.find(frame);
  if (call == open_.end()) return;
  if (const double waited = Seconds(now - call->second); waited > expected_s_) Learn(waited);
  last_ = now;
  open_.erase(call);
}

void LinkWatch::Learn(double seconds) {
  expected_s_ = seen_ && rule_ ? expected_s_ + rule_->smoothing * (seconds - expected_s_) : seconds;
  seen_ = true;
}

}  // namespace shoehorn::runtime
