// What the metrics share: reading an output as numbers and saying clearly when it does not fit.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "data/metric.h"

namespace shoehorn::data {

/// The factories of metrics.def. `output` is the index of the output that the spec names.
#define METRIC(name, factory, by_sample, sentence)                               \
  Result<std::unique_ptr<Metric>> factory(const MetricSpec& spec, size_t output, \
                                          const std::vector<std::string>& output_names);
#include "data/metrics.def"
#undef METRIC

/// A diagnostic about sample `id` under metric `name`.
Diagnostic SampleError(std::string_view metric, const Sample& sample, std::string found, std::string expected,
                       std::string fix = "");

/// The numbers of `outputs[index]`. Errors: no such output, no numbers, not finite.
Result<std::vector<double>> OutputNumbers(std::string_view metric, const Sample& sample,
                                          std::span<const ir::Tensor> outputs, size_t index);

/// The label as a whole number from 0 to `classes` - 1.
Result<size_t> ClassLabel(std::string_view metric, const Sample& sample, size_t classes);

/// Mean of the rows' first numbers; 0 for no rows.
double MeanOfFirst(std::span<const Observation* const> rows);

/// "float [1, 1000]"
std::string ShapeText(const ir::Tensor& tensor);

}  // namespace shoehorn::data
