// Expand is a product with ones that broadcasts; of bools, an And:
//   Expand(x [n,1], [n,3])   becomes   Mul(x, ones [1,3])
#include <algorithm>

#include "passes/builder.h"
#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::DataType;
using ir::Node;
using ir::Value;

constexpr int64_t kMostOnes = int64_t{1} << 20;  // elements of the constant

Result<bool> Repair(Node& node, PassContext& context) {
  using enum DataType;
  if (!node.Is("Expand") || node.input(0) == nullptr || node.graph().model().Opset() < 7) return false;
  Value& x = *node.input(0);
  const DataType type = x.type.element;
  const bool number =
      type == kFloat || type == kDouble || type == kFloat16 || type == kInt32 || type == kInt64;
  auto shape = IntsConstant(node.input(1));
  if (!shape || (!number && type != kBool)) return false;
  // Where x has the target's size already, a 1 does; where it may be either, only the size itself does.
  if (x.type.has_rank)
    for (size_t i = 1; i <= std::min(shape->size(), x.type.dims.size()); ++i) {
      int64_t& size = (*shape)[shape->size() - i];
      if (x.type.dims[x.type.dims.size() - i].value == size) size = 1;
    }
  int64_t count = 1;
  for (const int64_t size : *shape)
    count = size > kMostOnes ? kMostOnes + 1 : std::min(count, kMostOnes + 1) * size;
  if (count > kMostOnes) return false;

  context.Note(node, "its copies are those of a product with ones");
  Builder build(node, context);
  Value& ones = build.Constant(
      "_ones", ir::Tensor::FromDoubles(type, *shape, std::vector<double>(static_cast<size_t>(count), 1)));
  SHOEHORN_TRY(build.Replace(build.Make(number ? "Mul" : "And", {&x, &ones})));
  return true;
}

}  // namespace

Result<bool> ExpandToMul(ir::Graph& graph, PassContext& context) {
  return RepairEach(graph, context, Repair);
}

}  // namespace shoehorn::passes
