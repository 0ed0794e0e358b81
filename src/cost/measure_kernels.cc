#include "cost/measure_kernels.h"

#include <algorithm>

#include "cost/attribution.h"
#include "cost/variants.h"
#include "formats/onnx.h"
#include "support/temporary.h"

namespace shoehorn::cost {
namespace {

// A profile whose layers take that much more than whole runs was disturbed, and is taken again.
constexpr double kDisturbed = 1.15;
constexpr int kProfilesAgain = 3;
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
  prepared.options.min_runs = 9;
  prepared.options.stop = stop;
  return prepared;
}

struct Profile {
  std::vector<engines::LayerTime> layers;
  double seconds = 0;  ///< of all layers
};

Result<Profile> ProfileOf(const Prepared& prepared) {
  Profile profile;
  SHOEHORN_ASSIGN(profile.layers, measure::ProfileLayers(prepared.subject, prepared.options));
  for (engines::LayerTime& layer : profile.layers) {
    layer.mean_ms += LostByRounding(prepared.subject.engine);
    profile.seconds += layer.mean_ms / 1000;
  }
  return profile;
}

}  // namespace

Result<Seconds> SecondsOf(const ir::Model& model, const RunAs& run, std::chrono::milliseconds time,
                          const std::function<bool()>* stop) {
  SHOEHORN_ASSIGN(const Prepared prepared, Prepare(model, run, time, stop));
  SHOEHORN_ASSIGN(const measure::Measurement measured,
                  measure::MeasureAlone(prepared.subject, prepared.options));
  return Seconds{measured.fast_ms / 1000, measured.latency.p50.value / 1000};
}

Result<double> ProfiledSecondsPerLayer(const ir::Model& model, const RunAs& run,
                                       const std::function<bool()>* stop) {
  SHOEHORN_ASSIGN(const Prepared prepared, Prepare(model, run, std::chrono::milliseconds(1), stop));
  SHOEHORN_ASSIGN(const Profile profile, ProfileOf(prepared));
  return profile.seconds / static_cast<double>(std::max<size_t>(1, profile.layers.size()));
}

Result<TimedNetwork> TimeKernels(const ir::Model& model, const RunAs& run, const Overheads& overheads,
                                 std::chrono::milliseconds time, const std::function<bool()>* stop) {
  SHOEHORN_ASSIGN(const Prepared prepared, Prepare(model, run, time, stop));
  SHOEHORN_ASSIGN(const measure::Measurement whole,
                  measure::MeasureAlone(prepared.subject, prepared.options));
  TimedNetwork network;
  network.seconds = whole.fast_ms / 1000;
  const double kernels_seconds = std::max(network.seconds - overheads.start_seconds, 0.2 * network.seconds);

  SHOEHORN_ASSIGN(Profile profile, ProfileOf(prepared));
  for (int i = 0; i < kProfilesAgain; ++i) {
    const double overhead = overheads.per_layer_seconds * static_cast<double>(profile.layers.size());
    if (profile.seconds < kDisturbed * kernels_seconds + overhead) break;
    SHOEHORN_ASSIGN(Profile again, ProfileOf(prepared));
    if (again.seconds < profile.seconds) profile = std::move(again);
  }
  double sum = 0;
  for (engines::LayerTime& layer : profile.layers) {
    layer.mean_ms = std::max(layer.mean_ms - overheads.per_layer_seconds * 1000, kLeastShare * layer.mean_ms);
    sum += layer.mean_ms / 1000;
  }
  if (sum <= 0) return network;
  const std::vector<Kernel> kernels = KernelsOf(*model.graph, run.engine, engines::NameOf(run.precision));
  const Attribution attribution = Attribute(kernels, profile.layers);
  const double scale = kernels_seconds / sum;
  for (size_t i = 0; i < kernels.size(); ++i)
    if (attribution.seconds[i] > 0)
      network.kernels.push_back({kernels[i].name(), {kernels[i].shape, attribution.seconds[i] * scale}});
  network.lost = attribution.lost / sum;
  network.lost_layers = attribution.lost_layers;
  return network;
}

}  // namespace shoehorn::cost
