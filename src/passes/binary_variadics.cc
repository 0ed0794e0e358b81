// Sum, Mean, Max and Min of several inputs two at a time; accelerators know Add, Max and Min of two.
//   Sum(a, b, c)    becomes   Add(Add(a, b), c)
//   Mean(a, b)      becomes   Mul(Add(a, b), 0.5)
#include <algorithm>

#include "passes/builder.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Value;

Result<bool> Repair(Node& node, PassContext& context) {
  const bool mean = node.Is("Mean"), adds = mean || node.Is("Sum");
  if (!adds && !node.Is("Max") && !node.Is("Min")) return false;
  // Before opset 8 these do not broadcast, and before 7 Add must be told so.
  const size_t count = node.inputs().size();
  if (count < (adds ? 2 : 3) || node.graph().model().Opset() < 8) return false;
  if (std::ranges::find(node.inputs(), nullptr) != node.inputs().end()) return false;
  if (mean && node.input(0)->type.element == ir::DataType::kUndefined) return false;

  context.Note(node, "its inputs are taken two at a time");
  Builder build(node, context);
  Value* result = node.input(0);
  for (size_t i = 1; i < count; ++i)
    result = &build.Make(adds ? "Add" : node.op_type, {result, node.input(i)});
  if (mean)
    result = &build.Make("Mul", {result, &build.Number(*node.input(0), 1 / static_cast<double>(count))});
  SHOEHORN_TRY(build.Replace(*result));
  return true;
}

}  // namespace

Result<bool> BinaryVariadics(ir::Graph& graph, PassContext& context) {
  return RepairEach(graph, context, Repair);
}

}  // namespace shoehorn::passes
