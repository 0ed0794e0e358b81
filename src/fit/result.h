// The outcome of a fit as plain structs: what was asked, what was tried, what was measured, what was chosen
// and why. The fit fills it, `report` writes it as result.json, as text and as a page, and a resumed fit
// reads it back. A number that was not measured is kUnknown (null in JSON), never a zero that looks like a
// result.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "support/machine.h"

namespace shoehorn::fit {

inline constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

/// A value with its 95 % confidence interval. An exact value has low == high == value.
struct Estimate {
  double value = kUnknown, low = kUnknown, high = kUnknown;
};
inline Estimate Exactly(double value) { return {value, value, value}; }

/// One line of the verdict.
struct RequirementResult {
  std::string name;       ///< the key in the spec: "speedup", "latency_p99", "accuracy_drop"
  std::string unit;       ///< "ms", "bytes", "x", "1/s"; "": the metric's own
  bool at_least = false;  ///< true: found must be >= required; false: <=
  double required = kUnknown;
  Estimate found;
  bool met = false;
  /// Probability that `met` is the right answer, 0.5 to 1; see ConfidenceOf. 1 for exact values.
  double confidence = 1;
  bool measured = true;  ///< false: nothing here can tell, the target is elsewhere; `met` is then false
};

/// Probability, 0.5 to 1, that `found` truly lies on the side of `required` where its value lies: the error
/// is taken as normal with the half-width of the 95 % interval as 1.96 standard deviations. kUnknown when
/// nothing was found.
double ConfidenceOf(const Estimate& found, double required);

/// Latency of one run in milliseconds; low and high are the 95 % interval of p50.
struct LatencyResult {
  double p50 = kUnknown, p90 = kUnknown, p99 = kUnknown;
  double low = kUnknown, high = kUnknown;
  bool p99_trusted = false;  ///< enough runs (662) for a p99 that may decide a verdict
  uint64_t runs = 0;
};

struct MetricResult {
  std::string name;  ///< "ctc_exact", "map_yolox", ...
  bool higher_is_better = true;
  Estimate score;
  uint64_t samples = 0;
  Estimate difference;  ///< candidate - original, paired on the same samples
};

/// Where a target runs a candidate.
struct Placement {
  bool judged = false;  ///< by the vendor's compiler; else by the target's rules
  uint64_t islands = 0, cpu_operators = 0;
  struct Left {
    std::string node, op_type, why;
  };
  std::vector<Left> left_to_cpu{};  ///< at most 100 of them
  std::string died{};               ///< how the compiler ended when it gave no answer; else empty
};

enum class CandidateState {
  kMeasured,  ///< the metric is known, and latency unless the fit is for a target
  kPruned,    ///< given up early because it cannot win; what was measured until then is kept
  kFailed,    ///< the engine, the quantizer or the worker refused or ended; see `reason`
  kSkipped,   ///< the budget ended before its turn
};

/// One way to run the model: engine x precision x variant x threads.
struct Candidate {
  std::string id;         ///< unique in the result: "openvino-int8-perchannel-u8-minmax-1t", "original-1t"
  std::string engine;     ///< "onnxruntime", "openvino"
  std::string precision;  ///< "fp32", "bf16", "int8"; for targets also "int8+int16", "int16", "fp16"
  std::string variant;    ///< in words, for integers: "per channel, unsigned, percentile"; else empty
  int threads = 1;
  bool original =
      false;  ///< the user's own file in ONNX Runtime's defaults: the yardstick at this thread count
  CandidateState state = CandidateState::kSkipped;
  std::string reason;  ///< why pruned, failed or skipped; one clause
  LatencyResult latency;
  Estimate speedup;  ///< over the original at the same thread count, paired by rounds
  MetricResult metric;
  bool meets = false;  ///< every requirement, and surely not slower than the original
  double size_bytes = kUnknown;
  double peak_memory_bytes = kUnknown;
  double load_ms = kUnknown;
  std::string artifact;                ///< path relative to the output folder; empty when it was not kept
  std::optional<Placement> placement;  ///< of candidates for a target
};

/// Where the artifact is to run, when that is not this machine.
struct TargetResult {
  std::string name, title;    ///< "qcs6490", "Qualcomm QCS6490, Hexagon HTP v68"
  std::string judge;          ///< "onnxruntime-qnn 2.7.0 on ONNX Runtime 1.32.0"; empty: none was asked
  std::string judge_missing;  ///< why not
  std::string compiled;  ///< what the judge compiled of the chosen candidate, relative to the output folder
};

/// The smallest single change of the spec that would make some candidate feasible.
struct Relaxation {
  std::string requirement;  ///< RequirementResult::name
  double from = kUnknown, to = kUnknown;
  std::string unit;
  std::string candidate;  ///< Candidate::id that would then be chosen
};

/// What one pass did to one of the user's nodes.
struct RewriteResult {
  std::string pass, node, why;
};

/// One executed layer of the chosen model, after the engine's own fusion.
struct LayerResult {
  std::string name, type, precision;  ///< precision as the engine says it ("f32", "bf16", "i8"); may be empty
  std::vector<std::string> origins;   ///< nodes of the user's file behind it, where known
  double time_ms = kUnknown;          ///< mean of one run
};

/// What quantization did for the chosen model; empty name: the chosen model is not quantized.
struct QuantizationResult {
  std::string variant;  ///< as Candidate::variant
  uint64_t calibration_samples = 0;
  uint64_t quantized_nodes = 0, float_nodes = 0;
  struct Left {
    std::string node, why;
  };
  std::vector<Left> left_in_float;
};

/// A file that went in, named by content.
struct InputFile {
  std::string path, hash;  ///< XXH3, 16 hex digits
  uint64_t size_bytes = 0;
};

/// How a sample becomes an input tensor, in the spec's words; goes into plan.json.
struct InputPlan {
  std::string name, type;  ///< "float32", ...
  std::vector<int64_t> shape;
  std::string layout, color, resize;
  int resize_shorter = 0;
  double pad = 0;
  std::vector<double> mean, scale;  ///< (value - mean) * scale
};

/// A part of the work and how long it took.
struct StepTime {
  std::string name;  ///< "import", "simplify", "calibrate", "candidates", ...
  double seconds = 0;
};

struct FitResult {
  std::string version;  ///< of Shoehorn
  std::string created;  ///< UTC, "2026-03-01T12:00:00Z"
  std::string name;     ///< the model's file name without its ending
  bool met = false;
  std::string explanation;  ///< one sentence: why chosen, or which requirement fails and by how much
  bool budget_exhausted = false;
  double budget_s = 0;
  InputFile spec, model;
  std::optional<TargetResult> target;  ///< of a fit for another device
  std::vector<InputPlan> inputs;
  std::vector<RequirementResult> requirements;  ///< of the chosen candidate
  std::vector<Candidate> candidates;    ///< originals first, then in the order in which they were tried
  std::string original;                 ///< Candidate::id, at the thread count of the chosen one
  std::string chosen;                   ///< Candidate::id; the original when nothing better meets the spec
  std::vector<Relaxation> relaxations;  ///< only when not met; smallest first
  uint64_t nodes_before = 0, nodes_after = 0;  ///< of the graph, simplification; without Constant nodes
  std::vector<RewriteResult> rewrites;
  QuantizationResult quantization;
  std::vector<LayerResult> layers;  ///< in the order of execution
  std::vector<StepTime> steps;
  std::vector<std::string> warnings;
  Machine machine;

  /// The candidate of that id, or nullptr.
  const Candidate* Find(const std::string& id) const;
};

}  // namespace shoehorn::fit
