// Slices of different axes in a row are one:
//   Slice(Slice(x, starts=[0], ends=[9], axes=[2]), starts=[1], ends=[5], axes=[3])
//   becomes   Slice(x, starts=[0,1], ends=[9,5], axes=[2,3])
#include <algorithm>

#include "passes/rewrite.h"
#include "passes/slice.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Tensor;
using ir::Value;

void Append(std::vector<int64_t>& list, const std::vector<int64_t>& more) {
  list.insert(list.end(), more.begin(), more.end());
}

bool Merge(Node& node, PassContext& context) {
  const auto second = CutOf(node);
  if (!second) return false;
  Node* before = node.input(0)->producer();
  if (before == nullptr) return false;
  auto cut = CutOf(*before);
  if (!cut || std::ranges::find_first_of(cut->axes, second->axes) != cut->axes.end()) return false;
  context.Note(node, "it cuts other axes than " + Label(*before) + ": one Slice does both");
  Append(cut->starts, second->starts);
  Append(cut->ends, second->ends);
  Append(cut->axes, second->axes);
  Append(cut->steps, second->steps);
  if (node.input(0)->has_single_use()) Absorb(node, *before);
  Value* x = before->input(0);
  if (node.graph().model().Opset() < 10) {
    Become(node, "Slice", {x});
    node.Set("starts", cut->starts);
    node.Set("ends", cut->ends);
    node.Set("axes", cut->axes);
    return true;
  }
  std::vector<Value*> inputs{x};
  inputs.push_back(&NewConstant(node, "_starts", Tensor::Ints(cut->starts)));
  inputs.push_back(&NewConstant(node, "_ends", Tensor::Ints(cut->ends)));
  inputs.push_back(&NewConstant(node, "_axes", Tensor::Ints(cut->axes)));
  if (std::ranges::any_of(cut->steps, [](int64_t step) { return step != 1; }))
    inputs.push_back(&NewConstant(node, "_steps", Tensor::Ints(cut->steps)));
  Become(node, "Slice", inputs);
  return true;
}

}  // namespace

Result<bool> MergeSlices(ir::Graph& graph, PassContext& context) {
  bool changed = false;
  for (Node& node : graph.nodes())
    while (Merge(node, context)) changed = true;
  return changed;
}

}  // namespace shoehorn::passes
