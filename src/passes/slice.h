// What a Slice cuts out, shared by the passes that join and compute slices.
#pragma once

#include <optional>
#include <vector>

#include "passes/pass.h"

namespace shoehorn::passes {

/// One entry an axis that is cut: ONNX's starts, ends, axes (counted from the front) and steps.
struct Cut {
  std::vector<int64_t> starts, ends, axes, steps;
};

/// The cut of a Slice with constant bounds; nothing for other nodes, or where an axis is counted from the
/// back of an unknown rank.
std::optional<Cut> CutOf(const ir::Node& node);

}  // namespace shoehorn::passes
