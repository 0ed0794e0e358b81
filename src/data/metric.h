// A metric turns outputs into a number. It looks at one sample at a time (Observe) and keeps a short row of
// numbers about it; Score folds any multiset of rows into the value, so that the same rows serve the value
// itself, its bootstrap confidence interval and the paired difference against the original.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "data/samples.h"
#include "support/result.h"

namespace shoehorn::data {

using Observation = std::vector<double>;

/// What the spec says about the metric.
struct MetricSpec {
  std::string name{};  ///< "top_k", "ctc_exact", "ctc_cer", "roc_auc", "mean_iou", "map_yolox", "cosine",
                       ///< "top1_agreement", "external"
  int k = 1;           ///< top_k
  std::vector<std::string> vocabulary{};  ///< CTC: characters in class order, without blank
  std::string blank = "first";            ///< CTC: index of the blank class, "first" or "last"
  std::string ignore{};  ///< CTC: characters that do not count, in label and reading alike, such as "·-. "
  std::string output{};  ///< which output to read; empty: the first (cosine, external: all)
  double score_threshold = 0.001, iou_threshold = 0.65;  ///< map_yolox: decoding and non-maximum suppression
  std::vector<int> strides = {8, 16, 32};
  std::string command{};         ///< external: run for each sample, see external.cc
  bool higher_is_better = true;  ///< external only; the others know
};

class Metric {
 public:
  virtual ~Metric() = default;
  virtual std::string name() const = 0;
  virtual bool higher_is_better() const = 0;
  /// True for metrics that compare with the original's outputs instead of labels; `reference` is then given.
  virtual bool needs_reference() const { return false; }
  /// Errors: outputs of a shape or type that the metric cannot read, a missing or malformed label; both name
  /// the sample.
  virtual Result<Observation> Observe(const Sample& sample, std::span<const ir::Tensor> outputs,
                                      std::span<const ir::Tensor> reference) const = 0;
  virtual double Score(std::span<const Observation* const> rows) const = 0;
};

struct MetricInfo {
  const char* name;
  const char* sentence;
};
/// All metrics in the order of metrics.def.
const std::vector<MetricInfo>& AllMetrics();

/// Errors: unknown name (did you mean), parameters that contradict each other.
Result<std::unique_ptr<Metric>> MakeMetric(const MetricSpec& spec,
                                           const std::vector<std::string>& output_names);

}  // namespace shoehorn::data
