#include "targets/constraints_8bit.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace shoehorn::targets {
namespace {

using ir::DataType;

bool Is8Bit(DataType type) { return type == DataType::kInt8 || type == DataType::kUint8; }

bool IsReal(DataType type) {
  return type == DataType::kFloat || type == DataType::kFloat16 || type == DataType::kBfloat16 ||
         type == DataType::kDouble;
}

/// Operators whose constant inputs are operands, not parameters.
bool TakesOperands(const ir::Node& node) {
  static const std::vector<std::string> names =
      Words("Add Sub Mul Max Min PRelu MatMul Gemm Conv ConvTranspose Concat");
  return node.domain.empty() && std::ranges::find(names, node.op_type) != names.end();
}

}  // namespace

Rule QuantizedTo8Bits() {
  return Requires("quantized", "quantized to 8 bits",
                  [](const Subject& subject) -> std::optional<std::string> {
                    for (size_t i = 0; i < subject.node.inputs().size(); ++i) {
                      const ir::Value* value = subject.node.input(i);
                      if (value == nullptr) continue;
                      const DataType type = subject.ElementType(i);
                      const bool bias = i > 1 && type == DataType::kInt32;
                      if (Is8Bit(type) || bias) continue;
                      if (IsReal(type) && subject.profile.Has("fp16")) continue;
                      const bool parameter = i > 0 && !(TakesOperands(subject.node) && IsReal(type));
                      if (parameter && (ir::ConstantOf(*value) != nullptr || !IsReal(type))) continue;
                      return fmt::format("input {} is {}", i, ir::NameOf(type));
                    }
                    return std::nullopt;
                  })
      .Advise("quantize the model to int8 (shoehorn fit does)");
}

Rule MarksOf8Bits() {
  return Requires(
      "type", "8 bits, or the 32 bits of a constant bias",
      [](const Subject& subject) -> std::optional<std::string> {
        const bool quantizes = subject.node.Is("QuantizeLinear");
        const ir::Value* integers = quantizes ? subject.node.output() : subject.node.input(0);
        if (integers == nullptr || Is8Bit(integers->type.element)) return std::nullopt;
        if (!quantizes && integers->type.element == DataType::kInt32 && ir::ConstantOf(*integers) != nullptr)
          return std::nullopt;
        return fmt::format("{} is {}", quantizes ? "output 0" : "input 0",
                           ir::NameOf(integers->type.element));
      });
}

Rule ConstantParameter(size_t i, const std::string& what) {
  Rule rule = Constant(i, what);
  rule.broken = [i, what](const Subject& subject) -> std::optional<std::string> {
    const ir::Value* value = subject.node.input(i);
    while (value != nullptr && ir::ConstantOf(*value) == nullptr) {
      const ir::Node* producer = value->producer();
      if (producer == nullptr || !(producer->Is("QuantizeLinear") || producer->Is("DequantizeLinear")))
        return fmt::format("input {} ({}) is computed", i, what);
      value = producer->input(0);
    }
    return std::nullopt;
  };
  return rule;
}

Rule GroupOneOrDepthwise() {
  return Requires("group", "group is 1, or the number of channels in and out",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const int64_t group = subject.node.Int("group", 1);
                    const ir::Type* input = subject.TypeOf(0);
                    const ir::Type* weights = subject.TypeOf(1);
                    const bool depthwise = input != nullptr && weights != nullptr &&
                                           input->dims.size() == 4 && weights->dims.size() == 4 &&
                                           input->dims[1].value == group && weights->dims[1].value == 1;
                    if (group == 1 || depthwise) return std::nullopt;
                    return fmt::format("group is {}", group);
                  });
}

Rule StepsOfOne() {
  return Requires("steps", "steps are constants of 1",
                  [](const Subject& subject) -> std::optional<std::string> {
                    if (subject.node.input(4) == nullptr) return std::nullopt;
                    const auto steps = IntsAt(subject, 4);
                    if (!steps) return "the steps are computed";
                    const auto other = std::ranges::find_if(*steps, [](int64_t step) { return step != 1; });
                    if (other == steps->end()) return std::nullopt;
                    return fmt::format("a step is {}", *other);
                  });
}

}  // namespace shoehorn::targets
