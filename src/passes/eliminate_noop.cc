// Operators whose parameters make them hand their input on: a Cast to the type at hand, a Reshape to the
// shape at hand, a Transpose that keeps the order, Pad by nothing, Slice of everything, Concat of one, Resize
// by 1, Mul by 1, Add of 0:
//   a = Transpose<perm = [0, 1, 2]>(x); y = Relu(a)   becomes   y = Relu(x)
#include <algorithm>
#include <limits>
#include <numeric>

#include "passes/replace.h"
#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Value;

constexpr int64_t kMostElements = 4096;  // constants that are looked at

bool Equal(const ir::Dim& a, const ir::Dim& b) { return a == b && (a.known() || !a.symbol.empty()); }

/// The dimensions are known to be equal. Where the number of elements cannot change, one dimension may be
/// unknown.
bool SameShape(const Value& a, const Value& b, bool same_count) {
  if (!a.type.has_rank || !b.type.has_rank || a.type.dims.size() != b.type.dims.size()) return false;
  size_t unknown = 0;
  for (size_t i = 0; i < a.type.dims.size(); ++i) {
    if (!Equal(a.type.dims[i], b.type.dims[i])) ++unknown;
    if (same_count && a.type.dims[i].value == 0)
      return false;  // then any other dimension leaves the count alone
  }
  return unknown == 0 || (unknown == 1 && same_count);
}

/// A small constant whose every element is `wanted`.
bool IsAll(const Value* value, double wanted) {
  const ir::Tensor* tensor = value != nullptr ? value->constant() : nullptr;
  if (tensor == nullptr || tensor->count() > kMostElements) return false;
  const auto numbers = tensor->ToDoubles();
  return numbers && std::ranges::all_of(*numbers, [&](double number) { return number == wanted; });
}

/// Broadcasting `small` to `value` leaves the shape of `value` as it is.
bool BroadcastsInto(const Value& small, const Value& value) {
  const auto& dims = small.type.dims;
  const bool scalar =
      small.type.has_rank && std::ranges::all_of(dims, [](const ir::Dim& dim) { return dim.value == 1; });
  if (scalar && dims.empty()) return true;
  if (!small.type.has_rank || !value.type.has_rank || dims.size() > value.type.dims.size()) return false;
  const size_t shift = value.type.dims.size() - dims.size();
  for (size_t i = 0; i < dims.size(); ++i)
    if (dims[i].value != 1 && !Equal(dims[i], value.type.dims[shift + i])) return false;
  return true;
}

/// The operand of a two-input node beside which the other, all `neutral`, does nothing.
Value* BesideNeutral(const Node& node, double neutral, bool either_side) {
  Value* a = node.input(0);
  Value* b = node.input(1);
  if (IsAll(b, neutral) && BroadcastsInto(*b, *a)) return a;
  if (either_side && IsAll(a, neutral) && BroadcastsInto(*a, *b)) return b;
  return nullptr;
}

bool SlicesEverything(const Node& node) {
  const Value& data = *node.input(0);
  const auto starts = IntsOf(node, 1, "starts"), ends = IntsOf(node, 2, "ends");
  if (!starts || !ends || !data.type.has_rank) return false;
  std::vector<int64_t> in_order(starts->size());
  std::iota(in_order.begin(), in_order.end(), 0);
  const auto axes = IntsOf(node, 3, "axes", in_order);
  const auto steps = IntsOf(node, 4, "steps", std::vector<int64_t>(starts->size(), 1));
  if (!axes || !steps) return false;
  for (size_t i = 0; i < starts->size(); ++i) {
    const auto axis = NormalAxis((*axes)[i], data.type.dims.size());
    if (!axis || (*steps)[i] != 1) return false;
    const ir::Dim& dim = data.type.dims[*axis];
    const bool from_start = (*starts)[i] == 0 || (dim.known() && (*starts)[i] <= -dim.value);
    const bool to_end =
        (*ends)[i] >= std::numeric_limits<int32_t>::max() || (dim.known() && (*ends)[i] >= dim.value);
    if (!from_start || !to_end) return false;
  }
  return true;
}

bool PadsNothing(const Node& node) {
  const auto pads = IntsOf(node, 1, "pads");
  return pads && std::ranges::all_of(*pads, [](int64_t pad) { return pad == 0; });
}

bool ResizesByOne(const Node& node) {
  if (node.String("coordinate_transformation_mode") == "tf_crop_and_resize") return false;
  if (node.Is("Upsample"))
    return node.input(1) != nullptr ? IsAll(node.input(1), 1)
                                    : std::ranges::all_of(std::get<std::vector<float>>(*node.Find("scales")),
                                                          [](float s) { return s == 1; });
  const Value* sizes = node.input(3);
  const Value* scales = node.inputs().size() == 2 ? node.input(1) : node.input(2);
  if (sizes != nullptr)
    return sizes->constant() != nullptr && SameShape(*node.input(0), *node.output(), false);
  return scales != nullptr && scales->type.has_rank && scales->constant() != nullptr &&
         scales->constant()->count() > 0 && IsAll(scales, 1);
}

bool ReducesNothing(const Node& node) {
  const Value& data = *node.input(0);
  auto axes = IntsOf(node, 1, "axes");
  if (!axes || !data.type.has_rank) return false;
  if (axes->empty()) {
    if (node.Int("noop_with_empty_axes") != 0) return true;
    axes->resize(data.type.dims.size());
    std::iota(axes->begin(), axes->end(), 0);
  }
  const auto normal = NormalAxes(*axes, data.type.dims.size());
  return normal && node.Int("keepdims", 1) == 1 &&
         std::ranges::all_of(*normal, [&](int64_t axis) { return data.type.dims[axis].value == 1; });
}

/// The input that the node's only output is equal to, or nullptr.
Value* HandedOn(const Node& node) {
  Value* first = node.input(0);
  if (!node.domain.empty() || first == nullptr || node.outputs().size() != 1) return nullptr;
  const std::string& type = node.op_type;
  const auto when = [&](bool holds) { return holds ? first : nullptr; };
  if (type == "Cast" || type == "CastLike")
    return when(first->type.element != ir::DataType::kUndefined &&
                first->type.element == node.output()->type.element);
  if (type == "Reshape" || type == "Flatten" || type == "Squeeze" || type == "Unsqueeze")
    return when(SameShape(*first, *node.output(), true));
  if (type == "Expand")
    return when(IsAll(node.input(1), 1)
                    ? node.input(1)->constant()->count() <= static_cast<int64_t>(first->type.dims.size()) &&
                          first->type.has_rank
                    : SameShape(*first, *node.output(), false));
  if (type == "Tile") return when(IsAll(node.input(1), 1));
  if (type == "Transpose") {
    const auto perm = node.Ints("perm");
    return when(!perm.empty() ? std::ranges::is_sorted(perm)
                              : first->type.has_rank && first->type.dims.size() <= 1);
  }
  if (type == "Concat" || type == "Max" || type == "Min" || type == "Sum" || type == "Mean")
    return when(node.inputs().size() == 1);
  if (type == "Split") return when(true);  // one output is all of it
  if (type == "Pad") return when(PadsNothing(node));
  if (type == "Slice") return when(SlicesEverything(node));
  if (type == "Resize" || type == "Upsample") return when(ResizesByOne(node));
  if (type == "ReduceMean" || type == "ReduceSum" || type == "ReduceMax" || type == "ReduceMin" ||
      type == "ReduceProd")
    return when(ReducesNothing(node));
  if (type == "Clip" && node.inputs().size() == 1) return when(!node.Has("min") && !node.Has("max"));
  if (type == "Clip") return when(node.input(1) == nullptr && node.input(2) == nullptr);
  if (type == "Mul") return BesideNeutral(node, 1, true);
  if (type == "Div" || type == "Pow") return BesideNeutral(node, 1, false);
  if (type == "Add") return BesideNeutral(node, 0, true);
  if (type == "Sub") return BesideNeutral(node, 0, false);
  return nullptr;
}

}  // namespace

Result<bool> EliminateNoop(ir::Graph& graph, PassContext& context) {
  bool changed = false;
  for (Node& node : graph.nodes()) {
    Value* same = HandedOn(node);
    if (same == nullptr || !CanStandIn(*node.output(), *same)) continue;
    context.Note(node, "with these parameters it hands its input on");
    const bool better_known = !same->type.has_rank && node.output()->type.has_rank;
    if (better_known) same->type = node.output()->type;
    Bypass(node, *same);
    changed = true;
  }
  return changed;
}

}  // namespace shoehorn::passes
