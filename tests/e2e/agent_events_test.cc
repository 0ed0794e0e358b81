// Events from the agent to an HTTPS receiver: in order, each exactly once, over outages, kills, a full disk
// and a clock that jumps; with a token that no file of ours ever shows.
#include <gtest/gtest.h>
#include <signal.h>

#include <set>

#include "servers/agent_bench.h"
#include "servers/tail_server.h"

namespace shoehorn::testing {
namespace {

using nlohmann::json;

constexpr const char* kToken = "s3cret-token-of-the-test";

class AgentEventsTest : public ::testing::Test {
 protected:
  /// The device answers alone; frames 4 to 7 of each eight are events (y above 8).
  place::Plan DevicePlan(const std::string& scheme, int port) const {
    place::Plan plan = bench_.SplitPlan(1);
    plan.head = std::move(plan.fallback);
    plan.fallback.reset(), plan.tail.reset();
    plan.events = bench_.Events(scheme, port, 8);
    return plan;
  }
  static std::vector<std::string> KeysOf(const std::vector<json>& lines, const char* name) {
    std::vector<std::string> keys;
    for (const json& line : lines)
      if (line.contains(name)) keys.push_back(line[name]);
    return keys;
  }

  AgentBench bench_;
};

TEST_F(AgentEventsTest, ArriveInOrderOverTlsWithATokenThatIsNeverShown) {
  if (!bench_.MakeCertificates()) GTEST_SKIP() << "no openssl to make certificates with";
  const auto receiver = bench_.StartReceiver({"--certificate", bench_.path("server.pem"), "--key",
                                              bench_.path("server.key"), "--token", kToken, "--refuse", "2"});
  place::Plan plan = DevicePlan("https", receiver.port);
  plan.events->ca_file = "ca.pem";
  plan.events->token_env = "SHOEHORN_TEST_EVENT_TOKEN";
  bench_.Write(plan);
  const auto agent =
      bench_.Start(24, 40, {"--linger", "20"}, {std::string("SHOEHORN_TEST_EVENT_TOKEN=") + kToken});
  const Ended ended = agent->Wait();
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const auto sent = KeysOf(Lines(ended.out), "event");
  EXPECT_EQ(sent.size(), 12U);
  EXPECT_EQ(KeysOf(bench_.Received(), "key"), sent);
  const json event = bench_.Received().front()["event"];
  EXPECT_EQ(event["frame"], 4);
  EXPECT_EQ(event["outputs"]["y"]["max"], 9);
  EXPECT_EQ(event["rule"]["when"], "max_above");
  EXPECT_NE(ended.err.find("events wait, they cannot be sent: the receiver answered with code 503"),
            std::string::npos);
  EXPECT_NE(ended.err.find("12 events, 12 sent, 0 waiting, 0 dropped"), std::string::npos) << ended.err;
  for (const std::string& text :
       {ended.err, ended.out, bench_.Read("events.sqlite"), bench_.Read("plan.json")})
    EXPECT_EQ(text.find(kToken), std::string::npos);
}

TEST_F(AgentEventsTest, NothingGoesToAReceiverWhoseCertificateIsNotTrusted) {
  if (!bench_.MakeCertificates()) GTEST_SKIP() << "no openssl to make certificates with";
  const auto receiver =
      bench_.StartReceiver({"--certificate", bench_.path("server.pem"), "--key", bench_.path("server.key")});
  place::Plan plan = DevicePlan("https", receiver.port);
  plan.events->ca_file = "another.pem";
  bench_.Write(plan);
  const Ended ended = bench_.Start(8, 40, {"--linger", "1"})->Wait();
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_TRUE(bench_.Received().empty());
  EXPECT_NE(ended.err.find("events wait, they cannot be sent: SSL certificate problem"), std::string::npos)
      << ended.err;
  EXPECT_NE(ended.err.find("4 events, 0 sent, 4 waiting, 0 dropped"), std::string::npos) << ended.err;
  // The next run, which trusts it, sends them.
  plan.events->ca_file = "ca.pem";
  bench_.Write(plan);
  const Ended after = bench_.Start(1, 40, {"--linger", "20"})->Wait();
  EXPECT_EQ(KeysOf(bench_.Received(), "key"), KeysOf(Lines(ended.out), "event")) << after.err;
}

TEST_F(AgentEventsTest, EachArrivesOnceThoughTheAgentIsKilledAndAnswersAreLost) {
  const auto receiver = bench_.StartReceiver({"--swallow", "5"});
  bench_.Write(DevicePlan("http", receiver.port));
  const std::string answers = bench_.path("answers");
  for (int round = 0; round < 3; ++round) {
    const size_t before = Lines(bench_.Read("answers")).size();
    const auto agent = bench_.Start(0, 50, {"--answers", answers});
    ASSERT_TRUE(Eventually([&] { return Lines(bench_.Read("answers")).size() > before + 20; }))
        << agent->err();
    agent->Signal(SIGKILL);
    EXPECT_EQ(agent->Wait().signal, SIGKILL);
  }
  const Ended last = bench_.Start(8, 50, {"--answers", answers, "--linger", "30"})->Wait();
  EXPECT_EQ(last.exit_code, 0) << last.err;
  EXPECT_NE(last.err.find("0 waiting, 0 dropped"), std::string::npos) << last.err;
  const auto told = KeysOf(Lines(bench_.Read("answers")), "event");
  const auto received = KeysOf(bench_.Received(), "key");
  const std::set<std::string> unique(received.begin(), received.end());
  EXPECT_EQ(unique.size(), received.size()) << "no event twice";
  EXPECT_GT(told.size(), 25U);
  // Every event of an answer that was given out is there; a kill between the two may leave an event whose
  // answer nobody saw. Of those that both know, the order is the same.
  std::vector<std::string> known;
  for (const std::string& key : received)
    if (std::ranges::find(told, key) != told.end()) known.push_back(key);
  EXPECT_EQ(known, told);
  EXPECT_LE(received.size(), told.size() + 3);
}

TEST_F(AgentEventsTest, ABacklogIsBoundedAndSaysWhatItDropped) {
  place::Plan plan = DevicePlan("http", 1);
  plan.events->max_events = 5;
  bench_.Write(plan);
  const Ended ended = bench_.Start(24, 50, {"--linger", "0"})->Wait();
  EXPECT_NE(ended.err.find("12 events, 0 sent, 5 waiting, 7 dropped"), std::string::npos) << ended.err;
  EXPECT_NE(ended.err.find("is dropped: the backlog is at its limit of 5 events"), std::string::npos);
}

TEST_F(AgentEventsTest, AFullDiskStopsNoAnswerAndLosesNoEvent) {
  const auto receiver = bench_.StartReceiver({});
  place::Plan plan = DevicePlan("http", 1);
  bench_.Write(plan);
  bench_.Start(1, 50, {"--linger", "0"})->Wait();  // the queue's file
  plan.events = bench_.Events("http", receiver.port, 8);
  // The receiver comes late: the events that do not fit wait in memory.
  receiver.program->Signal(SIGSTOP);
  bench_.Write(plan);
  const uint64_t disk = std::filesystem::file_size(bench_.path("events.sqlite")) + 4096;  // one page is left
  Background agent(bench_.Command(80, 40, {"--linger", "30"}), {}, disk);
  ASSERT_TRUE(Eventually([&] { return Lines(agent.out()).size() >= 78; })) << agent.err();
  EXPECT_NE(agent.err().find("is kept in memory, where a kill would lose it"), std::string::npos)
      << agent.err();
  receiver.program->Signal(SIGCONT);
  const Ended ended = agent.Wait();
  const auto answers = Lines(ended.out);
  EXPECT_EQ(CountBy(answers, "device"), 80);
  EXPECT_LE(std::ranges::count_if(answers, [](const json& answer) { return answer["late"] == true; }), 8);
  EXPECT_TRUE(std::ranges::any_of(
      answers, [](const json& answer) { return answer.value("event_kept", "") == "memory"; }));
  EXPECT_NE(ended.err.find("40 events, 40 sent, 0 waiting, 0 dropped"), std::string::npos) << ended.err;
  EXPECT_EQ(KeysOf(bench_.Received(), "key"), KeysOf(answers, "event"));
}

TEST_F(AgentEventsTest, AClockThatJumpsMovesNoDeadline) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the sanitizer's library wants to be loaded first";
#endif
  const auto server = TailServer::Start(Manners::kGood);
  place::Plan plan = bench_.SplitPlan(server->port());
  const auto receiver = bench_.StartReceiver({});
  plan.events = bench_.Events("http", receiver.port, 8);
  bench_.Write(plan);
  const auto agent = bench_.Start(60, 30, {"--linger", "20"}, {"LD_PRELOAD=" SHOEHORN_JUMPING_CLOCK});
  const Ended ended = agent->Wait();
  const auto answers = Lines(ended.out);
  ASSERT_EQ(answers.size(), 60U) << ended.err;
  std::set<std::string> days;
  int late = 0;
  for (const json& answer : answers) {
    late += answer["late"] == true ? 1 : 0;
    days.insert(answer["arrived"].get<std::string>().substr(0, 10));
  }
  EXPECT_GE(days.size(), 2U) << "the clock did jump";
  EXPECT_LE(late, 6) << ended.out;
  EXPECT_GE(CountBy(answers, "tail"), 55) << ended.err;
  EXPECT_EQ(KeysOf(bench_.Received(), "key"), KeysOf(answers, "event"));
}

}  // namespace
}  // namespace shoehorn::testing
