// A Conv in a few groups as that many Convs of one group each:
//   Conv<group = 2>(x, w)   becomes   Concat(Conv(x's first half, w's first half), Conv(the others))
// Depthwise Conv, one group a channel, stays: accelerators have it, and there would be hundreds.
#include "passes/builder.h"
#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Tensor;
using ir::Value;

constexpr int64_t kMostGroups = 32;

/// Part `index` of `count` equal ones along the first axis; shares the bytes.
Tensor Part(const Tensor& tensor, int64_t index, int64_t count) {
  ir::Shape dims = tensor.dims();
  dims[0] /= count;
  const size_t size = tensor.byte_size() / static_cast<size_t>(count);
  return Tensor(tensor.type(), dims, tensor.bytes().subspan(static_cast<size_t>(index) * size, size),
                tensor.owner());
}

Result<bool> Split(Node& node, PassContext& context) {
  const int64_t groups = node.Int("group", 1);
  if (!node.Is("Conv") || groups < 2 || groups > kMostGroups || node.input(0) == nullptr) return false;
  const Tensor* weights = FloatConstant(node.input(1));
  const Tensor* bias = FloatConstant(node.input(2));
  if (weights == nullptr || (node.input(2) != nullptr && bias == nullptr) || weights->rank() < 3)
    return false;
  const int64_t channels = weights->dims()[1];  // of each group
  if (channels < 2 || weights->dims()[0] % groups != 0 ||
      (bias != nullptr && bias->count() != weights->dims()[0]))
    return false;
  context.Note(node, "its " + std::to_string(groups) + " groups are so many Convs");
  Builder build(node, context);
  const auto inputs =
      build.Split(*node.input(0), 1, std::vector<int64_t>(static_cast<size_t>(groups), channels));
  std::vector<Value*> parts;
  for (int64_t i = 0; i < groups; ++i) {
    std::vector<Value*> operands = {inputs[static_cast<size_t>(i)],
                                    &build.Constant("_weights", Part(*weights, i, groups))};
    if (bias != nullptr) operands.push_back(&build.Constant("_bias", Part(*bias, i, groups)));
    parts.push_back(&build.Make("Conv", operands, SettingsOf(node, {"group"})));
  }
  SHOEHORN_TRY(build.Replace(build.Concat(parts, 1)));
  return true;
}

}  // namespace

Result<bool> SplitGroupedConv(ir::Graph& graph, PassContext& context) {
  return RepairEach(graph, context, Split);
}

}  // namespace shoehorn::passes
