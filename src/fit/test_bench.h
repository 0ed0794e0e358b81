// The test bench: one subject measured beside the original and scored on the same samples, the same way for
// every candidate of a fit and for `shoehorn bench`.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "fit/result.h"
#include "fit/spec.h"
#include "fit/state.h"
#include "measure/measure.h"

namespace shoehorn::fit {

/// The user's file as a newcomer runs it: ONNX Runtime with its defaults.
measure::Subject OriginalSubject(const Spec& spec, int threads);

class TestBench {
 public:
  /// Opens the samples and the metric, so that what does not fit is said before any work. `output_names` are
  /// the model's. Errors: samples that do not decode, labels that do not match, a metric that does not exist.
  static Result<std::unique_ptr<TestBench>> Open(const Spec& spec,
                                                 const std::vector<std::string>& output_names);
  ~TestBench();

  size_t samples() const { return sample_count_; }

  /// Rows of the metric for the original, and (for metrics that compare with it) its outputs in `reference`.
  /// Errors: outputs that the metric cannot read.
  Result<std::vector<data::Observation>> ScoreOriginal(const std::filesystem::path& reference,
                                                       const std::function<bool()>& stop);
  /// The same, taken from `state` where an earlier run left them, else scored now, said to `show` and left
  /// there. Must be called before anything else is scored.
  Result<std::vector<data::Observation>> ScoreOriginalOnce(
      State& state, const std::function<void(const std::string&)>& show, const std::function<bool()>& stop);

  Result<std::vector<data::Observation>> Score(const measure::Subject& subject,
                                               const std::function<bool()>& stop) const;

  /// Fills in latency, load time, memory and size of an original.
  Status MeasureOriginal(Candidate& original, std::chrono::milliseconds time,
                         const std::function<bool()>& stop) const;
  /// Fills in the same and the speed-up of a candidate, in rounds interleaved with the original at its thread
  /// count; gives the original's latency in those rounds.
  Result<LatencyResult> Measure(const measure::Subject& subject, Candidate& candidate,
                                std::chrono::milliseconds time, const std::function<bool()>& stop) const;
  /// Fills in the metric, with the difference paired with the original's rows.
  void FillMetric(const std::vector<data::Observation>& rows, Candidate& candidate) const;

  Result<std::vector<LayerResult>> Layers(const measure::Subject& subject,
                                          const std::function<bool()>& stop) const;

 private:
  explicit TestBench(const Spec& spec);
  measure::MeasureOptions MeasureOptionsFor(std::chrono::milliseconds time,
                                            const std::function<bool()>& stop) const;
  measure::EvaluateOptions EvaluateOptionsFor(const std::function<bool()>& stop) const;

  const Spec& spec_;
  std::unique_ptr<data::Metric> metric_;
  size_t sample_count_ = 0;
  std::vector<ir::Tensor> inputs_;  // one sample's, to measure on
  std::vector<data::Observation> original_rows_;
  std::filesystem::path reference_;
};

}  // namespace shoehorn::fit
