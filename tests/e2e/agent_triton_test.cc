// The agent and a real Triton Inference Server: the split answers with the whole model's numbers, a server
// that goes silent or dies costs no answer, and a recorded kind of drive over a shaped link, with a kill in
// it, loses nothing.
#include <gtest/gtest.h>
#include <signal.h>

#include "formats/onnx.h"
#include "place/repository.h"
#include "servers/agent_bench.h"
#include "servers/triton.h"

namespace shoehorn::testing {
namespace {

using nlohmann::json;

TEST(AgentTritonTest, AServerThatFreezesAndDiesCostsNoAnswer) {
  if (!Triton::installed()) GTEST_SKIP() << "no Triton Inference Server: make servers brings it";
  const AgentBench bench;
  const auto triton = Triton::Start(bench.WriteTail(), "tail", bench.path("repository"));
  ASSERT_NE(triton, nullptr);
  bench.Write(bench.SplitPlan(triton->port()));
  const auto agent = bench.Start(0, 20);
  const auto answers = [&] { return Lines(agent->out()); };
  const auto last_by = [&](const char* by, size_t after) {
    return Eventually([&] {
      const auto all = answers();
      return all.size() > after + 3 && std::ranges::all_of(all.end() - 3, all.end(), [&](const json& answer) {
               return answer["by"] == by;
             });
    });
  };
  EXPECT_TRUE(last_by("tail", 10)) << agent->out() << agent->err();
  triton->program().Signal(SIGSTOP);
  EXPECT_TRUE(last_by("fallback", answers().size() + 10)) << agent->err();
  triton->program().Signal(SIGCONT);
  EXPECT_TRUE(last_by("tail", answers().size() + 5)) << agent->err();
  triton->program().Signal(SIGKILL);
  EXPECT_TRUE(last_by("fallback", answers().size() + 10)) << agent->err();
  agent->Signal(SIGTERM);
  const Ended ended = agent->Wait();
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  const auto all = Lines(ended.out);
  size_t late = 0;
  for (size_t i = 0; i < all.size(); ++i) {
    late += all[i]["late"] == true || all[i]["by"] == "none" ? 1 : 0;
    if (all[i]["by"] == "none") continue;
    EXPECT_EQ(all[i]["outputs"]["y"]["max"], 2 * (all[i]["frame"].get<int>() % AgentBench::kFrames) + 1)
        << all[i];
  }
  EXPECT_LE(late, all.size() / 10) << "more than a machine that stands still for a moment: " << ended.out;
}

TEST(AgentTritonTest, ADriveWithOutagesAndAKillLosesNothing) {
  const AgentBench bench;
  place::Plan plan = bench.SplitPlan(1);
  plan.deadline_s = 0.3;
  plan.rule = place::LinkRule{.limit_s = 0.3};
  plan.events = bench.Events("https", 1, 8);
  bench.scratch().Write("plan/plan.json", place::PlanJson(plan));
  for (const char* file : {"head.onnx", "fallback.onnx"})
    std::filesystem::copy_file(bench.path(file), bench.path("plan") / file);
  const auto tail = formats::LoadOnnx(bench.WriteTail());
  ASSERT_TRUE(tail.ok());
  ASSERT_TRUE(place::WriteRepository(**tail, {.name = plan.tail->endpoint.model, .backend = "python"},
                                     bench.path("plan/repository"))
                  .ok());
  std::string trace = "t_s,uplink_kbps,downlink_kbps,rtt_ms\n";
  for (int second = 0; second < 20; ++second) {
    const bool out = (second >= 5 && second < 9) || second == 15;
    trace += std::to_string(second) + (out ? ",0,0,\n" : ",4000,8000,\n");
  }
  bench.scratch().Write("trace.csv", trace);
  Background drive({"python3", SHOEHORN_SOURCE_DIR "/bench/agent.py", "--program", SHOEHORN_PROGRAM, "--plan",
                    bench.path("plan/plan.json"), "--frames", bench.path("frames"), "--trace",
                    bench.path("trace.csv"), "--seconds", "20", "--kills", "1", "--late-share", "0.05"});
  const Ended ended = drive.Wait(std::chrono::seconds(180));
  if (ended.exit_code == 77) GTEST_SKIP() << ended.out;
  EXPECT_EQ(ended.exit_code, 0) << ended.out << ended.err;
  EXPECT_NE(ended.out.find("\nkept\n"), std::string::npos) << ended.out;
}

}  // namespace
}  // namespace shoehorn::testing
