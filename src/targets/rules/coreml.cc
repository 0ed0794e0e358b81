// Apple's Core ML as ONNX Runtime hands models to it in the ML Program form (iOS 15, macOS 12 and newer):
// float and float16, at most five dimensions, no quantized graphs.
//   Resize nearest, half_pixel: refused; Core ML's nearest neighbour is asymmetric with floor
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "targets/constraints.h"

namespace shoehorn::targets {
namespace {

using ir::DataType;

const std::vector<DataType> kTypes = {DataType::kFloat, DataType::kFloat16, DataType::kInt64};
constexpr const char* kBuilders =
    "onnxruntime/onnxruntime-qnn@cee6c0d, onnxruntime/core/providers/coreml/builders/impl";
constexpr const char* kList =
    "microsoft/onnxruntime@04f568d, tools/ci_build/github/apple/coreml_supported_mlprogram_ops.md";

/// The least version of Core ML, a fact of the profile (5: iOS 15, 6: iOS 16, 7: iOS 17, 8: iOS 18).
Rule CoreMl(int version, std::string when, std::function<bool(const Subject&)> applies) {
  return Requires(
      fmt::format("coreml_{}", version), fmt::format("Core ML {} or newer {}", version, when),
      [version, applies = std::move(applies)](const Subject& subject) -> std::optional<std::string> {
        const double found = subject.profile.Number("coreml_version", 5);
        if (found >= version || !applies(subject)) return std::nullopt;
        return fmt::format("Core ML {}", found);
      });
}

bool IsHalf(const Subject& subject) { return subject.ElementType(0) == DataType::kFloat16; }

/// Metal's limit of a texture's side.
Rule NoLongSide() {
  return Requires("side", "no dimension of input, weights or output exceeds 16384",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const auto longest = [](const ir::Type& type) {
                      int64_t most = 0;
                      for (const ir::Dim& dim : type.dims) most = std::max(most, dim.value);
                      return most;
                    };
                    for (size_t i = 0; i < std::min<size_t>(2, subject.node.inputs().size()); ++i)
                      if (const ir::Type* type = subject.TypeOf(i); type != nullptr && longest(*type) > 16384)
                        return fmt::format("input {} has a dimension of {}", i, longest(*type));
                    if (const ir::Value* output = subject.node.output(0); longest(output->type) > 16384)
                      return fmt::format("output 0 has a dimension of {}", longest(output->type));
                    return std::nullopt;
                  });
}

Rule NoEmptyTensor() {
  return Requires("empty", "no dimension is 0", [](const Subject& subject) -> std::optional<std::string> {
    for (size_t i = 0; i < subject.node.inputs().size(); ++i)
      if (const ir::Value* value = subject.node.inputs()[i];
          value != nullptr && ir::ConstantOf(*value) == nullptr &&
          std::ranges::any_of(value->type.dims, [](const ir::Dim& dim) { return dim.value == 0; }))
        return fmt::format("input {} is empty", i);
    return std::nullopt;
  });
}

Rule OnePadding() {
  return Requires("pads", "all pads are equal", [](const Subject& subject) -> std::optional<std::string> {
    const std::vector<int64_t> pads = subject.node.Ints("pads");
    if (std::ranges::adjacent_find(pads, std::not_equal_to<>()) == pads.end()) return std::nullopt;
    return fmt::format("pads are [{}]", fmt::join(pads, ","));
  });
}

Rule WholeFactors() {
  return Requires("scales", "grows by whole numbers, or shrinks by a divisor of the size",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const auto growth = GrowthOf(subject);
                    // Sizes given as such are taken as they are.
                    if (!growth || subject.node.input(3) != nullptr || growth->size() < 2)
                      return std::nullopt;
                    bool grows = false, shrinks = false;
                    for (size_t i = growth->size() - 2; i < growth->size(); ++i) {
                      const double factor = (*growth)[i];
                      grows |= factor > 1;
                      shrinks |= factor < 1;
                      const double whole = factor >= 1 ? factor : 1 / factor;
                      if (whole != std::round(whole))
                        return fmt::format("dimension {} grows by {}", i, factor);
                    }
                    if (grows && shrinks) return "one side grows, the other shrinks";
                    return std::nullopt;
                  })
      .Advise("choose an input size that is a multiple of 32, so that all resizes are by whole numbers");
}

Rule CoordinatesOfCoreMl() {
  return Requires(
      "coordinate_transformation_mode",
      "asymmetric for nearest; half_pixel, align_corners or (with sizes) asymmetric for linear",
      [](const Subject& subject) -> std::optional<std::string> {
        const std::string mode = subject.node.String("mode", "nearest");
        const std::string found = subject.node.String("coordinate_transformation_mode", "half_pixel");
        const bool with_sizes = subject.node.input(3) != nullptr;
        const bool taken = mode == "nearest"
                               ? found == "asymmetric"
                               : found == "half_pixel" || found == "align_corners" ||
                                     found == "pytorch_half_pixel" || (found == "asymmetric" && with_sizes);
        if (taken) return std::nullopt;
        return fmt::format("mode is {} and coordinate_transformation_mode is {}", Escaped(mode),
                           Escaped(found));
      });
}

Rule NoReflectionUnaligned() {
  return Requires("padding_mode", "padding_mode is not reflection, unless align_corners is 1",
                  [](const Subject& subject) -> std::optional<std::string> {
                    if (subject.node.String("padding_mode", "zeros") != "reflection" ||
                        subject.node.Int("align_corners", 0) != 0)
                      return std::nullopt;
                    return "padding_mode is reflection and align_corners is 0";
                  });
}

Rule NoVectorWithMatrix() {
  return Requires("ranks", "no vector is multiplied with a matrix",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const auto a = subject.Rank(0), b = subject.Rank(1);
                    if (!a || !b || (*a == 1) == (*b == 1)) return std::nullopt;
                    return fmt::format("inputs of {} and {} dimensions", *a, *b);
                  });
}

OperatorRow Row(std::string_view op_types, std::vector<Rule> rules) {
  return {.op_types = Words(op_types), .rules = std::move(rules), .source = kBuilders};
}

}  // namespace

const Accelerator& CoreMl() {
  static const Accelerator
      accelerator =
          {
              .name = "coreml",
              .title = "Apple Core ML (ML Program)",
              .runtime = "ONNX Runtime 1.24, Core ML execution provider",
              .source = fmt::format("{}, and {}", kList, kBuilders),
              .complete = true,
              .everywhere = {KnownTypes(), EveryRankAtMost(5).From(kBuilders),
                             NoEmptyTensor().From(kBuilders)},
              .rows =
                  {
                      Row("Elu Erf Exp Gelu LeakyRelu Relu Round Sigmoid Softmax Softplus Sqrt Tanh "
                          "Transpose Add Div Max Mul "
                          "Sub",
                          {Types(0, kTypes)}),
                      {.op_types = Words("Ceil Cos HardSigmoid Identity Sin"),
                       .rules = {Types(0, kTypes)},
                       .source = kList},
                      {.op_types = {"Reciprocal"},
                       .grade = Grade::kEmulated,
                       .remark =
                           "runs as Core ML's inverse, which adds a small epsilon to what it divides by",
                       .source = kList},
                      Row("PRelu", {Types(0, kTypes), Constant(1, "slope")}),
                      Row("Pow", {Types(0, {DataType::kFloat}), Types(1, {DataType::kFloat})}),
                      Row("AveragePool MaxPool",
                          {Types(0, kTypes), Rank(0, {4}).Cure("lower_pool_3d"),
                           IntIs("storage_order", {0}, 0), EachIs("dilations", 1), OutputsAtMost(1)}),
                      Row("GlobalAveragePool GlobalMaxPool", {Types(0, kTypes), Rank(0, {4})}),
                      Row("ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum",
                          {Types(0, kTypes), Constant(1, "axes")}),
                      Row("GroupNormalization InstanceNormalization LayerNormalization",
                          {Types(0, {DataType::kFloat, DataType::kFloat16}), Constant(1, "scale"),
                           Constant(2, "bias"), IntIs("stash_type", {1}, 1), OutputsAtMost(1)}),
                      Row("BatchNormalization",
                          {Types(0, kTypes), Rank(0, {4}).Cure("decompose_batch_norm"), Constant(1, "scale"),
                           Constant(2, "bias"), Constant(3, "mean"), Constant(4, "variance"),
                           OutputsAtMost(1)}),
                      Row("ArgMax", {Types(0, kTypes), IntIs("select_last_index", {0}, 0)}),
                      Row("Cast", {Types(0, {DataType::kFloat,
                                             DataType::kFloat16, DataType::kInt32, DataType::kInt64}),
                                   OutputTypes({DataType::kFloat, DataType::kFloat16, DataType::kInt32,
                                                DataType::kInt64})}),
                      Row("Clip", {Types(0, kTypes), Constant(1, "lower bound"), Constant(2, "upper bound")}),
                      Row("Concat",
                          {Types(0, kTypes), Requires(
                                                 "inputs", "two inputs at least",
                                                 [](
                                                     const Subject& subject) -> std::optional<std::string> {
                                                   if (subject.node.inputs().size() >= 2) return std::nullopt;
                                                   return "one input";
                                                 })}),
                      Row("Conv", {Types(0, kTypes), Rank(0, {3, 4}), Constant(2, "bias"), NoLongSide(),
                                   CoreMl(6, "for auto_pad SAME_LOWER",
                                          [](const Subject& subject) {
                                            return subject.node.String("auto_pad", "NOTSET") == "SAME_LOWER";
                                          })}),
                      Row("ConvTranspose",
                          {Types(0, kTypes), Constant(1, "weights"), Constant(2, "bias"),
                           StringIs("auto_pad", {"NOTSET", "VALID"}, "NOTSET"), OnePadding(),
                           NotGiven("output_shape"), EachIs("output_padding", 0), NoLongSide()}),
                      Row("DepthToSpace",
                          {Types(0, kTypes), StringIs("mode", {"DCR", "CRD"}, "DCR"),
                           CoreMl(7, "for mode DCR in float16",
                                  [](const Subject& subject) {
                                    return IsHalf(subject) && subject.node.String("mode", "DCR") == "DCR";
                                  })}),
                      Row("Gather", {Types(0, {DataType::kFloat, DataType::kFloat16, DataType::kInt64}),
                                     Requires("indices", "the indices are no scalar",
                                              [](const Subject& subject) -> std::optional<std::string> {
                                                if (subject.Rank(1) != 0) return std::nullopt;
                                                return "the index is a scalar";
                                              })
                                         .Cure("gather_to_slice")}),
                      {.op_types = {"GatherND"},
                       .rules = {Types(0, kTypes), IntIs("batch_dims", {0}, 0)},
                       .source = kList},
                      Row("Gemm", {Types(0, kTypes), Constant(1, "B"), Constant(2, "C"),
                                   IntIs("transA", {0}, 0), FloatIs("alpha", 1, 1), FloatIs("beta", 1, 1)}),
                      Row("MatMul", {Types(0, kTypes), NoVectorWithMatrix()}),
                      Row("GridSample",
                          {Types(0, kTypes), Rank(0, {4}), StringIs("mode", {"linear", "bilinear"}, "linear"),
                           NoReflectionUnaligned()}),
                      Row("Reshape", {Types(0, kTypes), Constant(1, "shape"), IntIs("allowzero", {0}, 0),
                                      StaticShapes()}),
                      Row("Resize",
                          {OpsetAtLeast(11), Types(0, kTypes), Rank(0, {3, 4, 5}), IntIs("antialias", {0}, 0),
                           StringIs("mode", {"nearest", "linear"}, "nearest"), FloorWhenNearest(),
                           CoordinatesOfCoreMl(), IntIs("exclude_outside", {0}, 0),
                           StringIs("keep_aspect_ratio_policy", {"stretch"}, "stretch"), ResizesLast(2),
                           WholeFactors()}),
                      Row("Shape", {Types(0, {DataType::kFloat,
                                              DataType::kFloat16, DataType::kInt32, DataType::kInt64})}),
                      Row("Slice",
                          {OpsetAtLeast(10), Types(0, kTypes), Constant(1, "starts"), Constant(2, "ends"),
                           Constant(3, "axes"), Constant(4, "steps"), StaticShapes()}),
                      Row("Split", {OpsetAtLeast(13), Types(0, kTypes), Constant(1, "sizes of the parts")}),
                      Row("Squeeze Unsqueeze", {Types(0, kTypes), Constant(1, "axes")}),
                      {.op_types = {"Tile"}, .rules = {Types(0, kTypes)}, .source = kList},
                      {.op_types = {"Range"},
                       .rules = {Types(0, {DataType::kFloat, DataType::kFloat16, DataType::kInt32})},
                       .source = kList},
                      {.op_types = {"com.microsoft::QuickGelu"},
                       .grade = Grade::kEmulated,
                       .remark = "runs as Mul, Sigmoid and Mul",
                       .source = kList},
                      {.op_types = {"com.microsoft::FusedConv"},
                       .rules = {Types(0, kTypes), Rank(0, {3, 4})},
                       .grade = Grade::kEmulated,
                       .remark = "runs as Conv and its activation",
                       .source = kList},
                      {.op_types = {"Flatten"},
                       .grade = Grade::kUnsupported,
                       .remark = "taken in the older NeuralNetwork form only",
                       .cures = {"squeeze_to_reshape"},
                       .source = kBuilders},
                      {.op_types = Words("LRN Pad"),
                       .grade = Grade::kUnsupported,
                       .remark = "taken in the older NeuralNetwork form only",
                       .advice = "let Conv pad by itself, and normalize by batch instead of by response",
                       .source = kBuilders},
                      {.op_types = Words(
                           "QuantizeLinear DequantizeLinear DynamicQuantizeLinear QLinearConv QLinearMatMul"),
                       .grade = Grade::kUnsupported,
                       .remark = "no quantized graphs: floats and float16",
                       .advice = "hand the float16 model over; Core ML compresses weights by its own tools"},
                      {.op_types = Words("Celu Mish Selu Softsign Swish ThresholdedRelu"),
                       .grade = Grade::kUnsupported,
                       .remark = "none of the operators that Core ML is handed",
                       .cures = {"decompose_activation"},
                       .advice = "train with ReLU6 or Elu"},
                      {.op_types = Words("Expand"),
                       .grade = Grade::kUnsupported,
                       .remark = "none of the operators that Core ML is handed",
                       .cures = {"lower_expand", "expand_to_mul"},
                       .advice = "write the repetition by broadcasting"},
                      {.op_types = Words("Mean Sum"),
                       .grade = Grade::kUnsupported,
                       .remark = "none of the operators that Core ML is handed",
                       .cures = {"binary_variadics"}},
                      {.op_types = Words("LSTM"),
                       .grade = Grade::kUnsupported,
                       .remark = "none of the operators that Core ML is handed",
                       .cures = {"unroll_lstm"},
                       .advice = "replace the recurrence by convolutions over a window of fixed length"},
                      {.op_types = Words("GRU"),
                       .grade = Grade::kUnsupported,
                       .remark = "none of the operators that Core ML is handed",
                       .cures = {"unroll_gru"},
                       .advice = "replace the recurrence by convolutions over a window of fixed length"},
                      {.op_types = Words("RNN"),
                       .grade = Grade::kUnsupported,
                       .remark = "none of the operators that Core ML is handed",
                       .cures = {"unroll_rnn"},
                       .advice = "replace the recurrence by convolutions over a window of fixed length"},
                      {.op_types = Words("Einsum"),
                       .grade = Grade::kUnsupported,
                       .remark = "none of the operators that Core ML is handed",
                       .cures = {"lower_einsum"},
                       .advice = "write it by MatMul, Transpose and Reshape"},
                      {.op_types = Words("ScatterND ScatterElements"),
                       .grade = Grade::kUnsupported,
                       .remark = "none of the operators that Core ML is handed",
                       .cures = {"lower_scatter"}},
                      {.op_types = Words("HardSwish"),
                       .grade = Grade::kUnsupported,
                       .remark = "none of the operators that Core ML is handed",
                       .cures = {"decompose_hard_swish"},
                       .advice = "train with ReLU6 or SiLU instead of h-swish"},
                  },
          };
  return accelerator;
}

}  // namespace shoehorn::targets
