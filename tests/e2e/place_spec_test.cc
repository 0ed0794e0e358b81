// From a spec to a plan and on to answers: what `shoehorn place` decides, `shoehorn run` does, with a real
// server.
#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "formats/onnx.h"
#include "place/plan.h"
#include "servers/agent_bench.h"
#include "servers/counting_proxy.h"
#include "servers/triton.h"
#include "support/files.h"
#include "support/models.h"
#include "support/scratch.h"

namespace shoehorn::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;

const fs::path kData = SHOEHORN_DATA_DIR;

/// Ultraface looks at photographs; its metric compares with itself.
std::string Spec(const std::string& place) {
  return "model = \"" + (kData / "models/ultraface_rfb320_nopost.onnx").string() + R"("
precisions = "fp32"
[[input]]
name = "input"
shape = [1, 3, 240, 320]
layout = "nchw"
color = "rgb"
resize = "stretch"
mean = 127
scale = 0.0078125
[evaluation]
folder = ")" +
         (kData / "labelled/coco128/images/val2017").string() +
         "\"\nlimit = 8\n[metric]\nname = \"cosine\"\n" + place;
}

constexpr char kPlaces[] = R"([[place.site]]
name = "camera"
target = "raspberry-pi-4"
[[place.site]]
name = "cloud"
role = "cloud"
target = "nvidia-t4"
backend = "python"
price_per_hour = 0.5
)";

std::string Link(const char* rate, const char* round_trip = "5 ms") {
  return std::string("[[place.link]]\nto = \"cloud\"\nround_trip = \"") + round_trip + "\"\nuplink = \"" +
         rate + "\"\ndownlink = \"" + rate + "\"\n";
}

json Placement(const fs::path& out) { return json::parse(std::ifstream(out / "place.json")); }

class PlaceSpecRun : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(kData)) GTEST_SKIP() << "the shared data is not there";
  }
  Ended Place(const std::string& place) {
    spec_ = scratch_.Write("spec.toml", Spec(place));
    return RunProgram({"place", spec_.string(), "-o", out().string(), "--force"});
  }
  fs::path out() const { return scratch_.path() / "out"; }
  Scratch scratch_;
  fs::path spec_;
};

TEST_F(PlaceSpecRun, ASlowLinkKeepsEverythingOnTheDevice) {
  const Ended ended = Place("[place]\ndeadline = \"1 s\"\nrate = 5\npacking = [\"none\", \"int8\"]\n" +
                            std::string(kPlaces) + Link("200 kbit/s"));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("plan     all on camera\n"));
  EXPECT_THAT(ended.out, HasSubstr("(inferred)"));
  const json placement = Placement(out());
  EXPECT_EQ(placement["candidates"][placement["best"].get<size_t>()]["name"], "all on camera");
  EXPECT_TRUE(placement["wire"].empty());
  for (const json& node : placement["map"]["nodes"]) EXPECT_EQ(node["site"], "camera");
  const auto plan = place::LoadPlan(out() / "plan.json");
  ASSERT_TRUE(plan.ok()) << plan.error().Text();
  EXPECT_FALSE(plan->tail);
  EXPECT_TRUE(plan->head);
  for (const char* file : {"device.onnx", "report.html"}) EXPECT_TRUE(fs::exists(out() / file)) << file;
  EXPECT_FALSE(fs::exists(out() / "repository"));
}

TEST_F(PlaceSpecRun, APrivateInputIsSplitAndARealServerAnswers) {
  const Ended ended =
      Place("[place]\ndeadline = \"2 s\"\nrate = 5\npacking = \"int8\"\nprivate = \"input\"\n" +
            std::string(kPlaces) + Link("10 Gbit/s", "1 ms"));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const json placement = Placement(out());
  const json& best = placement["candidates"][placement["best"].get<size_t>()];
  EXPECT_EQ(best["packing"], "int8") << ended.out;
  EXPECT_THAT(best["name"].get<std::string>(), HasSubstr("cloud"));
  ASSERT_FALSE(placement["packed_accuracy"].empty());
  EXPECT_GT(placement["packed_accuracy"].back()["score"].get<double>(), 0.9);
  for (const json& tensor : placement["wire"]) EXPECT_NE(tensor["value"], "input");
  for (const json& candidate : placement["candidates"]) {
    if (candidate["name"] != "all on cloud") continue;
    EXPECT_THAT(candidate["out"].get<std::string>(), HasSubstr("'input'"));
  }

  auto plan = place::LoadPlan(out() / "plan.json");
  ASSERT_TRUE(plan.ok()) << plan.error().Text();
  ASSERT_TRUE(plan->head && plan->tail && plan->fallback);
  for (const place::Crossing& crossing : plan->tail->inputs) {
    EXPECT_EQ(crossing.packing, place::Packing::kInt8);
    EXPECT_EQ(crossing.type, ir::DataType::kUint8);
  }
  EXPECT_TRUE(fs::exists(out() / "kserve.yaml"));
  if (!Triton::installed()) GTEST_SKIP() << "no Triton Inference Server: make servers brings it";
  const auto triton = Triton::Serve(out() / "repository");
  ASSERT_NE(triton, nullptr);
  plan->tail->endpoint.address = "127.0.0.1:" + std::to_string(triton->port());
  ASSERT_TRUE(WriteAtomically(out() / "plan.json", place::PlanJson(*plan)).ok());
  const Ended run =
      RunProgram({"run", (out() / "plan.json").string(), "--frames",
                  (kData / "labelled/coco128/images/val2017").string(), "--count", "6", "--rate", "2"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto answers = Lines(run.out);
  ASSERT_EQ(answers.size(), 6u);
  EXPECT_GE(CountBy(answers, "tail"), 4) << run.out << run.err;
  for (const json& answer : answers) EXPECT_EQ(answer["late"], false) << answer;
}

TEST_F(PlaceSpecRun, OnlyWhatTheSpecNamesIsChosen) {
  const std::string head = "[place]\ndeadline = \"1 s\"\nrate = 5\n";
  const std::string rest = std::string(kPlaces) + Link("200 kbit/s");
  Ended ended = Place(head + "only = \"all on cloud\"\n" + rest);
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const json placement = Placement(out());
  EXPECT_EQ(placement["candidates"][placement["best"].get<size_t>()]["cut"], "all on cloud");
  EXPECT_EQ(placement["candidates"][0]["out"], "place.only leaves it out");
  EXPECT_TRUE(fs::exists(out() / "repository"));

  ended = Place(head + "only = \"all on clout\"\n" + rest);
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_EQ(
      scratch_.Masked(ended.err),
      "error: DIR/spec.toml: place.only: no choice is called 'all on clout'\n"
      "  expected: a `cut` or `name` of the candidates in place.json\n  fix: did you mean 'all on cloud'?\n");
}

TEST_F(PlaceSpecRun, CompressionIsChosenWhereItPaysAndFewerBytesCross) {
  std::string places = kPlaces;  // a microcontroller, which takes 0.4 s
  places.replace(places.find("raspberry-pi-4"), 14, "stm32h747");
  const auto spec = [&](const char* rate) {
    return "[place]\ndeadline = \"2 s\"\nrate = 2\ncompress = true\n"
           "only = [\"all on cloud\", \"all on cloud (gzip)\"]\n" +
           places + Link(rate);
  };
  Ended ended = Place(spec("10 Gbit/s"));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("crossing 'input' as it is\n")) << "time is dearer than bytes";
  auto plan = place::LoadPlan(out() / "plan.json");
  ASSERT_TRUE(plan.ok() && plan->tail);
  EXPECT_FALSE(plan->tail->compress);

  ended = Place(spec("20 Mbit/s"));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("plan     all on cloud (gzip)"));
  EXPECT_THAT(ended.out, HasSubstr("crossing 'input' as it is, by gzip "));
  EXPECT_THAT(ended.out, HasSubstr("warning  camera: the time that gzip takes"));
  const json placement = Placement(out());
  const json& best = placement["candidates"][placement["best"].get<size_t>()];
  EXPECT_EQ(best["compress"], true);
  EXPECT_EQ(placement["compression"]["samples"], 4);
  EXPECT_GT(placement["compression"]["tensors"], 10);
  const double packed = placement["wire"][0]["packed_bytes"], expected = placement["wire"][0]["bytes"];
  EXPECT_EQ(packed, 3 * 240 * 320 * 4);
  EXPECT_LT(expected, 0.6 * packed) << "256 different numbers in 32 bits";
  EXPECT_EQ(best["up_bytes"], expected);
  EXPECT_GT(best["head_s"], 0);

  plan = place::LoadPlan(out() / "plan.json");
  ASSERT_TRUE(plan.ok() && plan->tail) << ended.out;
  EXPECT_TRUE(plan->tail->compress);
  if (!Triton::installed()) GTEST_SKIP() << "no Triton Inference Server: make servers brings it";
  const auto triton = Triton::Serve(out() / "repository");
  ASSERT_NE(triton, nullptr);
  plan->rule.reset();
  constexpr int kFrames = 8;
  std::vector<json> outputs[2];
  for (const bool compress : {false, true}) {
    const CountingProxy proxy(triton->port());
    plan->tail->endpoint.address = "127.0.0.1:" + std::to_string(proxy.port());
    plan->tail->compress = compress;
    ASSERT_TRUE(WriteAtomically(out() / "plan.json", place::PlanJson(*plan)).ok());
    const Ended run = RunProgram({"run", (out() / "plan.json").string(), "--frames",
                                  (kData / "labelled/coco128/images/val2017").string(), "--count",
                                  std::to_string(kFrames), "--rate", "2"});
    ASSERT_EQ(run.exit_code, 0) << run.err;
    const auto answers = Lines(run.out);
    const int by_tail = CountBy(answers, "tail");
    ASSERT_GE(by_tail, kFrames - 2) << run.out << run.err;
    const double crossed = static_cast<double>(proxy.up_bytes()) / by_tail;
    EXPECT_NEAR(crossed, compress ? expected : packed, 0.4 * (compress ? expected : packed));
    for (const json& answer : answers)
      outputs[compress].push_back(answer["by"] == "tail" ? answer["outputs"] : json());
  }
  for (size_t i = 0; i < kFrames; ++i) {
    if (outputs[0][i].is_null() || outputs[1][i].is_null()) continue;
    EXPECT_EQ(outputs[0][i], outputs[1][i]) << i;
  }
}

TEST_F(PlaceSpecRun, LimitsThatNobodyMeetsAreNamed) {
  const Ended ended = Place("[place]\ndeadline = \"1 s\"\nrate = 5\n" + std::string(kPlaces) +
                            Link("200 kbit/s") + "[place.limits]\nresponse_p50 = \"1 ms\"\n");
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.err, HasSubstr("p50"));
  EXPECT_FALSE(fs::exists(out()));
}

TEST_F(PlaceSpecRun, APrivateValueThatIsNotThereIsSuggested) {
  const Ended ended = Place("[place]\ndeadline = \"1 s\"\nrate = 5\nprivate = \"inputt\"\n" +
                            std::string(kPlaces) + Link("200 kbit/s"));
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_EQ(scratch_.Masked(ended.err),
            "error: DIR/spec.toml: place.private: the simplified model has no value 'inputt'\n"
            "  expected: an input of the model or the output of a node that simplification keeps\n"
            "  fix: did you mean 'input'?\n");
}

TEST_F(PlaceSpecRun, ASpecWantsAFolder) {
  spec_ = scratch_.Write("spec.toml", Spec(""));
  const Ended ended = RunProgram({"place", spec_.string()});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_EQ(ended.err,
            "error: -o: a spec is placed into a folder, and none is given\n  expected: -o FOLDER\n");
}

}  // namespace
}  // namespace shoehorn::testing
