// Times the kernels of one network in one engine: the share of each from the engine's own profile, the sum
// from runs without profiling. So times add up to what a whole model takes, and the profile's overhead is in
// none of them. On a shared machine the same run may take twice as long for what others do on the same
// processor, so that medians differ from minute to minute: a time is that of the fastest twentieth of all
// runs.
#pragma once

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

struct TimedKernel {
  std::string name;  ///< Kernel::name()
  KernelSample sample;
};
struct TimedNetwork {
  std::vector<TimedKernel> kernels;  ///< those that the engine's profile shows
  double seconds = 0;                ///< of a whole run, undisturbed
  double lost = 0;                   ///< share of the time in layers that are no kernel of ours
  std::vector<std::string> lost_layers;
};

/// What times contain that is not a kernel's: of a run, before and behind its kernels; of a layer, only while
/// profiling.
struct Overheads {
  double start_seconds = 0, per_layer_seconds = 0;
};

/// Errors: the worker's.
Result<TimedNetwork> TimeKernels(const ir::Model& model, const RunAs& run, const Overheads& overheads,
                                 std::chrono::milliseconds time, const std::function<bool()>* stop);

/// Mean seconds that the engine's profile tells for a layer of `model`.
Result<double> ProfiledSecondsPerLayer(const ir::Model& model, const RunAs& run,
                                       const std::function<bool()>* stop);

}  // namespace shoehorn::cost
