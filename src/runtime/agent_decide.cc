// The agent's decisions: who answers a frame, and when that is settled.
#include <spdlog/spdlog.h>

#include "place/confidence.h"
#include "runtime/agent_frame.h"
#include "runtime/go_first.h"

namespace shoehorn::runtime {
namespace {

using namespace std::chrono_literals;
constexpr auto kLastMoment = 2ms;  // before a deadline: what writing a line takes
/// Seconds that are allowed for saying that nobody answers.
constexpr double kLeastOut = 0.003, kLongestOut = 0.02;
/// A fallback starts so much before its estimate says: seconds, and a share of the deadline.
constexpr double kMargin = 0.005, kMarginShare = 0.05;
constexpr double kStoringShare =
    0.25;  // of the deadline, at most, that a fallback starts earlier for a slow disk
constexpr Clock::duration kIdle = 1s, kShortestIdle = 5ms;
constexpr double kWaiting = 2;  // frames that may be waiting together before the watchdog has to be woken

}  // namespace

template <typename T, typename F>
void Agent::Serve(Line<T>& line, const F& work) {
  std::unique_lock lock(mutex_);
  while (true) {
    line.ready.wait(lock, [&] { return stop_ || !line.waiting.empty(); });
    if (line.waiting.empty()) return;
    T next = std::move(line.waiting.front());
    line.waiting.pop_front();
    lock.unlock();
    work(std::move(next));
    lock.lock();
  }
}

void Agent::HeadLoop() {
  Serve(to_head_, [this](const FramePtr& frame) { Think(frame); });
}

void Agent::Think(const FramePtr& frame) {
  if (plan_.cascade) {
    {
      const std::lock_guard lock(mutex_);
      if (frame->done || frame->falling_back) return;
    }
    const auto start = Clock::now();
    Result<Tensors> own = fallback_->Run(frame->inputs);
    const double took = Seconds(Clock::now() - start);
    const std::lock_guard lock(mutex_);
    fallback_pace_.See(took);
    if (frame->done) return;
    frame->engine_s += took;
    if (own.ok()) {
      if (place::Confidence(own->at(plan_.cascade->output)) >= plan_.cascade->threshold)
        return Finish(frame, By::kDevice, std::move(*own));
      frame->kept = std::move(*own);
    }
  }
  {
    const std::lock_guard lock(mutex_);
    if (frame->done || frame->falling_back) return;
    const auto now = Clock::now();
    const double head_s = head_pace_.typical_s();
    if (tail_) {
      const bool up = tail_->reachable();
      if (up != link_up_) spdlog::info(up ? "the link to the tail is up" : "the link to the tail is down");
      link_up_ = up;
      if (!up && fallback_) return FallBack(frame, "the link is down", false);
      if (!link_.InTime(now, Seconds(now - frame->arrived) + head_s)) {
        frame->probe = link_.ProbeDue(now);
        const double expected = link_.Expected(now);
        FallBack(frame, fmt::format("the tail is expected to take {:.0f} ms", expected * 1e3), false);
        if (!frame->probe) return;  // a probe goes on: its answer says whether the link is back
      }
    }
    // A head that cannot be done in time would only make the next frame late, too.
    if (fallback_ && !frame->probe &&
        now + Duration(head_s) > frame->deadline - Duration(fallback_pace_.typical_s()))
      return FallBack(frame, "the device is behind", false);
  }
  Tensors made;
  if (head_) {
    const auto start = Clock::now();
    Result<Tensors> outputs = head_->Run(frame->inputs);
    const double took = Seconds(Clock::now() - start);
    const std::lock_guard lock(mutex_);
    if (!frame->done) frame->engine_s += took;
    head_pace_.See(took);
    if (frame->done && !frame->probe) return;
    if (!outputs.ok()) return FallBack(frame, "the head failed: " + outputs.error().found, false);
    if (!tail_) return Finish(frame, By::kDevice, std::move(*outputs));
    made = std::move(*outputs);
  }
  AskTail(frame, std::move(made));
}

void Agent::AskTail(const FramePtr& frame, Tensors made) {
  std::vector<ir::Tensor> crossing;
  for (const place::Crossing& wanted : plan_.tail->inputs) {
    const auto found = made.find(wanted.name);
    crossing.push_back(found != made.end() ? found->second : frame->inputs.at(wanted.name));
  }
  for (const place::Crossing& wanted : plan_.tail->inputs) made.erase(wanted.name);
  Clock::time_point until = frame->deadline;
  {
    const std::lock_guard lock(mutex_);
    if (!frame->probe && (frame->done || frame->falling_back)) return;
    frame->head_answers = std::move(made);
    frame->asked = true;
    frame->ask_time = Clock::now();
    link_.Sent(frame->number, frame->ask_time);
    if (frame->probe) until = frame->ask_time + Duration(std::max(plan_.deadline_s, plan_.rule->limit_s));
  }
  tail_->Ask(frame->number, crossing, until,
             [this, frame](TailAnswer answer) { OnTail(frame, std::move(answer)); });
}

void Agent::OnTail(const FramePtr& frame, TailAnswer answer) {
  std::unique_lock lock(mutex_);
  const auto now = Clock::now();
  metrics_->Count(answer.fault);
  if (answer.fault == TailFault::kNone)
    link_.Answered(frame->number, now);
  else
    link_.GivenUp(frame->number, now);
  const std::string fault(NameOf(answer.fault));
  const bool called_off = frame->done && answer.fault == TailFault::kLate;
  if (answer.fault != TailFault::kNone && fault != last_fault_ && !called_off)
    spdlog::warn("frame {}: the tail is {}: {}", frame->number, fault, answer.why);
  if (answer.fault == TailFault::kNone && !last_fault_.empty())
    spdlog::info("frame {}: the tail answers again", frame->number);
  if (!called_off) last_fault_ = answer.fault == TailFault::kNone ? "" : fault;
  if (frame->done) return;
  if (answer.fault != TailFault::kNone)
    return FallBack(frame, fault + (answer.fault == TailFault::kLate ? "" : ": " + answer.why), false);
  frame->wire_s = Seconds(now - frame->ask_time - answer.cost);
  Tensors outputs = std::move(frame->head_answers);
  for (size_t i = 0; i < answer.outputs.size(); ++i)
    outputs.insert_or_assign(plan_.tail->outputs[i].name, std::move(answer.outputs[i]));
  if (frame->falling_back) frame->why.clear();
  Settle(frame, By::kTail);
  lock.unlock();
  GiveOut({frame, By::kTail, std::move(outputs)});  // this thread is awake: waking another one takes longer
}

void Agent::FallBack(const FramePtr& frame, const std::string& why, bool tail_may_answer) {
  if (frame->done) return;
  if (frame->falling_back) {
    if (!tail_may_answer) frame->why = why;
    return;
  }
  frame->why = why;
  if (!frame->kept.empty()) return Finish(frame, By::kDevice, std::move(frame->kept));
  if (!fallback_) {
    if (!tail_may_answer) Finish(frame, By::kNone, {});
    return;
  }
  frame->falling_back = true;
  frame->turn_time = Clock::now();
  if (frame->asked) frame->waited_s = Seconds(frame->turn_time - frame->ask_time);
  to_fallback_.waiting.push_back(frame);
  to_fallback_.ready.notify_one();
}

void Agent::Finish(const FramePtr& frame, By by, Tensors outputs) {
  Settle(frame, by);
  to_answer_.waiting.push_back({frame, by, std::move(outputs)});
  to_answer_.ready.notify_one();
}

void Agent::Settle(const FramePtr& frame, By by) {
  frame->done = true;
  frame->finish_time = Clock::now();
  pending_.erase(frame->number);
  if (frame->asked && by != By::kTail && !frame->probe) {
    link_.GivenUp(frame->number, Clock::now());
    tail_->CallOff(frame->number);  // so that what is left of it does not hold the next call up
  }
}

void Agent::WatchLoop() {
  GoFirst();
  std::unique_lock lock(mutex_);
  while (!stop_) {
    const auto now = Clock::now();
    next_look_ = Watch(now);
    // A slow disk makes no answer late: its event is stored as soon as it can be.
    std::vector<Told> overdue;
    for (auto at = storing_.begin(); at != storing_.end();) {
      const auto end = at->second.frame->deadline - kLastMoment;
      next_look_ = std::min<Clock::time_point>(next_look_, end);
      const auto next = std::next(at);
      if (now >= end) overdue.push_back(std::move(storing_.extract(at).mapped()));
      at = next;
    }
    if (overdue.empty()) {
      watch_.wait_until(lock, next_look_);
      continue;
    }
    lock.unlock();
    for (Told& told : overdue) {
      told.answer.event_kept = "pending";
      Write(told, Seconds(Clock::now() - told.store_time));
    }
    lock.lock();
  }
}

Clock::time_point Agent::EarliestStart(const Frame& frame) const {
  const double before_it = fallback_pace_.typical_s() * static_cast<double>(pending_.size());
  return frame.deadline - Duration(Reserve() + before_it);
}

double Agent::Reserve() const {
  const double storing = queue_ ? std::min(store_pace_.worst_s(), kStoringShare * plan_.deadline_s) : 0;
  return fallback_pace_.worst_s() + out_pace_.worst_s() + storing + kMargin + kMarginShare * plan_.deadline_s;
}

// While frames come, the next one finds the watchdog looking soon enough by itself: waking it from another
// thread for each would cost that frame more than all decisions about it.
Clock::duration Agent::Idle(Clock::time_point now) const {
  if (now - last_arrival_ > kIdle) return kIdle;
  const double until_next = plan_.deadline_s - Reserve() - kWaiting * fallback_pace_.typical_s();
  return std::clamp<Clock::duration>(Duration(until_next), kShortestIdle, kIdle);
}

Clock::time_point Agent::Watch(Clock::time_point now) {
  std::vector<FramePtr> undecided;
  std::vector<Clock::time_point> deadlines;
  Clock::time_point next = now + Idle(now);
  for (auto at = pending_.begin(); at != pending_.end();) {
    const FramePtr frame = (at++)->second;
    // A fallback under way may come at the last moment; that there will be nothing can be said earlier.
    const auto end =
        frame->deadline - kLastMoment -
        (frame->falling_back ? Clock::duration(0)
                             : Duration(std::clamp(out_pace_.worst_s(), kLeastOut, kLongestOut)));
    if (now >= end) {
      if (frame->why.empty()) frame->why = "no answer by the deadline";
      Finish(frame, By::kNone, {});
      continue;
    }
    next = std::min<Clock::time_point>(next, end);
    if (frame->falling_back) continue;
    undecided.push_back(frame);
    deadlines.push_back(frame->deadline);
  }
  if (!fallback_) return next;
  const auto starts = LatestStarts(deadlines, Reserve(), fallback_pace_.typical_s());
  for (size_t i = 0; i < starts.size(); ++i) {
    if (starts[i] > now)
      next = std::min(next, starts[i]);
    else if (undecided[i]->loaded)
      FallBack(undecided[i], undecided[i]->asked ? "the tail did not answer in time" : "the device is behind",
               true);
  }
  return next;
}

void Agent::FallbackLoop() {
  GoFirst();
  Serve(to_fallback_, [this](const FramePtr& frame) {
    {
      const std::lock_guard lock(mutex_);
      if (frame->done) return;
      if (Clock::now() + Duration(fallback_pace_.typical_s()) > frame->deadline) {
        frame->why += "; too late for the fallback";
        return Finish(frame, By::kNone, {});
      }
    }
    const auto start = Clock::now();
    Result<Tensors> outputs = fallback_->Run(frame->inputs);
    const double took = Seconds(Clock::now() - start);
    const std::lock_guard lock(mutex_);
    fallback_pace_.See(Seconds(Clock::now() - frame->turn_time));  // with the wait for this thread
    if (frame->done) return;
    frame->engine_s += took;
    if (!outputs.ok()) frame->why += "; the fallback failed: " + outputs.error().found;
    Finish(frame, outputs.ok() ? By::kFallback : By::kNone, outputs.ok() ? std::move(*outputs) : Tensors());
  });
}

void Agent::AnswerLoop() {
  GoFirst();
  Serve(to_answer_, [this](Finished finished) { GiveOut(std::move(finished)); });
}

void Agent::GiveOut(Finished finished) {
  Told told;
  told.frame = finished.frame;
  const Frame& frame = *finished.frame;
  Answer& answer = told.answer;
  answer.frame = frame.number;
  answer.id = frame.id;
  answer.arrived = frame.wall;
  answer.by = finished.by;
  answer.why = frame.why;
  answer.engine_s = frame.engine_s;
  answer.wire_s = finished.by == By::kTail ? frame.wire_s : 0;
  answer.outputs = OutputsJson(finished.outputs, options_.values);
  if (!queue_ || answer.by == By::kNone || !IsEvent(*plan_.events, finished.outputs)) return Write(told, 0);

  answer.event = queue_->NewKey();
  Event event{0, answer.event, EventBody(*plan_.events, answer)};
  bool earlier = false;
  {
    const std::lock_guard lock(mutex_);
    told.store_time = Clock::now();
    to_store_.waiting.push_back({frame.number, std::move(event)});
    earlier = frame.deadline - kLastMoment < next_look_;
    storing_.emplace(frame.number, std::move(told));
    ++unstored_;
  }
  to_store_.ready.notify_one();
  if (earlier) watch_.notify_one();
}

void Agent::StoreLoop() {
  std::unique_lock lock(mutex_);
  while (true) {
    to_store_.ready.wait(lock, [&] { return stop_ || !to_store_.waiting.empty(); });
    if (to_store_.waiting.empty()) return;
    std::vector<int64_t> frames;
    std::vector<Event> events;
    for (auto& [frame, event] : to_store_.waiting) {
      frames.push_back(frame);
      events.push_back(std::move(event));
    }
    to_store_.waiting.clear();
    lock.unlock();
    const auto start = Clock::now();
    const std::vector<EventQueue::Added> added = queue_->Add(events);
    const double took = Seconds(Clock::now() - start);
    for (size_t i = 0; i < added.size(); ++i) {
      lock.lock();
      auto node = storing_.extract(frames[i]);
      lock.unlock();
      if (node.empty()) continue;  // the watchdog gave the answer out
      Told& told = node.mapped();
      told.answer.event_kept = added[i].kept == Kept::kOnDisk     ? "disk"
                               : added[i].kept == Kept::kInMemory ? "memory"
                                                                  : "dropped";
      Write(told, Seconds(Clock::now() - told.store_time));
    }
    lock.lock();
    store_pace_.See(took);
    unstored_ -= static_cast<int64_t>(added.size());
    if (unstored_ == 0) settled_.notify_all();
  }
}

void Agent::Write(Told& told, double storing_s) {
  const Frame& frame = *told.frame;
  Answer& answer = told.answer;
  const std::lock_guard one_at_a_time(write_mutex_);
  const auto now = Clock::now();
  const double waited_s = answer.by == By::kTail ? 0 : frame.waited_s;
  answer.latency_s = Seconds(now - frame.arrived);
  answer.late = now > frame.deadline;
  answer.own_s =
      std::max(0.0, Seconds(now - frame.taken) - answer.engine_s - answer.wire_s - waited_s - storing_s);
  const Status written = answers_file_->Append(AnswerLine(answer));
  if (!written.ok() && !writing_failed_) spdlog::error("answers are not written: {}", written.error().Text());
  if (written.ok() && writing_failed_) spdlog::info("answers are written again");
  writing_failed_ = !written.ok();
  metrics_->Count(answer);
  Gauges gauges;
  if (queue_) gauges = {queue_->waiting(), queue_->in_memory(), sender_->sent(), queue_->dropped(), true};

  const std::lock_guard lock(mutex_);
  gauges.link_up = link_up_;
  metrics_->Set(gauges);
  out_pace_.See(Seconds(Clock::now() - frame.finish_time) - storing_s);
  ++summary_.frames;
  ++summary_.by[static_cast<size_t>(answer.by)];
  summary_.late += answer.late ? 1 : 0;
  summary_.events += answer.event.empty() ? 0 : 1;
  if (--unanswered_ == 0) settled_.notify_all();
}

}  // namespace shoehorn::runtime
