// Means over axes, in whatever operator they come, and what is made of them.
#pragma once

#include <optional>
#include <vector>

#include "passes/builder.h"

namespace shoehorn::passes {

/// The axes (sorted, counted from the front) that a ReduceMean of a float tensor of known rank averages;
/// nothing for other nodes and for axes that are not constant.
std::optional<std::vector<int64_t>> MeanAxes(const ir::Node& node);
/// The axes are all spatial ones of a tensor [N, C, spatial...] of that rank, and perhaps more.
bool HoldsSpace(const std::vector<int64_t>& axes, size_t rank);
/// (x - mean) / sqrt(variance + epsilon), with mean and variance over `axes`.
ir::Value& Normalized(Builder& build, ir::Value& x, const std::vector<int64_t>& axes, double epsilon);

}  // namespace shoehorn::passes
