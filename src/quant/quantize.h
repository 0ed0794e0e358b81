// Post-training quantization to int8 in QDQ form: ranges from a streaming calibration, scales from a rule, then
// QuantizeLinear/DequantizeLinear pairs around the operators that an engine runs fast in integers.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "ir/graph.h"
#include "ir/interfaces.h"
#include "support/result.h"

namespace shoehorn::quant {

enum class RangeMethod { kMinMax, kPercentile, kMse, kEntropy };

/// What calibration learned about one activation; all methods come from the same pass over the samples.
struct Range {
  double low = 0, high = 0;
};
struct ActivationRanges {
  Range min_max, percentile, mse, entropy;
};
using CalibrationTable = std::unordered_map<std::string, ActivationRanges>;  // by value name

/// Runs a model whose extra outputs are the activations to observe: inputs of sample `i` in, all outputs out.
using Runner = std::function<Result<std::vector<ir::Tensor>>(size_t i)>;

/// How to quantize; one engine's liking.
struct QuantizeOptions {
  std::string engine = "onnxruntime";  ///< whose fast integer operators count
  bool per_channel = true;             ///< weights; else per tensor
  bool signed_activations = false;
  bool symmetric_activations = false;
  RangeMethod range = RangeMethod::kMinMax;
  std::set<std::string> keep_float;    ///< node names that stay in float
};

/// Names of the values of a simplified graph that calibration has to observe.
std::vector<std::string> ActivationsToObserve(const ir::Graph& graph);

/// A copy of the model with those values as additional outputs.
std::unique_ptr<ir::Model> WithObservedOutputs(const ir::Model& model, const std::vector<std::string>& names);

/// One streaming pass over `count` samples; memory does not grow with `count`.
Result<CalibrationTable> Calibrate(const std::vector<std::string>& names, size_t first_output, size_t count,
                                   const Runner& runner);

struct QuantizeReport {
  size_t quantized_nodes = 0, float_nodes = 0;
  std::vector<std::pair<std::string, std::string>> left_in_float;  ///< node, why
};

/// Inserts the QDQ pairs. The model must be simplified (BatchNormalization folded) and have opset >= 13.
Result<QuantizeReport> Quantize(ir::Model& model, const CalibrationTable& table, const QuantizeOptions& options);

}  // namespace shoehorn::quant
