// Mean average precision as COCO's evaluation counts it: detections matched to objects greedily by score at
// ten thresholds of overlap (0.50 to 0.95), precision read at 101 recalls, mean over classes and thresholds;
// at most 100 detections a picture and class. https://cocodataset.org/#detection-eval; whatever the area; no
// crowd regions, which YOLO labels cannot say.
#pragma once

#include <span>
#include <vector>

#include "data/metric.h"

namespace shoehorn::data {

struct Detection {
  Box box;
  double score = 0;
};

/// Area of the overlap over area of the union; 0 for empty boxes.
double IntersectionOverUnion(const Box& a, const Box& b);

/// What one picture tells: the number of objects, their classes, then class, score and hits of each detection
/// (bit t of hits: matched at threshold 0.50 + 0.05 t).
Observation MatchDetections(std::vector<Detection> detections, std::span<const Box> objects);

/// mAP@[.50:.95] of those rows; 0 when no row holds an object.
double MeanAveragePrecision(std::span<const Observation* const> rows);
/// The same at one threshold, `t` from 0 (0.50) to 9 (0.95).
double MeanAveragePrecisionAt(std::span<const Observation* const> rows, int t);

}  // namespace shoehorn::data
