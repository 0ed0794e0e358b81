#include "place/simulate.h"

#include <cmath>
#include <deque>
#include <limits>
#include <numbers>
#include <queue>

#include "place/outcome.h"

namespace shoehorn::place {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();
/// The standard normal distribution's quantile of 0.99.
constexpr double kNormal99 = 2.3263478740408408;

/// A number in [0, 1) that depends on nothing but its arguments, so that all policies meet the same luck
/// (SplitMix64, Steele et al., OOPSLA 2014).
double Luck(uint64_t seed, uint64_t frame, uint64_t what) {
  uint64_t z = seed * 0x9e3779b97f4a7c15 + frame * 0xd1342543de82ef95 + what * 0x2545f4914f6cdd1d;
  for (int round = 0; round < 2; ++round) {
    z += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    z ^= z >> 31;
  }
  return static_cast<double>(z >> 11) * 0x1p-53;
}

enum class What : uint8_t {
  kStepDone,
  kUpDone,
  kAtServer,
  kServed,
  kAtDevice,
  kDownDone,
  kFallback,
  kRetry,
  kGiveUp
};

struct Event {
  double time;
  uint64_t order;  // of making: ties go by it
  What what;
  uint32_t frame;   // or the unit, for kStepDone
  uint32_t serial;  // of the call, or of the transfer, that the event belongs to
  bool operator>(const Event& other) const {
    return time != other.time ? time > other.time : order > other.order;
  }
};

enum class Purpose : uint8_t { kLocal, kHead, kFallback };
struct Job {
  uint32_t frame;
  Purpose purpose;
  uint32_t step = 0;
};
struct Unit {
  std::deque<Job> urgent, waiting;  // fallbacks go first
  std::optional<Job> running;
  double busy_s = 0;
};

struct Call {
  uint32_t frame, serial;
};
/// One direction of the link: one transfer at a time.
struct Line {
  std::deque<Call> waiting;
  std::optional<Call> moving;
  uint32_t serial = 0;  // of the transfer
  double since = 0, busy_s = 0, bytes = 0;
};

class Simulation {
 public:
  Simulation(const Policy& policy, const Scene& scene)
      : policy_(policy), scene_(scene), frames_(scene.arrivals.size()), units_(scene.units) {
    SHOEHORN_CHECK(policy.route || !policy.local.empty(), "a policy answers somehow");
    SHOEHORN_CHECK(!policy.route || scene.link != nullptr, "a route needs a link");
    SHOEHORN_CHECK(policy.route || (!policy.fallback && !policy.rule && !policy.cascade),
                   "no route, no rules for it");
    SHOEHORN_CHECK(!policy.local.empty() || (!policy.fallback && !policy.rule && !policy.cascade),
                   "the device's own answer is missing");
    SHOEHORN_CHECK(!policy.fallback || scene.deadline_s > 0, "a fallback needs a deadline");
    SHOEHORN_CHECK(!policy.cascade || !policy.cascade->samples.empty(), "a cascade needs samples");
    if (!policy.route) return;
    head_s_ = SecondsOf(policy.route->head);
    // The fallback may have to wait until the step that runs is done.
    double reserve = policy.cascade ? 0 : SecondsOf(policy.local);
    double longest = 0;
    for (const Step& step : policy.route->head) longest = std::max(longest, step.seconds);
    fallback_after_s_ = std::max(0.0, scene.deadline_s - reserve - longest);
    if (policy.route->tail_p99_s > policy.route->tail_s)
      sigma_ = std::log(policy.route->tail_p99_s / policy.route->tail_s) / kNormal99;
  }

  Outcome Run() {
    for (uint32_t next = 0; next < frames_.size() || !events_.empty();) {
      if (next < frames_.size() && (events_.empty() || scene_.arrivals[next] <= events_.top().time)) {
        now_ = scene_.arrivals[next];
        frames_[next].arrival = now_;
        Arrive(next++);
      } else {
        const Event event = events_.top();
        events_.pop();
        now_ = event.time;
        Happen(event);
      }
    }
    return Summarize();
  }

 private:
  // What is decided.

  void Arrive(uint32_t f) {
    if (!policy_.route) return Start({f, Purpose::kLocal});
    if (policy_.cascade) return Start({f, Purpose::kLocal});
    if (!policy_.rule || InTime(f)) return Ask(f);
    const bool probe = ProbeDue();
    Start({f, Purpose::kLocal});
    if (probe) Probe(f);
  }

  /// The device has its own answer for frame `f`.
  void LocalDone(uint32_t f) {
    if (policy_.cascade && !Confident(f)) {
      const bool too_late = policy_.fallback && now_ - frames_[f].arrival >= fallback_after_s_;
      if (!too_late && (!policy_.rule || InTime(f))) return Ask(f);
      if (policy_.rule && ProbeDue()) Probe(f);
    }
    Answer(f, frames_[f].asked >= 0 && !frames_[f].probe ? By::kFallback : By::kDevice);
  }

  bool InTime(uint32_t f) {
    while (!open_.empty() && !frames_[open_.front()].open) open_.pop_front();
    if (policy_.rule->most_open > 0 && open_calls_ >= policy_.rule->most_open) return false;
    const double waits = open_.empty() ? 0 : now_ - frames_[open_.front()].asked;
    return now_ - frames_[f].arrival + head_s_ + std::max(expected_s_, waits) <= policy_.rule->limit_s;
  }

  bool ProbeDue() const {
    return open_.empty() && probes_ == 0 && now_ - last_ended_ >= policy_.rule->probe_s;
  }

  void Probe(uint32_t f) {
    ++probes_;
    frames_[f].probe = true;
    const double patience = std::max(scene_.deadline_s, policy_.rule->limit_s);
    Push(now_ + patience, What::kGiveUp, f, 0);
    Ask(f);
  }

  void Ask(uint32_t f) {
    if (policy_.fallback && !frames_[f].probe)
      Push(std::max(now_, frames_[f].arrival + fallback_after_s_), What::kFallback, f, 0);
    if (policy_.route->head.empty()) return Send(f);
    Start({f, Purpose::kHead});
  }

  void Send(uint32_t f) {
    Frame& frame = frames_[f];
    if (frame.gone() && !frame.probe) return;  // the fallback was first
    frame.asked = now_;
    frame.open = true;
    ++open_calls_;
    open_.push_back(f);
    Attempt(f);
  }

  void Attempt(uint32_t f) {
    up_.waiting.push_back({f, frames_[f].serial});
    StartUp();
    if (frames_[f].attempts++ < scene_.retries && scene_.retry_after_s > 0)
      Push(now_ + scene_.retry_after_s, What::kRetry, f, frames_[f].serial);
  }

  void Answer(uint32_t f, By by) {
    Frame& frame = frames_[f];
    if (!frame.gone()) {
      frame.answered = now_;
      frame.by = by;
    }
    if (by == By::kTail) {
      See(now_ - frame.asked);
      Close(f);
    } else if (frame.open && !frame.probe) {
      GiveUp(f);
    }
  }

  void See(double seen_s) {
    if (!policy_.rule) return;
    const double weight = seen_any_ ? 1 - std::exp(-(now_ - last_ended_) / policy_.rule->memory_s) : 1;
    expected_s_ += weight * (seen_s - expected_s_);
    seen_any_ = true;
  }

  void GiveUp(uint32_t f) {
    if (policy_.rule) expected_s_ = std::max(expected_s_, policy_.rule->limit_s * (1 + 1e-9));
    seen_any_ = true;
    Withdraw(f);
    Close(f);
  }

  void Close(uint32_t f) {
    open_calls_ -= frames_[f].open;
    frames_[f].open = false;
    ++frames_[f].serial;
    last_ended_ = now_;
    if (frames_[f].probe) --probes_;
    frames_[f].probe_ended = frames_[f].probe;
  }

  /// The transfer of a call that nobody waits for stops, so that the next one can start.
  void Withdraw(uint32_t f) {
    for (Line* line : {&up_, &down_}) {
      if (!line->moving || line->moving->frame != f || line->moving->serial != frames_[f].serial) continue;
      const Direction direction = line == &up_ ? Direction::kUp : Direction::kDown;
      line->bytes += scene_.link->Bytes(direction, line->since, now_);
      line->busy_s += now_ - line->since;
      line->moving.reset();
      ++line->serial;
      ++frames_[f].serial;
      line == &up_ ? StartUp() : StartDown();
      return;
    }
  }

  bool Confident(uint32_t f) const {
    return SampleOf(*policy_.cascade, f).confidence >= policy_.cascade->threshold;
  }

  const CascadeSample& SampleOf(const CascadePolicy& cascade, uint32_t f) const {
    const double at = Luck(scene_.seed, f, 1) * static_cast<double>(cascade.samples.size());
    return cascade.samples[static_cast<size_t>(at)];
  }

  // The device's units.

  std::span<const Step> StepsOf(Purpose purpose) const {
    return purpose == Purpose::kHead ? std::span<const Step>(policy_.route->head)
                                     : std::span<const Step>(policy_.local);
  }

  void Start(Job job) {
    const size_t u = StepsOf(job.purpose)[job.step].unit;
    SHOEHORN_CHECK(u < units_.size(), "a step names one of the device's units");
    (job.purpose == Purpose::kFallback ? units_[u].urgent : units_[u].waiting).push_back(job);
    StartUnit(u);
  }

  void StartUnit(size_t u) {
    Unit& unit = units_[u];
    while (!unit.running) {
      std::deque<Job>& queue = unit.urgent.empty() ? unit.waiting : unit.urgent;
      if (queue.empty()) return;
      const Job job = queue.front();
      queue.pop_front();
      if (Moot(job)) continue;
      const Step& step = StepsOf(job.purpose)[job.step];
      unit.running = job;
      unit.busy_s += step.seconds;
      joules_ += step.joules;
      Push(now_ + step.seconds, What::kStepDone, static_cast<uint32_t>(u), 0);
    }
  }

  /// Nobody waits for what the job would give.
  bool Moot(const Job& job) const {
    const Frame& frame = frames_[job.frame];
    if (job.purpose == Purpose::kHead && frame.probe) return frame.probe_ended;
    return frame.gone();
  }

  void StepDone(size_t u) {
    Job job = *units_[u].running;
    units_[u].running.reset();
    if (++job.step < StepsOf(job.purpose).size()) {
      if (!Moot(job)) Start(job);
    } else if (job.purpose == Purpose::kHead) {
      if (!frames_[job.frame].probe_ended) Send(job.frame);
    } else {
      LocalDone(job.frame);
    }
    StartUnit(u);
  }

  // The link and the other place.

  bool Stale(const Call& call) const {
    return !frames_[call.frame].open || frames_[call.frame].serial != call.serial;
  }

  void StartLine(Line& line, Direction direction, double bytes, What done) {
    while (!line.moving && !line.waiting.empty()) {
      const Call call = line.waiting.front();
      line.waiting.pop_front();
      if (Stale(call)) continue;
      line.moving = call;
      line.since = now_;
      const double end = scene_.link->Finish(direction, now_, bytes);
      if (end < kNever) Push(end, done, call.frame, line.serial);
    }
  }
  void StartUp() { StartLine(up_, Direction::kUp, policy_.route->up_bytes, What::kUpDone); }
  void StartDown() { StartLine(down_, Direction::kDown, policy_.route->down_bytes, What::kDownDone); }

  Call Through(Line& line, double bytes) {
    const Call call = *line.moving;
    line.moving.reset();
    ++line.serial;
    line.busy_s += now_ - line.since;
    line.bytes += bytes;
    return call;
  }

  void Serve(const Call& call) {
    if (scene_.servers != 0 && busy_servers_ == scene_.servers) return server_queue_.push_back(call);
    ++busy_servers_;
    double seconds = policy_.route->tail_s;
    if (sigma_ > 0) {  // Box and Muller's transform
      const double radius = std::sqrt(-2 * std::log(1 - Luck(scene_.seed, call.frame, 2)));
      seconds *=
          std::exp(sigma_ * radius * std::cos(2 * std::numbers::pi * Luck(scene_.seed, call.frame, 3)));
    }
    served_s_ += seconds;
    Push(now_ + seconds, What::kServed, call.frame, call.serial);
  }

  void Happen(const Event& event) {
    const Call call{event.frame, event.serial};
    Frame* frame = event.what == What::kStepDone ? nullptr : &frames_[event.frame];
    switch (event.what) {
      case What::kStepDone:
        return StepDone(event.frame);
      case What::kUpDone: {
        if (event.serial != up_.serial) return;
        const Call sent = Through(up_, policy_.route->up_bytes);
        StartUp();
        if (Luck(scene_.seed, sent.frame, 3 + static_cast<uint64_t>(frames_[sent.frame].attempts)) <
            scene_.loss)
          return;
        frame->trip_s = scene_.link->RoundTrip(now_);
        return Push(now_ + frame->trip_s / 2, What::kAtServer, sent.frame, sent.serial);
      }
      case What::kAtServer:
        ++calls_;
        return Serve(call);
      case What::kServed:
        --busy_servers_;
        if (!server_queue_.empty()) {
          const Call next = server_queue_.front();
          server_queue_.pop_front();
          Serve(next);
        }
        if (!Stale(call)) Push(now_ + frame->trip_s / 2, What::kAtDevice, call.frame, call.serial);
        return;
      case What::kAtDevice:
        if (Stale(call)) return;
        down_.waiting.push_back(call);
        return StartDown();
      case What::kDownDone: {
        if (event.serial != down_.serial) return;
        const Call got = Through(down_, policy_.route->down_bytes);
        Answer(got.frame, By::kTail);
        return StartDown();
      }
      case What::kFallback:
        if (frame->gone()) return;
        // A cascade has its answer already.
        if (policy_.cascade) return Answer(event.frame, By::kFallback);
        if (frame->asked < 0) frame->asked = now_;  // its head still waits: it counts as asked
        return Start({event.frame, Purpose::kFallback});
      case What::kRetry:
        if (Stale(call) || frame->gone()) return;
        Withdraw(event.frame);
        if (frame->serial == event.serial) ++frame->serial;
        return Attempt(event.frame);
      case What::kGiveUp:
        if (frame->open) return GiveUp(event.frame);
        if (!frame->probe_ended) Close(event.frame);  // its head never ran
        return;
    }
  }

  void Push(double time, What what, uint32_t frame, uint32_t serial) {
    events_.push({time, order_++, what, frame, serial});
  }

  Outcome Summarize() const {
    Outcome outcome = SummaryOf(frames_, scene_);
    const double frames = static_cast<double>(std::max<size_t>(frames_.size(), 1));
    const double span = std::max(now_, 1e-12);
    double joules = joules_ + scene_.radio.active_w * (up_.busy_s + down_.busy_s) +
                    scene_.radio.up_j_per_byte * up_.bytes + scene_.radio.down_j_per_byte * down_.bytes;
    if (frames_.size() > 1)
      joules += scene_.idle_w * (scene_.arrivals.back() - scene_.arrivals.front()) * frames / (frames - 1);
    outcome.energy_j = joules / frames;
    outcome.calls = calls_;
    outcome.up_bytes = up_.bytes;
    outcome.down_bytes = down_.bytes;
    for (const Unit& unit : units_) outcome.unit_busy.push_back(unit.busy_s / span);
    outcome.up_busy = up_.busy_s / span;
    outcome.down_busy = down_.busy_s / span;
    outcome.server_busy = served_s_ / span;
    for (uint32_t f = 0; f < frames_.size(); ++f) {
      const By by = frames_[f].by;
      if (by == By::kNobody) continue;
      outcome.accuracy += by == By::kTail ? policy_.route->accuracy : policy_.local_accuracy;
    }
    outcome.accuracy = policy_.cascade ? CascadeAccuracy() : outcome.accuracy / frames;
    return outcome;
  }

  /// What the samples say of frames that the device is sure of and of the others, each by who answered them.
  /// Weighted by the samples, so that the luck of which were drawn moves no accuracy.
  double CascadeAccuracy() const {
    struct Kind {
      double samples = 0, device_score = 0, tail_score = 0, frames = 0, by_device = 0, by_tail = 0;
    } kinds[2];
    const CascadePolicy& cascade = *policy_.cascade;
    for (const CascadeSample& sample : cascade.samples) {
      Kind& kind = kinds[sample.confidence >= cascade.threshold];
      ++kind.samples;
      kind.device_score += sample.device_score;
      kind.tail_score += sample.tail_score;
    }
    for (uint32_t f = 0; f < frames_.size(); ++f) {
      Kind& kind = kinds[Confident(f)];
      ++kind.frames;
      if (frames_[f].by == By::kTail) ++kind.by_tail;
      if (frames_[f].by == By::kDevice || frames_[f].by == By::kFallback) ++kind.by_device;
    }
    double sum = 0, samples = 0;
    for (const Kind& kind : kinds) {
      if (kind.frames == 0) continue;  // never drawn: nothing is known of how such frames fare
      samples += kind.samples;
      sum += (kind.by_device * kind.device_score + kind.by_tail * kind.tail_score) / kind.frames;
    }
    return samples > 0 ? sum / samples : 0;
  }

  const Policy& policy_;
  const Scene& scene_;
  std::vector<Frame> frames_;
  std::vector<Unit> units_;
  Line up_, down_;
  std::deque<Call> server_queue_;
  size_t busy_servers_ = 0;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  uint64_t order_ = 0;
  double now_ = 0;
  double head_s_ = 0, fallback_after_s_ = 0, sigma_ = 0;
  double joules_ = 0, served_s_ = 0, calls_ = 0;
  // The rule's knowledge.
  std::deque<uint32_t> open_;  // frames whose call is or was open, oldest first
  double expected_s_ = 0, last_ended_ = 0;
  bool seen_any_ = false;
  int64_t open_calls_ = 0;
  int probes_ = 0;
};

}  // namespace

double SecondsOf(std::span<const Step> steps) {
  double seconds = 0;
  for (const Step& step : steps) seconds += step.seconds;
  return seconds;
}

Outcome Simulate(const Policy& policy, const Scene& scene) { return Simulation(policy, scene).Run(); }

std::vector<double> Arrivals(double rate_per_s, double duration_s) {
  SHOEHORN_CHECK(rate_per_s > 0 && duration_s > 0, "frames come at a rate for a time");
  std::vector<double> arrivals;
  for (size_t i = 0; static_cast<double>(i) / rate_per_s < duration_s; ++i)
    arrivals.push_back(static_cast<double>(i) / rate_per_s);
  return arrivals;
}

}  // namespace shoehorn::place
