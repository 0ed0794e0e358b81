// A mean over a big area in stages, each over a small one:
//   GlobalAveragePool(x), x of 128 x 128   becomes   GlobalAveragePool(AveragePool<kernel = strides =
//   [64,64]>(x))
// Accelerators bound the window of a pool, and sum a long one in few bits. Exact up to rounding, since all
// the inner windows are of one size: the sides must have suitable divisors.
#include <algorithm>

#include "passes/builder.h"
#include "passes/mean.h"
#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Value;

constexpr int64_t kLargestArea = 4096;  // of one stage
constexpr int64_t kLargestSide = 64;    // of the inner stage's window

int64_t LargestDivisor(int64_t number) {
  for (int64_t side = std::min(number, kLargestSide); side > 1; --side)
    if (number % side == 0) return side;
  return 1;
}

int64_t Area(const std::vector<int64_t>& sides) {
  int64_t area = 1;
  for (const int64_t side : sides) area *= side;
  return area;
}

/// The window of the stage that comes first; nothing when the area is small or has no divisors that make it
/// so.
std::optional<std::vector<int64_t>> InnerWindow(const std::vector<int64_t>& sides) {
  if (sides.size() != 2 || std::ranges::any_of(sides, [](int64_t side) { return side < 1; }))
    return std::nullopt;
  if (Area(sides) <= kLargestArea) return std::nullopt;
  const std::vector<int64_t> inner = {LargestDivisor(sides[0]), LargestDivisor(sides[1])};
  if (Area(sides) / Area(inner) > kLargestArea) return std::nullopt;
  return inner;
}

Value& Inner(Builder& build, Value& x, const std::vector<int64_t>& window) {
  return build.Make("AveragePool", {&x}, {{"kernel_shape", window}, {"strides", window}});
}

/// A mean over all of space: the rest of it is the same node over the means.
Result<bool> SplitGlobal(Node& node, PassContext& context) {
  const auto axes = MeanAxes(node);
  if (!node.Is("GlobalAveragePool") && !(axes && HoldsSpace(*axes, RankOf(node.input(0)).value_or(0))))
    return false;
  if (!IsFloat(node.input(0)) || RankOf(node.input(0)) != 4) return false;
  Value& x = *node.input(0);
  const auto window = InnerWindow({KnownDim(x, 2), KnownDim(x, 3)});
  if (!window) return false;
  context.Note(node, "a mean over a big area is a mean of means");
  Builder build(node, context);
  Value& means = Inner(build, x, *window);
  SHOEHORN_TRY(build.status());
  node.SetInput(0, &means);
  return true;
}

bool AllAre(const std::vector<int64_t>& list, int64_t wanted) {
  return std::ranges::all_of(list, [&](int64_t number) { return number == wanted; });
}

/// AveragePool whose windows are made of whole inner windows: neither padding nor a stride may cut one.
Result<bool> SplitPool(Node& node, PassContext& context) {
  if (!node.Is("AveragePool") || !IsFloat(node.input(0)) || RankOf(node.input(0)) != 4) return false;
  Value& x = *node.input(0);
  const auto kernel = node.Ints("kernel_shape");
  auto strides = node.Ints("strides", {1, 1});
  const std::string auto_pad = node.String("auto_pad", "NOTSET");
  if (!AllAre(node.Ints("pads"), 0) || !AllAre(node.Ints("dilations"), 1) || node.Int("ceil_mode", 0) != 0 ||
      (auto_pad != "NOTSET" && auto_pad != "VALID") || strides.size() != 2)
    return false;
  auto window = InnerWindow(kernel);
  if (!window) return false;
  for (size_t i = 0; i < 2; ++i) {
    const int64_t side = (*window)[i];
    // A window that covers its side stands at one place whatever the stride.
    if (KnownDim(x, 2 + i) == kernel[i]) strides[i] = kernel[i];
    if (strides[i] % side != 0) return false;
  }
  context.Note(node, "a mean over a big window is a mean of means");
  Builder build(node, context);
  Value& means = Inner(build, x, *window);
  SHOEHORN_TRY(build.status());
  node.SetInput(0, &means);
  node.Set("kernel_shape", std::vector<int64_t>{kernel[0] / (*window)[0], kernel[1] / (*window)[1]});
  node.Set("strides", std::vector<int64_t>{strides[0] / (*window)[0], strides[1] / (*window)[1]});
  return true;
}

Result<bool> Split(Node& node, PassContext& context) {
  SHOEHORN_ASSIGN(const bool global, SplitGlobal(node, context));
  if (global) return true;
  return SplitPool(node, context);
}

}  // namespace

Result<bool> SplitMean(ir::Graph& graph, PassContext& context) { return RepairEach(graph, context, Split); }

}  // namespace shoehorn::passes
