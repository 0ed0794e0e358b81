// Events on their way to the cloud, on disk until the receiver has them: SQLite, one connection, rollback
// journal, every commit synced. The order of sending is the order of Add, across kills and restarts.
//   queue->Add(body);                      // durable when it returns
//   auto event = queue->Next();            // the oldest; stays until Sent
//   queue->Sent(*event);
// When the disk is full events wait in memory and go to disk as soon as it takes them. The backlog is
// bounded; what is dropped is counted and logged with its key.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "support/result.h"

struct sqlite3;

namespace shoehorn::runtime {

struct Event {
  int64_t sequence = 0;  ///< in the file; 0: in memory only
  std::string key;       ///< "9f86d081884c7d65-42": never given twice, not even by another queue
  std::string body;      ///< JSON
};

struct QueueOptions {
  std::filesystem::path file;
  int64_t max_events = 100'000;
  bool drop_oldest = true;  ///< when full; else the new event is dropped
  int64_t max_pages = 0;    ///< limit of the file, 4 KiB each; 0: the disk's
};

/// What became of an event.
enum class Kept { kOnDisk, kInMemory, kDropped };

class EventQueue {
 public:
  /// A file that is damaged or no queue is moved aside ("events.sqlite.damaged", ".damaged-2", ...) with a
  /// line in the log, and a new one begun. Where the disk is too full to begin one, events wait in memory.
  /// Errors: the folder cannot be written, another process holds the queue.
  static Result<std::unique_ptr<EventQueue>> Open(const QueueOptions& options);
  ~EventQueue();
  EventQueue(const EventQueue&) = delete;
  EventQueue& operator=(const EventQueue&) = delete;

  struct Added {
    std::string key;
    Kept kept = Kept::kOnDisk;
    std::string why;  ///< of kInMemory and kDropped
  };
  /// A key for a new event. Never waits.
  std::string NewKey();
  /// In this order, in one commit; all of them are on disk or none.
  std::vector<Added> Add(const std::vector<Event>& events);
  Added Add(const std::string& body);  ///< one event with a new key

  /// The oldest event that is not sent, waiting up to `patience` for one. One caller at a time.
  std::optional<Event> Next(std::chrono::milliseconds patience);
  /// The receiver has it.
  void Sent(const Event& event);
  /// The receiver will never take it (`why`): counted as dropped.
  void Refused(const Event& event, const std::string& why);

  // As of the last change; these never wait for the disk.
  int64_t waiting() const { return waiting_; }      ///< events that are not sent
  int64_t in_memory() const { return in_memory_; }  ///< of these, not on disk
  int64_t dropped() const { return dropped_; }      ///< ever, over all runs of this file
  /// Seconds that a commit took when the file was opened.
  double commit_s() const { return commit_s_; }
  /// Ends a wait in Next.
  void Wake();

 private:
  explicit EventQueue(QueueOptions options);
  Status OpenFile();
  Status Prepare();         // tables, counters
  std::string MoveAside();  // gives the new name
  void KeepInMemory(const std::vector<Event>& kept, std::vector<Added>& added);
  bool InTransaction() const;
  Status RemoveSent();
  void Tidy();  // removes what was sent, if the disk lets it
  Status Insert(const std::string& key, const std::string& body);
  Status Execute(const std::string& sql) const;
  Result<int64_t> Number(const std::string& sql) const;
  std::optional<Event> OldestOnDisk(int64_t after);
  void Remove(const Event& event);
  void CountDrop(const std::string& key, const std::string& why);
  bool DropOldest(const std::string& why);
  void StoreMemory();  // moves what waits in memory to disk, if it takes it
  void Publish();      // the counts
  Diagnostic Failed(int code) const;

  QueueOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  sqlite3* database_ = nullptr;
  bool ready_ = false;  // the tables are there
  double commit_s_ = 0;
  std::string run_;  // random, new at each start: the first half of every key
  std::atomic<int64_t> next_number_ = 1;
  int64_t on_disk_ = 0;
  std::atomic<int64_t> waiting_ = 0, in_memory_ = 0, dropped_ = 0;
  int64_t sent_up_to_ = 0,
          to_remove_ = 0;  // rows up to here are sent; so many of them still stand in the file
  std::chrono::steady_clock::time_point tidy_again_{};
  std::optional<std::string> in_flight_;  // key given out by Next
  std::deque<Event> memory_;              // younger than all on disk
  std::chrono::steady_clock::time_point store_again_{};
  bool woken_ = false;
  mutable int failure_ = 0;  // SQLite's code of the last failure
};

}  // namespace shoehorn::runtime
