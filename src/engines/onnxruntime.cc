// ONNX Runtime on the CPU. Runs the ONNX file as it is; int8 is a matter of the file
// (QuantizeLinear/DequantizeLinear pairs), which the runtime's own optimizer turns into integer kernels. It
// has no fast bf16 or fp16 on x86-64.
//
// Threads spin while they wait for work (the runtime's default): fastest when runs follow back to back, as
// measured here, and wasteful for a device that waits for frames.
#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <span>

#include "engines/onnxruntime_api.h"
#include "engines/ports.h"
#include "formats/onnx.h"
#include "support/files.h"
#include "support/temporary.h"

namespace shoehorn::engines {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::string_view kKernelSuffix = "_kernel_time";

// "i8" when a layer reads or writes 8-bit integers, else its first floating type: {"float":[1,3]} -> "f32".
std::string PrecisionOf(const json& args) {
  std::string precision;
  for (const char* side : {"input_type_shape", "output_type_shape"}) {
    for (const json& tensor : args.value(side, json::array())) {
      if (!tensor.is_object() || tensor.empty()) continue;
      const std::string& type = tensor.begin().key();
      if (type == "int8" || type == "uint8") return "i8";
      if (precision.empty() && type == "float") precision = "f32";
      if (precision.empty() && type == "float16") precision = "f16";
    }
  }
  return precision;
}

// A layer's times in all runs.
using Times = std::vector<double>;

double Mean(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

// Of the middle half of the runs: one in which the system took the processor away tells nothing about a
// layer.
double MiddleMean(Times times) {
  std::ranges::sort(times);
  const size_t cut = times.size() / 4;
  return Mean(std::span(times).subspan(cut, times.size() - 2 * cut));
}

// The quarter of the runs that were the fastest as a whole.
std::vector<size_t> FastRuns(const std::vector<Times>& layers) {
  std::vector<std::pair<double, size_t>> sums(layers.empty() ? 0 : layers.front().size());
  for (size_t run = 0; run < sums.size(); ++run) {
    sums[run].second = run;
    for (const Times& times : layers) sums[run].first += times[run];
  }
  std::ranges::sort(sums);
  std::vector<size_t> fast;
  for (size_t i = 0; i < (sums.size() + 3) / 4; ++i) fast.push_back(sums[i].second);
  return fast;
}

// What a layer takes while nothing disturbs it. A long one meets its calm moments in runs of its own. The
// runtime's clock shows whole microseconds, so that of a short one only the mean tells more: it is that of
// `fast` runs.
double FastMean(Times times, const std::vector<size_t>& fast) {
  constexpr double kLongMs = 0.02;
  Times chosen;
  for (const size_t run : fast) chosen.push_back(times[run]);
  if (const double mean = Mean(chosen); mean < kLongMs) return mean;
  std::ranges::sort(times);
  return Mean(std::span(times).first(fast.size()));
}

// Node times of the runtime's profile: a list of events; the first run, which also warms up, is left out when
// others follow.
Result<std::vector<LayerTime>> ParseProfile(const fs::path& path) {
  SHOEHORN_ASSIGN(const std::string text, ReadText(path, size_t{1} << 30));
  const json events = json::parse(text, nullptr, /*allow_exceptions=*/false);
  Diagnostic diagnostic;
  diagnostic.file = path.string();
  diagnostic.found = "ONNX Runtime's profile is not the JSON list that was expected";
  diagnostic.blame = Blame::kFault;
  if (!events.is_array()) return diagnostic;
  std::vector<std::pair<double, double>> runs;  // start and end, microseconds
  for (const json& event : events)
    if (event.value("name", "") == "model_run")
      runs.emplace_back(event.value("ts", 0.0), event.value("ts", 0.0) + event.value("dur", 0.0));
  std::sort(runs.begin(), runs.end());
  if (runs.empty()) return std::vector<LayerTime>{};
  const size_t skipped = runs.size() > 1 ? 1 : 0;
  const double first = runs[skipped].first;
  std::vector<LayerTime> layers;
  std::vector<Times> times;  // of each layer
  std::unordered_map<std::string, size_t> index;
  for (const json& event : events) {
    std::string name = event.value("name", "");
    if (event.value("cat", "") != "Node" || !name.ends_with(kKernelSuffix) || event.value("ts", 0.0) < first)
      continue;
    name.resize(name.size() - kKernelSuffix.size());
    const json args = event.value("args", json::object());
    const auto [at, added] = index.emplace(name, layers.size());
    if (added) {
      layers.push_back({name, args.value("op_name", ""), PrecisionOf(args), {}, 0, 0});
      times.emplace_back(runs.size() - skipped, 0.0);
    }
    const auto run =
        std::upper_bound(runs.begin(), runs.end(),
                         std::pair(event.value("ts", 0.0), std::numeric_limits<double>::infinity())) -
        1;
    times[at->second][static_cast<size_t>(run - runs.begin()) - skipped] += event.value("dur", 0.0) / 1000;
  }
  const std::vector<size_t> fast = FastRuns(times);
  for (size_t i = 0; i < layers.size(); ++i) {
    layers[i].mean_ms = MiddleMean(times[i]);
    layers[i].fast_ms = FastMean(times[i], fast);
  }
  return layers;
}

class OrtSession : public Session {
 public:
  OrtSession(Ort::Session session, std::unique_ptr<TemporaryFolder> profile_folder)
      : session_(std::move(session)),
        inputs_(InputsOf(session_)),
        outputs_(OutputsOf(session_)),
        profile_folder_(std::move(profile_folder)) {}

  ~OrtSession() override {
    if (profile_folder_) EndProfiling();  // else the runtime writes its file after the folder is gone
  }

  const std::vector<Port>& inputs() const override { return inputs_; }
  const std::vector<Port>& outputs() const override { return outputs_; }

  Result<std::vector<ir::Tensor>> Run(std::span<const ir::Tensor> inputs) override {
    return RunOrt(session_, inputs_, outputs_, inputs);
  }

  Status Bind(std::span<const ir::Tensor> inputs) override {
    SHOEHORN_TRY(CheckInputs(inputs_, inputs));
    bound_.assign(inputs.begin(), inputs.end());
    values_.clear();
    for (const ir::Tensor& tensor : bound_) values_.push_back(ToOrt(tensor));
    input_names_ = NamesOf(inputs_);
    output_names_ = NamesOf(outputs_);
    return Ok();
  }

  Status RunBound() override {
    try {
      session_.Run(Ort::RunOptions{nullptr}, input_names_.data(), values_.data(), values_.size(),
                   output_names_.data(), output_names_.size());
      return Ok();
    } catch (const Ort::Exception& error) {
      return OrtError("cannot run the model", error);
    }
  }

  Result<std::vector<LayerTime>> Layers() override {
    SHOEHORN_CHECK(layers_ || profile_folder_ != nullptr, "layer times of a session that does not profile");
    if (!layers_) layers_ = ParseProfile(EndProfiling());
    profile_folder_.reset();  // now: a worker is killed once it has answered
    return *layers_;
  }

 private:
  fs::path EndProfiling() {
    Ort::AllocatorWithDefaultOptions allocator;
    return session_.EndProfilingAllocated(allocator).get();
  }

  Ort::Session session_;
  std::vector<Port> inputs_, outputs_;
  std::unique_ptr<TemporaryFolder> profile_folder_;  // null: no profile, or read already
  std::optional<Result<std::vector<LayerTime>>> layers_;
  std::vector<ir::Tensor> bound_;
  std::vector<Ort::Value> values_;
  std::vector<const char*> input_names_, output_names_;
};

class OrtEngine : public Engine {
 public:
  explicit OrtEngine(Ort::Env* env) : env_(env) {}

  std::string name() const override { return "onnxruntime"; }
  std::string version() const override { return OnnxRuntimeVersion(); }
  std::vector<Precision> precisions() const override { return {Precision::kFp32, Precision::kInt8}; }

  Result<std::unique_ptr<Session>> Load(const fs::path& model, const SessionOptions& wanted) override {
    SHOEHORN_TRY(CheckPrecision(wanted.precision));
    std::unique_ptr<TemporaryFolder> profile_folder;
    try {
      // The defaults are the runtime's fastest for back-to-back runs: every optimization, memory pattern,
      // spinning.
      Ort::SessionOptions options;
      options.SetIntraOpNumThreads(wanted.threads);
      options.SetLogSeverityLevel(ORT_LOGGING_LEVEL_FATAL);
      if (wanted.pairs_as_written) options.AddConfigEntry("session.disable_quant_qdq", "1");
      if (wanted.profile) {
        SHOEHORN_ASSIGN(profile_folder, TemporaryFolder::Create());
        options.EnableProfiling((profile_folder->path() / "layers").c_str());
      }
      return std::unique_ptr<Session>(std::make_unique<OrtSession>(
          Ort::Session(*env_, model.c_str(), options), std::move(profile_folder)));
    } catch (const Ort::Exception& error) {
      Diagnostic diagnostic = OrtError("cannot load the model", error);
      diagnostic.file = model.string();
      return diagnostic;
    }
  }

  Result<fs::path> WriteArtifact(const fs::path& onnx, Precision precision, const fs::path& folder) override {
    SHOEHORN_TRY(CheckPrecision(precision));
    SHOEHORN_ASSIGN(const auto model, formats::LoadOnnx(onnx));
    const fs::path artifact = folder / "model.onnx";
    SHOEHORN_TRY(formats::SaveOnnx(*model, artifact));
    return artifact;
  }

 private:
  Status CheckPrecision(Precision wanted) const {
    if (std::ranges::count(precisions(), wanted) > 0) return Ok();
    Diagnostic diagnostic;
    diagnostic.found =
        "ONNX Runtime does not compute in " + std::string(NameOf(wanted)) + " on this processor";
    diagnostic.expected = "fp32 or int8";
    return diagnostic;
  }

  Ort::Env* env_;
};

}  // namespace

Result<Engine*> OnnxRuntime() {
  SHOEHORN_ASSIGN(Ort::Env * env, OpenOnnxRuntime());
  static OrtEngine engine(env);
  return static_cast<Engine*>(&engine);
}

}  // namespace shoehorn::engines
