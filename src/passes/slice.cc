#include "passes/slice.h"

#include "passes/rewrite.h"

namespace shoehorn::passes {

using ir::Node;

std::optional<Cut> CutOf(const Node& node) {
  if (!node.Is("Slice") || node.input(0) == nullptr) return std::nullopt;
  const auto starts = IntsOf(node, 1, "starts");
  const auto ends = IntsOf(node, 2, "ends");
  if (!starts || !ends || starts->empty() || starts->size() != ends->size()) return std::nullopt;
  std::vector<int64_t> natural(starts->size());
  for (size_t i = 0; i < natural.size(); ++i) natural[i] = static_cast<int64_t>(i);
  auto axes = IntsOf(node, 3, "axes", natural);
  const auto steps =
      node.input(4) != nullptr ? IntsConstant(node.input(4)) : std::vector<int64_t>(starts->size(), 1);
  if (!axes || !steps || axes->size() != starts->size() || steps->size() != starts->size())
    return std::nullopt;
  for (int64_t& axis : *axes) {
    if (axis >= 0) continue;
    if (!node.input(0)->type.has_rank) return std::nullopt;
    const auto normal = NormalAxis(axis, node.input(0)->type.dims.size());
    if (!normal) return std::nullopt;
    axis = static_cast<int64_t>(*normal);
  }
  return Cut{*starts, *ends, *axes, *steps};
}

}  // namespace shoehorn::passes
