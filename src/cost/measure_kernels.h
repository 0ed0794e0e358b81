// Times the kernels of one network in one engine: the share of each from the engine's own profile, the sum
// from runs without profiling. So times add up to what a whole model takes, and the profile's overhead is in
// none of them. On a shared machine the same run may take twice as long for what others do on the same
// processor, so that medians differ from minute to minute: a time is that of the fastest twentieth of all
// runs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cost/kernels.h"
#include "measure/measure.h"

namespace shoehorn::cost {

/// How a network is run: engine, precision, threads.
struct RunAs {
  std::string engine;
  engines::Precision precision = engines::Precision::kFp32;
  int threads = 1;
};

struct Seconds {
  double undisturbed = 0;  ///< of a run while nothing else disturbs it
  double median = 0;       ///< as seen, with all that others did meanwhile
};
/// A run of `model`, in a worker process, timed for `time`. Errors: the worker's.
Result<Seconds> SecondsOf(const ir::Model& model, const RunAs& run, std::chrono::milliseconds time,
                          const std::function<bool()>* stop);

/// What times contain that is not a kernel's: of a run, before and behind its kernels; of a layer, only while
/// profiling.
struct Overheads {
  double start_seconds = 0, per_layer_seconds = 0;
};

struct TimedKernel {
  size_t index = 0;  ///< among KernelsOf the model
  std::string name;  ///< Kernel::name()
  KernelSample sample;
};

/// One model in one engine, visited again and again, minutes apart: whoever disturbs one visit may rest at
/// the next. Of all visits the fastest counts, and the profile that was disturbed least.
class NetworkTimes {
 public:
  NetworkTimes(RunAs run, Overheads overheads, size_t most_visits)
      : run_(std::move(run)), overheads_(overheads), most_visits_(most_visits) {}

  /// Times `model`, the same at each visit, for `time`, and profiles it where no good profile is known yet.
  /// Errors: the worker's.
  Status Visit(const ir::Model& model, std::chrono::milliseconds time, const std::function<bool()>* stop);

  /// Another visit was as fast as the fastest, or there were as many as may be.
  bool settled() const;
  const RunAs& run() const { return run_; }
  /// Of a whole run, at the fastest visit.
  const Seconds& best() const;
  /// Those that the engine's profile shows. Their times and `lost` add up to the best run without its start.
  std::vector<TimedKernel> Kernels() const;
  /// Share of the time in layers that are no kernel of ours.
  double lost() const { return lost_; }
  const std::vector<std::string>& lost_layers() const { return lost_layers_; }

 private:
  double KernelSeconds() const;
  void TakeShares(const ir::Model& model, std::vector<engines::LayerTime> layers);

  RunAs run_;
  Overheads overheads_;
  size_t most_visits_;
  std::vector<Seconds> visits_;       // of a run
  std::optional<double> profiled_;    // seconds of all layers in the best profile
  std::vector<TimedKernel> kernels_;  // their seconds: shares of the best profile
  double lost_ = 0;
  std::vector<std::string> lost_layers_;
};

/// Mean seconds that the engine's profile tells for a layer of `model`.
Result<double> ProfiledSecondsPerLayer(const ir::Model& model, const RunAs& run,
                                       const std::function<bool()>* stop);

}  // namespace shoehorn::cost
