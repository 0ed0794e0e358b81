// Norms and logarithms of sums as plain sums, which accelerators know:
//   ReduceL2(x)           becomes   Sqrt(ReduceSum(Mul(x, x)))
//   ReduceL1(x)           becomes   ReduceSum(Abs(x))
//   ReduceSumSquare(x)    becomes   ReduceSum(Mul(x, x))
//   ReduceLogSum(x)       becomes   Log(ReduceSum(x))
//   ReduceLogSumExp(x)    becomes   Add(Log(ReduceSum(Exp(Sub(x, m)))), m)   where m = ReduceMax(x)
#include <cstdint>
#include <numeric>

#include "passes/builder.h"
#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Value;

bool IsReal(const Value& x) {
  using enum ir::DataType;
  return x.type.element == kFloat || x.type.element == kDouble || x.type.element == kFloat16;
}

Result<bool> Repair(Node& node, PassContext& context) {
  const bool l2 = node.Is("ReduceL2"), l1 = node.Is("ReduceL1"), squares = node.Is("ReduceSumSquare");
  const bool log = node.Is("ReduceLogSum"), log_exp = node.Is("ReduceLogSumExp");
  if ((!l2 && !l1 && !squares && !log && !log_exp) || node.input(0) == nullptr) return false;
  Value& x = *node.input(0);
  if (!x.type.has_rank || !IsReal(x) || node.graph().model().Opset() < 7) return false;
  auto axes = IntsOf(node, 1, "axes");
  if (axes && axes->empty() && node.Int("noop_with_empty_axes") == 0) {
    axes->resize(x.type.dims.size());
    std::iota(axes->begin(), axes->end(), 0);
  }
  if (!axes || axes->empty() || !NormalAxes(*axes, x.type.dims.size())) return false;
  const bool keep = node.Int("keepdims", 1) != 0;

  context.Note(node, "it is a plain sum between simpler operators");
  Builder build(node, context);
  const auto sum = [&](Value& terms) -> Value& { return build.Reduce("ReduceSum", terms, *axes, keep); };
  Value* result = nullptr;
  if (l1) {
    result = &sum(build.Make("Abs", {&x}));
  } else if (l2 || squares) {
    result = &sum(build.Make("Mul", {&x, &x}));
    if (l2) result = &build.Make("Sqrt", {result});
  } else if (log) {
    result = &build.Make("Log", {&sum(x)});
  } else {
    Value& largest = build.Reduce("ReduceMax", x, *axes, true);
    Value& powers = build.Make("Exp", {&build.Make("Sub", {&x, &largest})});
    Value& logarithm = build.Make("Log", {&sum(powers)});
    result = &build.Make("Add", {&logarithm, keep ? &largest : &build.Squeeze(largest, *axes)});
  }
  SHOEHORN_TRY(build.Replace(*result));
  return true;
}

}  // namespace

Result<bool> LowerReduce(ir::Graph& graph, PassContext& context) {
  return RepairEach(graph, context, Repair);
}

}  // namespace shoehorn::passes
