// What only moves the elements of constants is done now, without an engine:
//   t = Transpose(w); u = Slice(t, ...); v = Concat(u, c)   becomes   the constant v
// Nearly all constant arithmetic in exported models is of this kind, and opening an engine takes longer than
// all the rest of a simplification. Changes of shape share the bytes of their input.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "passes/replace.h"
#include "passes/rewrite.h"
#include "passes/slice.h"
#include "passes/transpose.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Tensor;

/// Every element of a shape, from somewhere in a tensor: element (i, j, ..) is the one at
/// first + i * strides[0] + j * strides[1] + ...
struct Pick {
  int64_t first = 0;
  std::vector<int64_t> strides;  // in elements; of the whole tensor in row-major order at the start

  explicit Pick(const ir::Shape& dims) : strides(dims.size(), 1) {
    for (size_t i = dims.size(); i-- > 1;) strides[i - 1] = strides[i] * dims[i];
  }
};

/// Calls `visit(first element)` for each of `dims`, in row-major order.
template <typename Visit>
void ForEachIndex(const ir::Shape& dims, const Pick& pick, size_t axis, int64_t at, const Visit& visit) {
  if (axis == dims.size()) return visit(at);
  for (int64_t i = 0; i < dims[axis]; ++i, at += pick.strides[axis])
    ForEachIndex(dims, pick, axis + 1, at, visit);
}

Tensor Picked(const Tensor& tensor, const Pick& pick, const ir::Shape& dims) {
  const size_t width = static_cast<size_t>(ir::BitsOf(tensor.type())) / 8;
  size_t axes = dims.size();  // those behind are copied as one run
  int64_t run = 1;
  while (axes > 0 && pick.strides[axes - 1] == run) run *= dims[--axes];
  const ir::Shape outer(dims.begin(), dims.begin() + static_cast<ptrdiff_t>(axes));
  const auto bytes =
      std::make_shared<std::vector<std::byte>>(static_cast<size_t>(ir::ElementCount(dims)) * width);
  std::byte* out = bytes->data();
  const size_t run_bytes = static_cast<size_t>(run) * width;
  if (!bytes->empty())
    ForEachIndex(outer, pick, 0, pick.first, [&](int64_t at) {
      std::memcpy(out, tensor.bytes().data() + static_cast<size_t>(at) * width, run_bytes);
      out += run_bytes;
    });
  return Tensor(tensor.type(), dims, *bytes, bytes);
}

std::optional<Tensor> Transposed(const Node& node, const Tensor& tensor, const ir::Shape& dims) {
  const auto perm = PermutationOf(node);
  if (!perm || perm->size() != tensor.rank()) return std::nullopt;
  const Pick whole(tensor.dims());
  Pick pick = whole;
  for (size_t i = 0; i < perm->size(); ++i) {
    const auto axis = static_cast<size_t>((*perm)[i]);
    if (dims[i] != tensor.dims()[axis]) return std::nullopt;
    pick.strides[i] = whole.strides[axis];
  }
  return Picked(tensor, pick, dims);
}

std::optional<Tensor> Sliced(const Node& node, const Tensor& tensor, const ir::Shape& dims) {
  const auto cut = CutOf(node);
  if (!cut) return std::nullopt;
  Pick pick(tensor.dims());
  ir::Shape left = tensor.dims();
  for (size_t i = 0; i < cut->axes.size(); ++i) {
    const auto axis = static_cast<size_t>(cut->axes[i]);
    const int64_t step = cut->steps[i];
    if (axis >= left.size() || step == 0 || step == std::numeric_limits<int64_t>::min()) return std::nullopt;
    const int64_t size = tensor.dims()[axis];
    const int64_t lowest = step > 0 ? 0 : -1;  // a walk down ends before the first element
    const auto bound = [&](int64_t at) {
      return std::clamp(at < 0 ? at + size : at, lowest, step > 0 ? size : size - 1);
    };
    const int64_t start = std::max<int64_t>(bound(cut->starts[i]), 0);
    const int64_t distance = step > 0 ? bound(cut->ends[i]) - start : start - bound(cut->ends[i]);
    const int64_t stride = std::abs(step);
    left[axis] = distance <= 0 ? 0 : (distance - 1) / stride + 1;
    pick.first += start * pick.strides[axis];
    pick.strides[axis] *= left[axis] > 1 ? step : 1;
  }
  if (left != dims) return std::nullopt;
  return Picked(tensor, pick, dims);
}

std::optional<Tensor> Concatenated(const Node& node, const ir::Shape& dims) {
  const auto axis = NormalAxis(node.Int("axis"), dims.size());
  if (!axis) return std::nullopt;
  const ir::DataType type = node.output()->type.element;
  const size_t width = static_cast<size_t>(ir::BitsOf(type)) / 8;
  const ir::Shape outer(dims.begin(), dims.begin() + static_cast<ptrdiff_t>(*axis));
  const auto bytes =
      std::make_shared<std::vector<std::byte>>(static_cast<size_t>(ir::ElementCount(dims)) * width);
  const auto rows = static_cast<size_t>(ir::ElementCount(outer));
  const size_t row = rows == 0 ? 0 : bytes->size() / rows;
  size_t column = 0;
  for (const ir::Value* input : node.inputs()) {
    const Tensor& part = *input->constant();
    const size_t piece = rows == 0 ? 0 : part.byte_size() / rows;
    if (part.type() != type || column + piece > row || piece * rows != part.byte_size()) return std::nullopt;
    for (size_t i = 0; i < rows && piece > 0; ++i)
      std::memcpy(bytes->data() + i * row + column, part.bytes().data() + i * piece, piece);
    column += piece;
  }
  if (column != row) return std::nullopt;
  return Tensor(type, dims, *bytes, bytes);
}

bool ChangesShapeOnly(const Node& node) {
  return node.Is("Reshape") || node.Is("Squeeze") || node.Is("Unsqueeze") || node.Is("Flatten") ||
         node.Is("Cast");
}

/// What `node` makes of its constant inputs; nothing when it computes more than places.
std::optional<Tensor> Moved(const Node& node) {
  const bool moves = ChangesShapeOnly(node) || node.Is("Transpose") || node.Is("Slice") || node.Is("Concat");
  if (!moves || node.inputs().empty() || node.output() == nullptr) return std::nullopt;
  for (const ir::Value* input : node.inputs())
    if (input != nullptr && input->constant() == nullptr) return std::nullopt;
  const ir::Type& type = node.output()->type;
  const Tensor& tensor = *node.input(0)->constant();
  if (!type.is_static() || tensor.type() != type.element || ir::BitsOf(type.element) % 8 != 0 ||
      ir::BitsOf(type.element) == 0)
    return std::nullopt;
  const ir::Shape dims = type.shape();
  if (node.Is("Transpose")) return Transposed(node, tensor, dims);
  if (node.Is("Slice")) return Sliced(node, tensor, dims);
  if (node.Is("Concat")) return Concatenated(node, dims);
  if (tensor.count() != ir::ElementCount(dims)) return std::nullopt;
  return tensor.Reshaped(dims);
}

}  // namespace

Result<bool> FoldMovement(ir::Graph& graph, PassContext& context) {
  bool changed = false;
  for (Node& node : graph.nodes()) {
    if (node.input(0) == nullptr || node.input(0)->constant() == nullptr) continue;
    std::optional<Tensor> tensor = Moved(node);
    if (!tensor) continue;
    context.Note(node, "it only moves the elements of constants");
    ir::Value& constant = ReplaceByConstant(*node.output(), std::move(*tensor));
    RemoveIfUnused({node.output()});
    SHOEHORN_TRY(context.InferUsers(constant));
    changed = true;
  }
  return changed;
}

}  // namespace shoehorn::passes
