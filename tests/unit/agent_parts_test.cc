// The agent's small parts, each without a clock or a socket: the link rule, latest starts, events, answers,
// secrets.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "place/confidence.h"
#include "runtime/answer.h"
#include "runtime/link_watch.h"
#include "runtime/pace.h"
#include "runtime/secret.h"
#include "support/scratch.h"

namespace shoehorn::runtime {
namespace {

using namespace std::chrono_literals;
using Time = LinkWatch::Time;

TEST(LinkWatchTest, WithoutARuleEveryFrameAsks) {
  LinkWatch link(std::nullopt);
  link.Sent(1, Time(0s));
  link.GivenUp(1, Time(9s));
  EXPECT_TRUE(link.InTime(Time(9s), 100));
  EXPECT_FALSE(link.ProbeDue(Time(99s)));
}

TEST(LinkWatchTest, AsksWhileTheAnswerIsExpectedInTime) {
  LinkWatch link(place::LinkRule{.limit_s = 0.1, .memory_s = 1, .probe_s = 1});
  EXPECT_TRUE(link.InTime(Time(0s), 0.1)) << "nothing is known yet";
  link.Sent(1, Time(0s));
  link.Answered(1, Time(40ms));
  EXPECT_NEAR(link.Expected(Time(40ms)), 0.04, 1e-9);
  EXPECT_TRUE(link.InTime(Time(50ms), 0.05));
  EXPECT_FALSE(link.InTime(Time(50ms), 0.07));
  // One second, which is the memory, later: 1 - 1/e of the new answer.
  link.Sent(2, Time(960ms));
  link.Answered(2, Time(1040ms));
  EXPECT_NEAR(link.Expected(Time(1040ms)), 0.04 + (1 - std::exp(-1.0)) * 0.04, 1e-9);
}

TEST(LinkWatchTest, AnOpenCallThatWaitsCountsAlready) {
  LinkWatch link(place::LinkRule{.limit_s = 0.1, .memory_s = 1, .probe_s = 1});
  link.Sent(1, Time(0s));
  EXPECT_TRUE(link.InTime(Time(90ms), 0));
  EXPECT_FALSE(link.InTime(Time(110ms), 0));
  EXPECT_FALSE(link.ProbeDue(Time(5s))) << "no probe while a call is open";
}

TEST(LinkWatchTest, NoMoreCallsAtOnceThanTheRuleAllows) {
  LinkWatch link(place::LinkRule{.limit_s = 0.5, .most_open = 2});
  link.Sent(1, Time(0s));
  EXPECT_TRUE(link.InTime(Time(10ms), 0));
  link.Sent(2, Time(10ms));
  EXPECT_FALSE(link.InTime(Time(20ms), 0));
  link.Answered(1, Time(30ms));
  EXPECT_TRUE(link.InTime(Time(30ms), 0));
}

TEST(LinkWatchTest, OnlyAProbeLeadsBackToALinkThatWasGivenUp) {
  LinkWatch link(place::LinkRule{.limit_s = 0.1, .memory_s = 0.5, .probe_s = 1});
  link.Sent(1, Time(0s));
  link.GivenUp(1, Time(20ms));
  EXPECT_GT(link.Expected(Time(20ms)), 0.1) << "however short it waited";
  EXPECT_FALSE(link.InTime(Time(500ms), 0));
  EXPECT_FALSE(link.ProbeDue(Time(1s)));
  EXPECT_TRUE(link.ProbeDue(Time(1020ms)));
  link.Sent(2, Time(2s));
  link.Answered(2, Time(2020ms));
  EXPECT_TRUE(link.InTime(Time(2030ms), 0.06)) << "two seconds are four memories: the probe counts";
  const double expected = link.Expected(Time(3s));
  link.Answered(2, Time(9s));
  link.GivenUp(7, Time(9s));
  EXPECT_EQ(link.Expected(Time(9s)), expected) << "calls that are not open say nothing";
}

TEST(PaceTest, TheWorstJumpsUpAndSinksSlowly) {
  Pace pace(0.01);
  pace.See(0.05);
  EXPECT_DOUBLE_EQ(pace.worst_s(), 0.05);
  EXPECT_NEAR(pace.typical_s(), 0.014, 1e-9);
  pace.See(0.01);
  EXPECT_NEAR(pace.worst_s(), 0.048, 1e-9);
}

TEST(PaceTest, FallbacksThatFollowEachOtherStartEarlier) {
  const std::vector<Time> deadlines = {Time(100ms), Time(105ms), Time(200ms)};
  const auto starts = LatestStarts(deadlines, 0.02, 0.01);
  ASSERT_EQ(starts.size(), 3U);
  EXPECT_EQ(starts[2], Time(180ms));
  EXPECT_EQ(starts[1], Time(85ms));
  EXPECT_EQ(starts[0], Time(75ms)) << "10 ms before the next one, not 5";
  EXPECT_TRUE(LatestStarts({}, 1, 1).empty());
}

TEST(EventRuleTest, HoldsForAnElementOfItsOutput) {
  const Tensors outputs = {{"scores", ir::Tensor::Of<float>({1, 3}, {0.1F, 0.7F, -2.0F})},
                           {"count", ir::Tensor::Of<int64_t>({1}, {4})}};
  const auto holds = [&](const char* output, const char* when, double value) {
    place::EventRule rule;
    rule.output = output, rule.when = when, rule.value = value;
    return IsEvent(rule, outputs);
  };
  EXPECT_TRUE(holds("scores", "max_above", 0.6));
  EXPECT_FALSE(holds("scores", "max_above", 0.8));
  EXPECT_TRUE(holds("scores", "min_below", -1));
  EXPECT_FALSE(holds("scores", "min_below", -2));
  EXPECT_TRUE(holds("scores", "argmax_is", 1));
  EXPECT_FALSE(holds("scores", "argmax_is", 0));
  EXPECT_TRUE(holds("count", "max_above", 3));
  EXPECT_FALSE(holds("absent", "max_above", -1e9));
}

TEST(EventRuleTest, NumbersThatAreNoneMeetNoRule) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  place::EventRule rule;
  rule.output = "x", rule.when = "min_below", rule.value = 1e30;
  EXPECT_FALSE(IsEvent(rule, {{"x", ir::Tensor::Of<float>({2}, {nan, nan})}}));
  EXPECT_FALSE(IsEvent(rule, {{"x", ir::Tensor::Of<float>({0}, std::vector<float>{})}}));
  EXPECT_TRUE(IsEvent(rule, {{"x", ir::Tensor::Of<float>({2}, {nan, 1})}}));
}

TEST(ConfidenceTest, IsTheGreatestProbabilityOfTheLeastSureRow) {
  EXPECT_NEAR(place::Confidence(ir::Tensor::Of<float>({1, 2}, {0, 0})), 0.5, 1e-9);
  EXPECT_NEAR(place::Confidence(ir::Tensor::Of<float>({1, 2}, {0, 3})), 1 / (1 + std::exp(-3.0)), 1e-6);
  EXPECT_NEAR(place::Confidence(ir::Tensor::Of<float>({1, 3}, {0.2F, 0.7F, 0.1F})), 0.7, 1e-6)
      << "probabilities already";
  EXPECT_NEAR(place::Confidence(ir::Tensor::Of<float>({2, 2}, {0.9F, 0.1F, 0.6F, 0.4F})), 0.6, 1e-6);
  EXPECT_EQ(place::Confidence(ir::Tensor::Of<float>({2}, {std::numeric_limits<float>::quiet_NaN(), 1})), 0);
  EXPECT_EQ(place::Confidence(ir::Tensor()), 0);
}

TEST(AnswerTest, IsOneLineOfJson) {
  Answer answer;
  answer.frame = 7;
  answer.id = "a\xff\n.jpg";
  answer.arrived = std::chrono::system_clock::time_point(1769860800123ms);
  answer.by = By::kFallback;
  answer.why = "the link is down";
  answer.latency_s = 0.0123456;
  answer.event = "k-1", answer.event_kept = "disk";
  answer.outputs = OutputsJson({{"y", ir::Tensor::Of<float>({1, 2}, {1, 2.5})}}, false);
  const std::string line = AnswerLine(answer);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const auto json = nlohmann::json::parse(line);
  EXPECT_EQ(json["arrived"], "2026-01-31T12:00:00.123Z");
  EXPECT_EQ(json["by"], "fallback");
  EXPECT_EQ(json["latency_ms"], 12.346);
  EXPECT_EQ(json["event"], "k-1");
  EXPECT_EQ(json["id"], "a\xEF\xBF\xBD\n.jpg") << "what is no UTF-8 is replaced";
  EXPECT_EQ(json["outputs"].dump(), R"({"y":{"argmax":1,"max":2.5,"shape":[1,2],"type":"float"}})");
  EXPECT_FALSE(json.contains("wire_ms"));
  const auto values = nlohmann::json::parse(OutputsJson({{"y", ir::Tensor::Of<int64_t>({2}, {3, 4})}}, true));
  EXPECT_EQ(values["y"]["values"], (std::vector<double>{3, 4}));
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(OutputsJson({{"\"q\"", ir::Tensor::Of<float>({3}, {0.25F, infinity, -infinity})}}, true),
            R"({"\"q\"":{"type":"float","shape":[3],"argmax":1,"max":null,"values":[0.25,null,null]}})");
}

class SecretTest : public ::testing::Test {
 protected:
  std::string ErrorOf(const std::string& env, const std::string& file) const {
    const auto token = ReadToken(env, file, scratch_.path());
    return token.ok() ? "" : scratch_.Masked(token.error().Text());
  }
  testing::Scratch scratch_;
};

TEST_F(SecretTest, ComesFromAFileOrTheEnvironment) {
  scratch_.Write("token", "abc.def\r\n");
  EXPECT_EQ(*ReadToken("", "token", scratch_.path()), "abc.def");
  ::setenv("SHOEHORN_TEST_TOKEN", "xyz", 1);
  EXPECT_EQ(*ReadToken("SHOEHORN_TEST_TOKEN", "", scratch_.path()), "xyz");
  EXPECT_EQ(*ReadToken("", "", scratch_.path()), "");
}

TEST_F(SecretTest, IsNeverPartOfAMessage) {
  scratch_.Write("token", "top secret");
  EXPECT_EQ(ErrorOf("", "token"),
            "error: DIR/token: the token has characters that no header carries\n  expected: one line of "
            "visible ASCII "
            "characters without spaces");
  scratch_.Write("token", "top\nsecret: yes");
  EXPECT_EQ(ErrorOf("", "token").find("secret"), std::string::npos);
  scratch_.Write("token", "\n");
  EXPECT_EQ(ErrorOf("", "token"),
            "error: DIR/token: the token is empty\n  expected: one line of visible ASCII characters without "
            "spaces");
  ::unsetenv("SHOEHORN_TEST_TOKEN");
  EXPECT_EQ(ErrorOf("SHOEHORN_TEST_TOKEN", ""),
            "error: environment variable SHOEHORN_TEST_TOKEN: the token is not there\n  fix: set it before "
            "the agent "
            "starts");
}

}  // namespace
}  // namespace shoehorn::runtime
