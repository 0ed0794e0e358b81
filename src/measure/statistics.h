// What a handful of timings says about a quantile, without a guess about their distribution: between which
// order statistics the true quantile lies with 95 % confidence follows from the binomial distribution alone.
// Source: Conover, Practical Nonparametric Statistics, confidence interval for a quantile.
#pragma once

#include <vector>

#include "measure/measure.h"

namespace shoehorn::measure {

/// Quantile `q` of `values` (any order, at least one) with its 95 % interval. Where too few values leave a
/// side open, the extreme value stands in and `trusted` is false; a q of 0.99 or above is trusted from 662
/// values on.
Quantile QuantileOf(std::vector<double> values, double q);

/// p50, p90 and p99 of run times in milliseconds.
Latency LatencyOf(const std::vector<double>& run_ms);

}  // namespace shoehorn::measure
