#include "data/yolox.h"

#include <cmath>
#include <map>

namespace shoehorn::data {

size_t YoloxCells(int width, int height, const std::vector<int>& strides) {
  size_t cells = 0;
  for (const int stride : strides)
    cells += static_cast<size_t>(width / stride) * static_cast<size_t>(height / stride);
  return cells;
}

std::vector<Detection> DecodeYolox(std::span<const double> cells, size_t classes, const Sample& sample,
                                   const YoloxOptions& options) {
  std::vector<Detection> found;
  const double* cell = cells.data();
  for (const int stride : options.strides)
    for (int row = 0; row < sample.model_height / stride; ++row)
      for (int column = 0; column < sample.model_width / stride; ++column, cell += 5 + classes) {
        const double* best = std::max_element(cell + 5, cell + 5 + classes);
        const double score = cell[4] * *best;
        if (score < options.score_threshold) continue;
        const double x = (cell[0] + column) * stride, y = (cell[1] + row) * stride;
        const double width = std::exp(cell[2]) * stride, height = std::exp(cell[3]) * stride;
        found.push_back({.box = {.cls = static_cast<int>(best - cell) - 5,
                                 .x1 = (x - width / 2 - sample.offset_x) / sample.scale_x,
                                 .y1 = (y - height / 2 - sample.offset_y) / sample.scale_y,
                                 .x2 = (x + width / 2 - sample.offset_x) / sample.scale_x,
                                 .y2 = (y + height / 2 - sample.offset_y) / sample.scale_y},
                         .score = score});
      }

  std::ranges::stable_sort(found, std::greater(), &Detection::score);
  std::vector<Detection> kept;
  std::map<int, std::vector<Box>> kept_of;
  for (const Detection& detection : found) {
    auto& rivals = kept_of[detection.box.cls];
    if (std::ranges::any_of(rivals, [&](const Box& rival) {
          return IntersectionOverUnion(detection.box, rival) > options.iou_threshold;
        }))
      continue;
    rivals.push_back(detection.box);
    kept.push_back(detection);
  }
  return kept;
}

}  // namespace shoehorn::data
