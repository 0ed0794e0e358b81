// A small model on the device, a large one elsewhere: `shoehorn place` chooses the threshold on labelled
// words, and `shoehorn run` asks a real server for the unsure ones. Large is DS-CNN of MLPerf Tiny; small is
// the same with weights of four bits, which is wrong more often and less sure of itself.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "data/npy.h"
#include "data/samples.h"
#include "formats/onnx.h"
#include "place/plan.h"
#include "servers/agent_bench.h"
#include "servers/triton.h"
#include "support/files.h"
#include "support/scratch.h"

namespace shoehorn::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;

const fs::path kData = SHOEHORN_DATA_DIR;
const fs::path kLarge = kData / "models/mlperf_kws01_dscnn.onnx";
const fs::path kWords = kData / "labelled/mlperf_kws01";
constexpr size_t kCount = 200;

/// Each weight of a convolution or a matrix rounded to one of 2 * `steps` + 1 values.
void Weaken(ir::Model& model, double steps) {
  std::vector<ir::Value*> weights;
  for (const auto& value : model.graph->values())
    if (value->initializer() != nullptr && value->initializer()->type() == ir::DataType::kFloat &&
        value->initializer()->rank() >= 2)
      weights.push_back(value.get());
  ASSERT_FALSE(weights.empty());
  for (ir::Value* value : weights) {
    const auto old = value->initializer()->As<float>();
    double most = 0;
    for (const float weight : old) most = std::max(most, std::fabs(static_cast<double>(weight)));
    std::vector<float> rounded;
    for (const float weight : old)
      rounded.push_back(static_cast<float>(std::nearbyint(weight / most * steps) * most / steps));
    model.graph->SetConstant(*value, ir::Tensor::Of(value->initializer()->dims(), rounded));
  }
}

class PlaceCascade : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(kData)) GTEST_SKIP() << "the shared data is not there";
    auto model = formats::LoadOnnx(kLarge);
    ASSERT_TRUE(model.ok()) << model.error().Text();
    output_ = (*model)->graph->outputs().front()->name();
    input_ = (*model)->graph->inputs().front()->name();
    Weaken(**model, 8);
    ASSERT_TRUE(formats::SaveOnnx(**model, small()).ok());
    WriteWords();
  }

  /// The words as the model gets them, so that the agent reads the same files as the evaluation.
  void WriteWords() {
    const data::SamplesSpec spec{.format = data::SampleFormat::kRaw,
                                 .folder = kWords,
                                 .labels = data::LabelFormat::kCsv,
                                 .labels_path = kWords / "y_labels.csv",
                                 .csv_file_column = "1",
                                 .csv_label_column = "3",
                                 .raw_type = ir::DataType::kInt8,
                                 .limit = kCount};
    const data::InputSpec input{
        .name = input_, .shape = {1, 1, 49, 10}, .mean = {83}, .scale = {0.5847029089927673}};
    const auto samples = data::OpenSamples(spec, {input});
    ASSERT_TRUE(samples.ok()) << samples.error().Text();
    std::string labels = "file,label\n";
    for (size_t i = 0; i < (*samples)->size(); ++i) {
      const auto sample = (*samples)->Load(i);
      ASSERT_TRUE(sample.ok()) << sample.error().Text();
      const std::string name = fmt::format("{:04}.npy", i);
      scratch_.Write("words/" + name, data::FormatNpy(sample->inputs.front()));
      labels += name + "," + sample->label.text + "\n";
    }
    scratch_.Write("labels.csv", labels);
  }

  std::string Spec(const std::string& place, const fs::path& large = kLarge,
                   const std::string& metric = "name = \"top_k\"") const {
    return "model = \"small.onnx\"\nprecisions = \"fp32\"\n[[input]]\nname = \"" + input_ +
           "\"\nshape = [1, 1, 49, 10]\n[evaluation]\nformat = \"npy\"\nfolder = \"words\"\nlabels = "
           "\"csv\"\n"
           "labels_path = \"labels.csv\"\n[metric]\n" +
           metric +
           "\n[place]\ndeadline = \"1 s\"\nrate = 5\ngoal = \"bytes\"\n"
           "[[place.site]]\nname = \"camera\"\ntarget = \"raspberry-pi-4\"\n"
           "[[place.site]]\nname = \"cloud\"\nrole = \"cloud\"\ntarget = \"nvidia-t4\"\nbackend = "
           "\"python\"\n"
           "model = \"" +
           large.string() +
           "\"\n[[place.link]]\nto = \"cloud\"\nround_trip = \"5 ms\"\nuplink = \"20 Mbit/s\"\n"
           "downlink = \"20 Mbit/s\"\n" +
           place;
  }
  Ended Place(const std::string& spec) const {
    return RunProgram({"place", scratch_.Write("spec.toml", spec).string(), "-o", out().string(), "--force"});
  }
  std::string Error(const std::string& spec) const {
    const Ended ended = Place(spec);
    EXPECT_EQ(ended.exit_code, 2) << ended.out;
    return scratch_.Masked(ended.err);
  }
  /// The large model after `change`, in a file of its own.
  template <typename Change>
  fs::path Changed(const Change& change) const {
    auto model = formats::LoadOnnx(kLarge);
    EXPECT_TRUE(model.ok());
    change(*(*model)->graph);
    EXPECT_TRUE(formats::SaveOnnx(**model, scratch_.path() / "large.onnx").ok());
    return scratch_.path() / "large.onnx";
  }
  json Placement() const { return json::parse(std::ifstream(out() / "place.json")); }
  fs::path out() const { return scratch_.path() / "out"; }
  fs::path small() const { return scratch_.path() / "small.onnx"; }

  Scratch scratch_;
  std::string input_, output_;
};

TEST_F(PlaceCascade, AsksARealServerForTheUnsureWords) {
  const Ended ended = Place(
      Spec("[place.limits]\naccuracy_drop = \"1 point\"\n[place.cascade]\noutput = \"" + output_ + "\"\n"));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const json placement = Placement();
  const json& best = placement["candidates"][placement["best"].get<size_t>()];
  EXPECT_THAT(best["name"].get<std::string>(), HasSubstr("camera first, cloud below a confidence of "))
      << ended.out;
  const json& cascade = placement["cascades"].at(0);
  EXPECT_EQ(cascade["site"], "cloud");
  EXPECT_EQ(cascade["basis"], fmt::format("{} evaluation samples", kCount));
  const double small = cascade["device_accuracy"], large = cascade["tail_accuracy"];
  EXPECT_LT(small, large - 0.01);
  EXPECT_EQ(placement["best_accuracy"], large);
  EXPECT_EQ(placement["sites"][1]["accuracy"], large);
  // The chosen threshold is one of those offered; it keeps the limit and asks for less than everything.
  const double threshold = best["threshold"];
  const auto chosen = std::ranges::find_if(cascade["thresholds"],
                                           [&](const json& each) { return each["threshold"] == threshold; });
  ASSERT_NE(chosen, cascade["thresholds"].end());
  EXPECT_GE((*chosen)["accuracy"].get<double>(), large - 0.01 - 1e-9);
  const double share = (*chosen)["asked_share"];
  EXPECT_GT(share, 0.1);
  EXPECT_LT(share, 0.6);
  EXPECT_NEAR(best["mean"]["accuracy"].get<double>(), (*chosen)["accuracy"].get<double>(), 1e-9);
  EXPECT_THAT(ended.out,
              HasSubstr(fmt::format("cascade  {} evaluation samples: camera alone scores ", kCount)));
  EXPECT_THAT(ended.out, HasSubstr("chosen: below "));
  EXPECT_THAT(ended.out, HasSubstr("mlperf_kws01_dscnn.onnx: 22 operators on "));
  for (const json& node : placement["map"]["nodes"]) EXPECT_EQ(node["site"], "camera");

  auto plan = place::LoadPlan(out() / "plan.json");
  ASSERT_TRUE(plan.ok()) << plan.error().Text();
  ASSERT_TRUE(plan->cascade && plan->fallback && plan->tail);
  EXPECT_FALSE(plan->head);
  EXPECT_EQ(plan->cascade->output, output_);
  EXPECT_EQ(plan->cascade->threshold, threshold);
  EXPECT_EQ(plan->tail->endpoint.model, "mlperf_kws01_dscnn");
  EXPECT_TRUE(fs::exists(out() / "repository/mlperf_kws01_dscnn/1/model.onnx"));

  if (!Triton::installed()) GTEST_SKIP() << "no Triton Inference Server: make servers brings it";
  const auto triton = Triton::Serve(out() / "repository");
  ASSERT_NE(triton, nullptr);
  plan->tail->endpoint.address = "127.0.0.1:" + std::to_string(triton->port());
  plan->rule.reset();  // a first call that is slow must not close the tail to the next ones
  plan->deadline_s = 3;
  ASSERT_TRUE(WriteAtomically(out() / "plan.json", place::PlanJson(*plan)).ok());
  constexpr int kAsked = 60;
  const Ended run =
      RunProgram({"run", (out() / "plan.json").string(), "--frames", (scratch_.path() / "words").string(),
                  "--format", "npy", "--count", std::to_string(kAsked), "--rate", "10"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto answers = Lines(run.out);
  ASSERT_EQ(answers.size(), static_cast<size_t>(kAsked));
  // Sure frames are answered by the device at the threshold or above, unsure ones by the large model.
  const int by_device = CountBy(answers, "device"), by_tail = CountBy(answers, "tail");
  EXPECT_GT(by_device, 0) << run.out << run.err;
  EXPECT_GT(by_tail, 0) << run.out << run.err;
  EXPECT_GE(by_device + by_tail, kAsked - 2) << "the first call may be slow\n" << run.err;
  EXPECT_NEAR(static_cast<double>(by_tail) / kAsked, share, 0.2) << "the first words stand for all of them";
  for (const json& answer : answers) {
    const double most = answer["outputs"][output_]["max"];
    if (answer["by"] == "device") {
      EXPECT_GE(most, threshold) << answer;
    }
  }
}

TEST_F(PlaceCascade, AGivenThresholdIsKept) {
  const Ended ended = Place(Spec("[place.cascade]\nthreshold = 0.9\noutput = \"" + output_ + "\"\n"));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const json placement = Placement();
  const json& cascade = placement["cascades"].at(0);
  EXPECT_TRUE(cascade["given"]);
  ASSERT_EQ(cascade["thresholds"].size(), 1u);
  EXPECT_EQ(cascade["thresholds"][0]["threshold"], 0.9);
  EXPECT_EQ(cascade["thresholds"][0]["accuracy"], cascade["thresholds"][0]["held_out_accuracy"]);
  EXPECT_THAT(ended.out, HasSubstr("(the threshold is the spec's)"));
  // Nothing asks for accuracy, so that the device alone sends the fewest bytes.
  EXPECT_THAT(ended.out, HasSubstr("plan     all on camera\n"));
}

TEST_F(PlaceCascade, AServiceIsJudgedByItsOwnSamples) {
  std::string spec =
      Spec("[place.limits]\naccuracy_drop = 0\n[place.cascade]\noutput = \"" + output_ + "\"\n");
  const size_t site = spec.find("[[place.site]]\nname = \"cloud\""), link = spec.find("[[place.link]]");
  spec.replace(
      site, link - site,
      "[[place.site]]\nname = \"cloud\"\nrole = \"service\"\nlatency = \"50 ms\"\naccuracy = 0.98\n"
      "price_per_call = 0.001\nserver = \"ai.example.org:443\"\ntls = true\nsamples = \"both.csv\"\n");
  // The device is wrong on the ten of fifty that it is least sure of.
  std::string samples = "confidence,device_score,tail_score\n";
  for (int i = 0; i < 50; ++i) samples += fmt::format("{},{},1\n", 0.5 + 0.01 * i, i < 10 ? 0 : 1);
  scratch_.Write("both.csv", samples);
  const Ended ended = Place(spec);
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const json placement = Placement(), cascade = placement["cascades"].at(0);
  EXPECT_EQ(cascade["basis"], "50 samples of both.csv");
  EXPECT_EQ(cascade["device_accuracy"], 0.8);
  EXPECT_EQ(cascade["thresholds"][0]["asked_share"], 0.2);
  EXPECT_EQ(cascade["thresholds"][0]["accuracy"], 1);
  EXPECT_EQ(placement["sites"][1]["accuracy"], 0.98);
  EXPECT_EQ(placement["best_accuracy"], 1);
  EXPECT_THAT(ended.out, HasSubstr("plan     camera first, cloud below a confidence of 0.600"));
  EXPECT_THAT(placement["warnings"].dump(),
              HasSubstr("the cascade is judged by 50 samples of both.csv only"));
  EXPECT_THAT(placement["warnings"].dump(), HasSubstr("the device's model scores 0.800 in both.csv and "));
  const auto plan = place::LoadPlan(out() / "plan.json");
  ASSERT_TRUE(plan.ok()) << plan.error().Text();
  EXPECT_DOUBLE_EQ(plan->cascade.value().threshold, 0.6);
  EXPECT_EQ(plan->tail.value().endpoint.address, "ai.example.org:443");
  EXPECT_FALSE(fs::exists(out() / "repository")) << "a service hosts its model itself";

  scratch_.Write("both.csv", "confidence,device_score,tail_score\n");
  EXPECT_EQ(Error(spec),
            "error: DIR/both.csv: no sample\n"
            "  expected: a row for each labelled sample that both models answered\n");
}

TEST_F(PlaceCascade, SaysWhatDoesNotFit) {
  const std::string cascade = "[place.cascade]\noutput = \"" + output_ + "\"\n";
  EXPECT_EQ(Error(Spec("[place.cascade]\noutput = \"" + output_ + "x\"\n")),
            "error: DIR/spec.toml: place.cascade.output: the model has no output '" + output_ +
                "x'\n  expected: one of " + output_ + "\n  fix: did you mean '" + output_ + "'?\n");
  EXPECT_EQ(
      Error(Spec(cascade, kLarge, "name = \"cosine\"")),
      "error: DIR/spec.toml: metric.name: cosine compares with the outputs of the spec's own model\n"
      "  expected: a metric that looks at labels, by which the model of the place 'cloud' can be better or "
      "worse\n");
  const fs::path renamed = Changed([&](ir::Graph& graph) { graph.Rename(*graph.inputs().front(), "sound"); });
  EXPECT_EQ(Error(Spec(cascade, renamed)), "error: DIR/large.onnx: inputs: 'sound'\n  expected: input '" +
                                               input_ +
                                               "' of float [1, 1, 49, 10], as small.onnx has it\n"
                                               "  fix: the place 'cloud' gets what the device gets\n");
  const fs::path other = Changed([&](ir::Graph& graph) { graph.Rename(*graph.outputs().front(), "words"); });
  EXPECT_EQ(Error(Spec(cascade, other)), "error: DIR/large.onnx: outputs: 'words'\n  expected: output '" +
                                             output_ +
                                             "' of float [1, 12], as small.onnx has it\n"
                                             "  fix: the place 'cloud' gets what the device gets\n");
  EXPECT_THAT(Error(Spec(cascade, scratch_.path() / "none.onnx")), HasSubstr("DIR/none.onnx"));
}

}  // namespace
}  // namespace shoehorn::testing
