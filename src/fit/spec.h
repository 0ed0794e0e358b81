// The spec file: one TOML file that says what to fit, on which samples, by which metric and to which
// requirements. Every key is documented in docs/spec.md; an unknown key is an error with "did you mean".
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/metric.h"
#include "data/samples.h"
#include "ir/graph.h"
#include "support/toml.h"

namespace shoehorn::fit {

/// What must hold; absent members are not required.
struct Requirements {
  std::optional<double> accuracy_drop_absolute,
      accuracy_drop_relative;  ///< of the metric's own unit; fraction of the original
  std::optional<double> latency_p50_ms, latency_p90_ms, latency_p99_ms;
  std::optional<double> speedup;  ///< over the original in ONNX Runtime's defaults, same threads
  std::optional<double> peak_memory_bytes, size_bytes;
  std::optional<double> size_ratio;  ///< artifact over the original file
  std::optional<double> load_ms, throughput_per_s;
};

struct Spec {
  std::filesystem::path file;  ///< the spec itself
  std::filesystem::path model;
  std::vector<data::InputSpec> inputs;
  std::map<std::string, int64_t> symbols;  ///< pinned symbolic dimensions, e.g. batch = 1
  data::SamplesSpec calibration, evaluation;
  data::MetricSpec metric;
  Requirements requirements;
  std::vector<int> threads = {1};
  std::vector<std::string> engines = {"onnxruntime", "openvino"};
  std::vector<std::string> precisions = {"fp32", "bf16", "int8"};
  double budget_s = 600;
  std::optional<TomlValue> place;  ///< the section [place], which `shoehorn place` reads
  std::string vocabulary_key;      ///< "character" when `vocabulary = "metadata:character"`, else empty
};

/// Reads and checks a spec; relative paths become relative to its folder. Errors name the line and the key.
Result<Spec> LoadSpec(const std::filesystem::path& path);

/// When a spec bounds no loss of accuracy, this one holds: 1 % of the original's value.
inline constexpr double kDefaultRelativeDrop = 0.01;

/// The entries of a vocabulary written one a line.
std::vector<std::string> VocabularyOf(std::string_view lines);

/// Every key that LoadSpec knows, as docs/spec.md writes it: "model", "input.mean",
/// "requirements.latency_p50".
std::vector<std::string> SpecKeys();

/// Holds the spec against the model: inputs by name, shapes that agree with the file and leave nothing
/// dynamic, the metric's output, the vocabulary in the model's metadata. Fills in what only the model knows:
/// the vocabulary (with the trailing space class that PP-OCR's dictionaries leave out, when the output has
/// one class more) and the inputs' order.
Status MatchModel(Spec& spec, const ir::Model& model);

}  // namespace shoehorn::fit
