// Which nodes always compute the same from the same inputs, so that they may be computed now, or once instead
// of twice.
#pragma once

#include "ir/graph.h"

namespace shoehorn::passes {

/// An If, Loop, Scan or another node with graphs inside it.
bool HoldsGraphs(const ir::Node& node);

/// An operator of ONNX's own domain without inner graphs and without randomness.
bool IsPure(const ir::Node& node);

}  // namespace shoehorn::passes
