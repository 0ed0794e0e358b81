#include "data/metric.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "data/metric_support.h"
#include "data/metrics_by_sample.h"

namespace shoehorn::data {

const std::vector<MetricInfo>& AllMetrics() {
  static const std::vector<MetricInfo> metrics = {
#define METRIC(key, factory, by_sample, sentence) {key, sentence},
#include "data/metrics.def"
#undef METRIC
  };
  return metrics;
}

std::vector<std::string> MetricsBySample() {
  std::vector<std::string> names;
#define METRIC(key, factory, by_sample, sentence) \
  if (by_sample) names.emplace_back(key);
#include "data/metrics.def"
#undef METRIC
  return names;
}

Result<std::unique_ptr<Metric>> MakeMetric(const MetricSpec& spec,
                                           const std::vector<std::string>& output_names) {
  size_t output = 0;
  if (!spec.output.empty()) {
    const auto found = std::ranges::find(output_names, spec.output);
    if (found == output_names.end()) {
      const std::string near = DidYouMean(spec.output, output_names);
      return Diagnostic{.place = "metric.output",
                        .found = fmt::format("no output '{}' in the model", spec.output),
                        .expected = fmt::format("one of {}", fmt::join(output_names, ", ")),
                        .fix = near.empty() ? "" : fmt::format("did you mean '{}'?", near)};
    }
    output = static_cast<size_t>(found - output_names.begin());
  }
#define METRIC(key, factory, by_sample, sentence) \
  if (spec.name == key) return factory(spec, output, output_names);
#include "data/metrics.def"
#undef METRIC
  std::vector<std::string> names;
  for (const MetricInfo& info : AllMetrics()) names.emplace_back(info.name);
  const std::string near = DidYouMean(spec.name, names);
  return Diagnostic{.place = "metric.name",
                    .found = fmt::format("unknown metric '{}'", spec.name),
                    .expected = fmt::format("one of {}", fmt::join(names, ", ")),
                    .fix = near.empty() ? "" : fmt::format("did you mean '{}'?", near)};
}

Diagnostic SampleError(std::string_view metric, const Sample& sample, std::string found, std::string expected,
                       std::string fix) {
  return {.file = sample.id,
          .place = fmt::format("metric {}", metric),
          .found = std::move(found),
          .expected = std::move(expected),
          .fix = std::move(fix)};
}

std::string ShapeText(const ir::Tensor& tensor) {
  return fmt::format("{} [{}]", ir::NameOf(tensor.type()), fmt::join(tensor.dims(), ", "));
}

Result<std::vector<double>> OutputNumbers(std::string_view metric, const Sample& sample,
                                          std::span<const ir::Tensor> outputs, size_t index) {
  if (index >= outputs.size())
    return SampleError(metric, sample, fmt::format("{} output(s)", outputs.size()),
                       fmt::format("at least {}", index + 1));
  auto numbers = outputs[index].ToDoubles();
  if (!numbers || numbers->empty())
    return SampleError(metric, sample, fmt::format("an output of {}", ShapeText(outputs[index])),
                       "an output of numbers");
  if (const auto bad = std::ranges::find_if(*numbers, [](double value) { return !std::isfinite(value); });
      bad != numbers->end())
    return SampleError(metric, sample,
                       fmt::format("{} at element {} of the output", *bad, bad - numbers->begin()),
                       "finite numbers");
  return *std::move(numbers);
}

Result<size_t> ClassLabel(std::string_view metric, const Sample& sample, size_t classes) {
  const std::string& text = sample.label.text;
  if (!sample.label.present)
    return SampleError(metric, sample, "no label", "a class number", "set labels in the spec");
  size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value >= classes)
    return SampleError(metric, sample, fmt::format("label '{}'", text),
                       fmt::format("a class number from 0 to {}", classes - 1));
  return value;
}

double MeanOfFirst(std::span<const Observation* const> rows) {
  double sum = 0;
  for (const Observation* row : rows) sum += row->front();
  return rows.empty() ? 0 : sum / static_cast<double>(rows.size());
}

}  // namespace shoehorn::data
