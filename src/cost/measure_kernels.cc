#include "cost/measure_kernels.h"

#include <algorithm>

#include "cost/attribution.h"
#include "cost/variants.h"
#include "formats/onnx.h"
#include "support/temporary.h"

namespace shoehorn::cost {
namespace {

// A profile whose layers take that much more than whole runs was disturbed; the next visit takes another.
constexpr double kDisturbed = 1.08;
constexpr std::chrono::milliseconds kWarm{40};
// Seconds: runs above hardly ever pass undisturbed on a busy machine. Their layers' sum is believed down to
// this share of what the fastest took.
constexpr double kLongRun = 1e-3, kLeastOfRun = 0.8;
// The two fastest visits must be that near to each other.
constexpr double kAsFast = 1.02;
// Of a layer's time remains at least this share when the profile's own overhead is taken off.
constexpr double kLeastShare = 0.15;

/// What is lost of a layer's time on the mean: engines round that of a run down to whole microseconds, and
/// OpenVINO then the mean of all runs once more (its perf_count.h). Milliseconds.
double LostByRounding(std::string_view engine) { return engine == "openvino" ? 1e-3 : 0.5e-3; }

/// A model as a file, and what measuring it takes.
struct Prepared {
  std::unique_ptr<TemporaryFolder> folder;
  measure::Subject subject;
  measure::MeasureOptions options;
};

Result<Prepared> Prepare(const ir::Model& model, const RunAs& run, std::chrono::milliseconds time,
                         const std::function<bool()>* stop) {
  Prepared prepared;
  SHOEHORN_ASSIGN(prepared.folder, TemporaryFolder::Create());
  prepared.subject.engine = run.engine;
  prepared.subject.precision = run.precision;
  prepared.subject.threads = run.threads;
  prepared.subject.artifact = prepared.folder->path() / "model.onnx";
  SHOEHORN_TRY(formats::SaveOnnx(model, prepared.subject.artifact));
  SHOEHORN_ASSIGN(prepared.options.inputs, RandomInputs(*model.graph));
  prepared.options.time_each = time;
  prepared.options.warm = kWarm;
  prepared.options.min_runs = 9;
  prepared.options.stop = stop;
  return prepared;
}

Result<Seconds> TimesOf(const Prepared& prepared) {
  SHOEHORN_ASSIGN(const measure::Measurement measured,
                  measure::MeasureAlone(prepared.subject, prepared.options));
  return Seconds{measured.fast_ms / 1000, measured.latency.p50.value / 1000};
}

struct Profile {
  std::vector<engines::LayerTime> layers;
  double seconds = 0;  ///< of all layers
};

Result<Profile> ProfileOf(const Prepared& prepared) {
  Profile profile;
  SHOEHORN_ASSIGN(profile.layers, measure::ProfileLayers(prepared.subject, prepared.options));
  for (engines::LayerTime& layer : profile.layers) {
    layer.fast_ms += LostByRounding(prepared.subject.engine);
    profile.seconds += layer.fast_ms / 1000;
  }
  return profile;
}

}  // namespace

Result<Seconds> SecondsOf(const ir::Model& model, const RunAs& run, std::chrono::milliseconds time,
                          const std::function<bool()>* stop) {
  SHOEHORN_ASSIGN(const Prepared prepared, Prepare(model, run, time, stop));
  return TimesOf(prepared);
}

Result<double> ProfiledSecondsPerLayer(const ir::Model& model, const RunAs& run,
                                       const std::function<bool()>* stop) {
  SHOEHORN_ASSIGN(const Prepared prepared, Prepare(model, run, std::chrono::milliseconds(1), stop));
  SHOEHORN_ASSIGN(const Profile profile, ProfileOf(prepared));
  return profile.seconds / static_cast<double>(std::max<size_t>(1, profile.layers.size()));
}

Status NetworkTimes::Visit(const ir::Model& model, std::chrono::milliseconds time,
                           const std::function<bool()>* stop) {
  SHOEHORN_ASSIGN(const Prepared prepared, Prepare(model, run_, time, stop));
  SHOEHORN_ASSIGN(const Seconds seconds, TimesOf(prepared));
  visits_.push_back(seconds);
  if (profiled_ && *profiled_ < kDisturbed * KernelSeconds()) return Ok();
  SHOEHORN_ASSIGN(Profile profile, ProfileOf(prepared));
  profile.seconds -= overheads_.per_layer_seconds * static_cast<double>(profile.layers.size());
  if (profiled_ && *profiled_ <= profile.seconds) return Ok();
  profiled_ = profile.seconds;
  TakeShares(model, std::move(profile.layers));
  return Ok();
}

const Seconds& NetworkTimes::best() const {
  return *std::ranges::min_element(visits_, {}, &Seconds::undisturbed);
}

bool NetworkTimes::settled() const {
  if (visits_.size() >= most_visits_) return true;
  const double least = best().undisturbed;
  return std::ranges::count_if(visits_,
                               [&](const Seconds& each) { return each.undisturbed < kAsFast * least; }) > 1;
}

double NetworkTimes::KernelSeconds() const {
  const double run = best().undisturbed, whole = std::max(run - overheads_.start_seconds, 0.2 * run);
  // A long run meets somebody; its layers, each in its own fastest runs, did not.
  if (whole < kLongRun || !profiled_) return whole;
  return std::clamp(*profiled_, kLeastOfRun * whole, whole);
}

std::vector<TimedKernel> NetworkTimes::Kernels() const {
  std::vector<TimedKernel> kernels = kernels_;
  for (TimedKernel& kernel : kernels) kernel.sample.seconds *= KernelSeconds();
  return kernels;
}

void NetworkTimes::TakeShares(const ir::Model& model, std::vector<engines::LayerTime> layers) {
  double sum = 0;
  for (engines::LayerTime& layer : layers) {
    layer.fast_ms =
        std::max(layer.fast_ms - overheads_.per_layer_seconds * 1000, kLeastShare * layer.fast_ms);
    sum += layer.fast_ms / 1000;
  }
  if (sum <= 0) return;
  const std::vector<Kernel> kernels = KernelsOf(*model.graph, run_.engine, engines::NameOf(run_.precision));
  const Attribution attribution = Attribute(kernels, layers);
  kernels_.clear();
  for (size_t i = 0; i < kernels.size(); ++i)
    if (attribution.seconds[i] > 0)
      kernels_.push_back({i, kernels[i].name(), {kernels[i].shape, attribution.seconds[i] / sum}});
  lost_ = attribution.lost / sum;
  lost_layers_ = attribution.lost_layers;
}

}  // namespace shoehorn::cost
