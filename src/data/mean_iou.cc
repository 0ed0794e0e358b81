// Mean intersection over union of a segmentation, as the PASCAL VOC challenge counts it: pixels of all
// pictures together, for each class intersection / union, then the mean over the classes that occur. Compared
// at the size of the label masks.
#include <fmt/format.h>

#include <map>

#include "data/images.h"
#include "data/metric_support.h"

namespace shoehorn::data {
namespace {

constexpr uint8_t kIgnored = 255;  ///< VOC's "difficult" border pixels

/// Class of each cell of an output: scores [1, C, H, W] or [1, H, W, C] by their highest, or class numbers
/// [1, H, W].
struct ClassGrid {
  int64_t height = 0, width = 0, classes = 1, cell_stride = 1, class_stride = 1;
};

class MeanIou : public Metric {
 public:
  explicit MeanIou(size_t output) : output_(output) {}
  std::string name() const override { return "mean_iou"; }
  bool higher_is_better() const override { return true; }

  /// Row: class, intersection, union for each class of the label or the prediction.
  Result<Observation> Observe(const Sample& sample, std::span<const ir::Tensor> outputs,
                              std::span<const ir::Tensor>) const override {
    if (sample.label.mask.empty())
      return SampleError(name(), sample, "no mask", "a class-index PNG", "set labels = \"mask\" in the spec");
    if (sample.original_width < 1 || sample.model_width < 1)
      return SampleError(name(), sample, "an array", "a picture, whose pixels a mask can label");
    SHOEHORN_ASSIGN(const auto values, OutputNumbers(name(), sample, outputs, output_));
    ClassGrid grid;
    if (!FindGrid(outputs[output_], grid))
      return SampleError(
          name(), sample, fmt::format("an output of {}", ShapeText(outputs[output_])),
          "scores [1, classes, height, width] or [1, height, width, classes], or classes [1, height, width]");
    SHOEHORN_ASSIGN(const Mask mask, LoadMask(sample.label.mask));
    if (mask.width != sample.original_width || mask.height != sample.original_height)
      return SampleError(
          name(), sample, fmt::format("a mask of {} x {}", mask.width, mask.height),
          fmt::format("{} x {}, the size of the picture", sample.original_width, sample.original_height));

    std::map<int, std::pair<double, double>> counts;  // class -> intersection, union
    for (int y = 0; y < mask.height; ++y)
      for (int x = 0; x < mask.width; ++x) {
        const uint8_t truth =
            mask.classes[static_cast<size_t>(y) * static_cast<size_t>(mask.width) + static_cast<size_t>(x)];
        if (truth == kIgnored) continue;
        const int64_t cell =
            Cell((y + 0.5) * sample.scale_y + sample.offset_y, sample.model_height, grid.height) *
                grid.width +
            Cell((x + 0.5) * sample.scale_x + sample.offset_x, sample.model_width, grid.width);
        const int guess = ClassAt(values, grid, cell);
        if (guess == truth) {
          ++counts[truth].first;
          ++counts[truth].second;
        } else {
          ++counts[truth].second;
          ++counts[guess].second;
        }
      }
    Observation row;
    for (const auto& [cls, count] : counts)
      row.insert(row.end(), {static_cast<double>(cls), count.first, count.second});
    return row;
  }

  double Score(std::span<const Observation* const> rows) const override {
    std::map<int, std::pair<double, double>> counts;
    for (const Observation* row : rows)
      for (size_t i = 0; i + 2 < row->size(); i += 3) {
        auto& count = counts[static_cast<int>((*row)[i])];
        count.first += (*row)[i + 1];
        count.second += (*row)[i + 2];
      }
    double sum = 0;
    for (const auto& [cls, count] : counts) sum += count.first / count.second;
    return counts.empty() ? 0 : sum / static_cast<double>(counts.size());
  }

 private:
  static bool FindGrid(const ir::Tensor& output, ClassGrid& grid) {
    const auto& dims = output.dims();
    if (dims.size() < 3 || dims.size() > 4 || dims[0] != 1) return false;
    if (dims.size() == 3) {
      grid = {.height = dims[1], .width = dims[2]};
    } else if (dims[3] < dims[1] && dims[3] < dims[2]) {  // classes last: fewer of them than of rows
      grid = {
          .height = dims[1], .width = dims[2], .classes = dims[3], .cell_stride = dims[3], .class_stride = 1};
    } else {
      grid = {.height = dims[2],
              .width = dims[3],
              .classes = dims[1],
              .cell_stride = 1,
              .class_stride = dims[2] * dims[3]};
    }
    return true;
  }
  static int64_t Cell(double model_pixel, int model_size, int64_t cells) {
    return std::clamp(static_cast<int64_t>(model_pixel / model_size * static_cast<double>(cells)), int64_t{0},
                      cells - 1);
  }
  static int ClassAt(const std::vector<double>& values, const ClassGrid& grid, int64_t cell) {
    const double* first = values.data() + cell * grid.cell_stride;
    if (grid.classes == 1) return static_cast<int>(*first);
    int best = 0;
    for (int c = 1; c < grid.classes; ++c)
      if (first[c * grid.class_stride] > first[best * grid.class_stride]) best = c;
    return best;
  }

  size_t output_;
};

}  // namespace

Result<std::unique_ptr<Metric>> MakeMeanIou(const MetricSpec&, size_t output,
                                            const std::vector<std::string>&) {
  return std::unique_ptr<Metric>(std::make_unique<MeanIou>(output));
}

}  // namespace shoehorn::data
