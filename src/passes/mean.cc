#include "passes/mean.h"

#include <algorithm>
#include <numeric>

#include "passes/rewrite.h"

namespace shoehorn::passes {

std::optional<std::vector<int64_t>> MeanAxes(const ir::Node& node) {
  if (!node.Is("ReduceMean") || !IsFloat(node.input(0))) return std::nullopt;
  const auto rank = RankOf(node.input(0));
  const auto axes = IntsOf(node, 1, "axes");
  if (!rank || !axes) return std::nullopt;
  if (!axes->empty()) return NormalAxes(*axes, *rank);
  if (node.Int("noop_with_empty_axes", 0) != 0) return std::nullopt;
  std::vector<int64_t> all(*rank);
  std::iota(all.begin(), all.end(), 0);
  return all;
}

bool HoldsSpace(const std::vector<int64_t>& axes, size_t rank) {
  if (rank < 3) return false;
  for (size_t axis = 2; axis < rank; ++axis)
    if (!std::ranges::binary_search(axes, static_cast<int64_t>(axis))) return false;
  return true;
}

ir::Value& Normalized(Builder& build, ir::Value& x, const std::vector<int64_t>& axes, double epsilon) {
  ir::Value& centred = build.Make("Sub", {&x, &build.Reduce("ReduceMean", x, axes)});
  ir::Value& variance = build.Reduce("ReduceMean", build.Make("Mul", {&centred, &centred}), axes);
  ir::Value& deviation = build.Make("Sqrt", {&build.Make("Add", {&variance, &build.Number(x, epsilon)})});
  return build.Make("Div", {&centred, &deviation});
}

}  // namespace shoehorn::passes
