#include "data/coco_map.h"

#include <map>

namespace shoehorn::data {
namespace {

constexpr int kThresholds = 10, kRecalls = 101;
constexpr size_t kMaxDetections = 100;

struct Scored {
  double score;
  unsigned hits;
};
struct ClassRecord {
  double objects = 0;
  std::vector<Scored> detections;
};

/// Precision read at recalls 0, 0.01 ... 1, averaged.
double AveragePrecision(const ClassRecord& record, int t) {
  std::vector<double> precision, recall;
  precision.reserve(record.detections.size());
  recall.reserve(record.detections.size());
  double hits = 0;
  for (const Scored& detection : record.detections) {
    hits += detection.hits >> t & 1;
    precision.push_back(hits / static_cast<double>(precision.size() + 1));
    recall.push_back(hits / record.objects);
  }
  for (size_t i = precision.size(); i-- > 1;) precision[i - 1] = std::max(precision[i - 1], precision[i]);
  double sum = 0;
  size_t at = 0;
  for (int r = 0; r < kRecalls; ++r) {
    while (at < recall.size() && recall[at] < r / 100.0) ++at;
    if (at == recall.size()) break;
    sum += precision[at];
  }
  return sum / kRecalls;
}

double MeanOver(std::span<const Observation* const> rows, int first, int last) {
  std::map<int, ClassRecord> classes;
  for (const Observation* row : rows) {
    const auto objects = static_cast<size_t>(row->front());
    for (size_t i = 1; i <= objects; ++i) ++classes[static_cast<int>((*row)[i])].objects;
    for (size_t i = 1 + objects; i + 2 < row->size(); i += 3)
      classes[static_cast<int>((*row)[i])].detections.push_back({(*row)[i + 1], static_cast<unsigned>((*row)[i + 2])});
  }
  double sum = 0;
  int counted = 0;
  for (auto& [cls, record] : classes) {
    if (record.objects == 0) continue;
    std::ranges::stable_sort(record.detections, std::greater(), &Scored::score);
    for (int t = first; t <= last; ++t) sum += AveragePrecision(record, t);
    ++counted;
  }
  return counted == 0 ? 0 : sum / (counted * (last - first + 1));
}

}  // namespace

double IntersectionOverUnion(const Box& a, const Box& b) {
  const double width = std::min(a.x2, b.x2) - std::max(a.x1, b.x1);
  const double height = std::min(a.y2, b.y2) - std::max(a.y1, b.y1);
  if (width <= 0 || height <= 0) return 0;
  const double overlap = width * height;
  return overlap / ((a.x2 - a.x1) * (a.y2 - a.y1) + (b.x2 - b.x1) * (b.y2 - b.y1) - overlap);
}

Observation MatchDetections(std::vector<Detection> detections, std::span<const Box> objects) {
  Observation row{static_cast<double>(objects.size())};
  for (const Box& object : objects) row.push_back(object.cls);

  std::ranges::stable_sort(detections, std::greater(), &Detection::score);
  std::map<int, size_t> seen;
  std::erase_if(detections, [&](const Detection& d) { return ++seen[d.box.cls] > kMaxDetections; });
  std::vector<unsigned> hits(detections.size(), 0);
  for (int t = 0; t < kThresholds; ++t) {
    std::vector<bool> taken(objects.size(), false);
    for (size_t d = 0; d < detections.size(); ++d) {
      double best = 0.5 + 0.05 * t - 1e-10;
      size_t match = objects.size();
      for (size_t o = 0; o < objects.size(); ++o) {
        if (taken[o] || objects[o].cls != detections[d].box.cls) continue;
        if (const double overlap = IntersectionOverUnion(detections[d].box, objects[o]); overlap >= best) {
          best = overlap;
          match = o;
        }
      }
      if (match == objects.size()) continue;
      taken[match] = true;
      hits[d] |= 1u << t;
    }
  }
  for (size_t d = 0; d < detections.size(); ++d)
    row.insert(row.end(), {static_cast<double>(detections[d].box.cls), detections[d].score, static_cast<double>(hits[d])});
  return row;
}

double MeanAveragePrecision(std::span<const Observation* const> rows) { return MeanOver(rows, 0, kThresholds - 1); }
double MeanAveragePrecisionAt(std::span<const Observation* const> rows, int t) { return MeanOver(rows, t, t); }

}  // namespace shoehorn::data
