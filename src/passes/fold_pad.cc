// Padding that a Conv or a pool can do itself:
//   y = Conv(Pad(x, [0,0,1,1, 0,0,1,1]), W, pads=0)   becomes   y = Conv(x, W, pads=[1,1,1,1])
// Exact when the padded value is what the operator pads with: 0 for Conv; 0 counted in for AveragePool;
// nothing that could win for MaxPool (minus infinity, or 0 where the values cannot be negative).
#include <algorithm>
#include <limits>

#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Value;

/// Begin and end padding of every axis, or nothing when not constant.
std::optional<std::vector<int64_t>> PadsOf(const Node& pad, size_t rank) {
  const auto pads = IntsOf(pad, 1, "pads");
  if (!pads) return std::nullopt;
  if (pad.input(3) == nullptr) return pads->size() == 2 * rank ? pads : std::nullopt;
  const auto axes = IntsConstant(pad.input(3));
  if (!axes || pads->size() != 2 * axes->size()) return std::nullopt;
  std::vector<int64_t> all(2 * rank, 0);
  for (size_t i = 0; i < axes->size(); ++i) {
    const auto axis = NormalAxis((*axes)[i], rank);
    if (!axis) return std::nullopt;
    all[*axis] = (*pads)[i];
    all[*axis + rank] = (*pads)[i + axes->size()];
  }
  return all;
}

/// The value that `pad` pads with, or nothing when that is not constant.
std::optional<double> FillOf(const Node& pad) {
  if (pad.input(2) != nullptr) return ScalarConstant(pad.input(2));
  return pad.Float("value", 0);
}

bool Fits(const Node& user, const Node& pad, const std::vector<int64_t>& pads, size_t rank, double fill) {
  const size_t spatial = rank - 2;
  if (user.String("auto_pad", "NOTSET") != "NOTSET" && user.String("auto_pad") != "VALID") return false;
  if (user.Is("Conv")) return fill == 0;
  const auto kernel = user.Ints("kernel_shape");
  const auto own = user.Ints("pads", std::vector<int64_t>(2 * spatial, 0));
  if (kernel.size() != spatial || own.size() != 2 * spatial || user.Int("ceil_mode", 0) != 0) return false;
  // Each window must hold something real, and runtimes refuse wider padding.
  for (size_t i = 0; i < spatial; ++i)
    if (pads[2 + i] + own[i] >= kernel[i] || pads[2 + rank + i] + own[spatial + i] >= kernel[i]) return false;
  const auto none = [](const std::vector<int64_t>& list) {
    return std::ranges::all_of(list, [](int64_t n) { return n == 0; });
  };
  if (user.Is("AveragePool")) return fill == 0 && (user.Int("count_include_pad", 0) != 0 || none(own));
  const auto dilations = user.Ints("dilations");
  if (user.outputs().size() > 1 || std::ranges::any_of(dilations, [](int64_t n) { return n != 1; }))
    return false;
  return fill <= std::numeric_limits<float>::lowest() || (fill == 0 && NeverNegative(*pad.input(0)));
}

bool Fold(Node& user, PassContext& context) {
  const bool pool = user.Is("AveragePool") || user.Is("MaxPool");
  if (!pool && !user.Is("Conv")) return false;
  Value* padded = user.input(0);
  Node* pad = padded != nullptr ? padded->producer() : nullptr;
  if (pad == nullptr || !pad->Is("Pad") || !padded->has_single_use()) return false;
  if (pad->String("mode", "constant") != "constant" || pad->input(0) == nullptr) return false;
  size_t rank = 0;
  if (user.Has("kernel_shape"))
    rank = user.Ints("kernel_shape").size() + 2;
  else if (user.input(1) != nullptr && user.input(1)->type.has_rank)
    rank = user.input(1)->type.dims.size();
  if (rank < 3) return false;
  const auto pads = PadsOf(*pad, rank);
  const auto fill = FillOf(*pad);
  if (!pads || !fill || std::ranges::any_of(*pads, [](int64_t n) { return n < 0; })) return false;
  for (const size_t axis : {size_t{0}, size_t{1}, rank, rank + 1})
    if ((*pads)[axis] != 0) return false;
  if (!Fits(user, *pad, *pads, rank, *fill)) return false;

  const size_t spatial = rank - 2;
  auto sum = user.Ints("pads", std::vector<int64_t>(2 * spatial, 0));
  if (sum.size() != 2 * spatial) return false;
  for (size_t i = 0; i < spatial; ++i) {
    sum[i] += (*pads)[2 + i];
    sum[spatial + i] += (*pads)[2 + rank + i];
  }
  context.Note(*pad, Label(user) + " pads the same way itself");
  user.Set("pads", std::move(sum));
  user.Remove("auto_pad");
  if (user.Is("AveragePool")) user.Set("count_include_pad", int64_t{1});
  Absorb(user, *pad);
  user.SetInput(0, pad->input(0));
  RemoveIfUnused({padded});
  return true;
}

}  // namespace

Result<bool> FoldPad(ir::Graph& graph, PassContext& context) {
  bool changed = false;
  for (Node& node : graph.nodes())
    while (Fold(node, context)) changed = true;
  return changed;
}

}  // namespace shoehorn::passes
