// A scatter to constant places is slices of the data and of the updates, side by side. Exporters write `x[:,
// 1:3] = u` as ScatterND with every index spelled out.
//   ScatterND(x [4,2], [[1],[2]], u [2,2])   becomes   Concat<axis=0>(x[0:1], u, x[3:4])
// The places must form a box: on each axis a rising list of positions, and every combination of them once.
#include <algorithm>
#include <numeric>

#include "passes/builder.h"
#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Tensor;
using ir::Value;

constexpr size_t kMostParts = 64;  // slices that one scatter may become

/// The positions written, one rising list for each of the first axes.
using Box = std::vector<std::vector<int64_t>>;

/// The box whose places, the last axis running fastest, are the rows of `indices` (each of `sizes.size()`
/// numbers). Nothing when they are in another order or form no box.
std::optional<Box> BoxOf(std::span<const int64_t> indices, std::span<const int64_t> sizes) {
  const size_t axes = sizes.size();
  if (axes == 0 || indices.empty() || indices.size() % axes != 0) return std::nullopt;
  const size_t rows = indices.size() / axes;
  const auto at = [&](size_t row, size_t axis) {
    const int64_t index = indices[row * axes + axis];
    return index < 0 ? index + sizes[axis] : index;
  };
  Box box(axes);
  size_t stride = 1;  // rows from one position of the axis to the next
  for (size_t axis = axes; axis-- > 0;) {
    for (size_t row = 0; row < rows; row += stride) {
      const int64_t position = at(row, axis);
      if (position < 0 || position >= sizes[axis]) return std::nullopt;
      if (!box[axis].empty() && position <= box[axis].back()) break;
      box[axis].push_back(position);
    }
    stride *= box[axis].size();
    if (rows % stride != 0) return std::nullopt;
  }
  if (stride != rows) return std::nullopt;
  for (size_t row = 0; row < rows; ++row) {
    size_t rest = row;
    for (size_t axis = axes; axis-- > 0; rest /= box[axis].size())
      if (at(row, axis) != box[axis][rest % box[axis].size()]) return std::nullopt;
  }
  return box;
}

/// A stretch of neighbouring positions, written or not.
struct Run {
  int64_t start, end;
  bool written;
  int64_t update;  ///< where its updates start
};

std::vector<Run> RunsOf(const std::vector<int64_t>& positions, int64_t size) {
  std::vector<Run> runs;
  int64_t next = 0;
  for (size_t i = 0; i < positions.size(); ++i) {
    if (positions[i] > next) runs.push_back({next, positions[i], false, 0});
    if (positions[i] == next && !runs.empty() && runs.back().written)
      ++runs.back().end;
    else
      runs.push_back({positions[i], positions[i] + 1, true, static_cast<int64_t>(i)});
    next = positions[i] + 1;
  }
  if (next < size) runs.push_back({next, size, false, 0});
  return runs;
}

/// `data` with `updates` in the places of `runs` from `axis` on; both have all of the axes.
Value& Insert(Builder& build, Value& data, Value& updates, const std::vector<std::vector<Run>>& runs,
              size_t axis) {
  while (axis < runs.size() && runs[axis].size() == 1) ++axis;  // all positions are written
  if (axis == runs.size()) return updates;
  const auto place = static_cast<int64_t>(axis);
  const auto written = std::ranges::count_if(runs[axis], [](const Run& run) { return run.written; });
  std::vector<Value*> parts;
  for (const Run& run : runs[axis]) {
    if (!run.written) {
      parts.push_back(&build.Slice(data, {place}, {run.start}, {run.end}));
      continue;
    }
    Value& part = written == 1
                      ? updates
                      : build.Slice(updates, {place}, {run.update}, {run.update + run.end - run.start});
    const bool deeper =
        std::any_of(runs.begin() + place + 1, runs.end(), [](const auto& r) { return r.size() > 1; });
    parts.push_back(
        deeper ? &Insert(build, build.Slice(data, {place}, {run.start}, {run.end}), part, runs, axis + 1)
               : &part);
  }
  return build.Concat(parts, place);
}

/// The places of a ScatterND, or of a ScatterElements whose indices do not differ but along its axis.
std::optional<Box> PlacesOf(const Node& node, const ir::Type& data) {
  const Tensor* indices = node.input(1)->constant();
  const auto numbers = indices != nullptr ? indices->ToInts() : std::nullopt;
  if (!numbers || numbers->empty()) return std::nullopt;
  std::vector<int64_t> sizes;
  if (node.Is("ScatterND")) {
    if (indices->rank() < 1 || indices->dims().back() > static_cast<int64_t>(data.dims.size()))
      return std::nullopt;
    for (int64_t axis = 0; axis < indices->dims().back(); ++axis)
      sizes.push_back(data.dims[static_cast<size_t>(axis)].value);
    return BoxOf(*numbers, sizes);
  }
  const auto axis = NormalAxis(node.Int("axis", 0), data.dims.size());
  if (!axis || indices->rank() != data.dims.size()) return std::nullopt;
  int64_t inner = 1;
  for (size_t i = 0; i < data.dims.size(); ++i) {
    if (i != *axis && data.dims[i].value != indices->dims()[i]) return std::nullopt;
    if (i > *axis) inner *= indices->dims()[i];
  }
  const int64_t length = indices->dims()[*axis];
  std::vector<int64_t> line;
  for (int64_t i = 0; i < length; ++i) line.push_back((*numbers)[static_cast<size_t>(i * inner)]);
  for (size_t i = 0; i < numbers->size(); ++i)
    if ((*numbers)[i] != line[i / static_cast<size_t>(inner) % static_cast<size_t>(length)])
      return std::nullopt;
  const auto positions = BoxOf(line, std::vector{data.dims[*axis].value});
  if (!positions) return std::nullopt;
  Box box;
  for (size_t i = 0; i < *axis; ++i) {
    box.emplace_back(static_cast<size_t>(data.dims[i].value));
    std::iota(box.back().begin(), box.back().end(), 0);
  }
  box.push_back(positions->front());
  return box;
}

Result<bool> Repair(Node& node, PassContext& context) {
  if (!node.Is("ScatterND") && !node.Is("ScatterElements") && !node.Is("Scatter")) return false;
  if (node.inputs().size() != 3 || node.String("reduction", "none") != "none") return false;
  Value *data = node.input(0), *updates = node.input(2);
  if (data == nullptr || node.input(1) == nullptr || updates == nullptr) return false;
  if (!data->type.has_rank || !updates->type.has_rank) return false;
  const auto places = PlacesOf(node, data->type);
  if (!places) return false;

  std::vector<std::vector<Run>> runs;
  size_t parts = 1;
  ir::Shape shape;  // of the updates, once they have all axes of the data
  int unknown = 0;
  for (size_t axis = 0; axis < data->type.dims.size(); ++axis) {
    const int64_t size = data->type.dims[axis].value;
    if (axis < places->size()) {
      runs.push_back(RunsOf((*places)[axis], size));
      parts *= runs.back().size();
      if (parts > kMostParts) return false;
      shape.push_back(static_cast<int64_t>((*places)[axis].size()));
    } else {
      unknown += size < 0;
      if (size == 0) return false;
      shape.push_back(size);
    }
  }
  const auto& dims = updates->type.dims;
  bool shaped = dims.size() == shape.size();
  for (size_t axis = 0; shaped && axis < places->size(); ++axis) shaped = dims[axis].value == shape[axis];
  if (!shaped && unknown > 1) return false;
  context.Note(node, "it writes a box whose place is known, so that slices do");
  Builder build(node, context);
  Value& raised = shaped ? *updates : build.Reshape(*updates, shape);
  SHOEHORN_TRY(build.ReplaceOutputs({&Insert(build, *data, raised, runs, 0)}));
  return true;
}

}  // namespace

Result<bool> LowerScatter(ir::Graph& graph, PassContext& context) {
  return RepairEach(graph, context, Repair);
}

}  // namespace shoehorn::passes
