#include "measure/measure.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <numeric>
#include <random>

#include "data/npy.h"
#include "formats/onnx.h"
#include "measure/statistics.h"
#include "support/files.h"
#include "support/temporary.h"

namespace shoehorn::measure {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::vector<double> Count(size_t n) {
  std::vector<double> values(n);
  std::iota(values.begin(), values.end(), 1.0);
  return values;
}

TEST(Quantile, IntervalsAreOrderStatistics) {
  // The textbook's ranks for the median of 100 values at 95 %: 40 and 61 (coverage 0.9648).
  const Quantile median = QuantileOf(Count(100), 0.5);
  EXPECT_DOUBLE_EQ(median.value, 50.5);
  EXPECT_DOUBLE_EQ(median.low, 40);
  EXPECT_DOUBLE_EQ(median.high, 61);
  EXPECT_TRUE(median.trusted);
}

TEST(Quantile, HoldsTheTruthNineteenTimesInTwenty) {
  std::mt19937 random(7);
  std::exponential_distribution<double> draw;
  const double truth = std::log(10.0);  // the 0.9 quantile
  int hits = 0;
  for (int i = 0; i < 1000; ++i) {
    std::vector<double> values(200);
    for (double& value : values) value = draw(random);
    const Quantile quantile = QuantileOf(values, 0.9);
    hits += quantile.low <= truth && truth <= quantile.high ? 1 : 0;
  }
  EXPECT_GE(hits, 940);
  EXPECT_LE(hits, 990);
}

TEST(Quantile, FewValuesAreNotTrusted) {
  EXPECT_FALSE(QuantileOf({3}, 0.5).trusted);
  EXPECT_DOUBLE_EQ(QuantileOf({3}, 0.5).value, 3);
  EXPECT_FALSE(QuantileOf(Count(661), 0.99).trusted);
  EXPECT_TRUE(QuantileOf(Count(662), 0.99).trusted);
  EXPECT_FALSE(LatencyOf(Count(100)).p99.trusted);
}

// The share of rows whose one number is 1.
class Share : public data::Metric {
 public:
  std::string name() const override { return "share"; }
  bool higher_is_better() const override { return true; }
  Result<data::Observation> Observe(const data::Sample&, std::span<const ir::Tensor>,
                                    std::span<const ir::Tensor>) const override {
    return data::Observation{};
  }
  double Score(std::span<const data::Observation* const> rows) const override {
    double sum = 0;
    for (const data::Observation* row : rows) sum += row->front();
    return sum / static_cast<double>(rows.size());
  }
};

TEST(ScoreOf, PairsCandidateAndOriginal) {
  std::vector<data::Observation> original, candidate;
  for (int i = 0; i < 400; ++i) {
    original.push_back({i % 10 == 0 ? 0.0 : 1.0});             // 0.9
    candidate.push_back({i % 10 == 0 || i == 1 ? 0.0 : 1.0});  // one more is wrong
  }
  const Score score = ScoreOf(Share(), candidate, &original);
  EXPECT_EQ(score.samples, 400u);
  EXPECT_NEAR(score.value, 0.8975, 1e-12);
  EXPECT_NEAR(score.difference, -0.0025, 1e-12);
  // Unpaired the difference would be unsure by 0.03 on each side; the same draws for both leave only the one
  // sample.
  EXPECT_GE(score.difference_low, -0.0101);
  EXPECT_LE(score.difference_high, 0.0);
  EXPECT_NEAR(score.low, 0.8675, 0.006);  // 0.8975 -+ 1.96 * sqrt(0.8975 * 0.1025 / 400)
  EXPECT_NEAR(score.high, 0.9272, 0.006);
  const Score again = ScoreOf(Share(), candidate, &original);
  EXPECT_EQ(again.low, score.low);
}

TEST(ScoreOf, EqualRowsDifferByNothing) {
  const std::vector<data::Observation> rows = {{1}, {0}, {1}};
  const Score score = ScoreOf(Share(), rows, &rows);
  EXPECT_EQ(score.difference, 0);
  EXPECT_EQ(score.difference_low, 0);
  EXPECT_EQ(score.difference_high, 0);
}

constexpr const char* kModel = R"(
<ir_version: 8, opset_import: ["" : 17]>
classes (float[1,4] x) => (float[1,4] y)
<float[4,4] w = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1}>
{
  [product] m = MatMul(x, w)
  [soft] y = Softmax(m)
}
)";

class WorkerTest : public ::testing::Test {
 protected:
  WorkerTest() : folder_(TemporaryFolder::Create().value()) {
    ::setenv("SHOEHORN_WORKER", SHOEHORN_PROGRAM, 1);
    model_ = folder_->path() / "model.onnx";
    EXPECT_TRUE(formats::SaveOnnx(*formats::ParseText(kModel).value(), model_).ok());
    options_.time_each = std::chrono::milliseconds(1);
    options_.max_runs = 200;
    options_.inputs = {ir::Tensor::Of<float>({1, 4}, std::vector<float>{1, 2, 3, 4})};
  }
  ~WorkerTest() override { ::unsetenv("SHOEHORN_WORKER"); }

  Subject Of(const std::string& engine) const {
    return {engine, engines::Precision::kFp32, 1, false, model_};
  }

  std::unique_ptr<TemporaryFolder> folder_;
  fs::path model_;
  MeasureOptions options_;
};

TEST_F(WorkerTest, MeasuresTwoEnginesTurnAndTurnAbout) {
  const auto paired = MeasurePaired(Of("openvino"), Of("onnxruntime"), options_);
  ASSERT_TRUE(paired.ok()) << paired.error().Text();
  for (const Measurement* one : {&paired->subject, &paired->original}) {
    EXPECT_GE(one->latency.runs, 30u);
    EXPECT_GT(one->latency.p50.value, 0);
    EXPECT_LE(one->latency.p50.low, one->latency.p50.value);
    EXPECT_LE(one->latency.p50.value, one->latency.p99.value);
    EXPECT_GT(one->load_ms, 0);
    EXPECT_GT(one->peak_memory_bytes, uint64_t{1} << 20);
    EXPECT_EQ(one->size_bytes, fs::file_size(model_));
  }
  EXPECT_GT(paired->speedup, 0);
  EXPECT_LE(paired->speedup_low, paired->speedup);
  EXPECT_GE(paired->speedup_high, paired->speedup);
}

TEST_F(WorkerTest, TellsTheTimesOfLayersAndLeavesNothingBehind) {
  const fs::path temporary = folder_->path() / "tmp";
  fs::create_directories(temporary);
  const char* const before = std::getenv("TMPDIR");
  const std::string restored = before != nullptr ? before : "";
  ::setenv("TMPDIR", temporary.c_str(), 1);
  const auto layers = ProfileLayers(Of("onnxruntime"), options_);
  before != nullptr ? ::setenv("TMPDIR", restored.c_str(), 1) : ::unsetenv("TMPDIR");
  EXPECT_TRUE(fs::is_empty(temporary)) << "left: " << fs::directory_iterator(temporary)->path();
  ASSERT_TRUE(layers.ok()) << layers.error().Text();
  ASSERT_EQ(layers->size(), 2u);
  EXPECT_EQ(layers->front().name, "product");
  EXPECT_EQ(layers->front().precision, "f32");
}

TEST_F(WorkerTest, EvaluatesSamplesAgainstLabelsAndAgainstRecordedOutputs) {
  const fs::path samples = folder_->path() / "samples";
  fs::create_directories(samples);
  std::string labels = "file,label\n";
  for (int i = 0; i < 6; ++i) {
    std::vector<float> values(4, 0.0f);
    values[static_cast<size_t>(i % 4)] = 1;
    const std::string name = std::to_string(i) + ".npy";
    ASSERT_TRUE(WriteAtomically(samples / name, data::FormatNpy(ir::Tensor::Of<float>({1, 4}, values))).ok());
    labels += name + "," + std::to_string(i == 5 ? 3 : i % 4) + "\n";  // the last label is wrong
  }
  ASSERT_TRUE(WriteAtomically(folder_->path() / "labels.csv", labels).ok());
  EvaluateOptions options;
  options.samples.format = data::SampleFormat::kNpy;
  options.samples.folder = samples;
  options.samples.labels = data::LabelFormat::kCsv;
  options.samples.labels_path = folder_->path() / "labels.csv";
  options.inputs.resize(1);
  options.inputs[0].name = "x";
  options.inputs[0].shape = {1, 4};
  options.metric.name = "top_k";
  const auto rows = Evaluate(Of("openvino"), options);
  ASSERT_TRUE(rows.ok()) << rows.error().Text();
  const auto metric = data::MakeMetric(options.metric, {"y"}).value();
  const Score score = ScoreOf(*metric, *rows, nullptr);
  EXPECT_EQ(score.samples, 6u);
  EXPECT_NEAR(score.value, 5.0 / 6, 1e-12);

  options.reference = folder_->path() / "reference";
  const Status recorded = RecordOutputs(Of("onnxruntime"), options, options.reference);
  ASSERT_TRUE(recorded.ok()) << recorded.error().Text();
  options.metric.name = "cosine";
  const auto close = Evaluate(Of("openvino"), options);
  ASSERT_TRUE(close.ok()) << close.error().Text();
  const auto cosine = data::MakeMetric(options.metric, {"y"}).value();
  EXPECT_NEAR(ScoreOf(*cosine, *close, nullptr).value, 1, 1e-6);
}

TEST_F(WorkerTest, RefusalsNameTheModelAndTheEngine) {
  Subject subject = Of("onnxruntime");
  subject.precision = engines::Precision::kBf16;
  const auto refused = MeasureAlone(subject, options_);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().Text(),
              HasSubstr("model.onnx: onnxruntime bf16, 1 thread: ONNX Runtime does not compute in bf16"));

  options_.inputs = {ir::Tensor::Of<float>({1, 5}, std::vector<float>(5, 0.0f))};
  EXPECT_THAT(MeasureAlone(Of("onnxruntime"), options_).error().Text(),
              HasSubstr("input 'x': float[1,5]\n  expected: float[1,4]"));
}

class BadWorkerTest : public WorkerTest {
 protected:
  // A program in the worker's place that does `script` instead.
  void Replace(const std::string& script) {
    const fs::path program = folder_->path() / "program";
    ASSERT_TRUE(WriteAtomically(program, "#!/bin/sh\nread request\n" + script + "\n").ok());
    fs::permissions(program, fs::perms::owner_all);
    ::setenv("SHOEHORN_WORKER", program.c_str(), 1);
  }
  std::string Text() {
    const auto measured = MeasureAlone(Of("onnxruntime"), options_);
    return measured.ok() ? "measured" : measured.error().Text();
  }
};

TEST_F(BadWorkerTest, ACrashIsADiagnostic) {
  Replace("echo stack smashed >&2; kill -SEGV $$");
  EXPECT_THAT(Text(), HasSubstr("while asked to load, the process was killed by signal 11 (SIGSEGV); its "
                                "last words: stack smashed"));
}

TEST_F(BadWorkerTest, AHangIsADiagnostic) {
  Replace("exec sleep 1000");
  options_.timeout = std::chrono::seconds(1);
  EXPECT_THAT(Text(), HasSubstr("gave no answer within 1000 ms and was killed"));
}

TEST_F(BadWorkerTest, GarbageIsADiagnostic) {
  Replace("echo Segmentation is fun; exec sleep 1000");
  EXPECT_THAT(Text(), HasSubstr("printed something other than an answer: Segmentation is fun"));
}

TEST_F(BadWorkerTest, AWrongAnswerIsADiagnostic) {
  Replace("echo '{\"answer\": 42}'; exec sleep 1000");
  EXPECT_THAT(Text(), HasSubstr("worker"));
}

}  // namespace
}  // namespace shoehorn::measure
