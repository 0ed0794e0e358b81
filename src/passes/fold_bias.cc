// A constant added to each channel belongs into the bias:
//   y = Add(Conv(x, W), c)   becomes   y = Conv(x, W, c)
//   y = Conv(Sub(x, c), W)   becomes   y = Conv(x, W, bias)   without padding, which would have to hold c
// MatMul has no bias: on matrices it becomes Gemm.
#include "passes/linear.h"

namespace shoehorn::passes {

Result<bool> FoldBias(ir::Graph& graph, PassContext& context) {
  return FoldAffineNodes(
      graph, context, [](const ir::Node& node) { return node.op_type == "Add" || node.op_type == "Sub"; },
      "the term is constant");
}

}  // namespace shoehorn::passes
