// Some metrics give each sample a score of its own, so that the answers of two models may be mixed sample by
// sample: right or wrong, as of top_k. Others only exist for all samples together: the area under a curve.
#pragma once

#include <string>
#include <vector>

namespace shoehorn::data {

/// Names of the metrics whose value is the mean of one score a sample, the first number of its row, each held
/// against what is known of that sample alone: not those that compare with another model's outputs.
std::vector<std::string> MetricsBySample();

}  // namespace shoehorn::data
