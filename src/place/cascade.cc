#include "place/cascade.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "place/number_table.h"

namespace shoehorn::place {
namespace {

/// Sums of scores in another order may differ by this much.
constexpr double kRounding = 1e-12;

/// The first point that scores `least` or more keeps the most answers.
const CascadePoint* FewestAsked(const std::vector<CascadePoint>& curve, double least) {
  for (const CascadePoint& point : curve)
    if (point.accuracy >= least - kRounding) return &point;
  return nullptr;
}

double Score(std::span<const CascadeSample> samples, double threshold) {
  double sum = 0;
  for (const CascadeSample& sample : samples)
    sum += sample.confidence >= threshold ? sample.device_score : sample.tail_score;
  return sum / static_cast<double>(samples.size());
}

/// Chosen on `samples`; where no threshold scores so well, the one that scores best.
double ThresholdOf(std::span<const CascadeSample> samples, double least) {
  const std::vector<CascadePoint> curve = CascadeCurve(samples);
  if (const CascadePoint* point = FewestAsked(curve, least)) return point->threshold;
  return std::ranges::max_element(curve, {}, &CascadePoint::accuracy)->threshold;
}

/// Mean score when `choose` picks the threshold on one half of the samples and the other is scored, both
/// ways.
template <typename Choose>
double HeldOut(std::span<const CascadeSample> samples, const Choose& choose) {
  std::vector<CascadeSample> halves[2];
  for (size_t i = 0; i < samples.size(); ++i) halves[i % 2].push_back(samples[i]);
  double sum = 0;
  for (size_t h : {0, 1})
    sum += Score(halves[1 - h], choose(halves[h])) * static_cast<double>(halves[1 - h].size());
  return sum / static_cast<double>(samples.size());
}

/// The first point that asks for so many.
const CascadePoint& AskingFor(const std::vector<CascadePoint>& curve, double share) {
  for (const CascadePoint& point : curve)
    if (point.asked_share >= share - kRounding) return point;
  return curve.back();
}

}  // namespace

std::vector<CascadePoint> CascadeCurve(std::span<const CascadeSample> samples) {
  SHOEHORN_CHECK(!samples.empty(), "a curve of no samples");
  std::vector<CascadeSample> sorted(samples.begin(), samples.end());
  std::ranges::stable_sort(sorted, {}, &CascadeSample::confidence);
  const double count = static_cast<double>(sorted.size());
  double score = 0;
  for (const CascadeSample& sample : sorted) score += sample.device_score;
  std::vector<CascadePoint> curve;
  for (size_t i = 0; i <= sorted.size(); ++i) {
    if (i == 0 || i == sorted.size() || sorted[i].confidence != sorted[i - 1].confidence)
      curve.push_back({.threshold = i < sorted.size()
                                        ? sorted[i].confidence
                                        : std::nextafter(sorted.back().confidence,
                                                         std::numeric_limits<double>::infinity()),
                       .asked_share = static_cast<double>(i) / count,
                       .accuracy = score / count});
    if (i < sorted.size()) score += sorted[i].tail_score - sorted[i].device_score;
  }
  return curve;
}

Result<CascadeChoice> ChooseThreshold(std::span<const CascadeSample> samples, double least_accuracy) {
  if (samples.empty())
    return Diagnostic{.found = "a cascade without labelled samples",
                      .expected = "samples that both models answered",
                      .fix = "give labelled samples, or the threshold itself"};
  for (size_t i = 0; i < samples.size(); ++i)
    for (const auto& [name, value] : {std::pair("confidence", samples[i].confidence),
                                      std::pair("device's score", samples[i].device_score),
                                      std::pair("tail's score", samples[i].tail_score)})
      if (!(value >= 0 && value <= 1))
        return Diagnostic{.place = fmt::format("sample {}", i + 1),
                          .found = fmt::format("a {} of {}", name, value),
                          .expected = "a number from 0 to 1"};

  const std::vector<CascadePoint> curve = CascadeCurve(samples);
  CascadeChoice choice{.device_accuracy = curve.front().accuracy, .tail_accuracy = curve.back().accuracy};
  const CascadePoint* point = FewestAsked(curve, least_accuracy);
  if (point == nullptr) {
    const CascadePoint& best = *std::ranges::max_element(curve, {}, &CascadePoint::accuracy);
    return Diagnostic{
        .found = fmt::format("no threshold of the cascade reaches an accuracy of {:.4f}", least_accuracy),
        .expected =
            fmt::format("at most {:.4f}, which a threshold of {:.4f} reaches", best.accuracy, best.threshold),
        .fix = "lower the limit, or give a better model"};
  }
  choice.point = *point;
  choice.held_out_accuracy = point->accuracy;
  if (samples.size() > 1)
    choice.held_out_accuracy = HeldOut(
        samples, [&](std::span<const CascadeSample> half) { return ThresholdOf(half, least_accuracy); });
  return choice;
}

Result<std::vector<CascadeThreshold>> ThresholdsFor(std::span<const CascadeSample> samples,
                                                    double least_accuracy) {
  SHOEHORN_ASSIGN(const CascadeChoice fewest, ChooseThreshold(samples, least_accuracy));
  std::vector<CascadeThreshold> thresholds;
  if (fewest.point.threshold > 1) return thresholds;
  thresholds.push_back({fewest.point, fewest.held_out_accuracy});
  const std::vector<CascadePoint> curve = CascadeCurve(samples);
  for (const double part : {0.25, 0.5, 0.75}) {
    const double share = fewest.point.asked_share + part * (1 - fewest.point.asked_share);
    const CascadePoint& point = AskingFor(curve, share);
    if (point.threshold > 1 || point.threshold <= thresholds.back().point.threshold ||
        point.accuracy < least_accuracy - kRounding)
      continue;
    const double held_out = samples.size() > 1
                                ? HeldOut(samples,
                                          [&](std::span<const CascadeSample> half) {
                                            return AskingFor(CascadeCurve(half), point.asked_share).threshold;
                                          })
                                : point.accuracy;
    thresholds.push_back({point, held_out});
  }
  return thresholds;
}

CascadeThreshold ThresholdOnSamples(std::span<const CascadeSample> samples, double threshold) {
  SHOEHORN_CHECK(!samples.empty(), "a threshold on no samples");
  const auto asked = static_cast<double>(
      std::ranges::count_if(samples, [&](const CascadeSample& each) { return each.confidence < threshold; }));
  const double accuracy = Score(samples, threshold);
  return {{threshold, asked / static_cast<double>(samples.size()), accuracy}, accuracy};
}

Result<std::vector<CascadeSample>> ParseCascadeSamples(std::string_view text,
                                                       const std::filesystem::path& file) {
  const NumberColumns columns = {
      .names = {"confidence", "device_score", "tail_score"}, .most = 1, .may_be_empty = 0};
  SHOEHORN_ASSIGN(const std::vector<NumberRow> rows, ParseNumbers(text, file, columns));
  std::vector<CascadeSample> samples;
  for (const NumberRow& row : rows) samples.push_back({*row.cells[0], *row.cells[1], *row.cells[2]});
  return samples;
}

}  // namespace shoehorn::place
