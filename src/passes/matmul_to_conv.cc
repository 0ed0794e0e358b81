// A product with constant weights is a Conv 1x1 over the rows of its input, which stand where space stands.
// Some accelerators run only convolutions fast, or take no MatMul of this rank.
//   MatMul(x [n,l,c], w [c,k])   becomes   x as [n,1,l,c], Transpose to [n,c,1,l], Conv 1x1, and back
//   Gemm(x [n,c], w, b)          becomes   x as [n,c,1,1], Conv 1x1 with bias b, and back
#include "passes/builder.h"
#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Tensor;
using ir::Value;

bool IsReal(ir::DataType type) {
  return type == ir::DataType::kFloat || type == ir::DataType::kDouble || type == ir::DataType::kFloat16;
}

/// The weights [c,k] (or [k,c] if `transposed`), times `factor`, as [k,c,1,1].
Tensor ConvWeights(const Tensor& weights, bool transposed, double factor) {
  const int64_t rows = weights.dims()[0], columns = weights.dims()[1];
  const std::vector<double> from = *weights.ToDoubles();
  const int64_t channels = transposed ? columns : rows, kernels = transposed ? rows : columns;
  std::vector<double> to(from.size());
  for (int64_t k = 0; k < kernels; ++k)
    for (int64_t c = 0; c < channels; ++c)
      to[static_cast<size_t>(k * channels + c)] =
          factor * from[static_cast<size_t>(transposed ? k * channels + c : c * kernels + k)];
  return Tensor::FromDoubles(weights.type(), {kernels, channels, 1, 1}, to);
}

/// The term of a Gemm as one number for each of `kernels` columns; nothing when it differs by row.
std::optional<Tensor> BiasOf(const Tensor& term, int64_t kernels, double factor) {
  const bool row = term.rank() <= 1 || (term.rank() == 2 && term.dims()[0] == 1);
  if (!row || (term.count() != 1 && term.count() != kernels)) return std::nullopt;
  auto numbers = term.ToDoubles();
  if (!numbers) return std::nullopt;
  numbers->resize(static_cast<size_t>(kernels), numbers->front());
  for (double& number : *numbers) number *= factor;
  return Tensor::FromDoubles(term.type(), {kernels}, *numbers);
}

Result<bool> Repair(Node& node, PassContext& context) {
  const bool gemm = node.Is("Gemm");
  if ((!gemm && !node.Is("MatMul")) || node.input(0) == nullptr || node.input(1) == nullptr) return false;
  Value& x = *node.input(0);
  const Tensor* weights = node.input(1)->constant();
  if (weights == nullptr || weights->rank() != 2 || weights->count() == 0 || !IsReal(weights->type()))
    return false;
  if (x.constant() != nullptr || !x.type.has_rank || node.Int("transA") != 0) return false;
  const size_t rank = x.type.dims.size();
  if (rank < 2 || rank > 4 || node.graph().model().Opset() < 7) return false;
  const bool transposed = node.Int("transB") != 0;
  const int64_t channels = weights->dims()[transposed ? 1 : 0], kernels = weights->dims()[transposed ? 0 : 1];
  std::optional<Tensor> bias;
  if (node.input(2) != nullptr) {
    const Tensor* term = node.input(2)->constant();
    if (term != nullptr) bias = BiasOf(*term, kernels, node.Float("beta", 1));
    if (!bias) return false;
  }

  context.Note(node, "a product with constant weights is a Conv 1x1");
  Builder build(node, context);
  std::vector<Value*> inputs = {
      nullptr, &build.Constant("_weights", ConvWeights(*weights, transposed, node.Float("alpha", 1)))};
  if (bias) inputs.push_back(&build.Constant("_bias", std::move(*bias)));
  Value* result = nullptr;
  if (rank == 2) {
    inputs[0] = &build.Reshape(x, {-1, channels, 1, 1});
    result = &build.Reshape(build.Make("Conv", inputs, {{"kernel_shape", std::vector<int64_t>{1, 1}}}),
                            {-1, kernels});
  } else {
    Value& rows = rank == 4 ? x : build.Reshape(x, {0, 1, -1, channels});
    inputs[0] = &build.Transpose(rows, {0, 3, 1, 2});
    Value& conv = build.Make("Conv", inputs, {{"kernel_shape", std::vector<int64_t>{1, 1}}});
    result = &build.Transpose(conv, {0, 2, 3, 1});
    if (rank == 3) result = &build.Reshape(*result, {0, -1, kernels});
  }
  SHOEHORN_TRY(build.Replace(*result));
  return true;
}

}  // namespace

Result<bool> MatmulToConv(ir::Graph& graph, PassContext& context) {
  return RepairEach(graph, context, Repair);
}

}  // namespace shoehorn::passes
