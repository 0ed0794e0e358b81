// Matrix products with a term, or of transposed matrices, are Gemm:
//   Add(MatMul(a, b), c)      becomes   Gemm(a, b, c)           where a and b are matrices
//   Gemm(Transpose(a), b, c)  becomes   Gemm(a, b, c, transA=1)
#include <array>

#include "passes/rewrite.h"
#include "passes/transpose.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Type;
using ir::Value;

bool IsMatrix(const Value* value) {
  return value != nullptr && value->type.has_rank && value->type.dims.size() == 2 &&
         (value->type.element == ir::DataType::kFloat || value->type.element == ir::DataType::kDouble);
}

/// True when a term of this type broadcasts to the matrix without growing it.
bool FitsInto(const Type& term, const Type& matrix) {
  if (!term.has_rank || term.dims.size() > 2) return false;
  for (size_t i = 1; i <= term.dims.size(); ++i) {
    const ir::Dim& dim = term.dims[term.dims.size() - i];
    const ir::Dim& whole = matrix.dims[2 - i];
    if (dim.value != 1 && !(dim.known() && dim == whole)) return false;
  }
  return true;
}

bool AddTerm(Node& add, PassContext& context) {
  if (!add.Is("Add") || add.inputs().size() != 2) return false;
  for (const size_t i : {0, 1}) {
    Value* product = add.input(i);
    Value* term = add.input(1 - i);
    Node* matmul = product != nullptr ? product->producer() : nullptr;
    if (matmul == nullptr || term == nullptr || !matmul->Is("MatMul") || !product->has_single_use()) continue;
    Value* a = matmul->input(0);
    Value* b = matmul->input(1);
    // The width comes from b where the product's own type is not known as well.
    if (!IsMatrix(a) || !IsMatrix(b)) continue;
    const Type matrix{a->type.element, true, {a->type.dims[0], b->type.dims[1]}, {}};
    if (term->type.element != a->type.element || !FitsInto(term->type, matrix)) continue;
    if (add.graph().model().Opset() < 11 && term->constant() == nullptr) continue;
    context.Note(*matmul, "a matrix product with the term of " + Label(add) + " is Gemm");
    Absorb(add, *matmul);
    if (!matmul->name.empty()) add.name = matmul->name;
    Become(add, "Gemm", {a, b, term});
    return true;
  }
  return false;
}

bool TakeTranspose(Node& node, PassContext& context) {
  const bool gemm = node.Is("Gemm");
  const bool matmul = node.Is("MatMul") && IsMatrix(node.input(0)) && IsMatrix(node.input(1)) &&
                      node.graph().model().Opset() >= 11;
  if (!gemm && !matmul) return false;
  static constexpr std::array<std::string_view, 2> kFlags = {"transA", "transB"};
  for (const size_t i : {0, 1}) {
    Value* value = node.input(i);
    Node* transpose = value != nullptr ? value->producer() : nullptr;
    if (transpose == nullptr || !value->has_single_use() || PermutationOf(*transpose) != Permutation{1, 0})
      continue;
    context.Note(*transpose, Label(node) + " reads its matrix transposed");
    node.op_type = "Gemm";
    node.Set(kFlags[i], int64_t{1 - node.Int(kFlags[i], 0)});
    Absorb(node, *transpose);
    node.SetInput(i, transpose->input(0));
    RemoveIfUnused({value});
    return true;
  }
  return false;
}

}  // namespace

Result<bool> FuseGemm(ir::Graph& graph, PassContext& context) {
  bool changed = false;
  for (Node& node : graph.nodes()) {
    changed |= AddTerm(node, context);
    while (TakeTranspose(node, context)) changed = true;
  }
  return changed;
}

}  // namespace shoehorn::passes
