// BatchNormalization at inference is a fixed scale and shift of each channel:
//   y = BatchNormalization(Conv(x, W, b), ...)   becomes   y = Conv(x, W * s, b * s + t)
// and likewise for ConvTranspose, Gemm and MatMul, before or (where no padding is in the way) after.
#include "passes/linear.h"

namespace shoehorn::passes {

Result<bool> FoldBatchNorm(ir::Graph& graph, PassContext& context) {
  return FoldAffineNodes(
      graph, context, [](const ir::Node& node) { return node.op_type == "BatchNormalization"; },
      "a batch normalization with fixed statistics is a scale and a shift of each channel");
}

}  // namespace shoehorn::passes
