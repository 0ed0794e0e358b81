// A Gather by constant indices is a Slice where they are a range, and a few of them joined where they are a
// few ranges; a single index drops its axis too:
//   Gather<axis = 1>(x, [2, 4, 6])   becomes   Slice(x, axis 1, from 2 to 7, step 2)
//   Gather<axis = 1>(x, [2, 1, 0])   becomes   Concat(x[:, 2:3], x[:, 1:2], x[:, 0:1])
// Slices read memory in order and need no indices, which accelerators want as int32 or not at all.
#include <algorithm>
#include <limits>

#include "passes/builder.h"
#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Value;

constexpr size_t kMostSlices = 4;
constexpr int64_t kEnd = std::numeric_limits<int64_t>::max();

struct Run {
  int64_t first, last, step;
};

/// `indices` as ascending runs; nothing when they are more than kMostSlices.
std::optional<std::vector<Run>> RunsOf(const std::vector<int64_t>& indices, bool stepped) {
  std::vector<Run> runs;
  for (size_t i = 0; i < indices.size(); ++i) {
    if (!runs.empty()) {
      Run& run = runs.back();
      const int64_t step = indices[i] - run.last;
      const bool second = run.first == run.last;
      if (step > 0 && (second ? step == 1 || stepped : step == run.step)) {
        run.step = step;
        run.last = indices[i];
        continue;
      }
    }
    if (runs.size() == kMostSlices) return std::nullopt;
    runs.push_back({indices[i], indices[i], 1});
  }
  return runs;
}

/// Counts from the front where the size is known; else all indices must count from the same side.
bool Normalize(std::vector<int64_t>& indices, int64_t size) {
  if (size < 0) {
    const auto negative = std::ranges::count_if(indices, [](int64_t index) { return index < 0; });
    return negative == 0 || negative == static_cast<std::ptrdiff_t>(indices.size());
  }
  for (int64_t& index : indices) {
    if (index < -size || index >= size) return false;
    if (index < 0) index += size;
  }
  return true;
}

Result<bool> Replace(Node& node, PassContext& context) {
  if (!node.Is("Gather") || node.input(0) == nullptr || node.input(0)->constant() != nullptr) return false;
  Value& x = *node.input(0);
  const auto rank = RankOf(&x);
  auto indices = IntsConstant(node.input(1));
  if (!rank || !indices || indices->empty()) return false;
  const auto axis = NormalAxis(node.Int("axis", 0), *rank);
  if (!axis || !Normalize(*indices, KnownDim(x, *axis))) return false;
  const auto runs = RunsOf(*indices, node.graph().model().Opset() >= 10);
  const size_t index_rank = node.input(1)->constant()->rank();
  const bool reshaped = index_rank > 1;
  if (!runs || (reshaped && !node.output()->type.is_static())) return false;

  context.Note(node, runs->size() == 1
                         ? "its constant indices are a range"
                         : "its constant indices are " + std::to_string(runs->size()) + " ranges");
  const auto along = static_cast<int64_t>(*axis);
  const ir::Shape shape = reshaped ? node.output()->type.shape() : ir::Shape{};
  Builder build(node, context);
  std::vector<Value*> parts;
  for (const Run& run : *runs)
    parts.push_back(
        &build.Slice(x, {along}, {run.first}, {run.last == -1 ? kEnd : run.last + 1}, {run.step}));
  Value* result = parts.size() == 1 ? parts[0] : &build.Concat(parts, along);
  if (index_rank == 0) result = &build.Squeeze(*result, {along});
  if (reshaped) result = &build.Reshape(*result, shape);
  SHOEHORN_TRY(build.Replace(*result));
  return true;
}

}  // namespace

Result<bool> GatherToSlice(ir::Graph& graph, PassContext& context) {
  return RepairEach(graph, context, Replace);
}

}  // namespace shoehorn::passes
