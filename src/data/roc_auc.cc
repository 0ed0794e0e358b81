// Area under the ROC curve: the chance that a random positive scores above a random negative, ties counting
// half (Mann and Whitney's U over the number of pairs). Needs no threshold, so it suits detectors of the
// rare.
#include <fmt/format.h>

#include "data/metric_support.h"

namespace shoehorn::data {
namespace {

class RocAuc : public Metric {
 public:
  explicit RocAuc(size_t output) : output_(output) {}
  std::string name() const override { return "roc_auc"; }
  bool higher_is_better() const override { return true; }

  /// Row: score, label. Two scores (negative, positive) become their difference, which orders samples as a
  /// softmax would.
  Result<Observation> Observe(const Sample& sample, std::span<const ir::Tensor> outputs,
                              std::span<const ir::Tensor>) const override {
    SHOEHORN_ASSIGN(const auto scores, OutputNumbers(name(), sample, outputs, output_));
    if (scores.size() > 2)
      return SampleError(name(), sample, fmt::format("an output of {}", ShapeText(outputs[output_])),
                         "one score, or one for each of two classes", "choose another output or metric");
    SHOEHORN_ASSIGN(const size_t label, ClassLabel(name(), sample, 2));
    return Observation{scores.size() == 1 ? scores[0] : scores[1] - scores[0], static_cast<double>(label)};
  }

  /// 0.5 (knows nothing) when one of the two classes is missing.
  double Score(std::span<const Observation* const> rows) const override {
    std::vector<const Observation*> sorted(rows.begin(), rows.end());
    std::ranges::sort(sorted, {}, [](const Observation* row) { return (*row)[0]; });
    double pairs_won = 0, negatives = 0, positives = 0;
    for (size_t begin = 0; begin < sorted.size();) {
      size_t end = begin;
      double tied[2] = {0, 0};
      for (; end < sorted.size() && (*sorted[end])[0] == (*sorted[begin])[0]; ++end)
        ++tied[(*sorted[end])[1] > 0 ? 1 : 0];
      pairs_won += tied[1] * (negatives + tied[0] / 2);
      negatives += tied[0];
      positives += tied[1];
      begin = end;
    }
    return negatives > 0 && positives > 0 ? pairs_won / (negatives * positives) : 0.5;
  }

 private:
  size_t output_;
};

}  // namespace

Result<std::unique_ptr<Metric>> MakeRocAuc(const MetricSpec&, size_t output,
                                           const std::vector<std::string>&) {
  return std::unique_ptr<Metric>(std::make_unique<RocAuc>(output));
}

}  // namespace shoehorn::data
