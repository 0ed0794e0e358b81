// Padding that is wider on one side than on the other is taken out of the operator that asked for it:
//   Conv<pads = [0,0,1,1]>(x, w)   becomes   Conv(Pad(x, [0,0,0,0, 0,0,1,1]), w)
// since accelerators often pad evenly only. What both sides share stays in the operator. Conv and AveragePool
// that counts its padding are padded with zeros; MaxPool with zeros where no value is negative, else with
// copies of the edge, which each window that reaches over it holds already.
#include <algorithm>

#include "passes/builder.h"
#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Value;

std::vector<int64_t> KernelOf(const Node& node) {
  auto kernel = node.Ints("kernel_shape");
  const Value* weights = node.input(1);
  if (!kernel.empty() || !node.Is("Conv") || weights == nullptr || !weights->type.is_static()) return kernel;
  const ir::Shape shape = weights->type.shape();
  return shape.size() > 2 ? std::vector<int64_t>(shape.begin() + 2, shape.end()) : kernel;
}

/// The padding in numbers, beginnings, then ends, that `node` asks for by numbers or by "SAME".
std::optional<std::vector<int64_t>> PadsOf(const Node& node, size_t spatial) {
  const std::string auto_pad = node.String("auto_pad", "NOTSET");
  std::vector<int64_t> pads = node.Ints("pads", std::vector<int64_t>(2 * spatial, 0));
  if (auto_pad == "NOTSET") return pads.size() == 2 * spatial ? std::optional(pads) : std::nullopt;
  const auto kernel = KernelOf(node);
  const auto strides = node.Ints("strides", std::vector<int64_t>(spatial, 1));
  const auto dilations = node.Ints("dilations", std::vector<int64_t>(spatial, 1));
  if (!auto_pad.starts_with("SAME") || kernel.size() != spatial || strides.size() != spatial ||
      dilations.size() != spatial)
    return std::nullopt;
  pads.assign(2 * spatial, 0);
  for (size_t i = 0; i < spatial; ++i) {
    const int64_t size = KnownDim(*node.input(0), 2 + i);
    if (size < 1 || strides[i] < 1) return std::nullopt;
    const int64_t last = (size - 1) / strides[i] * strides[i];  // where the last window starts, not padded
    const int64_t total = std::max<int64_t>(last + (kernel[i] - 1) * dilations[i] + 1 - size, 0);
    const int64_t less = total / 2, more = total - less;
    pads[i] = auto_pad == "SAME_UPPER" ? less : more;
    pads[spatial + i] = total - pads[i];
  }
  return pads;
}

/// How a Pad in front of `node` must fill; nothing where none does the same.
std::optional<std::string> FillOf(const Node& node) {
  if (node.Is("Conv")) return "constant";
  if (node.Int("ceil_mode", 0) != 0) return std::nullopt;
  if (node.Is("AveragePool"))
    return node.Int("count_include_pad", 0) != 0 ? std::optional<std::string>("constant") : std::nullopt;
  const bool dilated = std::ranges::any_of(node.Ints("dilations"), [](int64_t n) { return n != 1; });
  if (!node.Is("MaxPool") || node.output(1) != nullptr) return std::nullopt;
  if (NeverNegative(*node.input(0))) return "constant";
  return dilated ? std::nullopt : std::optional<std::string>("edge");
}

Result<bool> Split(Node& node, PassContext& context) {
  if (!node.Is("Conv") && !node.Is("MaxPool") && !node.Is("AveragePool")) return false;
  if (!IsFloat(node.input(0))) return false;
  Value& x = *node.input(0);
  const auto rank = RankOf(&x);
  const auto fill = FillOf(node);
  if (!rank || *rank < 3 || !fill) return false;
  const size_t spatial = *rank - 2;
  const auto pads = PadsOf(node, spatial);
  if (!pads || std::ranges::any_of(*pads, [](int64_t pad) { return pad < 0; })) return false;
  std::vector<int64_t> kept(2 * spatial), extra(2 * *rank, 0);
  bool even = true;
  for (size_t i = 0; i < spatial; ++i) {
    const int64_t begin = (*pads)[i], end = (*pads)[spatial + i];
    kept[i] = kept[spatial + i] = std::min(begin, end);
    extra[2 + i] = begin - kept[i];
    extra[*rank + 2 + i] = end - kept[i];
    even &= begin == end;
  }
  if (even) return false;
  context.Note(node, "its padding is wider on one side: a Pad does the rest");
  Builder build(node, context);
  Value& padded = build.Pad(x, extra, *fill);
  SHOEHORN_TRY(build.status());
  node.SetInput(0, &padded);
  node.Set("pads", kept);
  node.Remove("auto_pad");
  SHOEHORN_TRY(context.InferFrom(node));
  return true;
}

}  // namespace

Result<bool> SplitAsymmetricPadding(ir::Graph& graph, PassContext& context) {
  return RepairEach(graph, context, Split);
}

}  // namespace shoehorn::passes
