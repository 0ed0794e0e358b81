// Three-dimensional pooling as slices and two-dimensional pooling, which accelerators have:
//   Squeeze(MaxPool<kernel = [1,3,3], strides = [2,1,1]>(Unsqueeze(x, [1])), [1])
//   becomes   MaxPool<kernel = [3,3], strides = [1,1]>(Slice(x, axis 1, step 2))
// Pooling of depth d is the maximum (or mean) of d slices, pooled in the other two dimensions. Where a
// Reshape, Squeeze or Unsqueeze beside the pool made its input five-dimensional, no such tensor is left.
// flatten_pool is the part of this that also simplifies: a third dimension that is there for the pool alone
// (LPRNet; OpenVINO in bf16 runs it half as fast again without).
#include <algorithm>
#include <limits>

#include "passes/builder.h"
#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Value;

constexpr int64_t kMostSlices = 8;  // of a deep window
constexpr int64_t kEnd = std::numeric_limits<int64_t>::max();

/// What a pool of rank 5 does along its depth. `count`: windows, -1 where nobody knows.
struct Depth {
  int64_t kernel, stride, dilation, count;
};

std::optional<Depth> DepthOf(const Node& pool) {
  const auto kernel = pool.Ints("kernel_shape");
  const auto strides = pool.Ints("strides", {1, 1, 1}), dilations = pool.Ints("dilations", {1, 1, 1});
  const auto pads = pool.Ints("pads", {0, 0, 0, 0, 0, 0});
  if (kernel.size() != 3 || strides.size() != 3 || dilations.size() != 3 || pads.size() != 6)
    return std::nullopt;
  Depth depth{kernel[0], strides[0], dilations[0], -1};
  const bool padded = pads[0] != 0 || pads[3] != 0;
  const bool same = pool.String("auto_pad", "NOTSET").starts_with("SAME");
  if (padded || (same && depth.kernel != 1)) return std::nullopt;
  const int64_t size = KnownDim(*pool.input(0), 2);
  const int64_t room = size - depth.dilation * (depth.kernel - 1) - 1;
  if (size >= 0 && room < 0) return std::nullopt;
  if (size >= 0) depth.count = room / depth.stride + 1;
  // A last window that sticks out is left to the pool.
  const bool exact = size >= 0 ? room % depth.stride == 0 : depth.stride == 1;
  if (pool.Int("ceil_mode", 0) != 0 && !exact) return std::nullopt;
  const bool sliced = depth.stride != 1 || depth.kernel != 1;
  if (sliced && pool.graph().model().Opset() < 10) return std::nullopt;
  if (depth.kernel != 1 && (depth.count < 0 || depth.kernel > kMostSlices || !IsFloat(pool.input(0))))
    return std::nullopt;
  return depth;
}

/// The axis that is all that `large` has beyond `small`: of size 1, at 0, 1 or 2.
std::optional<size_t> UnitAxis(const Value& small, const Value& large) {
  if (RankOf(&small) != 4 || RankOf(&large) != 5) return std::nullopt;
  for (size_t axis = 0; axis < 3; ++axis) {
    auto dims = large.type.dims;
    if (dims[axis].value != 1) continue;
    dims.erase(dims.begin() + static_cast<std::ptrdiff_t>(axis));
    if (dims == small.type.dims && small.type.is_static()) return axis;
  }
  return std::nullopt;
}

/// The axis of a Squeeze or Unsqueeze (`op_type`) of a single one of five, or of a Reshape that does the
/// same.
std::optional<size_t> MovedAxis(const Node& node, std::string_view op_type, const Value& small,
                                const Value& large) {
  if (node.Is("Reshape")) return UnitAxis(small, large);
  const auto axes = node.Is(op_type) ? IntsOf(node, 1, "axes") : std::nullopt;
  if (!axes || axes->size() != 1 || RankOf(&large) != 5) return std::nullopt;
  const auto axis = NormalAxis(axes->front(), 5);
  return axis && *axis < 3 ? axis : std::nullopt;
}

/// The four-dimensional value behind a pool's input, and the axis of size 1 that it lacks.
struct Source {
  Value* value;
  size_t axis;
};

std::optional<Source> SourceOf(const Value& input) {
  const Node* node = input.producer();
  if (node == nullptr || node->input(0) == nullptr) return std::nullopt;
  const auto axis = MovedAxis(*node, "Unsqueeze", *node->input(0), input);
  if (!axis) return std::nullopt;
  return Source{node->input(0), *axis};
}

/// The nodes that read `value`, when all of them only drop `axis`.
std::vector<Node*> Droppers(const Value& value, size_t axis) {
  std::vector<Node*> droppers;
  if (value.is_output()) return {};
  for (const ir::Use& use : value.uses()) {
    Node* node = use.node;
    if (use.index != 0 || &node->graph() != &value.graph()) return {};
    if (MovedAxis(*node, "Squeeze", *node->output(), value) != axis) return {};
    droppers.push_back(node);
  }
  return droppers;
}

/// `pool` over the last two dimensions of the four-dimensional `x`, whose axis 1 is the depth if `deep`.
Value& Pooled(Builder& build, const Node& pool, Value& x, const Depth& depth, bool deep) {
  const auto slice = [&](int64_t start, int64_t end) -> Value& {
    return build.Slice(x, {1}, {start}, {end}, {depth.stride});
  };
  Value* slices = &x;
  if (deep && depth.kernel == 1 && depth.stride != 1) slices = &slice(0, kEnd);
  if (deep && depth.kernel > 1) {
    std::vector<Value*> parts;
    for (int64_t i = 0; i < depth.kernel; ++i) {
      const int64_t start = i * depth.dilation;
      parts.push_back(&slice(start, start + (depth.count - 1) * depth.stride + 1));
    }
    slices = parts[0];
    for (size_t i = 1; i < parts.size(); ++i)
      slices = &build.Make(pool.Is("MaxPool") ? "Max" : "Add", {slices, parts[i]});
    if (pool.Is("AveragePool"))
      slices = &build.Make("Mul", {slices, &build.Number(x, 1.0 / static_cast<double>(depth.kernel))});
  }
  std::vector<Setting> settings;
  for (const ir::Attribute& attribute : pool.attributes()) {
    if (attribute.name == "storage_order") continue;
    if (attribute.name == "auto_pad")
      settings.push_back({attribute.name, pool.String(attribute.name)});
    else if (attribute.name == "ceil_mode" || attribute.name == "count_include_pad")
      settings.push_back({attribute.name, pool.Int(attribute.name)});
    else if (auto list = pool.Ints(attribute.name); list.size() == 3)
      settings.push_back({attribute.name, std::vector<int64_t>{list[1], list[2]}});
    else if (list.size() == 6)
      settings.push_back({attribute.name, std::vector<int64_t>{list[1], list[2], list[4], list[5]}});
  }
  return build.Make(pool.op_type, {slices}, std::move(settings));
}

std::string Why(const Depth& depth) {
  if (depth.kernel > 1) return "a deep window is several slices, pooled in two dimensions";
  return depth.stride > 1 ? "a window of depth 1 with a stride is a slice, pooled in two dimensions"
                          : "a window of depth 1 is pooling in two dimensions";
}

/// With a Reshape before the pool, and one after it.
Result<bool> LowerByReshape(Node& pool, const Depth& depth, PassContext& context) {
  Value& x = *pool.input(0);
  const auto& out = pool.output()->type.dims;
  std::vector<int64_t> back;
  for (const ir::Dim& dim : out) back.push_back(dim.value);
  if (back.size() != 5 || std::ranges::count(back, -1) > 1) return false;
  for (const size_t axis : {2, 3, 4})
    if (KnownDim(x, axis) < 1 || back[axis] < 1) return false;
  context.Note(pool, Why(depth));
  Builder build(pool, context);
  Value& flat = build.Reshape(x, {-1, KnownDim(x, 2), KnownDim(x, 3), KnownDim(x, 4)});
  Value& pooled = Pooled(build, pool, flat, depth, true);
  SHOEHORN_TRY(build.Replace(build.Reshape(pooled, back)));
  return true;
}

Result<bool> Lower(Node& pool, PassContext& context) {
  if (!pool.Is("MaxPool") && !pool.Is("AveragePool")) return false;
  if (RankOf(pool.input(0)) != 5 || pool.output(1) != nullptr) return false;
  const auto depth = DepthOf(pool);
  if (!depth) return false;
  const auto source = SourceOf(*pool.input(0));
  if (!source) return LowerByReshape(pool, *depth, context);
  const bool deep = source->axis != 2;

  context.Note(pool, Why(*depth));
  if (pool.input(0)->has_single_use()) Absorb(pool, *pool.input(0)->producer());
  const std::vector<Node*> droppers = Droppers(*pool.output(), source->axis);
  if (droppers.empty()) {
    Builder build(pool, context);
    Value& pooled = Pooled(build, pool, *source->value, *depth, deep);
    SHOEHORN_TRY(build.Replace(build.Unsqueeze(pooled, {static_cast<int64_t>(source->axis)})));
    return true;
  }
  // The first Squeeze becomes the pool, at the pool's place; its name and its output's stay.
  Node& heir = *droppers.front();
  pool.graph().MoveNode(heir, pool.next());
  for (Node* other : droppers) {
    if (other == &heir) continue;
    Absorb(heir, *other, false);
    pool.graph().ReplaceValue(*other->output(), *heir.output());
    RemoveIfUnused({other->output()});
  }
  Absorb(heir, pool);
  Builder build(heir, context);
  SHOEHORN_TRY(build.Replace(Pooled(build, pool, *source->value, *depth, deep)));
  return true;
}

/// Only where the pool's window is flat and the third dimension comes and goes with the pool: one node less,
/// or two.
Result<bool> Flatten(Node& pool, PassContext& context) {
  if (!pool.Is("MaxPool") && !pool.Is("AveragePool")) return false;
  if (RankOf(pool.input(0)) != 5 || pool.output(1) != nullptr || !pool.input(0)->has_single_use())
    return false;
  const auto depth = DepthOf(pool);
  const auto source = SourceOf(*pool.input(0));
  if (!depth || depth->kernel != 1 || !source || Droppers(*pool.output(), source->axis).empty()) return false;
  return Lower(pool, context);
}

}  // namespace

Result<bool> FlattenPool(ir::Graph& graph, PassContext& context) {
  return RepairEach(graph, context, Flatten);
}

Result<bool> LowerPool3d(ir::Graph& graph, PassContext& context) { return RepairEach(graph, context, Lower); }

}  // namespace shoehorn::passes
