// The queue of events: order, bounds, and what it survives: a kill, a full disk, a damaged file, a second
// process.
#include "runtime/event_queue.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <set>

#include "support/files.h"
#include "support/scratch.h"

namespace shoehorn::runtime {
namespace {

using namespace std::chrono_literals;

class EventQueueTest : public ::testing::Test {
 protected:
  QueueOptions Options() const {
    QueueOptions options;
    options.file = scratch_.path() / "events.sqlite";
    return options;
  }
  std::unique_ptr<EventQueue> Open(const QueueOptions& options) const {
    auto queue = EventQueue::Open(options);
    EXPECT_TRUE(queue.ok()) << queue.error().Text();
    return queue.ok() ? std::move(*queue) : nullptr;
  }
  /// Takes all events out, oldest first.
  static std::vector<std::string> Drain(EventQueue& queue) {
    std::vector<std::string> bodies;
    while (const auto event = queue.Next(0ms)) {
      bodies.push_back(event->body);
      queue.Sent(*event);
    }
    return bodies;
  }

  testing::Scratch scratch_;
};

TEST_F(EventQueueTest, GivesEventsInTheOrderTheyCame) {
  const auto queue = Open(Options());
  EXPECT_FALSE(queue->Next(0ms));
  std::set<std::string> keys;
  for (int i = 0; i < 5; ++i) keys.insert(queue->Add(std::to_string(i)).key);
  EXPECT_EQ(keys.size(), 5U);
  EXPECT_EQ(queue->waiting(), 5);
  const auto first = queue->Next(0ms);
  EXPECT_EQ(queue->Next(0ms)->key, first->key) << "what is not sent is given again";
  EXPECT_EQ(Drain(*queue), (std::vector<std::string>{"0", "1", "2", "3", "4"}));
  EXPECT_EQ(queue->waiting(), 0);
}

TEST_F(EventQueueTest, OutlivesItsProcessAndKeepsTheKeys) {
  std::string key;
  {
    const auto queue = Open(Options());
    key = queue->Add("first").key;
    queue->Add("second");
  }
  const auto queue = Open(Options());
  EXPECT_EQ(queue->Next(0ms)->key, key);
  const std::string third = queue->Add("third").key;
  EXPECT_NE(third, key);
  EXPECT_EQ(Drain(*queue), (std::vector<std::string>{"first", "second", "third"}));
}

TEST_F(EventQueueTest, LosesNothingThatWasAddedBeforeAKill) {
  int acknowledged = 0;
  for (int round = 0; round < 3; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      const auto queue = EventQueue::Open(Options());
      if (!queue.ok()) ::_exit(1);
      for (int i = acknowledged;; ++i) {
        (*queue)->Add(std::to_string(i));
        if (::write(ends[1], "x", 1) != 1) ::_exit(1);
      }
    }
    ::close(ends[1]);
    char byte = 0;
    for (int i = 0; i < 20 + round; ++i, ++acknowledged) ASSERT_EQ(::read(ends[0], &byte, 1), 1);
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
    while (::read(ends[0], &byte, 1) == 1) ++acknowledged;
    ::close(ends[0]);
    // The event under way at the kill may be there, too; the next round goes on behind it.
    const auto queue = Open(Options());
    EXPECT_GE(queue->waiting(), acknowledged);
    EXPECT_LE(queue->waiting(), acknowledged + 1);
    acknowledged = static_cast<int>(queue->waiting());
  }
  const auto queue = Open(Options());
  const std::vector<std::string> bodies = Drain(*queue);
  ASSERT_EQ(static_cast<int>(bodies.size()), acknowledged);
  for (int i = 0; i < acknowledged; ++i) EXPECT_EQ(bodies[static_cast<size_t>(i)], std::to_string(i));
}

TEST_F(EventQueueTest, DropsTheOldestOrTheNewestAsDeclaredAndCounts) {
  QueueOptions options = Options();
  options.max_events = 3;
  auto queue = Open(options);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(queue->Add(std::to_string(i)).kept, Kept::kOnDisk);
  EXPECT_EQ(queue->dropped(), 2);
  EXPECT_EQ(queue->waiting(), 3);
  queue.reset();
  options.drop_oldest = false;
  queue = Open(options);
  EXPECT_EQ(queue->dropped(), 2) << "the count outlives the process";
  const auto added = queue->Add("5");
  EXPECT_EQ(added.kept, Kept::kDropped);
  EXPECT_EQ(added.why, "the backlog is at its limit of 3 events");
  EXPECT_EQ(queue->dropped(), 3);
  EXPECT_EQ(Drain(*queue), (std::vector<std::string>{"2", "3", "4"}));
}

TEST_F(EventQueueTest, NeverDropsTheEventThatIsOnItsWay) {
  QueueOptions options = Options();
  options.max_events = 2;
  const auto queue = Open(options);
  queue->Add("0");
  queue->Add("1");
  const auto sending = queue->Next(0ms);
  queue->Add("2");
  EXPECT_EQ(queue->dropped(), 1);
  queue->Sent(*sending);
  EXPECT_EQ(Drain(*queue), (std::vector<std::string>{"2"}));
}

TEST_F(EventQueueTest, ARefusedEventIsCountedAndTheNextOneComes) {
  const auto queue = Open(Options());
  queue->Add("bad");
  queue->Add("good");
  queue->Refused(*queue->Next(0ms), "the receiver answered with code 422");
  EXPECT_EQ(queue->dropped(), 1);
  EXPECT_EQ(Drain(*queue), (std::vector<std::string>{"good"}));
}

TEST_F(EventQueueTest, KeepsEventsInMemoryWhileTheDiskIsFull) {
  QueueOptions options = Options();
  options.max_pages = 12;
  const auto queue = Open(options);
  const std::string body(2000, 'x');
  std::vector<std::string> sent, expected;
  int in_memory = 0;
  for (int i = 0; i < 30; ++i) {
    expected.push_back(std::to_string(i) + body);
    const auto added = queue->Add(expected.back());
    if (added.kept == Kept::kInMemory) ++in_memory;
    EXPECT_NE(added.kept, Kept::kDropped);
  }
  EXPECT_GT(in_memory, 10);
  EXPECT_LT(in_memory, 30);
  EXPECT_EQ(queue->in_memory(), in_memory);
  EXPECT_EQ(queue->waiting(), 30);
  EXPECT_EQ(Drain(*queue), expected);
  EXPECT_EQ(queue->Add("after").kept, Kept::kOnDisk) << "what was sent made room";
}

TEST_F(EventQueueTest, BeginsInMemoryWhereTheDiskHasNoRoomForAFile) {
  QueueOptions options = Options();
  options.max_pages = 1;
  const auto queue = Open(options);
  EXPECT_EQ(queue->Add("0").kept, Kept::kInMemory);
  EXPECT_EQ(queue->Add("1").kept, Kept::kInMemory);
  EXPECT_EQ(Drain(*queue), (std::vector<std::string>{"0", "1"}));
}

TEST_F(EventQueueTest, MovesADamagedFileAside) {
  scratch_.Write("events.sqlite", "no database, but long enough to look like one: " + std::string(5000, 'x'));
  auto queue = Open(Options());
  EXPECT_EQ(queue->waiting(), 0);
  queue->Add("kept");
  queue.reset();
  EXPECT_TRUE(std::filesystem::exists(scratch_.path() / "events.sqlite.damaged"));
  {
    // The pages behind the first are overwritten: the header still looks well.
    std::fstream file(scratch_.path() / "events.sqlite", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096);
    file << std::string(8192, '\x7f');
  }
  queue = Open(Options());
  EXPECT_EQ(queue->waiting(), 0);
  EXPECT_TRUE(std::filesystem::exists(scratch_.path() / "events.sqlite.damaged-2"));
  EXPECT_EQ(queue->Add("new").kept, Kept::kOnDisk);
}

TEST_F(EventQueueTest, RefusesASecondAgentAndAForeignFile) {
  const auto queue = Open(Options());
  const auto second = EventQueue::Open(Options());
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(scratch_.Masked(second.error().Text()),
            "error: DIR/events.sqlite: another process holds the event queue\n  fix: run one agent for a "
            "plan, or give "
            "each plan its own events.queue");
  QueueOptions nowhere = Options();
  nowhere.file = scratch_.path() / "absent" / "events.sqlite";
  EXPECT_EQ(scratch_.Masked(EventQueue::Open(nowhere).error().Text()),
            "error: DIR/absent/events.sqlite: event queue: unable to open database file\n  fix: let the "
            "agent write in "
            "the plan's folder");
}

}  // namespace
}  // namespace shoehorn::runtime
