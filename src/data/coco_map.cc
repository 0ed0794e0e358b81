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
/// A detection that hits at some threshold, and how many detections score at least as high.
struct Hit {
  double rank;
  unsigned thresholds;
};

/// Best precision at recall r or above, for r = 0, 0.01 ... 1, averaged. Recall grows and precision peaks at
/// hits only, so the detections between them need not be looked at (this runs thousands of times in a
/// bootstrap).
double AveragePrecision(const std::vector<Hit>& hits, double objects, int t) {
  std::vector<double> precision;
  for (const Hit& hit : hits)
    if ((hit.thresholds >> t & 1) != 0)
      precision.push_back(static_cast<double>(precision.size() + 1) / hit.rank);
  for (size_t i = precision.size(); i-- > 1;) precision[i - 1] = std::max(precision[i - 1], precision[i]);
  double sum = 0;
  size_t at = 0;
  for (int r = 0; r < kRecalls; ++r) {
    while (at < precision.size() && static_cast<double>(at + 1) / objects < r / 100.0) ++at;
    if (at == precision.size()) break;
    sum += precision[at];
  }
  return sum / kRecalls;
}

double MeanOver(std::span<const Observation* const> rows, int first, int last) {
  std::vector<ClassRecord> classes;
  const auto record_of = [&](double cls) -> ClassRecord& {
    const auto index = static_cast<size_t>(cls);
    if (index >= classes.size()) classes.resize(index + 1);
    return classes[index];
  };
  for (const Observation* row : rows) {
    const auto objects = static_cast<size_t>(row->front());
    for (size_t i = 1; i <= objects; ++i) ++record_of((*row)[i]).objects;
    for (size_t i = 1 + objects; i + 2 < row->size(); i += 3)
      record_of((*row)[i]).detections.push_back({(*row)[i + 1], static_cast<unsigned>((*row)[i + 2])});
  }
  double sum = 0;
  int counted = 0;
  for (ClassRecord& record : classes) {
    if (record.objects == 0) continue;
    std::ranges::stable_sort(record.detections, std::greater(), &Scored::score);
    std::vector<Hit> hits;
    for (size_t i = 0; i < record.detections.size(); ++i)
      if (record.detections[i].hits != 0)
        hits.push_back({static_cast<double>(i + 1), record.detections[i].hits});
    for (int t = first; t <= last; ++t) sum += AveragePrecision(hits, record.objects, t);
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
    row.insert(row.end(), {static_cast<double>(detections[d].box.cls), detections[d].score,
                           static_cast<double>(hits[d])});
  return row;
}

double MeanAveragePrecision(std::span<const Observation* const> rows) {
  return MeanOver(rows, 0, kThresholds - 1);
}
double MeanAveragePrecisionAt(std::span<const Observation* const> rows, int t) {
  return MeanOver(rows, t, t);
}

}  // namespace shoehorn::data
