// Android's neural networks interface as ONNX Runtime hands models to it: float or uint8, four dimensions,
// every shape a number. Android 15 and later advise against it; phones before have nothing else in common.
//   Clip to [0, 4]: refused; only [0, 6] and [-1, 1] exist
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "targets/constraints.h"

namespace shoehorn::targets {
namespace {

using ir::DataType;

constexpr const char* kBuilders =
    "onnxruntime/onnxruntime-qnn@cee6c0d, onnxruntime/core/providers/nnapi/nnapi_builtin/builders/impl";

/// The least level of Android's interface, a fact of the profile (29: Android 10, 30: Android 11).
Rule Api(int level) {
  return Requires("android_api", fmt::format("Android API level {} or newer", level),
                  [level](const Subject& subject) -> std::optional<std::string> {
                    const double found = subject.profile.Number("android_api", 27);
                    if (found >= level) return std::nullopt;
                    return fmt::format("Android API level {}", found);
                  });
}

Rule Floats() {
  return Requires("type_0", "input 0 is float", [](const Subject& subject) -> std::optional<std::string> {
    const ir::Type* type = subject.TypeOf(0);
    if (type == nullptr || type->element == DataType::kFloat) return std::nullopt;
    return fmt::format("input 0 is {}", ir::NameOf(type->element));
  });
}

/// Of operators for which no quantized form is registered: whether the float one between DequantizeLinear and
/// QuantizeLinear is taken depends on how ONNX Runtime groups them.
Rule NotQuantized() {
  return Requires("quantized", "input 0 does not come out of DequantizeLinear",
                  [](const Subject& subject) -> std::optional<std::string> {
                    if (!subject.Quantized(0)) return std::nullopt;
                    return "input 0 is quantized";
                  })
      .Otherwise(Grade::kUnknown);
}

Rule FloatOrUint8() { return Types(0, {DataType::kFloat, DataType::kUint8}); }

Rule ReluOrHardTanh() {
  return ClipsTo("the bounds are constants: 0 and 6, or -1 and 1", {{0, 6}, {-1, 1}})
      .Cure("clip_to_bounds")
      .Advise("train with ReLU6 or ReLU");
}

Rule DilatedUngrouped() {
  return Requires("dilations", "dilations are 1, unless group is 1 or the convolution is depthwise",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const std::vector<int64_t> dilations = subject.node.Ints("dilations");
                    const ir::Type* weights = subject.TypeOf(1);
                    const bool plain =
                        std::ranges::all_of(dilations, [](int64_t dilation) { return dilation == 1; });
                    if (plain || subject.node.Int("group", 1) == 1 ||
                        (weights != nullptr && weights->dims.size() > 1 && weights->dims[1].value == 1))
                      return std::nullopt;
                    return fmt::format("dilations are [{}] and group is {}", fmt::join(dilations, ","),
                                       subject.node.Int("group", 1));
                  });
}

Rule MatricesOrEqualBatches() {
  return Requires("ranks", "two matrices of which the second is a constant, or batches of one shape",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const ir::Type* a = subject.TypeOf(0);
                    const ir::Type* b = subject.TypeOf(1);
                    if (a == nullptr || b == nullptr || !a->has_rank || !b->has_rank)
                      return "inputs of unknown rank";
                    const bool constant = !Constant(1, "B").broken(subject).has_value();
                    if (a->dims.size() == 2 && b->dims.size() == 2)
                      return constant ? std::nullopt
                                      : std::optional<std::string>("the second matrix is computed");
                    if (a->dims.size() == b->dims.size() && a->dims.size() > 2 &&
                        std::equal(a->dims.begin(), a->dims.end() - 2, b->dims.begin()))
                      return std::nullopt;
                    return fmt::format("inputs of {} and {} dimensions, or batches that differ",
                                       a->dims.size(), b->dims.size());
                  })
      .Cure("matmul_to_conv");
}

Rule NoNegativePads() {
  return Requires("pads", "the pads are constants of 0 and more",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const auto pads = IntsAt(subject, 1);
                    if (!pads) return "the pads are computed";
                    const auto negative = std::ranges::find_if(*pads, [](int64_t pad) { return pad < 0; });
                    if (negative == pads->end()) return std::nullopt;
                    return fmt::format("a pad is {}", *negative);
                  });
}

Rule ConstantIndicesOrInt32() {
  return Requires(
      "indices", "the indices are int32 or a constant",
      [](const Subject& subject) -> std::optional<std::string> {
        const ir::Type* type = subject.TypeOf(1);
        if (type == nullptr || type->element == DataType::kInt32 || !Constant(1, "indices").broken(subject))
          return std::nullopt;
        return fmt::format("the indices are computed and {}", ir::NameOf(type->element));
      });
}

Rule Coordinates() {
  return Requires(
      "coordinate_transformation_mode",
      "asymmetric for nearest; half_pixel, align_corners (Android API level 30) or asymmetric for linear",
      [](const Subject& subject) -> std::optional<std::string> {
        const std::string mode = subject.node.String("mode", "nearest");
        const std::string found = subject.node.String("coordinate_transformation_mode", "half_pixel");
        const bool aligned = (found == "half_pixel" || found == "align_corners") &&
                             subject.profile.Number("android_api", 27) >= 30;
        if (found == "asymmetric" || (mode == "linear" && aligned)) return std::nullopt;
        return fmt::format("mode is {} and coordinate_transformation_mode is {}", Escaped(mode),
                           Escaped(found));
      });
}

Rule BothFloat() {
  return Requires("types", "both inputs are float", [](const Subject& subject) -> std::optional<std::string> {
    for (size_t i = 0; i < 2; ++i)
      if (const ir::Type* type = subject.TypeOf(i); type != nullptr && type->element != DataType::kFloat)
        return fmt::format("input {} is {}", i, ir::NameOf(type->element));
    return std::nullopt;
  });
}

}  // namespace

const Accelerator& Nnapi() {
  static const Accelerator accelerator = {
      .name = "nnapi",
      .title = "Android NNAPI",
      .runtime = "ONNX Runtime 1.24, NNAPI execution provider",
      .source = std::string(kBuilders) +
                ", and microsoft/onnxruntime@5308675, tools/ci_build/github/android/nnapi_supported_ops.md",
      .complete = true,
      .everywhere = {KnownTypes(), StaticShapes()},
      .rows =
          {
              {.op_types = Words("Abs Exp Log Neg Sin Sqrt"), .rules = {Floats(), NotQuantized(), Api(29)}},
              {.op_types = Words("Floor Tanh Identity Relu"), .rules = {Floats(), NotQuantized()}},
              {.op_types = {"Sigmoid"}, .rules = {Floats(), NotQuantized(), RankAtMost(0, 4)}},
              {.op_types = {"Elu"}, .rules = {Floats(), NotQuantized(), Api(30)}},
              {.op_types = Words("LeakyRelu Flatten Unsqueeze Squeeze"),
               .rules = {Floats(), NotQuantized(), RankAtMost(0, 4), Constant(1, "axes")}},
              {.op_types = Words("Add Mul"), .rules = {FloatOrUint8(), RankAtMost(0, 4), RankAtMost(1, 4)}},
              {.op_types = Words("Div Sub"),
               .rules = {Floats(), NotQuantized(), RankAtMost(0, 4), RankAtMost(1, 4), Api(28)}},
              {.op_types = {"Pow"}, .rules = {BothFloat(), RankAtMost(0, 4), RankAtMost(1, 4), Api(29)}},
              {.op_types = {"PRelu"}, .rules = {Floats(), RankAtMost(0, 4), RankAtMost(1, 4), Api(29)}},
              {.op_types = Words("Max Min"),
               .rules = {Floats(),
                         Requires("inputs", "two inputs",
                                  [](const Subject& subject) -> std::optional<std::string> {
                                    if (subject.node.inputs().size() == 2) return std::nullopt;
                                    return fmt::format("{} inputs", subject.node.inputs().size());
                                  })
                             .Cure("binary_variadics"),
                         Api(29)}},
              {.op_types = Words("AveragePool MaxPool"),
               .rules = {FloatOrUint8(), Rank(0, {4}).Cure("lower_pool_3d"),
                         IntIs("count_include_pad", {0}, 0), IntIs("ceil_mode", {0}, 0),
                         EachIs("dilations", 1), IntIs("storage_order", {0}, 0), OutputsAtMost(1)}},
              {.op_types = Words("GlobalAveragePool GlobalMaxPool"),
               .rules = {Floats(), NotQuantized(), Rank(0, {4})}},
              {.op_types = {"BatchNormalization"},
               .rules = {Floats(), RankAtMost(0, 4).Cure("decompose_batch_norm"), Constant(1, "scale"),
                         Constant(2, "bias"), Constant(3, "mean"), Constant(4, "variance"),
                         OutputsAtMost(1)}},
              {.op_types = {"LRN"}, .rules = {Floats(), Rank(0, {4})}},
              {.op_types = {"Cast"},
               .rules = {Floats(), OutputTypes({DataType::kFloat, DataType::kInt32}), Api(29)}},
              {.op_types = {"Clip"}, .rules = {Floats(), ReluOrHardTanh()}},
              {.op_types = {"Concat"}, .rules = {FloatOrUint8(), Rank(0, {1, 2, 3, 4})}},
              {.op_types = {"Conv"},
               .rules = {FloatOrUint8(), Rank(1, {4}).Advise("convolve in two dimensions: add one of size 1"),
                         Constant(1, "weights"), DilatedUngrouped()}},
              {.op_types = {"QLinearConv"},
               .rules = {Types(0, {DataType::kUint8}), Constant(1, "scale"), Constant(2, "zero point"),
                         Constant(3, "weights"), Constant(8, "bias"), Rank(3, {4})}},
              {.op_types = {"QLinearMatMul"}, .rules = {Types(0, {DataType::kUint8}), Constant(3, "B")}},
              {.op_types = {"DepthToSpace"},
               .rules = {Floats(), Rank(0, {4}), StringIs("mode", {"DCR"}, "DCR")}},
              {.op_types = {"DequantizeLinear"},
               .rules = {Requires("type_0", "input 0 is uint8, or constant weights",
                                  [](const Subject& subject) -> std::optional<std::string> {
                                    const ir::Value* value = subject.node.input(0);
                                    if (value == nullptr || value->type.element == DataType::kUint8 ||
                                        ir::ConstantOf(*value) != nullptr)
                                      return std::nullopt;
                                    return fmt::format("input 0 is {}", ir::NameOf(value->type.element));
                                  })
                             .Advise("quantize activations to uint8"),
                         Constant(1, "scale"), Constant(2, "zero point")}},
              {.op_types = {"QuantizeLinear"},
               .rules = {OutputTypes({DataType::kUint8}).Advise("quantize activations to uint8"),
                         Constant(1, "scale"), Constant(2, "zero point"), Api(29)}},
              {.op_types = {"Gather"},
               .rules = {Floats(), Rank(0, {1, 2, 3, 4}), ConstantIndicesOrInt32(), Api(29)}},
              {.op_types = {"Gemm"},
               .rules = {FloatOrUint8(), Rank(0, {2}), Rank(1, {2}), IntIs("transA", {0}, 0),
                         FloatIs("alpha", 1, 1), FloatIs("beta", 1, 1),
                         Requires("b", "B is a constant, or transB is 1",
                                  [](const Subject& subject) -> std::optional<std::string> {
                                    if (subject.node.Int("transB", 0) == 1 ||
                                        !Constant(1, "B").broken(subject))
                                      return std::nullopt;
                                    return "B is computed and transB is 0";
                                  })}},
              {.op_types = {"MatMul"}, .rules = {FloatOrUint8(), MatricesOrEqualBatches()}},
              {.op_types = {"Pad"},
               .rules = {OpsetAtLeast(11), Floats(), RankAtMost(0, 4),
                         StringIs("mode", {"constant"}, "constant"), NoNegativePads(), Constant(2, "value"),
                         Api(29)}},
              {.op_types = {"ReduceMean"},
               .rules = {Floats(), Rank(0, {1, 2, 3, 4}), Constant(1, "axes"),
                         IntIs("noop_with_empty_axes", {0}, 0)}},
              {.op_types = {"Reshape"},
               .rules = {FloatOrUint8(), RankAtMost(0, 4), Constant(1, "shape"), IntIs("allowzero", {0}, 0)}},
              {.op_types = {"Resize"},
               .rules = {OpsetAtLeast(11), FloatOrUint8(), Rank(0, {4}),
                         StringIs("mode", {"nearest", "linear"}, "nearest"), IntIs("exclude_outside", {0}, 0),
                         Coordinates(), FloorWhenNearest(), IntIs("antialias", {0}, 0), NotGiven("axes"),
                         StringIs("keep_aspect_ratio_policy", {"stretch"}, "stretch"), Constant(2, "scales"),
                         Constant(3, "sizes"), ResizesLast(2), Api(29)}},
              {.op_types = {"Slice"},
               .rules = {OpsetAtLeast(10), Floats(), RankAtMost(0, 4), Constant(1, "starts"),
                         Constant(2, "ends"), Constant(3, "axes"), Constant(4, "steps")}},
              {.op_types = {"Softmax"},
               .rules = {FloatOrUint8(), RankAtMost(0, 4),
                         Requires("axis", "the axis is the last before Android API level 29",
                                  [](const Subject& subject) -> std::optional<std::string> {
                                    if (subject.profile.Number("android_api", 27) >= 29) return std::nullopt;
                                    return AxisIs("axis", {-1}, subject.opset >= 13 ? -1 : 1).broken(subject);
                                  })
                             .Cure("softmax_axis")}},
              {.op_types = {"Split"},
               .rules = {OpsetAtLeast(13), Floats(), Constant(1, "sizes of the parts"),
                         SplitsEvenly().Cure("lower_split"), Api(29)}},
              {.op_types = {"Transpose"}, .rules = {FloatOrUint8(), Rank(0, {1, 2, 3, 4})}},
              {.op_types = Words("com.microsoft::QLinearAdd com.microsoft::QLinearMul"),
               .rules = {Types(0, {DataType::kUint8}), RankAtMost(0, 4), RankAtMost(3, 4)}},
              {.op_types = {"com.microsoft::QLinearSigmoid"}, .rules = {Types(0, {DataType::kUint8})}},
              {.op_types = {"com.microsoft::QLinearAveragePool"},
               .rules = {Types(0, {DataType::kUint8}), Rank(0, {4})}},
              {.op_types = {"com.microsoft::QLinearConv"},
               .grade = Grade::kUnsupported,
               .remark = "ONNX's own QLinearConv only"},
              {.op_types = Words("Celu Mish Selu Softplus Softsign Swish ThresholdedRelu"),
               .grade = Grade::kUnsupported,
               .remark = "none of the operators that NNAPI is handed",
               .cures = {"decompose_activation"},
               .advice = "train with ReLU6"},
              {.op_types = {"Gelu"},
               .grade = Grade::kUnsupported,
               .remark = "none of the operators that NNAPI is handed",
               .cures = {"decompose_gelu"},
               .advice = "train with ReLU6"},
              {.op_types = Words("Expand"),
               .grade = Grade::kUnsupported,
               .remark = "none of the operators that NNAPI is handed",
               .cures = {"lower_expand", "expand_to_mul"},
               .advice = "write the repetition by broadcasting"},
              {.op_types = Words("Mean Sum"),
               .grade = Grade::kUnsupported,
               .remark = "none of the operators that NNAPI is handed",
               .cures = {"binary_variadics"}},
              {.op_types = Words("LSTM"),
               .grade = Grade::kUnsupported,
               .remark = "none of the operators that NNAPI is handed",
               .cures = {"unroll_lstm"},
               .advice = "replace the recurrence by convolutions over a window of fixed length"},
              {.op_types = Words("GRU"),
               .grade = Grade::kUnsupported,
               .remark = "none of the operators that NNAPI is handed",
               .cures = {"unroll_gru"},
               .advice = "replace the recurrence by convolutions over a window of fixed length"},
              {.op_types = Words("RNN"),
               .grade = Grade::kUnsupported,
               .remark = "none of the operators that NNAPI is handed",
               .cures = {"unroll_rnn"},
               .advice = "replace the recurrence by convolutions over a window of fixed length"},
              {.op_types = Words("Einsum"),
               .grade = Grade::kUnsupported,
               .remark = "none of the operators that NNAPI is handed",
               .cures = {"lower_einsum"},
               .advice = "write it by MatMul, Transpose and Reshape"},
              {.op_types = Words("Tile"),
               .grade = Grade::kUnsupported,
               .remark = "none of the operators that NNAPI is handed",
               .cures = {"tile_to_concat"}},
              {.op_types = Words("LogSoftmax"),
               .grade = Grade::kUnsupported,
               .remark = "none of the operators that NNAPI is handed",
               .cures = {"log_softmax_to_log"},
               .advice = "take the logarithm after the network"},
              {.op_types = Words("ScatterND ScatterElements"),
               .grade = Grade::kUnsupported,
               .remark = "none of the operators that NNAPI is handed",
               .cures = {"lower_scatter"}},
              {.op_types = {"HardSwish"},
               .grade = Grade::kUnsupported,
               .remark = "none of the operators that NNAPI is handed",
               .cures = {"decompose_hard_swish", "decompose_hard_sigmoid"},
               .advice = "train with ReLU6 instead of h-swish"},
              {.op_types = {"HardSigmoid"},
               .grade = Grade::kUnsupported,
               .remark = "none of the operators that NNAPI is handed",
               .cures = {"decompose_hard_sigmoid"},
               .advice = "gate by Sigmoid instead of HardSigmoid"},
              {.op_types = {"ConvTranspose"},
               .grade = Grade::kUnsupported,
               .remark = "none of the operators that NNAPI is handed",
               .advice = "upsample by Resize (linear) and a convolution"},
              {.op_types = Words("GroupNormalization InstanceNormalization LayerNormalization"),
               .grade = Grade::kUnsupported,
               .remark = "none of the operators that NNAPI is handed",
               .cures = {"decompose_layer_norm", "decompose_instance_norm", "decompose_group_norm"},
               .advice = "train with batch normalization"},
          },
  };
  return accelerator;
}

}  // namespace shoehorn::targets
