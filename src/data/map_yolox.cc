// mAP of a YOLOX detector whose raw grid leaves the model: decode (yolox.h), then match and score as COCO
// does (coco_map.h).
#include <fmt/format.h>

#include "data/metric_support.h"
#include "data/yolox.h"

namespace shoehorn::data {
namespace {

class MapYolox : public Metric {
 public:
  MapYolox(YoloxOptions options, size_t output) : options_(std::move(options)), output_(output) {}
  std::string name() const override { return "map_yolox"; }
  bool higher_is_better() const override { return true; }

  Result<Observation> Observe(const Sample& sample, std::span<const ir::Tensor> outputs,
                              std::span<const ir::Tensor>) const override {
    if (!sample.label.present)
      return SampleError(name(), sample, "no label", "boxes", "set labels = \"yolo\" in the spec");
    SHOEHORN_ASSIGN(const auto cells, OutputNumbers(name(), sample, outputs, output_));
    const auto& dims = outputs[output_].dims();
    const size_t wanted = YoloxCells(sample.model_width, sample.model_height, options_.strides);
    if (dims.size() != 3 || dims[0] != 1 || dims[1] != static_cast<int64_t>(wanted) || dims[2] < 6)
      return SampleError(
          name(), sample, fmt::format("an output of {}", ShapeText(outputs[output_])),
          fmt::format("[1, {}, 5 + classes]: a cell for each {} pixels of {} x {}", wanted,
                      fmt::join(options_.strides, ", "), sample.model_width, sample.model_height),
          "check metric.output and metric.strides");
    return MatchDetections(DecodeYolox(cells, static_cast<size_t>(dims[2]) - 5, sample, options_),
                           sample.label.boxes);
  }
  double Score(std::span<const Observation* const> rows) const override { return MeanAveragePrecision(rows); }

 private:
  YoloxOptions options_;
  size_t output_;
};

}  // namespace

Result<std::unique_ptr<Metric>> MakeMapYolox(const MetricSpec& spec, size_t output,
                                             const std::vector<std::string>&) {
  const auto fraction = [](double value) { return value >= 0 && value <= 1; };
  if (!fraction(spec.score_threshold) || !fraction(spec.iou_threshold))
    return Diagnostic{.place = "metric",
                      .found = fmt::format("thresholds {} and {}", spec.score_threshold, spec.iou_threshold),
                      .expected = "score_threshold and iou_threshold from 0 to 1"};
  if (spec.strides.empty() || std::ranges::any_of(spec.strides, [](int stride) { return stride < 1; }))
    return Diagnostic{.place = "metric.strides",
                      .found = fmt::format("[{}]", fmt::join(spec.strides, ", ")),
                      .expected = "whole numbers from 1 on, such as [8, 16, 32]"};
  return std::unique_ptr<Metric>(
      std::make_unique<MapYolox>(YoloxOptions{.score_threshold = spec.score_threshold,
                                              .iou_threshold = spec.iou_threshold,
                                              .strides = spec.strides},
                                 output));
}

}  // namespace shoehorn::data
