#include "place/accuracy.h"

#include <algorithm>

#include "data/metrics_by_sample.h"
#include "data/samples.h"
#include "engines/engine.h"
#include "fit/begin.h"
#include "formats/onnx.h"
#include "quant/quantize.h"

namespace shoehorn::place {

double Goodness(const fit::Candidate& candidate) {
  const double score = candidate.metric.score.value;
  return candidate.metric.higher_is_better ? score : 1 - score;
}

std::vector<double> AccuracyBench::SampleScores() const {
  const std::vector<std::string> by_sample = data::MetricsBySample();
  std::vector<double> scores;
  if (std::ranges::find(by_sample, spec_.metric.name) == by_sample.end()) return scores;
  for (const data::Observation& row : rows_)
    scores.push_back(original_.metric.higher_is_better ? row.front() : 1 - row.front());
  return scores;
}

Result<std::unique_ptr<AccuracyBench>> AccuracyBench::Open(const fit::Spec& spec, const ir::Model& model,
                                                           const std::function<bool()>& stop) {
  std::unique_ptr<AccuracyBench> bench(new AccuracyBench(spec, model, stop));
  SHOEHORN_ASSIGN(bench->folder_, TemporaryFolder::Create());
  SHOEHORN_ASSIGN(bench->bench_, fit::TestBench::Open(spec, fit::OutputNames(model)));
  SHOEHORN_ASSIGN(bench->rows_, bench->bench_->ScoreOriginal(bench->folder_->path() / "reference", stop));
  bench->original_.original = true;
  bench->bench_->FillMetric(bench->rows_, bench->original_);
  return bench;
}

Result<std::vector<WireTensor>> AccuracyBench::Scales(std::vector<WireTensor> tensors,
                                                      std::string* remark) const {
  std::vector<std::string> names;
  for (const WireTensor& tensor : tensors)
    if (tensor.packing == Packing::kInt8) names.push_back(tensor.value);
  if (names.empty()) return tensors;
  const bool calibrated = !spec_.calibration.folder.empty();
  if (!calibrated && remark != nullptr)
    *remark = "the scales of int8 packing come from the evaluation samples: the spec has no [calibration]";
  SHOEHORN_ASSIGN(const auto samples,
                  data::OpenSamples(calibrated ? spec_.calibration : spec_.evaluation, spec_.inputs));
  const std::filesystem::path file = folder_->path() / "observed.onnx";
  SHOEHORN_TRY(formats::SaveOnnx(*quant::WithObservedOutputs(model_, names), file));
  SHOEHORN_ASSIGN(engines::Engine* const engine, engines::FindEngine("onnxruntime"));
  SHOEHORN_ASSIGN(const auto session, engine->Load(file, {}));
  const quant::Runner run = [&](size_t i) -> Result<std::vector<ir::Tensor>> {
    SHOEHORN_ASSIGN(const data::Sample sample, samples->Load(i));
    return session->Run(sample.inputs);
  };
  SHOEHORN_ASSIGN(const quant::CalibrationTable table,
                  quant::Calibrate(names, model_.graph->outputs().size(), samples->size(), run));
  for (WireTensor& tensor : tensors) {
    const auto found = table.find(tensor.value);
    if (tensor.packing != Packing::kInt8 || found == table.end()) continue;
    const quant::Range& range = found->second.min_max;
    SpendOn(range.low, range.high, tensor);
  }
  return tensors;
}

Result<fit::Candidate> AccuracyBench::Score(const std::vector<bool>& in_head,
                                            const std::vector<WireTensor>& tensors) const {
  SHOEHORN_ASSIGN(const auto packed, WithPacking(model_, in_head, tensors));
  measure::Subject subject;
  subject.engine = "onnxruntime";
  subject.artifact = folder_->path() / "packed.onnx";
  subject.pairs_as_written = true;
  SHOEHORN_TRY(formats::SaveOnnx(*packed, subject.artifact));
  SHOEHORN_ASSIGN(const auto rows, bench_->Score(subject, stop_));
  fit::Candidate candidate;
  bench_->FillMetric(rows, candidate);
  return candidate;
}

}  // namespace shoehorn::place
