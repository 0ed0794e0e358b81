#include "place/confidence.h"

#include <cmath>

namespace shoehorn::place {
namespace {

template <typename T>
double RowConfidence(std::span<const T> row) {
  const auto greatest = static_cast<double>(*std::ranges::max_element(row));
  double sum = 0, exponentials = 0, least = 0;
  for (const T score : row) {
    sum += static_cast<double>(score);
    exponentials += std::exp(static_cast<double>(score) - greatest);
    least = std::min(least, static_cast<double>(score));
  }
  const bool probabilities = least >= 0 && std::abs(sum - 1) < 1e-3;
  const double confidence = probabilities ? greatest : 1 / exponentials;
  return std::isnan(confidence) ? 0 : confidence;
}

template <typename T>
double LeastSureRow(std::span<const T> values, size_t width) {
  double least = values.size() < width ? 0 : 1;
  for (size_t at = 0; at + width <= values.size(); at += width)
    least = std::min(least, RowConfidence(values.subspan(at, width)));
  return least;
}

}  // namespace

double Confidence(const ir::Tensor& scores) {
  if (scores.rank() == 0 || scores.dims().back() <= 0) return 0;
  const auto width = static_cast<size_t>(scores.dims().back());
  if (scores.type() == ir::DataType::kFloat) return LeastSureRow(scores.As<float>(), width);
  const auto values = scores.ToDoubles();
  return values ? LeastSureRow(std::span<const double>(*values), width) : 0;
}

}  // namespace shoehorn::place
