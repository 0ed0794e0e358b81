// Split is one Slice for each part that something reads; accelerators that take Split often want equal parts.
//   a, b = Split<axis=1>(x [2,5], [2,3])   becomes   a = Slice(x, 0, 2), b = Slice(x, 2, 5)
#include "passes/builder.h"
#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Value;

/// How long each part is; nothing when not known.
std::optional<std::vector<int64_t>> PartsOf(const Node& node, size_t axis) {
  const auto sizes = IntsOf(node, 1, "split");
  if (!sizes || !sizes->empty()) return sizes;
  const int64_t whole = node.input(0)->type.dims[axis].value;
  const auto count = static_cast<int64_t>(node.outputs().size());
  if (whole < 0 || (!node.Has("num_outputs") && whole % count != 0)) return std::nullopt;
  // Opset 18: parts of ceil(whole / count), the last one smaller.
  const int64_t part = (whole + count - 1) / count;
  std::vector<int64_t> parts(static_cast<size_t>(count), part);
  parts.back() = whole - part * (count - 1);
  if (parts.back() < 0) return std::nullopt;
  return parts;
}

Result<bool> Repair(Node& node, PassContext& context) {
  if (!node.Is("Split") || node.input(0) == nullptr || !node.input(0)->type.has_rank) return false;
  if (node.graph().model().Opset() < 2) return false;
  Value& x = *node.input(0);
  const auto axis = NormalAxis(node.Int("axis", 0), x.type.dims.size());
  if (!axis) return false;
  const auto parts = PartsOf(node, *axis);
  if (!parts || parts->size() != node.outputs().size() || parts->size() < 2) return false;

  context.Note(node, "each part is a Slice");
  Builder build(node, context);
  std::vector<Value*> slices;
  int64_t start = 0;
  for (size_t i = 0; i < parts->size(); ++i) {
    const int64_t end = start + (*parts)[i];
    const bool read = node.output(i) != nullptr && !node.output(i)->is_unused();
    slices.push_back(read ? &build.Slice(x, {static_cast<int64_t>(*axis)}, {start}, {end}) : nullptr);
    start = end;
  }
  SHOEHORN_TRY(build.ReplaceOutputs(slices));
  return true;
}

}  // namespace

Result<bool> LowerSplit(ir::Graph& graph, PassContext& context) { return RepairEach(graph, context, Repair); }

}  // namespace shoehorn::passes
