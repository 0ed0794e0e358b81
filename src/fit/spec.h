// The spec file: one TOML file that says what to fit, on which samples, by which metric and to which requirements.
// Every key is documented in docs/spec.md; an unknown key is an error with "did you mean".
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/metric.h"
#include "data/samples.h"

namespace shoehorn::fit {

/// What must hold; absent members are not required.
struct Requirements {
  std::optional<double> accuracy_drop_absolute, accuracy_drop_relative;  ///< of the metric's own unit; fraction of the original
  std::optional<double> latency_p50_ms, latency_p90_ms, latency_p99_ms;
  std::optional<double> speedup;                 ///< over the original in ONNX Runtime's defaults, same threads
  std::optional<double> peak_memory_bytes, size_bytes;
  std::optional<double> size_ratio;              ///< artifact over the original file
  std::optional<double> load_ms, throughput_per_s;
};

struct Spec {
  std::filesystem::path file;                    ///< the spec itself
  std::filesystem::path model;
  std::vector<data::InputSpec> inputs;
  std::map<std::string, int64_t> symbols;        ///< pinned symbolic dimensions, e.g. batch = 1
  data::SamplesSpec calibration, evaluation;
  data::MetricSpec metric;
  Requirements requirements;
  std::vector<int> threads = {1};
  std::vector<std::string> engines = {"onnxruntime", "openvino"};
  std::vector<std::string> precisions = {"fp32", "bf16", "int8"};
  double budget_s = 600;
};

Result<Spec> LoadSpec(const std::filesystem::path& path);

}  // namespace shoehorn::fit
