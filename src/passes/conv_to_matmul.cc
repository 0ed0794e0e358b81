// A Conv 1x1 that visits every pixel is a product over the channels: the way back from matmul_to_conv, for
// targets that take matrices but no Conv of this rank or type.
//   Conv(x [n,c,h,w], w [k,c,1,1], b)   becomes   Transpose to [n,h,w,c], MatMul with [c,k], Add b, and back
#include <algorithm>

#include "passes/builder.h"
#include "passes/rewrite.h"
#include "passes/transpose.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Tensor;
using ir::Value;

bool IsEach(const std::vector<int64_t>& list, int64_t wanted) {
  return std::ranges::all_of(list, [&](int64_t number) { return number == wanted; });
}

/// Weights [k,c,1,1] as [c,k].
Tensor Matrix(const Tensor& weights) {
  const auto kernels = static_cast<size_t>(weights.dims()[0]),
             channels = static_cast<size_t>(weights.dims()[1]);
  const std::vector<double> from = *weights.ToDoubles();
  std::vector<double> to(from.size());
  for (size_t k = 0; k < kernels; ++k)
    for (size_t c = 0; c < channels; ++c) to[c * kernels + k] = from[k * channels + c];
  return Tensor::FromDoubles(weights.type(), {weights.dims()[1], weights.dims()[0]}, to);
}

Result<bool> Repair(Node& node, PassContext& context) {
  if (!node.Is("Conv") || node.input(0) == nullptr || node.input(1) == nullptr) return false;
  const Tensor* weights = node.input(1)->constant();
  if (weights == nullptr || weights->rank() < 3 || weights->count() == 0 || !weights->ToDoubles())
    return false;
  const std::vector<int64_t> kernel(weights->dims().begin() + 2, weights->dims().end());
  if (!IsEach(kernel, 1) || !IsEach(node.Ints("strides"), 1) || !IsEach(node.Ints("pads"), 0)) return false;
  if (node.Int("group", 1) != 1 || node.graph().model().Opset() < 7) return false;

  context.Note(node, "a Conv 1x1 is a product over the channels");
  Permutation to_rows = {0};
  for (size_t axis = 2; axis < weights->rank(); ++axis) to_rows.push_back(static_cast<int64_t>(axis));
  to_rows.push_back(1);
  Builder build(node, context);
  Value& rows = build.Transpose(*node.input(0), to_rows);
  Value* product = &build.Make("MatMul", {&rows, &build.Constant("_weights", Matrix(*weights))});
  if (node.input(2) != nullptr) product = &build.Make("Add", {product, node.input(2)});
  SHOEHORN_TRY(build.Replace(build.Transpose(*product, Inverse(to_rows))));
  return true;
}

}  // namespace

Result<bool> ConvToMatmul(ir::Graph& graph, PassContext& context) {
  return RepairEach(graph, context, Repair);
}

}  // namespace shoehorn::passes
