// A Clip of which one bound is missing or infinite, or comes from an input, is Max, Min or both: Snapdragon's
// HTP compiler takes a Clip only with two finite constants.
//   Clip(x, min=-1, max=inf)   becomes   Max(x, -1)
//   Clip(x, a, b)              becomes   Min(Max(x, a), b)
#include <limits>

#include "passes/builder.h"
#include "passes/replace.h"
#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::DataType;
using ir::Node;
using ir::Value;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The bound that no finite number of `type` passes, downwards and upwards.
bool IsOpen(double bound, DataType type, bool low) {
  if (type == DataType::kFloat)
    return low ? bound <= std::numeric_limits<float>::lowest() : bound >= std::numeric_limits<float>::max();
  return bound == (low ? -kInfinity : kInfinity);
}

struct Bound {
  bool open = true;
  Value* value = nullptr;        ///< from an input, of rank 0
  std::optional<double> number;  ///< when constant
};

/// Nothing when an input may not be a single number.
std::optional<Bound> BoundOf(const Node& node, bool low, DataType type) {
  Bound bound;
  const std::string_view attribute = low ? "min" : "max";
  if (Value* value = node.input(low ? 1 : 2)) {
    bound.number = ScalarConstant(value);
    if (!value->type.has_rank || !value->type.dims.empty()) {
      if (!bound.number) return std::nullopt;
    } else {
      bound.value = value;
    }
    bound.open = bound.number && IsOpen(*bound.number, type, low);
  } else if (node.Has(attribute)) {
    bound.number = node.Float(attribute);
    bound.open = IsOpen(*bound.number, type, low);
  }
  return bound;
}

Result<bool> Repair(Node& node, PassContext& context) {
  if (!node.Is("Clip") || node.input(0) == nullptr || node.graph().model().Opset() < 8) return false;
  Value& x = *node.input(0);
  const DataType type = x.type.element;
  const bool real = type == DataType::kFloat || type == DataType::kDouble || type == DataType::kFloat16 ||
                    type == DataType::kBfloat16;
  if (type == DataType::kUndefined || (!real && node.graph().model().Opset() < 12)) return false;
  const auto low = BoundOf(node, true, type), high = BoundOf(node, false, type);
  if (!low || !high || (low->open && high->open && !CanStandIn(*node.output(), x))) return false;
  if (!low->open && !high->open && low->number && high->number) return false;

  if (low->open && high->open) {
    context.Note(node, "it bounds nothing");
    Bypass(node, x);
    return true;
  }
  context.Note(node, low->open || high->open ? "its one bound is Min or Max"
                                             : "bounds that are no constants are Max, then Min");
  Builder build(node, context);
  const auto value_of = [&](const Bound& bound) {
    return bound.value != nullptr ? bound.value : &build.Number(x, *bound.number);
  };
  Value* result = &x;
  if (!low->open)
    result = real && high->open && low->number == 0 ? &build.Make("Relu", {result})
                                                    : &build.Make("Max", {result, value_of(*low)});
  if (!high->open) result = &build.Make("Min", {result, value_of(*high)});
  SHOEHORN_TRY(build.Replace(*result));
  return true;
}

}  // namespace

Result<bool> ClipToBounds(ir::Graph& graph, PassContext& context) {
  return RepairEach(graph, context, Repair);
}

}  // namespace shoehorn::passes
