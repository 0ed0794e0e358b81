// The numbers that the time of a kernel depends on, by its first node: a convolution's channels, positions
// and window; a product's three sizes; how long the pieces are that a Transpose moves. Lengths are log2, so
// that a doubling is a step.
#pragma once

#include <string>
#include <vector>

#include "cost/regression.h"
#include "ir/graph.h"

namespace shoehorn::cost {

/// "Conv 1x1", "Conv depthwise", "MatMul", "Softmax": kernels of one kind have features of one meaning.
std::string KindOf(const ir::Node& node);

/// `nodes`: the kernel's, the first one leads. `element_bytes` and `result_bytes`: of what the graph calls a
/// float, where the kernel reads it and where it writes it. `known` turns false when a shape is open.
KernelShape ShapeOf(const std::vector<const ir::Node*>& nodes, double element_bytes, double result_bytes,
                    bool& known);

/// What it takes to move `value` once from one layout to another.
KernelShape ShapeOfCopy(const ir::Value& value, double element_bytes, bool& known);

}  // namespace shoehorn::cost
