// Posts the queue's events to their receiver in order, one at a time, each with its idempotency key; an event
// leaves the queue after a 2xx. A receiver that keeps to the key has each exactly once, also when the agent
// was killed between its answer and our note of it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "place/plan.h"
#include "runtime/event_queue.h"

namespace shoehorn::runtime {

class EventSender {
 public:
  /// `queue` must outlive it. Errors: a token or certificates that cannot be read.
  static Result<std::unique_ptr<EventSender>> Start(const place::EventRule& rule,
                                                    const std::filesystem::path& folder, EventQueue& queue);
  /// Stops after the post under way, which it waits for shortly; what is left stays in the queue.
  ~EventSender();
  EventSender(const EventSender&) = delete;
  EventSender& operator=(const EventSender&) = delete;

  int64_t sent() const { return sent_; }
  int64_t attempts() const { return attempts_; }

 private:
  struct Connection;
  EventSender(std::unique_ptr<Connection> connection, EventQueue& queue);
  void Loop();

  std::unique_ptr<Connection> connection_;
  EventQueue& queue_;
  std::atomic<int64_t> sent_ = 0, attempts_ = 0;
  std::atomic<bool> stop_ = false;
  std::mutex mutex_;
  std::condition_variable stopped_;
  std::thread thread_;
};

}  // namespace shoehorn::runtime
