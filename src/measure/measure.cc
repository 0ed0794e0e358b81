#include "measure/measure.h"

#include <algorithm>
#include <cmath>

#include "formats/onnx.h"
#include "measure/statistics.h"
#include "measure/worker_client.h"
#include "support/temporary.h"

namespace shoehorn::measure {
namespace {

namespace fs = std::filesystem;

constexpr double kRoundMs = 75;   // one turn of one process; drift of the machine is slower than that
constexpr double kUntimedMs = 3;  // at the start of each turn: the other process has used the caches
constexpr size_t kFewestRounds = 8;
constexpr double kProfiledMs = 100;  // the first runs, which find nothing in the caches, must not decide
constexpr size_t kFewestProfiled = 20, kMostProfiled = 200;
constexpr double kFastShare = 0.05;

// One of the processes under measurement: how many runs make a turn, and what they took.
struct Contestant {
  std::unique_ptr<WorkerClient> worker;
  double fastest_ms = 0;
  size_t fewest_turns = kFewestRounds;
  size_t runs_per_turn = 1, untimed = 1;
  std::vector<double> run_ms;
  std::vector<double> turn_medians;

  Status Prepare(const Subject& subject, const fs::path& inputs, const MeasureOptions& options,
                 bool profile = false) {
    SHOEHORN_ASSIGN(worker, WorkerClient::Load(subject, profile, {options.timeout, options.stop, nullptr}));
    SHOEHORN_TRY(worker->Bind(inputs));
    SHOEHORN_ASSIGN(fastest_ms, worker->Warm(profile ? 0 : static_cast<double>(options.warm.count())));
    const double run = std::max(fastest_ms, 1e-4);
    const size_t most = std::max<size_t>(1, options.max_runs / kFewestRounds);
    runs_per_turn = std::clamp<size_t>(static_cast<size_t>(kRoundMs / run), 1, most);
    untimed = std::clamp<size_t>(static_cast<size_t>(kUntimedMs / run), 1, 100);
    return Ok();
  }

  Status Turn() {
    SHOEHORN_ASSIGN(const std::vector<double> times, worker->Time(runs_per_turn, untimed));
    run_ms.insert(run_ms.end(), times.begin(), times.end());
    turn_medians.push_back(QuantileOf(times, 0.5).value);
    return Ok();
  }

  bool Done(const MeasureOptions& options) const {
    double total = 0;
    for (const double ms : run_ms) total += ms;
    const bool enough = run_ms.size() >= options.min_runs && turn_medians.size() >= fewest_turns;
    return run_ms.size() >= options.max_runs ||
           (enough && total >= static_cast<double>(options.time_each.count()));
  }

  Result<Measurement> Finish(const Subject& subject) {
    Measurement measurement;
    measurement.latency = LatencyOf(run_ms);
    measurement.fast_ms = QuantileOf(run_ms, kFastShare).value;
    measurement.load_ms = worker->load_ms();
    SHOEHORN_ASSIGN(measurement.peak_memory_bytes, worker->PeakBytes());
    SHOEHORN_ASSIGN(measurement.size_bytes, SizeOfArtifact(subject.artifact));
    return measurement;
  }
};

Result<std::unique_ptr<TemporaryFolder>> WriteInputs(const MeasureOptions& options) {
  SHOEHORN_ASSIGN(auto folder, TemporaryFolder::Create());
  SHOEHORN_TRY(WriteTensors(options.inputs, folder->path(), "input"));
  return folder;
}

Status CheckStop(const MeasureOptions& options) {
  if (options.stop == nullptr || !(*options.stop)()) return Ok();
  Diagnostic diagnostic;
  diagnostic.found = "asked to stop while measuring";
  diagnostic.blame = Blame::kInterrupted;
  return diagnostic;
}

}  // namespace

Result<PairedMeasurement> MeasurePaired(const Subject& subject, const Subject& original,
                                        const MeasureOptions& options) {
  SHOEHORN_ASSIGN(const auto inputs, WriteInputs(options));
  Contestant ours, theirs;
  SHOEHORN_TRY(ours.Prepare(subject, inputs->path(), options));
  SHOEHORN_TRY(theirs.Prepare(original, inputs->path(), options));
  // Turn and turn about, each first in every second round.
  for (size_t round = 0; !ours.Done(options) || !theirs.Done(options); ++round) {
    SHOEHORN_TRY(CheckStop(options));
    SHOEHORN_TRY((round % 2 == 0 ? ours : theirs).Turn());
    SHOEHORN_TRY((round % 2 == 0 ? theirs : ours).Turn());
  }
  PairedMeasurement paired;
  SHOEHORN_ASSIGN(paired.subject, ours.Finish(subject));
  SHOEHORN_ASSIGN(paired.original, theirs.Finish(original));
  std::vector<double> ratios;
  for (size_t i = 0; i < ours.turn_medians.size(); ++i)
    ratios.push_back(theirs.turn_medians[i] / ours.turn_medians[i]);
  const Quantile ratio = QuantileOf(ratios, 0.5);
  paired.speedup = ratio.value;
  paired.speedup_low = ratio.low;
  paired.speedup_high = ratio.high;
  return paired;
}

Result<Measurement> MeasureAlone(const Subject& subject, const MeasureOptions& options) {
  SHOEHORN_ASSIGN(const auto inputs, WriteInputs(options));
  Contestant contestant;
  contestant.fewest_turns = 1;  // there is nobody to be compared with
  SHOEHORN_TRY(contestant.Prepare(subject, inputs->path(), options));
  while (!contestant.Done(options)) {
    SHOEHORN_TRY(CheckStop(options));
    SHOEHORN_TRY(contestant.Turn());
  }
  return contestant.Finish(subject);
}

Result<std::vector<engines::LayerTime>> ProfileLayers(const Subject& subject, const MeasureOptions& options) {
  SHOEHORN_ASSIGN(const auto inputs, WriteInputs(options));
  Contestant contestant;
  SHOEHORN_TRY(contestant.Prepare(subject, inputs->path(), options, /*profile=*/true));
  const auto runs = static_cast<size_t>(kProfiledMs / std::max(contestant.fastest_ms, 1e-4));
  SHOEHORN_TRY(contestant.worker->Time(std::clamp(runs, kFewestProfiled, kMostProfiled), 0));
  SHOEHORN_ASSIGN(const Json answer, contestant.worker->Ask({{"do", "layers"}}, "layers"));
  return answer.get<std::vector<engines::LayerTime>>();
}

Result<uint64_t> SizeOfArtifact(const fs::path& artifact) {
  std::error_code code;
  uint64_t size = fs::file_size(artifact, code);
  if (code) {
    Diagnostic diagnostic;
    diagnostic.file = artifact.string();
    diagnostic.found = "cannot read the file's size: " + code.message();
    return diagnostic;
  }
  if (artifact.extension() == ".xml") {
    const uint64_t weights = fs::file_size(fs::path(artifact).replace_extension(".bin"), code);
    return size + (code ? 0 : weights);
  }
  if (artifact.extension() != ".onnx") return size;
  // Weights that are larger than the file lie outside it.
  SHOEHORN_ASSIGN(const auto model, formats::LoadOnnx(artifact, {.inline_functions = false, .check = false}));
  uint64_t weights = 0;
  ir::ForEachGraph(*model->graph, [&](ir::Graph& graph) {
    for (const auto& value : graph.values())
      if (value->initializer() != nullptr) weights += value->initializer()->byte_size();
  });
  return weights > size ? size + weights : size;
}

}  // namespace shoehorn::measure
