// A line cut off at 0 and 1 is HardSigmoid, however it is spelled:
//   Div(Clip(Add(x, 3), 0, 6), 6)   becomes   HardSigmoid(x, alpha=1/6, beta=0.5)
//   Clip(Add(Mul(x, 0.2), 0.5), 0, 1)   becomes   HardSigmoid(x, alpha=0.2, beta=0.5)
#include <cmath>

#include "passes/product.h"
#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Value;

bool Fuse(Node& clip, PassContext& context) {
  if (!clip.Is("Clip") || clip.input(0) == nullptr || clip.input(0)->type.element != ir::DataType::kFloat)
    return false;
  const auto bounds = BoundsOf(clip);
  if (!bounds || bounds->low != 0 || !std::isfinite(bounds->high) || bounds->high <= 0) return false;
  // What scales the cut line back to 1 may follow.
  Node* last = &clip;
  double height = bounds->high;
  if (!Near(height, 1)) {
    if (!clip.output()->has_single_use()) return false;
    Node* after = clip.output()->uses()[0].node;
    const auto scalar = SplitScalar(*after);
    if (!scalar || (scalar->scalar_first && after->Is("Div"))) return false;
    if (!(after->Is("Div") && Near(scalar->scalar, height)) &&
        !(after->Is("Mul") && Near(scalar->scalar * height, 1)))
      return false;
    last = after;
  }
  const Line line = FlattenLine(*clip.input(0));
  if (line.nodes.empty()) return false;
  context.Note(*last, "a line cut off at 0 and 1 is HardSigmoid");
  for (Node* node : line.nodes) Absorb(*last, *node);
  if (last != &clip) Absorb(*last, clip);
  Become(*last, "HardSigmoid", {line.x});
  last->Set("alpha", static_cast<float>(line.a / height));
  last->Set("beta", static_cast<float>(line.b / height));
  return true;
}

}  // namespace

Result<bool> FuseHardSigmoid(ir::Graph& graph, PassContext& context) {
  bool changed = false;
  for (Node& node : graph.nodes()) changed |= Fuse(node, context);
  return changed;
}

}  // namespace shoehorn::passes
