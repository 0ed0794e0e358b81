// Measures a candidate beside the original, each in a process of its own, in interleaved rounds so that drift
// of the machine hits both alike; only one of the two runs at a time.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "data/metric.h"
#include "data/samples.h"
#include "engines/engine.h"

namespace shoehorn::measure {

/// A loadable model and how to run it: what a worker process is told.
struct Subject {
  std::string engine;
  engines::Precision precision = engines::Precision::kFp32;
  int threads = 1;
  bool engine_defaults = false;
  std::filesystem::path artifact{};
  bool pairs_as_written = false;
};

/// Quantile with a distribution-free confidence interval from order statistics (binomial), milliseconds.
struct Quantile {
  double value = 0, low = 0, high = 0;
  bool trusted = false;  ///< enough samples for the interval to exist (p99 wants 662)
};
struct Latency {
  Quantile p50, p90, p99;
  size_t runs = 0;
};

struct Measurement {
  Latency latency;
  double fast_ms =
      0;  ///< a twentieth of the runs was faster: what a run takes while nothing else disturbs it
  double load_ms = 0;
  uint64_t peak_memory_bytes = 0;
  uint64_t size_bytes = 0;
  std::vector<engines::LayerTime> layers;
};

struct PairedMeasurement {
  Measurement subject, original;                          ///< of the same rounds
  double speedup = 1, speedup_low = 1, speedup_high = 1;  ///< original / subject, paired by rounds
};

struct MeasureOptions {
  std::chrono::milliseconds time_each{2000};  ///< running time for each of the two, warm-up apart
  std::chrono::milliseconds warm{200};        ///< before the first round
  size_t min_runs = 30, max_runs = 5000;      ///< a verdict on p99 wants min_runs of 662 or more
  std::vector<ir::Tensor> inputs;             ///< one sample's inputs, in the order of the model's
  std::chrono::seconds timeout{120};          ///< of any single answer; past it the worker is killed
  const std::function<bool()>* stop =
      nullptr;  ///< asked between rounds and ten times a second (Ctrl-C, budget)
};

/// Bytes of an artifact with all its files: .xml and .bin; .onnx and its external data.
Result<uint64_t> SizeOfArtifact(const std::filesystem::path& artifact);

/// load_ms is from nothing to the first run: the engine's library and the model. peak_memory_bytes is the
/// worker process as a whole. A worker that crashes, hangs or refuses is a Diagnostic that says how it ended,
/// never our end.
Result<PairedMeasurement> MeasurePaired(const Subject& subject, const Subject& original,
                                        const MeasureOptions& options);
Result<Measurement> MeasureAlone(const Subject& subject, const MeasureOptions& options);
Result<std::vector<engines::LayerTime>> ProfileLayers(const Subject& subject, const MeasureOptions& options);

/// Runs the samples through the subject in a worker process and gives the metric's row for each.
struct EvaluateOptions {
  data::SamplesSpec samples;
  std::vector<data::InputSpec> inputs;
  data::MetricSpec metric;
  /// Folder of the original's outputs, for metrics that need them; made by RecordOutputs.
  std::filesystem::path reference;
  std::chrono::seconds timeout{600};            ///< without a sign of life from the worker
  const std::function<bool()>* stop = nullptr;  ///< asked ten times a second
  const std::function<void(size_t done, size_t of)>* progress = nullptr;
};
Result<std::vector<data::Observation>> Evaluate(const Subject& subject, const EvaluateOptions& options);
Status RecordOutputs(const Subject& subject, const EvaluateOptions& options,
                     const std::filesystem::path& folder);

/// Value of a metric with a bootstrap interval (95 %, fixed seed), and the paired difference to the original
/// (value minus its).
struct Score {
  double value = 0, low = 0, high = 0;
  size_t samples = 0;
  double difference = 0, difference_low = 0, difference_high = 0;
};
Score ScoreOf(const data::Metric& metric, const std::vector<data::Observation>& rows,
              const std::vector<data::Observation>* original);

/// The worker's side: reads requests on standard input, answers on standard output. Subcommand `worker`.
int WorkerMain();

}  // namespace shoehorn::measure
