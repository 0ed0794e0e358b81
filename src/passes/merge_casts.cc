// Two casts in a row of which the first loses nothing are one:
//   a = Cast<int64>(x: int32); y = Cast<float>(a)   becomes   y = Cast<float>(x)
#include "passes/pass.h"

namespace shoehorn::passes {
namespace {

using ir::DataType;

struct Kind {
  bool is_signed;
  int integer_bits;  ///< bits of magnitude that are held exactly
  bool is_real;
  int exponent_bits;
};

std::optional<Kind> KindOf(DataType type) {
  switch (type) {
    case DataType::kBool:
      return Kind{false, 1, false, 0};
    case DataType::kUint8:
      return Kind{false, 8, false, 0};
    case DataType::kUint16:
      return Kind{false, 16, false, 0};
    case DataType::kUint32:
      return Kind{false, 32, false, 0};
    case DataType::kUint64:
      return Kind{false, 64, false, 0};
    case DataType::kInt8:
      return Kind{true, 7, false, 0};
    case DataType::kInt16:
      return Kind{true, 15, false, 0};
    case DataType::kInt32:
      return Kind{true, 31, false, 0};
    case DataType::kInt64:
      return Kind{true, 63, false, 0};
    case DataType::kFloat16:
      return Kind{true, 11, true, 5};
    case DataType::kBfloat16:
      return Kind{true, 8, true, 8};
    case DataType::kFloat:
      return Kind{true, 24, true, 8};
    case DataType::kDouble:
      return Kind{true, 53, true, 11};
    default:
      return std::nullopt;
  }
}

/// Every value of `from` is a value of `to`.
bool Holds(DataType to, DataType from) {
  const auto wide = KindOf(to), narrow = KindOf(from);
  if (!wide || !narrow || to == DataType::kBool) return to == from;
  if (narrow->is_signed && !wide->is_signed) return false;
  if (narrow->is_real && (!wide->is_real || wide->exponent_bits < narrow->exponent_bits)) return false;
  return wide->integer_bits >= narrow->integer_bits;
}

}  // namespace

Result<bool> MergeCasts(ir::Graph& graph, PassContext& context) {
  bool changed = false;
  for (ir::Node& node : graph.nodes()) {
    if (!node.Is("Cast")) continue;
    const ir::Node* first = node.input(0)->producer();
    if (first == nullptr || !first->Is("Cast")) continue;
    const ir::Value& source = *first->input(0);
    if (!Holds(static_cast<DataType>(first->Int("to")), source.type.element)) continue;
    context.Note(node, "the cast before it loses nothing");
    node.SetInput(0, first->input(0));
    changed = true;
  }
  return changed;
}

}  // namespace shoehorn::passes
