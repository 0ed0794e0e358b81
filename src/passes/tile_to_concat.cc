// Tile by constants is Concat of copies:
//   Tile(x, [1, 2])   becomes   Concat<axis=1>(x, x)
#include "passes/builder.h"
#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Value;

constexpr int64_t kMostCopies = 128;  // of one Concat

Result<bool> Repair(Node& node, PassContext& context) {
  if (!node.Is("Tile") || node.input(0) == nullptr || node.graph().model().Opset() < 6) return false;
  const auto repeats = IntsConstant(node.input(1));
  if (!repeats) return false;
  bool copies = false;
  for (const int64_t repeat : *repeats) {
    if (repeat < 1 || repeat > kMostCopies) return false;
    copies |= repeat > 1;
  }
  if (!copies) return false;

  context.Note(node, "its copies stand side by side in a Concat");
  Builder build(node, context);
  Value* result = node.input(0);
  // The last axes first: the copies that are laid side by side are then small for as long as possible.
  for (size_t axis = repeats->size(); axis-- > 0;) {
    const std::vector<Value*> parts(static_cast<size_t>((*repeats)[axis]), result);
    if (parts.size() > 1) result = &build.Concat(parts, static_cast<int64_t>(axis));
  }
  SHOEHORN_TRY(build.Replace(*result));
  return true;
}

}  // namespace

Result<bool> TileToConcat(ir::Graph& graph, PassContext& context) {
  return RepairEach(graph, context, Repair);
}

}  // namespace shoehorn::passes
