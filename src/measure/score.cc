// How far a metric's value can be trusted: the bootstrap draws as many samples as there are, with repetition,
// and scores them again and again; candidate and original are scored on the same draws, so that hard samples
// hit both. Source: Efron, Tibshirani, An Introduction to the Bootstrap, percentile intervals.
#include <algorithm>
#include <random>

#include "measure/measure.h"
#include "measure/statistics.h"

namespace shoehorn::measure {
namespace {

constexpr uint64_t kSeed = 20'240'601;
constexpr size_t kDraws = 2000;
constexpr size_t kFewestDraws = 400;
constexpr size_t kAffordableNumbers = 30'000'000;  // of all rows of all draws together: about a second

using Rows = std::vector<data::Observation>;
using Draw = std::vector<const data::Observation*>;

// Observations may be long (every detection of an image): then fewer draws, the same on every machine.
size_t DrawsFor(const Rows& rows) {
  size_t numbers = 0;
  for (const data::Observation& row : rows) numbers += row.size() + 1;
  return std::clamp(kAffordableNumbers / std::max<size_t>(1, numbers), kFewestDraws, kDraws);
}

std::pair<double, double> Interval(std::vector<double> values) {
  std::ranges::sort(values);
  const auto at = [&](double q) {
    return values[static_cast<size_t>(q * static_cast<double>(values.size() - 1))];
  };
  return {at(0.025), at(0.975)};
}

Draw All(const Rows& rows) {
  Draw draw;
  for (const data::Observation& row : rows) draw.push_back(&row);
  return draw;
}

}  // namespace

Score ScoreOf(const data::Metric& metric, const Rows& rows, const Rows* original) {
  SHOEHORN_CHECK(original == nullptr || original->size() == rows.size(), "paired rows of different samples");
  Score score;
  score.samples = rows.size();
  if (rows.empty()) return score;
  score.value = metric.Score(All(rows));
  if (original != nullptr) score.difference = score.value - metric.Score(All(*original));
  std::mt19937_64 random(kSeed);
  std::vector<double> values, differences;
  Draw ours(rows.size()), theirs(rows.size());
  const size_t draws = DrawsFor(rows);
  for (size_t draw = 0; draw < draws; ++draw) {
    for (size_t i = 0; i < rows.size(); ++i) {
      const size_t chosen = random() % rows.size();
      ours[i] = &rows[chosen];
      if (original != nullptr) theirs[i] = &(*original)[chosen];
    }
    values.push_back(metric.Score(ours));
    if (original != nullptr) differences.push_back(values.back() - metric.Score(theirs));
  }
  std::tie(score.low, score.high) = Interval(std::move(values));
  if (original != nullptr)
    std::tie(score.difference_low, score.difference_high) = Interval(std::move(differences));
  return score;
}

}  // namespace shoehorn::measure
