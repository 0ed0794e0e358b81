// The agent on the device: carries a plan out. Frames come in at their own pace; each is answered once, by
// its deadline: by the tail when that answers in time, else by the fallback, which starts early enough, and
// when nothing can answer a line says so. An answer that is an event is in the queue on disk before it is
// given out.
//
//   frames -> head (this process) -> tail (gRPC, nobody waits) -> answer -> events -> sender
//                  \                    \            /
//                   +--- watchdog: at the latest start of the fallback, or when the link is down --->
//                   fallback
//
// Every decision is taken on the monotonic clock; the wall clock is only written down.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "place/plan.h"
#include "runtime/agent_options.h"
#include "runtime/answer.h"
#include "runtime/event_queue.h"
#include "runtime/event_sender.h"
#include "runtime/frames.h"
#include "runtime/link_watch.h"
#include "runtime/metrics.h"
#include "runtime/pace.h"
#include "runtime/tail_client.h"
#include "support/append_file.h"

namespace shoehorn::runtime {

struct Summary {
  int64_t frames = 0, late = 0;
  int64_t by[4] = {};  ///< index: By
  int64_t events = 0, sent = 0, waiting = 0, dropped = 0;
};

class Agent {
 public:
  /// Errors: whatever is wrong with the plan, its files, the frames, secrets, the queue or the port; nothing
  /// has been answered then.
  static Result<std::unique_ptr<Agent>> Create(const AgentOptions& options);
  ~Agent();
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  /// Until the frames end or an interrupt. Errors: frames that stop in the middle; all before them are
  /// answered.
  Result<Summary> Run();
  bool has_events() const { return plan_.events.has_value(); }

 private:
  struct Frame;
  using FramePtr = std::shared_ptr<Frame>;
  struct Finished {
    FramePtr frame;
    By by;
    Tensors outputs;
  };
  struct Told {
    FramePtr frame;
    Answer answer;
    Clock::time_point store_time;
  };
  template <typename T>
  struct Line {  // frames that wait for a thread
    std::deque<T> waiting;
    std::condition_variable ready;
  };

  Agent(AgentOptions options, place::Plan plan);
  Status SetUp();
  Status CheckOutputs() const;

  void Take(const Arrival& arrival);  // decode, hand to the head
  void HeadLoop();
  void WatchLoop();
  void FallbackLoop();
  void AnswerLoop();
  void StoreLoop();
  void Think(const FramePtr& frame);  // cascade, head, tail
  void AskTail(const FramePtr& frame, Tensors made);
  void OnTail(const FramePtr& frame, TailAnswer answer);
  void FallBack(const FramePtr& frame, const std::string& why, bool tail_may_answer);  // mutex_ held
  void Finish(const FramePtr& frame, By by, Tensors outputs);                          // mutex_ held
  void Settle(const FramePtr& frame, By by);  // Finish() but for giving the answer out; mutex_ held
  Clock::time_point EarliestStart(
      const Frame& frame) const;  // mutex_ held; of any fallback because of this frame
  double Reserve() const;         // seconds from the wish for a fallback to its written line, at worst
  Clock::time_point Watch(Clock::time_point now);     // mutex_ held; next look
  Clock::duration Idle(Clock::time_point now) const;  // mutex_ held; until the next look at the latest
  void GiveOut(Finished finished);                    // writes it, or hands its event to be stored first
  void Write(Told& told, double storing_s);           // the line; nothing happens to the frame after it
  template <typename T, typename F>
  void Serve(Line<T>& line, const F& work);

  const AgentOptions options_;
  const place::Plan plan_;
  std::unique_ptr<FrameSource> source_;
  std::unique_ptr<Stage> head_, fallback_;
  std::unique_ptr<AppendFile> answers_file_;
  std::unique_ptr<EventQueue> queue_;
  std::unique_ptr<Metrics> metrics_;
  std::unique_ptr<EventSender> sender_;

  std::mutex write_mutex_;  // before mutex_
  std::mutex mutex_;
  std::map<int64_t, FramePtr> pending_;  // by number, which is by deadline
  Line<FramePtr> to_head_, to_fallback_;
  Line<Finished> to_answer_;
  Line<std::pair<int64_t, Event>> to_store_;
  std::map<int64_t, Told> storing_;  // answers whose events are not on disk yet, by frame
  int64_t unstored_ = 0;
  std::condition_variable watch_, settled_;
  Clock::time_point next_look_ = Clock::time_point::max();  // of the watchdog, when nobody wakes it
  Clock::time_point last_arrival_{};                        // of a frame
  LinkWatch link_;
  Pace head_pace_{0}, fallback_pace_{0};  // the fallback's from the wish for it to its answer
  Pace out_pace_{0};                      // from an answer to its line, without the storing of its event
  Pace store_pace_{0};                    // of a commit
  bool link_up_ = true, stop_ = false, writing_failed_ = false;
  std::string last_fault_;
  int64_t next_number_ = 0, unanswered_ = 0;
  Summary summary_;
  std::unique_ptr<TailClient> tail_;  // goes first: its thread calls back
  std::vector<std::thread> threads_;
};

}  // namespace shoehorn::runtime
