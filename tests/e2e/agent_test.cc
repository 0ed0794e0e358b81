// The agent against servers that answer well, wrongly, with errors, with garbage and not at all: every frame
// is answered once and in time, with the right numbers, and the reason is said.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "servers/agent_bench.h"
#include "servers/tail_server.h"

namespace shoehorn::testing {
namespace {

using nlohmann::json;

/// Frame i of the folder has y = 2 i + 1, whoever answered.
void ExpectRight(const std::vector<json>& answers) {
  for (const json& answer : answers) {
    if (answer["by"] == "none") continue;
    const int number = answer["frame"].get<int>() % AgentBench::kFrames;
    EXPECT_EQ(answer["outputs"]["y"]["max"], 2 * number + 1) << answer;
    EXPECT_EQ(answer["id"], std::to_string(number) + ".bin");
  }
}

/// One in ten may be late: the machine that runs tests may stand still for longer than any margin.
void ExpectEachOnceInTime(const std::vector<json>& answers, int count) {
  std::vector<int> seen(static_cast<size_t>(count), 0);
  std::string late;
  for (const json& answer : answers) {
    ++seen.at(answer["frame"].get<size_t>());
    if (answer["late"] == true) late += answer.dump() + "\n";
  }
  ASSERT_EQ(seen, std::vector<int>(static_cast<size_t>(count), 1));
  EXPECT_LE(std::ranges::count(late, '\n'), count / 10) << late;
}

TEST(AgentTest, TheTailAnswers) {
  const AgentBench bench;
  const auto server = TailServer::Start(Manners::kGood);
  bench.Write(bench.SplitPlan(server->port()));
  const Ended ended = bench.Start(24, 50)->Wait();
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  const auto answers = Lines(ended.out);
  ExpectEachOnceInTime(answers, 24);
  ExpectRight(answers);
  EXPECT_GE(CountBy(answers, "tail"), 22) << ended.out << ended.err;
  EXPECT_NE(ended.err.find("24 frames: "), std::string::npos) << ended.err;
}

TEST(AgentTest, AnswersElementByElementAreRead) {
  const AgentBench bench;
  const auto server = TailServer::Start(Manners::kTyped);
  bench.Write(bench.SplitPlan(server->port()));
  const Ended ended = bench.Start(10, 50)->Wait();
  const auto answers = Lines(ended.out);
  ExpectRight(answers);
  EXPECT_GE(CountBy(answers, "tail"), 8) << ended.out << ended.err;
}

struct Misbehaviour {
  Manners manners;
  const char* why;
};

class AgentMisbehaviourTest : public ::testing::TestWithParam<Misbehaviour> {};

TEST_P(AgentMisbehaviourTest, TheFallbackAnswersInTime) {
  const AgentBench bench;
  const auto server = TailServer::Start(GetParam().manners);
  bench.Write(bench.SplitPlan(server->port()));
  const Ended ended = bench.Start(12, 20)->Wait();
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  const auto answers = Lines(ended.out);
  ExpectEachOnceInTime(answers, 12);
  ExpectRight(answers);
  EXPECT_GE(CountBy(answers, "fallback"), 11) << ended.out;
  EXPECT_GT(server->calls(), 0);
  EXPECT_TRUE(std::ranges::any_of(answers, [](const json& answer) {
    return answer["why"].get<std::string>().find(GetParam().why) != std::string::npos;
  })) << ended.out;
  // The server's words start no line of the log.
  EXPECT_EQ(ended.err.find("\nframe 0"), std::string::npos) << ended.err;
}

INSTANTIATE_TEST_SUITE_P(
    Servers, AgentMisbehaviourTest,
    ::testing::Values(Misbehaviour{Manners::kWrongShape, "output 'y': float[1,5], expected float[1,4]"},
                      Misbehaviour{Manners::kHugeShape, "expected float[1,4]"},
                      Misbehaviour{Manners::kWrongType, "output 'y': element type 'INT32', expected FP32"},
                      Misbehaviour{Manners::kOtherName, "output 'y': it is missing"},
                      Misbehaviour{Manners::kNoBytes, "output 'y': 0 bytes, expected 16"},
                      Misbehaviour{Manners::kShortBytes, "output 'y': 12 bytes, expected 16"},
                      Misbehaviour{Manners::kRefuses, "refused: code 13: broken\\x0aframe 0: all is well"},
                      Misbehaviour{Manners::kGarbage, "wrong answer: "},
                      Misbehaviour{Manners::kNeverAnswers, "the tail did not answer in time"},
                      Misbehaviour{Manners::kNoGrpc, "the link is down"}),
    [](const auto& tested) { return NameOf(tested.param.manners); });

TEST(AgentTest, SpeaksTlsToAServerThatItTrustsWithAToken) {
  const AgentBench bench;
  if (!bench.MakeCertificates()) GTEST_SKIP() << "no openssl to make certificates with";
  const std::string token = "s3cret-token-of-the-tail";
  const auto server =
      TailServer::Start(Manners::kGood, bench.Read("server.pem"), bench.Read("server.key"), token);
  place::Plan plan = bench.SplitPlan(server->port());
  plan.tail->endpoint.tls = true;
  plan.tail->endpoint.ca_file = "ca.pem";
  plan.tail->endpoint.token_file = "token";
  bench.scratch().Write("token", token + "\n");
  bench.Write(plan);
  const Ended right = bench.Start(12, 20)->Wait();
  EXPECT_GE(CountBy(Lines(right.out), "tail"), 10) << right.out << right.err;
  EXPECT_EQ((right.out + right.err).find(token), std::string::npos);

  bench.scratch().Write("token", "another");
  const Ended refused = bench.Start(8, 20)->Wait();
  EXPECT_EQ(CountBy(Lines(refused.out), "fallback"), 8);
  EXPECT_NE(refused.err.find("the tail is refused: code 16: no token, or another"), std::string::npos)
      << refused.err;

  plan.tail->endpoint.ca_file = "another.pem";
  bench.Write(plan);
  const int before = server->calls();
  const Ended distrusted = bench.Start(8, 20)->Wait();
  EXPECT_EQ(CountBy(Lines(distrusted.out), "fallback"), 8);
  EXPECT_EQ(server->calls(), before) << "nothing is asked of a server whose certificate is not trusted";
}

TEST(AgentTest, NobodyListens) {
  const AgentBench bench;
  bench.Write(bench.SplitPlan(1));
  const Ended ended = bench.Start(12, 20)->Wait();
  const auto answers = Lines(ended.out);
  ExpectEachOnceInTime(answers, 12);
  EXPECT_EQ(CountBy(answers, "fallback"), 12);
  EXPECT_EQ(answers.back()["why"], "the link is down");
}

TEST(AgentTest, WithoutAFallbackEachFrameIsToldThatNobodyAnswers) {
  const AgentBench bench;
  const auto server = TailServer::Start(Manners::kNeverAnswers);
  place::Plan plan = bench.SplitPlan(server->port());
  plan.fallback.reset();
  plan.deadline_s = 0.2;
  bench.Write(plan);
  const Ended ended = bench.Start(6, 20)->Wait();
  const auto answers = Lines(ended.out);
  ASSERT_EQ(answers.size(), 6U);
  EXPECT_EQ(CountBy(answers, "none"), 6) << ended.out;
  EXPECT_EQ(answers.back()["outputs"], json::object());
}

TEST(AgentTest, ADeviceThatAnswersAloneNeedsNoServer) {
  const AgentBench bench;
  place::Plan plan = bench.SplitPlan(1);
  plan.head = std::move(plan.fallback);
  plan.fallback.reset(), plan.tail.reset();
  bench.Write(plan);
  const Ended ended = bench.Start(12, 50)->Wait();
  const auto answers = Lines(ended.out);
  EXPECT_EQ(CountBy(answers, "device"), 12) << ended.out << ended.err;
  ExpectRight(answers);
}

TEST(AgentTest, ACascadeKeepsWhatTheDeviceIsSureOf) {
  const AgentBench bench;
  const auto server = TailServer::Start(Manners::kGood);
  place::Plan plan = bench.SplitPlan(server->port());
  plan.cascade = {"y", 0.5};  // four equal scores: a confidence of 0.25
  bench.Write(plan);
  EXPECT_GE(CountBy(Lines(bench.Start(8, 50)->Wait().out), "tail"), 7);
  plan.cascade = {"y", 0.2};
  bench.Write(plan);
  const auto answers = Lines(bench.Start(8, 50)->Wait().out);
  EXPECT_EQ(CountBy(answers, "device"), 8);
  ExpectRight(answers);
}

TEST(AgentTest, TheRuleKeepsOffALinkThatDoesNotAnswerInTime) {
  const AgentBench bench;
  const auto server = TailServer::Start(Manners::kNeverAnswers);
  place::Plan plan = bench.SplitPlan(server->port());
  plan.rule = place::LinkRule{.limit_s = 0.2, .memory_s = 0.5, .probe_s = 30};
  bench.Write(plan);
  const Ended ended = bench.Start(40, 20)->Wait();
  const auto answers = Lines(ended.out);
  ExpectEachOnceInTime(answers, 40);
  EXPECT_GE(CountBy(answers, "fallback"), 36);
  EXPECT_LE(server->calls(), 8) << "a probe every 30 s, and those that left before anything was known";
  EXPECT_EQ(answers.back()["why"].get<std::string>().substr(0, 29), "the tail is expected to take ")
      << answers.back();
}

TEST(AgentTest, FramesComeThroughAPipe) {
  const AgentBench bench;
  const auto server = TailServer::Start(Manners::kGood);
  bench.Write(bench.SplitPlan(server->port()));
  const std::string plan = bench.path("plan.json"), frames = bench.path("frames");
  const Background whole({"sh", "-c",
                          "cat " + frames + "/*.bin | " SHOEHORN_PROGRAM " run " + plan +
                              " --frames - --rate 50 > " + bench.path("answers").string()});
  ASSERT_TRUE(Eventually([&] { return Lines(bench.Read("answers")).size() == AgentBench::kFrames; }));
  for (const json& answer : Lines(bench.Read("answers")))
    EXPECT_EQ(answer["outputs"]["y"]["max"], 2 * answer["frame"].get<int>() + 1);
  Background torn(
      {"sh", "-c", "head -c 21 " + frames + "/1.bin | " SHOEHORN_PROGRAM " run " + plan + " --frames -"});
  const Ended cut = torn.Wait();
  EXPECT_EQ(cut.exit_code, 0) << "16 bytes are one frame: " << cut.err;
  Background half(
      {"sh", "-c", "head -c 9 " + frames + "/1.bin | " SHOEHORN_PROGRAM " run " + plan + " --frames -"});
  const Ended ended = half.Wait();
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_NE(
      ended.err.find(
          "error: standard input: it ends after 9 bytes of a frame\n  expected: 16 bytes for each frame"),
      std::string::npos)
      << ended.err;
}

/// What http://127.0.0.1:`port``path` answers.
std::string Get(int port, const std::string& path) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  std::string answer;
  if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    const std::string request = "GET " + path + " HTTP/1.0\r\n\r\n";
    static_cast<void>(::send(socket, request.data(), request.size(), MSG_NOSIGNAL));
    char piece[4096];
    for (ssize_t got = 0; (got = ::recv(socket, piece, sizeof piece, 0)) > 0;)
      answer.append(piece, static_cast<size_t>(got));
  }
  ::close(socket);
  return answer;
}

TEST(AgentTest, CountsForPrometheusOnALocalPort) {
  const AgentBench bench;
  const auto server = TailServer::Start(Manners::kWrongShape);
  bench.Write(bench.SplitPlan(server->port()));
  const auto agent = bench.Start(0, 50, {"--metrics", "0"});
  ASSERT_TRUE(Eventually([&] { return Lines(agent->out()).size() >= 20; })) << agent->err();
  const std::string log = agent->err(), before = "metrics at http://127.0.0.1:";
  ASSERT_NE(log.find(before), std::string::npos) << log;
  const int port = std::stoi(log.substr(log.find(before) + before.size()));
  const std::string text = Get(port, "/metrics");
  const auto value_of = [&](const std::string& name) {
    const size_t at = text.find("\n" + name + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
  };
  EXPECT_GE(value_of("shoehorn_answers_total{by=\"fallback\"}"), 19) << text;
  EXPECT_EQ(value_of("shoehorn_answers_total{by=\"tail\"}"), 0);
  EXPECT_GE(value_of("shoehorn_tail_faults_total{kind=\"wrong answer\"}"), 15);
  EXPECT_GE(value_of("shoehorn_latency_seconds_count"), 19);
  EXPECT_EQ(value_of("shoehorn_events_waiting"), 0);
  EXPECT_EQ(value_of("shoehorn_link_up"), 1);
  agent->Signal(SIGTERM);
  EXPECT_EQ(agent->Wait().exit_code, 0);

  const auto first = bench.Start(0, 50, {"--metrics", "0"});
  ASSERT_TRUE(Eventually([&] { return first->err().find(before) != std::string::npos; }));
  const std::string taken =
      std::to_string(std::stoi(first->err().substr(first->err().find(before) + before.size())));
  const Ended second = bench.Start(1, 50, {"--metrics", taken})->Wait();
  EXPECT_EQ(second.exit_code, 2);
  EXPECT_EQ(second.err, "error: --metrics " + taken + ": cannot listen on 127.0.0.1:" + taken +
                            "\n  fix: name another port, or 0 for a free one\n");
}

TEST(AgentTest, AFrameThatCannotBeReadIsSaidAndTheNextOneComes) {
  const AgentBench bench;
  bench.scratch().Write("frames/3.bin", "short");
  place::Plan plan = bench.SplitPlan(1);
  bench.Write(plan);
  const auto answers = Lines(bench.Start(8, 50)->Wait().out);
  ExpectEachOnceInTime(answers, 8);
  EXPECT_EQ(CountBy(answers, "none"), 1);
  EXPECT_EQ(CountBy(answers, "fallback"), 7);
}

TEST(AgentTest, RefusesWhatIsWrongBeforeTheFirstFrame) {
  const AgentBench bench;
  const auto error_of = [&](const place::Plan& plan) {
    bench.Write(plan);
    const Ended ended = bench.Start(1, 50)->Wait();
    EXPECT_EQ(ended.exit_code, 2) << ended.err;
    EXPECT_EQ(ended.out, "");
    return bench.scratch().Masked(ended.err);
  };
  place::Plan plan = bench.SplitPlan(1);
  plan.head->model.hash = "xxh3:0123456789abcdef";
  EXPECT_EQ(error_of(plan),
            "error: DIR/head.onnx: the file has the hash " + *place::HashModel(bench.path("head.onnx")) +
                ", so the plan was made for another model\n  expected: xxh3:0123456789abcdef\n  fix: run "
                "'shoehorn place' again, or bring the files that it wrote beside the plan\n");
  plan = bench.SplitPlan(1);
  plan.tail->inputs[0].name = "g";
  EXPECT_EQ(error_of(plan),
            "error: DIR/plan.json: tail.inputs: 'g' is no output of the head, and no input of the model\n");
  plan = bench.SplitPlan(1);
  plan.events = bench.Events("https", 1, 0);
  plan.events->output = "z";
  EXPECT_EQ(error_of(plan), "error: DIR/plan.json: events.output: 'z' is no output of the fallback\n");
  plan = bench.SplitPlan(1);
  plan.tail->endpoint.token_file = "token";
  EXPECT_TRUE(error_of(plan).starts_with("error: DIR/token: ")) << error_of(plan);
  plan = bench.SplitPlan(1);
  plan.inputs[0].shape = {1, 5};
  EXPECT_NE(error_of(plan).find("float[1,4]"), std::string::npos) << error_of(plan);
}

}  // namespace
}  // namespace shoehorn::testing
