// Decodes a YOLOX detector's raw grid: of each cell (x, y, log width, log height, objectness, classes) at
// strides 8, 16, 32: centre = (x + column) * stride, size = exp(.) * stride, score = objectness * class. Ge
// et al., YOLOX, 2021.
#pragma once

#include <span>
#include <vector>

#include "data/coco_map.h"

namespace shoehorn::data {

struct YoloxOptions {
  double score_threshold = 0.001, iou_threshold = 0.65;
  std::vector<int> strides = {8, 16, 32};
};

/// Cells that a model of this input size has.
size_t YoloxCells(int width, int height, const std::vector<int>& strides);

/// Boxes in pixels of the original picture, after non-maximum suppression within each class, best score
/// first. `cells`: YoloxCells() rows of 5 + classes numbers.
std::vector<Detection> DecodeYolox(std::span<const double> cells, size_t classes, const Sample& sample,
                                   const YoloxOptions& options);

}  // namespace shoehorn::data
