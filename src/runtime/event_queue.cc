#include "runtime/event_queue.h"

#include <spdlog/spdlog.h>
#include <sqlite3.h>
#include <sys/random.h>

#include "support/files.h"

namespace shoehorn::runtime {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr int kApplicationId = 0x73686f65;  // "shoe"
constexpr auto kStoreAgain = std::chrono::seconds(1), kTidyAgain = std::chrono::seconds(10);
/// Sent events leave the file so many at once, or with the next event that comes, or when nothing waits: a
/// commit costs more than the receiver's look at a key that it knows.
constexpr int64_t kRemoveTogether = 32;

/// A prepared statement, finalized with the object.
class Statement {
 public:
  Statement(sqlite3* database, const std::string& sql) {
    code_ = sqlite3_prepare_v2(database, sql.c_str(), -1, &statement_, nullptr);
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  void Bind(int index, const std::string& text) {
    if (statement_ != nullptr)
      sqlite3_bind_text(statement_, index, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
  }
  int Step() { return statement_ == nullptr ? code_ : sqlite3_step(statement_); }
  int64_t Integer(int column) const { return sqlite3_column_int64(statement_, column); }
  std::string Text(int column) const {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return text == nullptr ? "" : text;
  }

 private:
  sqlite3_stmt* statement_ = nullptr;
  int code_;
};

std::string RandomName() {
  uint64_t number = 0;
  SHOEHORN_CHECK(::getrandom(&number, sizeof number, 0) == sizeof number, "the system has no random numbers");
  return fmt::format("{:016x}", number);
}

bool IsDamage(int code) { return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB; }

bool IsFull(int code) { return (code & 0xff) == SQLITE_FULL || (code & 0xff) == SQLITE_IOERR; }

}  // namespace

EventQueue::EventQueue(QueueOptions options) : options_(std::move(options)), run_(RandomName()) {}

EventQueue::~EventQueue() {
  if (ready_) Tidy();
  sqlite3_close(database_);
}

Result<std::unique_ptr<EventQueue>> EventQueue::Open(const QueueOptions& options) {
  std::unique_ptr<EventQueue> queue(new EventQueue(options));
  Status opened = queue->OpenFile();
  if (!opened.ok() && IsDamage(queue->failure_)) {
    const std::string aside = queue->MoveAside();
    spdlog::error("event queue '{}' is damaged ({}): moved to '{}', a new one is begun",
                  Escaped(options.file.string()), Escaped(opened.error().found), Escaped(aside));
    opened = queue->OpenFile();
  }
  if (!opened.ok() && IsFull(queue->failure_)) {
    spdlog::error("events are kept in memory, where a kill would lose them: {}", opened.error().Text());
    queue->store_again_ = Clock::now() + kStoreAgain;
    return queue;
  }
  if (!opened.ok()) return opened.error();
  return queue;
}

Status EventQueue::OpenFile() {
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX;
  if (const int code = sqlite3_open_v2(options_.file.c_str(), &database_, kFlags, nullptr); code != SQLITE_OK)
    return Failed(code);
  sqlite3_extended_result_codes(database_, 1);
  return Prepare();
}

Status EventQueue::Prepare() {
  // The journal stays in place between commits: on a full disk its blocks are still there to remove sent
  // events with.
  SHOEHORN_TRY(Execute("PRAGMA locking_mode = EXCLUSIVE"));
  SHOEHORN_TRY(Execute("PRAGMA journal_mode = PERSIST"));
  SHOEHORN_TRY(Execute("PRAGMA synchronous = FULL"));
  if (options_.max_pages > 0)
    SHOEHORN_TRY(Execute(fmt::format("PRAGMA max_page_count = {}", options_.max_pages)));
  {
    Statement check(database_, "PRAGMA quick_check(1)");
    const int code = check.Step();
    if (code != SQLITE_ROW) return Failed(code);
    if (check.Text(0) != "ok") return Failed(SQLITE_CORRUPT);
  }
  SHOEHORN_ASSIGN(const int64_t id, Number("PRAGMA application_id"));
  SHOEHORN_ASSIGN(const int64_t tables, Number("SELECT count(*) FROM sqlite_master"));
  if (tables == 0) {
    SHOEHORN_TRY(Execute("BEGIN IMMEDIATE"));
    SHOEHORN_TRY(Execute(fmt::format("PRAGMA application_id = {}", kApplicationId)));
    SHOEHORN_TRY(
        Execute("CREATE TABLE events (sequence INTEGER PRIMARY KEY AUTOINCREMENT,"
                " key TEXT NOT NULL UNIQUE, body TEXT NOT NULL)"));
    SHOEHORN_TRY(Execute("CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL)"));
    SHOEHORN_TRY(Execute("INSERT INTO counters VALUES ('dropped', 0)"));
    SHOEHORN_TRY(Execute("COMMIT"));
  } else if (id != kApplicationId) {
    Diagnostic diagnostic = Failed(SQLITE_ERROR);
    diagnostic.found = "the file is a database of another program";
    diagnostic.fix = "name another file in the plan's events.queue";
    return diagnostic;
  }
  SHOEHORN_ASSIGN(on_disk_, Number("SELECT count(*) FROM events"));
  SHOEHORN_ASSIGN(const int64_t dropped, Number("SELECT value FROM counters WHERE name = 'dropped'"));
  dropped_ = dropped;
  Publish();
  // Takes the lock now, so that a second agent is refused at its start, and tells how long a commit takes
  // here.
  const auto start = Clock::now();
  const Status written = Execute("UPDATE counters SET value = value");
  commit_s_ = std::chrono::duration<double>(Clock::now() - start).count();
  if (!written.ok() && !IsFull(failure_)) return written;
  ready_ = true;
  return Ok();
}

std::string EventQueue::MoveAside() {
  sqlite3_close(database_);
  database_ = nullptr;
  fs::path aside = options_.file.string() + ".damaged";
  std::error_code code;
  for (int number = 2; fs::exists(aside, code); ++number)
    aside = options_.file.string() + ".damaged-" + std::to_string(number);
  fs::rename(options_.file, aside, code);
  // A journal belongs to its database: it must not be played back into the new one.
  const std::string journal = options_.file.string() + "-journal";
  if (fs::exists(journal, code)) fs::rename(journal, aside.string() + "-journal", code);
  on_disk_ = 0, sent_up_to_ = 0, to_remove_ = 0;
  return aside.string();
}

Diagnostic EventQueue::Failed(int code) const {
  failure_ = code;
  Diagnostic diagnostic;
  diagnostic.file = options_.file.string();
  diagnostic.found = (code & 0xff) == SQLITE_BUSY ? "another process holds the event queue"
                                                  : std::string("event queue: ") + sqlite3_errstr(code);
  if ((code & 0xff) == SQLITE_BUSY)
    diagnostic.fix = "run one agent for a plan, or give each plan its own events.queue";
  if ((code & 0xff) == SQLITE_CANTOPEN) diagnostic.fix = "let the agent write in the plan's folder";
  return diagnostic;
}

Status EventQueue::Execute(const std::string& sql) const {
  const int code = sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code == SQLITE_OK) return Ok();
  if (InTransaction()) sqlite3_exec(database_, "ROLLBACK", nullptr, nullptr, nullptr);
  return Failed(code);
}

Result<int64_t> EventQueue::Number(const std::string& sql) const {
  Statement statement(database_, sql);
  const int code = statement.Step();
  if (code != SQLITE_ROW) return Failed(code);
  return statement.Integer(0);
}

Status EventQueue::Insert(const std::string& key, const std::string& body) {
  Statement statement(database_, "INSERT OR IGNORE INTO events (key, body) VALUES (?, ?)");
  statement.Bind(1, key);
  statement.Bind(2, body);
  const int code = statement.Step();
  if (code != SQLITE_DONE) return Failed(code);
  ++on_disk_;
  return Ok();
}

std::string EventQueue::NewKey() { return run_ + "-" + std::to_string(next_number_++); }

EventQueue::Added EventQueue::Add(const std::string& body) {
  return Add(std::vector<Event>{{0, NewKey(), body}})[0];
}

std::vector<EventQueue::Added> EventQueue::Add(const std::vector<Event>& events) {
  const std::lock_guard lock(mutex_);
  const std::string full = fmt::format("the backlog is at its limit of {} events", options_.max_events);
  if (!memory_.empty() && Clock::now() >= store_again_) StoreMemory();
  // One commit for all of them, and for the removal of what was sent meanwhile.
  bool on_disk = memory_.empty() && Execute("BEGIN IMMEDIATE").ok() && RemoveSent().ok();
  std::vector<Added> added;
  std::vector<Event> kept;
  for (const Event& event : events) {
    added.push_back({event.key, Kept::kOnDisk, {}});
    const int64_t backlog = on_disk_ + static_cast<int64_t>(memory_.size() + (on_disk ? 0 : kept.size()));
    if (backlog >= options_.max_events && !(options_.drop_oldest && DropOldest(full))) {
      CountDrop(event.key, full);
      added.back() = {event.key, Kept::kDropped, full};
      continue;
    }
    kept.push_back(event);
    on_disk = on_disk && InTransaction() && Insert(event.key, event.body).ok();
  }
  if (!(on_disk && Execute("COMMIT").ok())) KeepInMemory(kept, added);
  Publish();
  arrived_.notify_one();
  return added;
}

void EventQueue::KeepInMemory(const std::vector<Event>& kept, std::vector<Added>& added) {
  const Diagnostic failure = Failed(failure_);
  if (InTransaction()) static_cast<void>(Execute("ROLLBACK"));
  if (const auto rows = Number(fmt::format("SELECT count(*) FROM events WHERE sequence > {}", sent_up_to_));
      rows.ok())
    on_disk_ = *rows;
  if (memory_.empty() && !kept.empty()) {
    spdlog::error("event {} is kept in memory, where a kill would lose it: {}", kept.front().key,
                  failure.found);
    store_again_ = Clock::now() + kStoreAgain;
  }
  memory_.insert(memory_.end(), kept.begin(), kept.end());
  for (Added& one : added)
    if (one.kept == Kept::kOnDisk) one = {one.key, Kept::kInMemory, "the disk does not take it"};
}

bool EventQueue::InTransaction() const { return sqlite3_get_autocommit(database_) == 0; }

void EventQueue::StoreMemory() {
  if (!ready_ && !Prepare().ok()) {
    store_again_ = Clock::now() + kStoreAgain;
    return;
  }
  const size_t before = memory_.size();
  if (const Status begun = Execute("BEGIN IMMEDIATE"); begun.ok()) {
    const int64_t rows = on_disk_;
    bool whole = true;
    for (const Event& event : memory_) whole = whole && Insert(event.key, event.body).ok();
    if (whole && Execute("COMMIT").ok()) {
      memory_.clear();
      spdlog::info("{} events that waited in memory are on disk now", before);
      return;
    }
    on_disk_ = rows;
    if (InTransaction()) sqlite3_exec(database_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
  store_again_ = Clock::now() + kStoreAgain;
}

std::optional<Event> EventQueue::OldestOnDisk(int64_t after) {
  Statement statement(database_, fmt::format("SELECT sequence, key, body FROM events WHERE sequence > {} "
                                             "ORDER BY sequence LIMIT 1",
                                             after));
  if (statement.Step() != SQLITE_ROW) return std::nullopt;
  return Event{statement.Integer(0), statement.Text(1), statement.Text(2)};
}

std::optional<Event> EventQueue::Next(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  const auto anything = [this] { return woken_ || on_disk_ + static_cast<int64_t>(memory_.size()) > 0; };
  arrived_.wait_until(lock, Clock::now() + patience, anything);
  if (!memory_.empty() && Clock::now() >= store_again_) StoreMemory();
  std::optional<Event> event = OldestOnDisk(sent_up_to_);
  if (!event && !memory_.empty()) event = memory_.front();
  if (!event) Tidy();
  if (event) in_flight_ = event->key;
  Publish();
  return event;
}

void EventQueue::Sent(const Event& event) {
  const std::lock_guard lock(mutex_);
  Remove(event);
  Publish();
}

void EventQueue::Refused(const Event& event, const std::string& why) {
  const std::lock_guard lock(mutex_);
  Remove(event);
  CountDrop(event.key, why);
  Publish();
}

void EventQueue::Remove(const Event& event) {
  in_flight_.reset();
  if (!memory_.empty() && memory_.front().key == event.key) return memory_.pop_front();
  // What waited in memory when it was given out may be on disk by now: the key finds it.
  Statement find(database_, "SELECT sequence FROM events WHERE key = ?");
  find.Bind(1, event.key);
  if (find.Step() != SQLITE_ROW) return;
  sent_up_to_ = std::max(sent_up_to_, find.Integer(0));
  --on_disk_;
  if (++to_remove_ >= kRemoveTogether) Tidy();
}

Status EventQueue::RemoveSent() {
  if (to_remove_ == 0) return Ok();
  SHOEHORN_TRY(Execute(fmt::format("DELETE FROM events WHERE sequence <= {}", sent_up_to_)));
  to_remove_ = 0;
  return Ok();
}

void EventQueue::Tidy() {
  if (to_remove_ == 0 || Clock::now() < tidy_again_) return;
  if (const Status removed = RemoveSent(); !removed.ok()) {
    spdlog::warn("sent events cannot be removed yet: {}", removed.error().found);
    tidy_again_ = Clock::now() + kTidyAgain;
  }
}

bool EventQueue::DropOldest(const std::string& why) {
  int64_t after = sent_up_to_;
  std::optional<Event> oldest = OldestOnDisk(after);
  if (oldest && in_flight_ == oldest->key)
    oldest = OldestOnDisk(oldest->sequence);  // it may arrive after all
  if (oldest) {
    if (!Execute(fmt::format("DELETE FROM events WHERE sequence = {}", oldest->sequence)).ok()) return false;
    --on_disk_;
    CountDrop(oldest->key, why);
    return true;
  }
  const auto found =
      std::ranges::find_if(memory_, [this](const Event& event) { return in_flight_ != event.key; });
  if (found == memory_.end()) return false;
  CountDrop(found->key, why);
  memory_.erase(found);
  return true;
}

void EventQueue::CountDrop(const std::string& key, const std::string& why) {
  ++dropped_;
  spdlog::warn("event {} is dropped: {}", key, Escaped(why));
  if (const Status kept =
          Execute(fmt::format("UPDATE counters SET value = {} WHERE name = 'dropped'", dropped_.load()));
      !kept.ok())
    spdlog::warn("the count of dropped events is not on disk: {}", kept.error().found);
}

void EventQueue::Publish() {
  in_memory_ = static_cast<int64_t>(memory_.size());
  waiting_ = on_disk_ + in_memory_;
}

void EventQueue::Wake() {
  const std::lock_guard lock(mutex_);
  woken_ = true;
  arrived_.notify_all();
}

}  // namespace shoehorn::runtime
