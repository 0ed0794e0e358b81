// Post-training quantization to int8 in QDQ form: ranges from a streaming calibration, scales from a rule,
// then QuantizeLinear/DequantizeLinear pairs around the operators that an engine runs fast in integers.
//   x -> Conv -> Relu -> y   becomes   x -> Q -> DQ -> Conv(DQ(weights), DQ(bias)) -> Q -> DQ -> y
// The order of work: PrepareModel, ActivationsToObserve, WithObservedOutputs, Calibrate (once), Quantize
// (once a candidate).
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ir/graph.h"
#include "ir/interfaces.h"
#include "support/result.h"

namespace shoehorn::quant {

enum class RangeMethod { kMinMax, kPercentile, kMse, kEntropy };
inline constexpr RangeMethod kRangeMethods[] = {RangeMethod::kMinMax, RangeMethod::kPercentile,
                                                RangeMethod::kMse, RangeMethod::kEntropy};
/// "min_max", "percentile", "mse", "entropy".
std::string_view NameOf(RangeMethod method);

/// Signal-to-quantization-noise ratio of values that 8 bits hold without loss.
inline constexpr double kLosslessDb = 120;

/// What 8 bits are spent on; zero always lies inside.
struct Range {
  double low = 0, high = 0;
  /// 10 log10(mean square of the values / mean square of the error), estimated from the histogram.
  double sqnr_db = kLosslessDb;
};

/// What calibration learned about one activation; all methods come from the same pass over the samples.
struct ActivationRanges {
  Range min_max, percentile, mse, entropy;
  /// What is known of one channel (axis 1; the last axis when the rank is 3).
  struct Channel {
    float low = 0, high = 0;
    float mean = 0, power = 0;  ///< of the values and of their squares
  };
  std::vector<Channel> channels;  ///< empty when their number differs between samples

  const Range& Of(RangeMethod method) const;
};
using CalibrationTable = std::unordered_map<std::string, ActivationRanges>;  // by value name

/// Runs a model whose extra outputs are the activations to observe: inputs of sample `i` in, all outputs out.
using Runner = std::function<Result<std::vector<ir::Tensor>>(size_t i)>;

/// How to quantize; one engine's liking.
struct QuantizeOptions {
  std::string engine = "onnxruntime";  ///< whose integer operators count
  bool per_channel = true;             ///< weights; else per tensor
  bool signed_activations = false;
  bool symmetric_activations = false;  ///< zero point 0 (signed) or 128 (unsigned)
  RangeMethod range = RangeMethod::kMinMax;
  std::set<std::string> keep_float;  ///< node names (of the simplified model) that stay in float
  /// The layers that make the outputs, and what follows them, stay in float unless integer inputs alone give
  /// float outputs.
  bool float_head = true;
  /// A node whose activations would have a worse signal-to-quantization-noise ratio than this stays in float.
  double min_sqnr_db = 20;
  /// Moves the mean error of quantized weights into the bias (M. Nagel et al., "Data-Free Quantization
  /// Through Weight Equalization and Bias Correction", ICCV 2019, section 4.2, with means from calibration).
  bool bias_correction = true;
  /// The three below hold for engines that run everything in integers ("qnn_htp"). Bits of activations, 8 or
  /// 16; weights have 8 in either case.
  int activation_bits = 8;
  /// 16 bits for values whose signal-to-quantization-noise ratio in 8 would be worse than this.
  double wide_below_db = 0;
  /// 16 bits for the layers that make the outputs and what follows them.
  bool wide_head = false;
  /// 7-bit weights: keeps 16-bit sums of processors without VNNI from overflowing.
  bool reduce_range = false;
};

/// Whether this processor multiplies uint8 by int8 into 32-bit sums (AVX-512 VNNI, AVX-VNNI): without it set
/// reduce_range.
bool HasVnni();

/// Opsets in which QuantizeLinear has one scale a channel, and 16 bits.
inline constexpr int64_t kPerChannelOpset = 13, kSixteenBitOpset = 21;

/// A copy of the model, types inferred, at `opset` or later.
Result<std::unique_ptr<ir::Model>> PrepareModel(const ir::Model& model, int64_t opset = kPerChannelOpset);

/// Names of the values of a simplified graph that calibration has to observe, for that engine, or (empty) for
/// every engine that runs here.
std::vector<std::string> ActivationsToObserve(const ir::Graph& graph, std::string_view engine = {});

/// A copy of the model with those values as additional outputs, in this order, after its own. (A value that
/// is an input or output already is copied by an Identity.)
std::unique_ptr<ir::Model> WithObservedOutputs(const ir::Model& model, const std::vector<std::string>& names);

/// One streaming pass over `count` samples; memory does not grow with `count`. `names` are the observed
/// values; output `first_output + k` of the runner is the value `names[k]`. Values that turn out not to be
/// float are passed over.
Result<CalibrationTable> Calibrate(const std::vector<std::string>& names, size_t first_output, size_t count,
                                   const Runner& runner);

struct QuantizeReport {
  size_t quantized_nodes = 0, float_nodes = 0;
  std::vector<std::pair<std::string, std::string>>
      left_in_float;  ///< node that could be integer, why it is not
  /// Each integer node and the least signal-to-quantization-noise ratio around it, worst first: the order in
  /// which a search should try keep_float.
  std::vector<std::pair<std::string, double>> sensitivity;
};

/// Inserts the QDQ pairs. The model must be simplified (BatchNormalization folded) and come from
/// PrepareModel. Errors: an older opset, an unknown engine (did you mean), contradicting options.
Result<QuantizeReport> Quantize(ir::Model& model, const CalibrationTable& table,
                                const QuantizeOptions& options);

}  // namespace shoehorn::quant
