// Cosine similarity with the original: 1 where a candidate's output points the same way. For models without
// labels; of several outputs the worst counts, so that a broken box head is not hidden by a healthy score
// head.
#include <fmt/format.h>

#include <cmath>

#include "data/metric_support.h"

namespace shoehorn::data {
namespace {

double Cosine(const std::vector<double>& a, const std::vector<double>& b) {
  double ab = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    ab += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  if (aa == 0 || bb == 0) return aa == bb ? 1 : 0;
  return ab / std::sqrt(aa * bb);
}

class CosineMetric : public Metric {
 public:
  /// `only`: the one output to look at; negative: all.
  explicit CosineMetric(int only) : only_(only) {}
  std::string name() const override { return "cosine"; }
  bool higher_is_better() const override { return true; }
  bool needs_reference() const override { return true; }

  Result<Observation> Observe(const Sample& sample, std::span<const ir::Tensor> outputs,
                              std::span<const ir::Tensor> reference) const override {
    if (outputs.size() != reference.size())
      return SampleError(name(), sample, fmt::format("{} output(s)", outputs.size()),
                         fmt::format("{}, as the original", reference.size()));
    double worst = 1;
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (only_ >= 0 && i != static_cast<size_t>(only_)) continue;
      if (outputs[i].dims() != reference[i].dims())
        return SampleError(name(), sample, fmt::format("an output of {}", ShapeText(outputs[i])),
                           fmt::format("{}, as the original", ShapeText(reference[i])));
      if (outputs[i].count() == 0) continue;
      SHOEHORN_ASSIGN(const auto a, OutputNumbers(name(), sample, outputs, i));
      SHOEHORN_ASSIGN(const auto b, OutputNumbers(name(), sample, reference, i));
      worst = std::min(worst, Cosine(a, b));
    }
    return Observation{worst};
  }
  double Score(std::span<const Observation* const> rows) const override { return MeanOfFirst(rows); }

 private:
  int only_;
};

}  // namespace

Result<std::unique_ptr<Metric>> MakeCosine(const MetricSpec& spec, size_t output,
                                           const std::vector<std::string>&) {
  return std::unique_ptr<Metric>(
      std::make_unique<CosineMetric>(spec.output.empty() ? -1 : static_cast<int>(output)));
}

}  // namespace shoehorn::data
