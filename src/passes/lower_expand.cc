// Expand where what reads it broadcasts anyway is not needed; elsewhere it is Tile, which more accelerators
// take.
//   Add(x [2,3], Expand(b [3], [2,3]))   becomes   Add(x, b)
//   Expand(x [2,1], [2,3])               becomes   Tile(x, [1,3])
#include <algorithm>

#include "passes/builder.h"
#include "passes/elementwise.h"
#include "passes/replace.h"
#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Value;

/// The shape that `a` and `b` broadcast to; nothing when they do not.
std::optional<ir::Shape> Broadcast(ir::Shape a, ir::Shape b) {
  if (a.size() < b.size()) std::swap(a, b);
  b.insert(b.begin(), a.size() - b.size(), 1);
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i] && a[i] != 1 && b[i] != 1) return std::nullopt;
    if (a[i] == 1) a[i] = b[i];
  }
  return a;
}

/// True when `user`, reading `x` instead of `expanded`, gives the same.
bool Broadcasts(const Node& user, const Value& expanded, const Value& x) {
  if (!IsBroadcasting(user) || user.Is("PRelu") || !user.output()->type.is_static()) return false;
  std::optional<ir::Shape> shape = ir::Shape{};
  for (const Value* input : user.inputs()) {
    const Value* read = input == &expanded ? &x : input;
    if (read == nullptr || !read->type.is_static() || !shape) return false;
    shape = Broadcast(*shape, read->type.shape());
  }
  return shape == user.output()->type.shape();
}

Result<bool> Repair(Node& node, PassContext& context) {
  if (!node.Is("Expand") || node.input(0) == nullptr || !node.input(0)->type.has_rank) return false;
  Value& x = *node.input(0);
  Value& expanded = *node.output();
  const bool not_needed = !expanded.is_output() && !expanded.uses().empty() &&
                          std::ranges::all_of(expanded.uses(), [&](const ir::Use& use) {
                            return Broadcasts(*use.node, expanded, x);
                          });
  if (not_needed) {
    context.Note(node, "what reads it broadcasts by itself");
    Bypass(node, x);
    return true;
  }
  const auto target = IntsConstant(node.input(1));
  if (!target) return false;
  // Expand broadcasts both ways: a 1 in the target keeps a dimension of x.
  const size_t rank = std::max(target->size(), x.type.dims.size());
  std::vector<int64_t> repeats(rank, 1), new_axes;
  for (size_t axis = 0; axis + x.type.dims.size() < rank; ++axis)
    new_axes.push_back(static_cast<int64_t>(axis));
  for (size_t i = 0; i < target->size(); ++i) {
    const size_t axis = rank - target->size() + i;
    const bool is_new = axis < new_axes.size();
    const ir::Dim dim = is_new ? ir::Dim{1, {}} : x.type.dims[axis - new_axes.size()];
    if ((*target)[i] == 1 || dim.value == (*target)[i]) continue;
    if (dim.value != 1) return false;
    repeats[axis] = (*target)[i];
  }
  const bool tiles = std::ranges::any_of(repeats, [](int64_t repeat) { return repeat != 1; });
  if ((!tiles && new_axes.empty() && !CanStandIn(expanded, x))) return false;
  context.Note(node, "its copies are those of Tile");
  Builder build(node, context);
  Value* result = new_axes.empty() ? &x : &build.Unsqueeze(x, new_axes);
  if (tiles) result = &build.Make("Tile", {result, &build.Ints("_repeats", repeats)});
  SHOEHORN_TRY(build.ReplaceOutputs({result}));
  return true;
}

}  // namespace

Result<bool> LowerExpand(ir::Graph& graph, PassContext& context) {
  return RepairEach(graph, context, Repair);
}

}  // namespace shoehorn::passes
