#include "passes/elementwise.h"

#include <string_view>
#include <unordered_set>

namespace shoehorn::passes {

bool IsUnaryElementwise(const ir::Node& node) {
  static const std::unordered_set<std::string_view> kNames = {
      "Abs",      "Acos", "Asin",        "Atan",      "Cast",     "Ceil",
      "Celu",     "Clip", "Cos",         "Elu",       "Erf",      "Exp",
      "Floor",    "Gelu", "HardSigmoid", "HardSwish", "Identity", "LeakyRelu",
      "Log",      "Mish", "Neg",         "Not",       "Relu",     "Reciprocal",
      "Round",    "Selu", "Sigmoid",     "Sign",      "Sin",      "Softplus",
      "Softsign", "Sqrt", "Swish",       "Tan",       "Tanh",     "ThresholdedRelu"};
  return node.domain.empty() && node.outputs().size() == 1 && kNames.contains(node.op_type);
}

bool IsBroadcasting(const ir::Node& node) {
  static const std::unordered_set<std::string_view> kNames = {"Add",
                                                              "Sub",
                                                              "Mul",
                                                              "Div",
                                                              "Pow",
                                                              "Min",
                                                              "Max",
                                                              "Sum",
                                                              "Mean",
                                                              "PRelu",
                                                              "Where",
                                                              "Less",
                                                              "Equal",
                                                              "Greater",
                                                              "And",
                                                              "Or",
                                                              "GreaterOrEqual",
                                                              "LessOrEqual"};
  return node.domain.empty() && node.outputs().size() == 1 && kNames.contains(node.op_type);
}

bool IsElementwise(const ir::Node& node, const ir::Value& data) {
  if (IsUnaryElementwise(node)) return node.input(0) == &data;
  if (!IsBroadcasting(node)) return false;
  for (const ir::Value* value : node.inputs()) {
    if (value == &data) continue;
    if (value == nullptr || value->constant() == nullptr || value->constant()->count() != 1) return false;
    if (value->constant()->rank() > 1) return false;
  }
  return true;
}

}  // namespace shoehorn::passes
