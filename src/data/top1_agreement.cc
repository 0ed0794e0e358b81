// Agreement with the original's highest class, for classifiers without labels: 1 where both choose the same.
// An output of several rows ([1, steps, classes]) counts the share of rows that agree.
#include <fmt/format.h>

#include "data/metric_support.h"

namespace shoehorn::data {
namespace {

class Top1Agreement : public Metric {
 public:
  explicit Top1Agreement(size_t output) : output_(output) {}
  std::string name() const override { return "top1_agreement"; }
  bool higher_is_better() const override { return true; }
  bool needs_reference() const override { return true; }

  Result<Observation> Observe(const Sample& sample, std::span<const ir::Tensor> outputs,
                              std::span<const ir::Tensor> reference) const override {
    SHOEHORN_ASSIGN(const auto mine, OutputNumbers(name(), sample, outputs, output_));
    SHOEHORN_ASSIGN(const auto theirs, OutputNumbers(name(), sample, reference, output_));
    const auto& dims = outputs[output_].dims();
    if (dims != reference[output_].dims())
      return SampleError(name(), sample, fmt::format("an output of {}", ShapeText(outputs[output_])),
                         fmt::format("{}, as the original", ShapeText(reference[output_])));
    const size_t classes = dims.empty() ? 1 : static_cast<size_t>(dims.back());
    if (classes < 2)
      return SampleError(name(), sample, fmt::format("an output of {}", ShapeText(outputs[output_])),
                         "class scores in the last dimension", "choose another output, or the metric cosine");
    double agreed = 0;
    for (size_t row = 0; row < mine.size(); row += classes) {
      const auto best = [&](const std::vector<double>& all) {
        const auto first = all.begin() + static_cast<std::ptrdiff_t>(row);
        return std::max_element(first, first + static_cast<std::ptrdiff_t>(classes)) - first;
      };
      agreed += best(mine) == best(theirs) ? 1 : 0;
    }
    return Observation{agreed * static_cast<double>(classes) / static_cast<double>(mine.size())};
  }
  double Score(std::span<const Observation* const> rows) const override { return MeanOfFirst(rows); }

 private:
  size_t output_;
};

}  // namespace

Result<std::unique_ptr<Metric>> MakeTop1Agreement(const MetricSpec&, size_t output,
                                                  const std::vector<std::string>&) {
  return std::unique_ptr<Metric>(std::make_unique<Top1Agreement>(output));
}

}  // namespace shoehorn::data
