// Multiplying or dividing each channel by a constant belongs into the weights:
//   y = Mul(Conv(x, W, b), s)   becomes   y = Conv(x, W * s, b * s)
//   y = Conv(Div(x, s), W)      becomes   y = Conv(x, W / s)
#include "passes/linear.h"

namespace shoehorn::passes {

Result<bool> FoldScale(ir::Graph& graph, PassContext& context) {
  return FoldAffineNodes(
      graph, context,
      [](const ir::Node& node) {
        return node.op_type == "Mul" || node.op_type == "Div" || node.op_type == "Neg";
      },
      "the scale is constant");
}

}  // namespace shoehorn::passes
