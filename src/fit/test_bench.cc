#include "fit/test_bench.h"

#include <fmt/format.h>

#include "support/files.h"

namespace shoehorn::fit {
namespace {

/// Runs that a p99 wants before it may decide a verdict.
constexpr size_t kRunsForP99 = 700;

LatencyResult LatencyOf(const measure::Measurement& measured) {
  const measure::Latency& latency = measured.latency;
  return {latency.p50.value, latency.p90.value,   latency.p99.value, latency.p50.low,
          latency.p50.high,  latency.p99.trusted, latency.runs};
}

void FillMeasurement(const measure::Measurement& measured, Candidate& candidate) {
  candidate.latency = LatencyOf(measured);
  candidate.load_ms = measured.load_ms;
  candidate.peak_memory_bytes = static_cast<double>(measured.peak_memory_bytes);
  candidate.size_bytes = static_cast<double>(measured.size_bytes);
}

Diagnostic InSpec(const Spec& spec, const std::string& place, Diagnostic diagnostic) {
  if (diagnostic.file.empty()) diagnostic.file = spec.file.string();
  if (diagnostic.place.empty()) diagnostic.place = place;
  return diagnostic;
}

}  // namespace

measure::Subject OriginalSubject(const Spec& spec, int threads) {
  measure::Subject subject;
  subject.engine = "onnxruntime";
  subject.threads = threads;
  subject.engine_defaults = true;
  subject.artifact = spec.model;
  return subject;
}

TestBench::TestBench(const Spec& spec) : spec_(spec) {}
TestBench::~TestBench() = default;

Result<std::unique_ptr<TestBench>> TestBench::Open(const Spec& spec,
                                                   const std::vector<std::string>& output_names) {
  std::unique_ptr<TestBench> bench(new TestBench(spec));
  auto metric = data::MakeMetric(spec.metric, output_names);
  if (!metric.ok()) return InSpec(spec, "metric", metric.error());
  bench->metric_ = std::move(metric).value();
  const auto samples = data::OpenSamples(spec.evaluation, spec.inputs);
  if (!samples.ok()) return InSpec(spec, "evaluation", samples.error());
  bench->sample_count_ = (*samples)->size();
  const auto first = (*samples)->Load(0);
  if (!first.ok()) return InSpec(spec, "evaluation", first.error());
  bench->inputs_ = first->inputs;
  return bench;
}

measure::MeasureOptions TestBench::MeasureOptionsFor(std::chrono::milliseconds time,
                                                     const std::function<bool()>& stop) const {
  measure::MeasureOptions options;
  options.time_each = time;
  options.inputs = inputs_;
  options.stop = &stop;
  return options;
}

measure::EvaluateOptions TestBench::EvaluateOptionsFor(const std::function<bool()>& stop) const {
  measure::EvaluateOptions options;
  options.samples = spec_.evaluation;
  options.inputs = spec_.inputs;
  options.metric = spec_.metric;
  options.reference = reference_;
  options.stop = &stop;
  return options;
}

Result<std::vector<data::Observation>> TestBench::ScoreOriginal(const std::filesystem::path& reference,
                                                                const std::function<bool()>& stop) {
  const measure::Subject subject = OriginalSubject(spec_, spec_.threads.back());
  if (metric_->needs_reference()) {
    SHOEHORN_ASSIGN(const auto staged, StagedFolder::Create(reference, true));
    SHOEHORN_TRY(measure::RecordOutputs(subject, EvaluateOptionsFor(stop), staged->folder()));
    SHOEHORN_TRY(staged->Commit());
    reference_ = reference;
  }
  SHOEHORN_ASSIGN(auto rows, measure::Evaluate(subject, EvaluateOptionsFor(stop)));
  original_rows_ = rows;
  return rows;
}

Result<std::vector<data::Observation>> TestBench::ScoreOriginalOnce(
    State& state, const std::function<void(const std::string&)>& show, const std::function<bool()>& stop) {
  constexpr char kRows[] = "original_rows.json";
  const std::filesystem::path reference = state.path("reference");
  SHOEHORN_ASSIGN(auto stored, state.Rows(kRows));
  if (stored) {
    original_rows_ = *stored;
    if (metric_->needs_reference()) reference_ = reference;
    return std::move(*stored);
  }
  show(fmt::format("original: accuracy on {} samples", sample_count_));
  SHOEHORN_ASSIGN(auto rows, ScoreOriginal(reference, stop));
  SHOEHORN_TRY(state.SaveRows(kRows, rows));
  return rows;
}

Result<std::vector<data::Observation>> TestBench::Score(const measure::Subject& subject,
                                                        const std::function<bool()>& stop) const {
  SHOEHORN_ASSIGN(auto rows, measure::Evaluate(subject, EvaluateOptionsFor(stop)));
  SHOEHORN_CHECK(rows.size() == original_rows_.size(), "the original and a candidate saw different samples");
  return rows;
}

Status TestBench::MeasureOriginal(Candidate& original, std::chrono::milliseconds time,
                                  const std::function<bool()>& stop) const {
  measure::MeasureOptions options = MeasureOptionsFor(time, stop);
  if (spec_.requirements.latency_p99_ms) options.min_runs = kRunsForP99;
  SHOEHORN_ASSIGN(const auto measured,
                  measure::MeasureAlone(OriginalSubject(spec_, original.threads), options));
  FillMeasurement(measured, original);
  original.speedup = Exactly(1);
  return Ok();
}

Result<LatencyResult> TestBench::Measure(const measure::Subject& subject, Candidate& candidate,
                                         std::chrono::milliseconds time,
                                         const std::function<bool()>& stop) const {
  measure::MeasureOptions options = MeasureOptionsFor(time, stop);
  if (spec_.requirements.latency_p99_ms) options.min_runs = kRunsForP99;
  SHOEHORN_ASSIGN(const auto paired,
                  measure::MeasurePaired(subject, OriginalSubject(spec_, subject.threads), options));
  FillMeasurement(paired.subject, candidate);
  candidate.speedup = {paired.speedup, paired.speedup_low, paired.speedup_high};
  return LatencyOf(paired.original);
}

void TestBench::FillMetric(const std::vector<data::Observation>& rows, Candidate& candidate) const {
  const measure::Score score =
      measure::ScoreOf(*metric_, rows, candidate.original ? nullptr : &original_rows_);
  candidate.metric.name = metric_->name();
  candidate.metric.higher_is_better = metric_->higher_is_better();
  candidate.metric.score = {score.value, score.low, score.high};
  candidate.metric.samples = score.samples;
  candidate.metric.difference = candidate.original
                                    ? Exactly(0)
                                    : Estimate{score.difference, score.difference_low, score.difference_high};
}

Result<std::vector<LayerResult>> TestBench::Layers(const measure::Subject& subject,
                                                   const std::function<bool()>& stop) const {
  SHOEHORN_ASSIGN(const auto layers,
                  measure::ProfileLayers(subject, MeasureOptionsFor(std::chrono::milliseconds(0), stop)));
  std::vector<LayerResult> results;
  for (const engines::LayerTime& layer : layers)
    results.push_back({layer.name, layer.op_type, layer.precision, layer.origins, layer.mean_ms});
  return results;
}

}  // namespace shoehorn::fit
