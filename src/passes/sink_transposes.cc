// A Transpose moves below operators that do not mind, where it meets another one and the two become one or
// none:
//   Transpose(Relu(Transpose(x, [0,2,3,1])), [0,3,1,2])   becomes   Relu(x)
//   Add(Transpose(x, p), Transpose(y, p))                 becomes   Transpose(Add(x, y), p)
// Nothing moves unless the graph ends up with fewer transposes.
#include <algorithm>

#include "passes/elementwise.h"
#include "passes/rewrite.h"
#include "passes/transpose.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Tensor;
using ir::Value;

constexpr int kFarthest = 64;  // steps that a transpose may sink

/// Operators whose one axis is an attribute.
bool HasAxis(const Node& node) {
  if (node.Is("Concat")) return true;
  return (node.Is("Softmax") || node.Is("LogSoftmax") || node.Is("Hardmax")) &&
         node.graph().model().Opset() >= 13;
}

bool IsReduction(const Node& node) { return node.domain.empty() && node.op_type.starts_with("Reduce"); }

/// How `node` takes a Transpose by `perm` at input `at`.
struct Step {
  std::vector<size_t> transposed;  // inputs with such a Transpose, `at` among them
  Permutation after;               // what has to follow the node instead
};

bool IsTransposeBy(const Value* value, const Permutation& perm) {
  if (value == nullptr || value->producer() == nullptr || !value->has_single_use()) return false;
  return PermutationOf(*value->producer()) == perm;
}

std::optional<Step> StepThrough(const Node& node, size_t at, const Permutation& perm) {
  if (node.outputs().size() != 1 || node.output() == nullptr) return std::nullopt;
  if (IsUnaryElementwise(node)) return at == 0 ? std::optional<Step>(Step{{0}, perm}) : std::nullopt;
  const size_t rank = perm.size();
  if (IsReduction(node)) {
    const auto axes = IntsOf(node, 1, "axes");
    if (at != 0 || !axes || axes->empty()) return std::nullopt;
    const auto reduced = NormalAxes(*axes, rank);
    if (!reduced) return std::nullopt;
    if (node.Int("keepdims", 1) != 0) return Step{{0}, perm};
    // The axes that stay, numbered as they will be without the transpose.
    std::vector<bool> gone(rank, false);
    for (const int64_t axis : *reduced) gone[static_cast<size_t>(perm[static_cast<size_t>(axis)])] = true;
    Permutation after;
    for (size_t i = 0; i < rank; ++i) {
      if (std::ranges::binary_search(*reduced, static_cast<int64_t>(i))) continue;
      after.push_back(std::count(gone.begin(), gone.begin() + perm[i], false));
    }
    return Step{{0}, after};
  }
  if (!IsBroadcasting(node) && !HasAxis(node)) return std::nullopt;
  Step step{{}, perm};
  for (size_t i = 0; i < node.inputs().size(); ++i) {
    const Value* value = node.input(i);
    if (value == nullptr) return std::nullopt;
    if (i == at || IsTransposeBy(value, perm))
      step.transposed.push_back(i);
    else if (value->constant() == nullptr || HasAxis(node) || value->constant()->rank() > rank ||
             ir::BitsOf(value->constant()->type()) < 8)
      return std::nullopt;
  }
  return step;
}

/// The constant whose transpose by `perm` broadcasts as `tensor` does.
Tensor Untransposed(const Tensor& tensor, const Permutation& perm) {
  if (tensor.count() == 1) return tensor;
  const size_t rank = perm.size();
  ir::Shape dims(rank - tensor.rank(), 1);
  dims.insert(dims.end(), tensor.dims().begin(), tensor.dims().end());
  std::vector<size_t> strides(rank, 1);
  for (size_t i = rank - 1; i-- > 0;) strides[i] = strides[i + 1] * static_cast<size_t>(dims[i + 1]);
  const Permutation inverse = Inverse(perm);
  ir::Shape out_dims(rank);
  for (size_t i = 0; i < rank; ++i) out_dims[i] = dims[static_cast<size_t>(inverse[i])];
  const size_t size = tensor.byte_size() / static_cast<size_t>(tensor.count());
  std::vector<std::byte> bytes(tensor.byte_size());
  for (size_t flat = 0; flat < static_cast<size_t>(tensor.count()); ++flat) {
    size_t rest = flat, from = 0;
    for (size_t i = rank; i-- > 0;) {
      from += rest % static_cast<size_t>(out_dims[i]) * strides[static_cast<size_t>(inverse[i])];
      rest /= static_cast<size_t>(out_dims[i]);
    }
    std::memcpy(bytes.data() + flat * size, tensor.bytes().data() + from * size, size);
  }
  return Tensor::OfBytes(tensor.type(), out_dims, bytes);
}

/// True when sinking `transpose` pays: it meets another transpose, or becomes trivial.
bool Pays(const Node& transpose, Permutation perm) {
  const Value* value = transpose.output();
  for (int step_count = 0; step_count < kFarthest; ++step_count) {
    if (!value->has_single_use()) return false;
    const ir::Use use = value->uses()[0];
    if (step_count > 0 && (IsIdentity(perm) || use.node->Is("Transpose"))) return true;
    const auto step = StepThrough(*use.node, static_cast<size_t>(use.index), perm);
    if (!step) return false;
    if (step->transposed.size() > 1) return true;
    perm = step->after;
    value = use.node->output();
    if (IsIdentity(perm)) return true;
  }
  return false;
}

/// `node` reads what the transposes by `perm` read; one transpose by step.after follows it. Gives that
/// transpose, or nullptr when none is needed.
Node* Sink(Node& node, const Step& step, const Permutation& perm) {
  std::vector<Value*> unused;
  Node* first = node.input(step.transposed[0])->producer();
  const std::string name = first->name;
  const std::vector<std::string> origins = first->UserNames();
  for (size_t i = 0; i < node.inputs().size(); ++i) {
    Value* value = node.input(i);
    if (std::ranges::find(step.transposed, i) != step.transposed.end()) {
      unused.push_back(value);
      node.SetInput(i, value->producer()->input(0));
    } else if (IsBroadcasting(node) && value->constant()->count() != 1) {
      node.SetInput(i, &NewConstant(node, "_transposed", Untransposed(*value->constant(), perm)));
      unused.push_back(value);
    }
  }
  const auto moved_axis = [&](int64_t axis) {
    return perm[static_cast<size_t>(axis < 0 ? axis + static_cast<int64_t>(perm.size()) : axis)];
  };
  if (HasAxis(node)) {
    node.Set("axis", moved_axis(node.Int("axis", -1)));
  } else if (IsReduction(node)) {
    auto axes = *IntsOf(node, 1, "axes");
    for (int64_t& axis : axes) axis = moved_axis(axis);
    std::ranges::sort(axes);
    if (node.input(1) != nullptr) {
      unused.push_back(node.input(1));
      node.SetInput(1, &NewConstant(node, "_axes", Tensor::Ints(axes)));
    } else {
      node.Set("axes", std::move(axes));
    }
  }
  // A value of the user's name must stay what the user knows: the transpose's output takes the name over.
  Value* output = node.output();
  Node* below = nullptr;
  if (!IsIdentity(step.after)) {
    ir::Graph& graph = node.graph();
    below = &graph.AddNode("Transpose", name, {node.input(0)}, 1, node.next());
    below->origins = origins;
    below->Set("perm", step.after);
    below->output()->type = output->type;
    const std::string known = output->name();
    graph.ReplaceValue(*output, *below->output());
    below->SetInput(0, output);
    if (output->name() == known) {
      graph.Rename(*output, known + "_untransposed");
      graph.Rename(*below->output(), known);
    }
    output->type = Permuted(output->type, Inverse(step.after));
  }
  RemoveIfUnused(unused);
  return below;
}

bool SinkAll(Node& transpose, PassContext& context) {
  auto perm = PermutationOf(transpose);
  if (!perm || IsIdentity(*perm) || !Pays(transpose, *perm)) return false;
  context.Note(transpose,
               "moved below the operators that follow, where another transpose makes it smaller or needless");
  Node* at = &transpose;
  while (at != nullptr) {
    const ir::Use use = at->output()->uses()[0];
    if (use.node->Is("Transpose")) break;  // cancel_transposes joins the two
    const auto step = StepThrough(*use.node, static_cast<size_t>(use.index), *perm);
    if (!step) break;
    Node& node = *use.node;
    at = Sink(node, *step, *perm);
    if (at == nullptr || step->transposed.size() > 1 || !at->output()->has_single_use()) break;
    perm = step->after;
  }
  return true;
}

}  // namespace

Result<bool> SinkTransposes(ir::Graph& graph, PassContext& context) {
  bool changed = false;
  for (Node& node : graph.nodes()) changed |= SinkAll(node, context);
  return changed;
}

}  // namespace shoehorn::passes
