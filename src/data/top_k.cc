// Top-k: 1 for a sample whose class is among the k highest scores. Scores [0.1, 0.7, 0.2], label 2: top-1 0,
// top-2 1. Equal scores count against the model, so that a constant output is never right by chance.
#include <fmt/format.h>

#include "data/metric_support.h"

namespace shoehorn::data {
namespace {

class TopK : public Metric {
 public:
  TopK(size_t k, size_t output) : k_(k), output_(output) {}
  std::string name() const override { return k_ == 1 ? "top_1" : fmt::format("top_{}", k_); }
  bool higher_is_better() const override { return true; }

  Result<Observation> Observe(const Sample& sample, std::span<const ir::Tensor> outputs,
                              std::span<const ir::Tensor>) const override {
    SHOEHORN_ASSIGN(const auto scores, OutputNumbers(name(), sample, outputs, output_));
    const auto& dims = outputs[output_].dims();
    if (std::ranges::count_if(dims, [](int64_t dim) { return dim > 1; }) > 1 || scores.size() < k_ + 1)
      return SampleError(name(), sample, fmt::format("an output of {}", ShapeText(outputs[output_])),
                         fmt::format("one row of more than {} class score(s)", k_),
                         "choose another output or metric");
    SHOEHORN_ASSIGN(const size_t label, ClassLabel(name(), sample, scores.size()));
    const auto above = std::ranges::count_if(scores, [&](double score) { return score >= scores[label]; });
    return Observation{static_cast<size_t>(above) <= k_ ? 1.0 : 0.0};
  }
  double Score(std::span<const Observation* const> rows) const override { return MeanOfFirst(rows); }

 private:
  size_t k_, output_;
};

}  // namespace

Result<std::unique_ptr<Metric>> MakeTopK(const MetricSpec& spec, size_t output,
                                         const std::vector<std::string>&) {
  if (spec.k < 1)
    return Diagnostic{
        .place = "metric.k", .found = std::to_string(spec.k), .expected = "a whole number from 1 on"};
  return std::unique_ptr<Metric>(std::make_unique<TopK>(static_cast<size_t>(spec.k), output));
}

}  // namespace shoehorn::data
