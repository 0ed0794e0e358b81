// Integers of 64 bits as 32 bits where every value provably fits: results of ArgMax and Shape, indices of
// Gather, constants, and what is computed from them. Accelerators have no 64-bit integers, and what stays in
// them falls back.
//   Gather(table, Cast<to=int64>(x))      becomes   Gather(table, Cast<to=int32>(x))
//   Add(ArgMax(x), 1)                     becomes   Add(Cast<to=int32>(ArgMax(x)), 1 of int32)
// Where an operator or a graph output must have int64, a Cast gives it back.
#include <algorithm>
#include <limits>
#include <unordered_map>
#include <unordered_set>

#include "passes/builder.h"
#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::DataType;
using ir::Node;
using ir::Tensor;
using ir::Value;

constexpr int64_t kLowest = std::numeric_limits<int32_t>::min(),
                  kHighest = std::numeric_limits<int32_t>::max();

struct Range {
  int64_t low, high;
  bool Fits() const { return low >= kLowest && high <= kHighest; }
};

Range Union(const Range& a, const Range& b) { return {std::min(a.low, b.low), std::max(a.high, b.high)}; }

/// The inputs of an operator that have one element type with each other, and with its outputs unless those
/// are bools; nothing for operators that this pass does not know, or that want int64.
std::vector<size_t> TypedInputs(const Node& node) {
  static const std::unordered_set<std::string_view> kAll = {
      "Add", "Sub",   "Mul",  "Max",     "Min",         "Concat",
      "Mod", "Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual"};
  static const std::unordered_set<std::string_view> kFirst = {
      "Identity", "Abs",  "Neg",    "Reshape",   "Squeeze",   "Unsqueeze",      "Transpose", "Slice",
      "Flatten",  "Tile", "Expand", "ReduceMax", "ReduceMin", "GatherElements", "Gather",    "Split"};
  if (!node.domain.empty()) return {};
  if (kFirst.contains(node.op_type)) return {0};
  if (node.Is("Where")) return {1, 2};
  std::vector<size_t> inputs;
  if (kAll.contains(node.op_type) || (node.Is("Clip") && node.graph().model().Opset() >= 12))
    for (size_t i = 0; i < node.inputs().size(); ++i) inputs.push_back(i);
  return inputs;
}

/// True when input `index` may be int32 or int64 whatever the other inputs are.
bool TakesEither(const Node& node, size_t index) {
  if (!node.domain.empty()) return false;
  if (node.Is("Cast") || node.Is("Shape") || node.Is("Size")) return index == 0;
  return index == 1 && (node.Is("Gather") || node.Is("GatherElements") || node.Is("ScatterElements"));
}

/// True when a legal run has nothing but indices of a known axis in input `index`.
bool IsIndex(const Node& node, size_t index) {
  if (index != 1 || !TakesEither(node, index)) return false;
  const auto rank = RankOf(node.input(0));
  const auto axis = rank ? NormalAxis(node.Int("axis", 0), *rank) : std::nullopt;
  return axis && KnownDim(*node.input(0), *axis) >= 0 && KnownDim(*node.input(0), *axis) <= kHighest;
}

/// What is known of the numbers in int64 values.
class Ranges {
 public:
  std::optional<Range> Of(const Value* value) {
    if (value == nullptr) return std::nullopt;
    if (const auto known = known_.find(value); known != known_.end()) return known->second;
    const auto numbers = IntsConstant(value);
    if (!numbers || numbers->empty()) return std::nullopt;
    const auto [low, high] = std::ranges::minmax(*numbers);
    return known_.emplace(value, Range{low, high}).first->second;
  }

  void Visit(const Node& node) {
    if (!node.domain.empty()) return;
    const bool second = node.Is("TopK");  // values, indices
    const Value* output = node.output(second ? 1 : 0);
    if (output == nullptr || output->type.element != DataType::kInt64) return;
    if (const auto range = RangeAfter(node))
      for (size_t i = second ? 1 : 0; i < node.outputs().size(); ++i)
        if (node.output(i) != nullptr) known_[node.output(i)] = *range;
  }

 private:
  std::optional<Range> RangeAfter(const Node& node) {
    const Value* x = node.input(0);
    if (x == nullptr) return std::nullopt;
    const auto rank = RankOf(x);
    if (node.Is("ArgMax") || node.Is("ArgMin") || node.Is("TopK")) {
      const auto axis = rank ? NormalAxis(node.Int("axis", node.Is("TopK") ? -1 : 0), *rank) : std::nullopt;
      const int64_t size = axis ? KnownDim(*x, *axis) : -1;
      return size > 0 ? std::optional(Range{0, size - 1}) : std::nullopt;
    }
    if (node.Is("Shape") || node.Is("NonZero")) {
      int64_t largest = 0;
      if (!x->type.is_static()) return std::nullopt;
      for (const ir::Dim& dim : x->type.dims) largest = std::max(largest, dim.value);
      return Range{0, largest};
    }
    if (node.Is("Cast")) return CastRange(*x);
    return Computed(node);
  }

  std::optional<Range> CastRange(const Value& x) {
    using enum DataType;
    switch (x.type.element) {
      case kBool:
        return Range{0, 1};
      case kInt8:
        return Range{-128, 127};
      case kUint8:
        return Range{0, 255};
      case kInt16:
        return Range{-32768, 32767};
      case kUint16:
        return Range{0, 65535};
      case kInt32:
        return Range{kLowest, kHighest};
      case kInt64:
        return Of(&x);
      default:
        return std::nullopt;
    }
  }

  std::optional<Range> Computed(const Node& node) {
    const std::vector<size_t> inputs = TypedInputs(node);
    if (inputs.empty()) return std::nullopt;
    std::vector<Range> ranges;
    for (const size_t i : inputs) {
      if (node.Is("Clip") && node.input(i) == nullptr) continue;
      const auto range = Of(node.input(i));
      if (!range || !range->Fits()) return std::nullopt;  // sums and products of what fits do not overflow
      ranges.push_back(*range);
    }
    const Range &a = ranges.front(), &b = ranges.back();
    if (node.Is("Add")) return Range{a.low + b.low, a.high + b.high};
    if (node.Is("Sub")) return Range{a.low - b.high, a.high - b.low};
    if (node.Is("Mul")) {
      const auto [low, high] = std::minmax({a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high});
      return Range{low, high};
    }
    if (node.Is("Mod")) return b.low > 0 ? std::optional(Range{0, b.high - 1}) : std::nullopt;
    if (node.Is("Neg") || node.Is("Abs")) return Range{std::min(a.low, -a.high), std::max(a.high, -a.low)};
    Range all = a;
    for (const Range& range : ranges) all = Union(all, range);
    return all;
  }

  std::unordered_map<const Value*, Range> known_;
};

class Narrowing {
 public:
  Narrowing(ir::Graph& graph, PassContext& context) : graph_(graph), context_(context) {}

  Result<bool> Run() {
    for (Node& node : graph_.nodes()) {
      ranges_.Visit(node);
      if (!context_.Wants(node)) continue;
      if (IsNarrowCast(node)) casts_.insert(&node);
      if (CanCompute(node)) computing_.insert(&node);
    }
    // Users come after what they use, so that a value has its new type before they are seen.
    bool changed = false;
    for (Node& node : graph_.nodes()) {
      SHOEHORN_ASSIGN(const bool narrowed, Narrow(node));
      changed |= narrowed;
    }
    RemoveIfUnused(replaced_);
    return changed;
  }

 private:
  static bool IsWide(const Value* value) {
    return value != nullptr && value->type.element == DataType::kInt64;
  }

  bool Fits(const Value* value) {
    const auto range = ranges_.Of(value);
    return range && range->Fits();
  }

  /// A Cast to int64 whose numbers fit, or that are all used as indices.
  bool IsNarrowCast(const Node& node) {
    if (!node.Is("Cast") || !IsWide(node.output())) return false;
    const Value& output = *node.output();
    if (Fits(&output)) return true;
    return !output.is_output() && !output.uses().empty() &&
           std::ranges::all_of(output.uses(), [&](const ir::Use& use) {
             return &use.node->graph() == &graph_ && IsIndex(*use.node, static_cast<size_t>(use.index));
           });
  }

  bool CanCompute(const Node& node) {
    const std::vector<size_t> inputs = TypedInputs(node);
    if (inputs.empty()) return false;
    for (const size_t i : inputs) {
      if (node.input(i) == nullptr && node.Is("Clip")) continue;
      if (!IsWide(node.input(i)) || !Fits(node.input(i))) return false;
    }
    return std::ranges::all_of(node.outputs(),
                               [&](const Value* output) { return !IsWide(output) || Fits(output); });
  }

  Result<bool> Narrow(Node& node) {
    bool changed = false;
    if (casts_.contains(&node) &&
        std::ranges::any_of(node.output()->uses(), [&](const ir::Use& use) { return ReadsNarrow(use); })) {
      context_.Note(node, "its numbers fit in 32 bits");
      node.Set("to", static_cast<int64_t>(DataType::kInt32));
      SHOEHORN_TRY(GiveOut(node));
      return true;
    }
    if (computing_.contains(&node)) {
      context_.Note(node, "all numbers that it reads and makes fit in 32 bits");
      for (const size_t i : TypedInputs(node))
        if (IsWide(node.input(i))) {
          SHOEHORN_TRY(ReadNarrow(node, i));
        }
      SHOEHORN_TRY(GiveOut(node));
      changed = true;
    }
    // Indices may be of either type.
    if (IsWide(node.input(1)) && IsIndex(node, 1) && context_.Wants(node)) {
      if (!changed) context_.Note(node, "its indices fit in 32 bits");
      SHOEHORN_TRY(ReadNarrow(node, 1));
      changed = true;
    }
    return changed;
  }

  /// A use that goes on with 32 bits.
  bool ReadsNarrow(const ir::Use& use) const {
    const auto index = static_cast<size_t>(use.index);
    if (&use.node->graph() != &graph_) return false;
    if (TakesEither(*use.node, index)) return true;
    const std::vector<size_t> typed = TypedInputs(*use.node);
    return computing_.contains(use.node) && std::ranges::find(typed, index) != typed.end();
  }

  Status ReadNarrow(Node& node, size_t index) {
    Value* wide = node.input(index);
    SHOEHORN_ASSIGN(Value* const narrow, NarrowOf(*wide, node));
    node.SetInput(index, narrow);
    replaced_.push_back(wide);
    return Ok();
  }

  /// `value` in 32 bits, for `user` and whoever comes after it.
  Result<Value*> NarrowOf(Value& value, Node& user) {
    Value*& narrow = narrow_[&value];
    if (narrow != nullptr) return narrow;
    if (const Tensor* constant = value.constant()) {
      const auto numbers = constant->ToInts();
      std::vector<int32_t> small;
      for (const int64_t number : *numbers) small.push_back(static_cast<int32_t>(number));
      narrow = &graph_.AddConstant(value.name() + "_int32", Tensor::Of<int32_t>(constant->dims(), small));
      return narrow;
    }
    Node& cast = graph_.AddNode("Cast", value.name() + "_int32", {&value}, 1, &user);
    cast.Set("to", static_cast<int64_t>(DataType::kInt32));
    cast.origins = user.UserNames();
    SHOEHORN_TRY(context_.InferFrom(cast));
    return narrow = cast.output();
  }

  /// The outputs of `node` are int32 from now on; who needs int64 reads a Cast.
  Status GiveOut(Node& node) {
    for (Value* output : node.outputs()) {
      if (!IsWide(output)) continue;
      Value* wide = nullptr;
      const auto widened = [&]() -> Value& {
        if (wide != nullptr) return *wide;
        Node& cast = graph_.AddNode("Cast", output->name() + "_int64", {output}, 1, node.next());
        cast.Set("to", static_cast<int64_t>(DataType::kInt64));
        cast.origins = node.UserNames();
        wide = cast.output();
        wide->type = output->type;
        return *wide;
      };
      const std::vector<ir::Use> uses = output->uses();
      for (const ir::Use& use : uses) {
        if (!ReadsNarrow(use)) use.node->SetInput(static_cast<size_t>(use.index), &widened());
      }
      if (output->is_output()) {
        const std::string name = output->name();
        Value& heir = widened();
        for (size_t i = 0; i < graph_.outputs().size(); ++i)
          if (graph_.outputs()[i] == output) graph_.ReplaceOutput(i, heir);
        graph_.Rename(*output, name + "_int32");
        graph_.Rename(heir, name);
      }
      output->type.element = DataType::kInt32;
      narrow_[output] = output;
      if (wide != nullptr) SHOEHORN_TRY(context_.InferFrom(*wide->producer()));
    }
    return Ok();
  }

  ir::Graph& graph_;
  PassContext& context_;
  Ranges ranges_;
  std::unordered_set<const Node*> casts_;      ///< Casts that now make int32
  std::unordered_set<const Node*> computing_;  ///< nodes that now compute in int32
  std::unordered_map<const Value*, Value*> narrow_;
  std::vector<Value*> replaced_;  ///< values that have lost a use
};

}  // namespace

Result<bool> NarrowInt64(ir::Graph& graph, PassContext& context) { return Narrowing(graph, context).Run(); }

}  // namespace shoehorn::passes
