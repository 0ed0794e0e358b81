// TensorRT through its ONNX parser, on NVIDIA's GPUs (Jetson and desktop): nearly all of ONNX, dynamic shapes
// too, but no weights that are computed where a plan must know them, and quantization by zero-free scales
// only.
//   QuantizeLinear with a zero point of 128: refused, because TensorRT's integers are symmetric
#include <fmt/format.h>

#include <algorithm>

#include "targets/constraints.h"

namespace shoehorn::targets {
namespace {

using ir::DataType;

const std::vector<DataType> kReals = {DataType::kFloat, DataType::kFloat16, DataType::kBfloat16};
const std::vector<DataType> kNumbers = {DataType::kFloat, DataType::kFloat16, DataType::kBfloat16,
                                        DataType::kInt32, DataType::kInt64};
const std::vector<DataType> kAll = {DataType::kFloat, DataType::kFloat16, DataType::kBfloat16,
                                    DataType::kInt32, DataType::kInt64,   DataType::kBool};
const std::vector<DataType> kHalves = {DataType::kFloat, DataType::kFloat16};

/// The type of input `i` in the model itself: between QuantizeLinear and DequantizeLinear a layer is of
/// floats, and TensorRT chooses the integer one. A double is cast down.
Rule Computes(size_t i, const std::vector<DataType>& accepted) {
  return Requires(fmt::format("type_{}", i), fmt::format("input {} is {}", i, ListOf(accepted)),
                  [i, accepted](const Subject& subject) -> std::optional<std::string> {
                    const ir::Type* type = subject.TypeOf(i);
                    if (type == nullptr || type->element == DataType::kDouble) return std::nullopt;
                    if (std::ranges::find(accepted, type->element) != accepted.end()) return std::nullopt;
                    return fmt::format("input {} is {}", i, ir::NameOf(type->element));
                  });
}

Rule NoDoubles() {
  return Requires("double", "no tensor is double, which is cast down to float",
                  [](const Subject& subject) -> std::optional<std::string> {
                    for (size_t i = 0; i < subject.node.inputs().size(); ++i)
                      if (const ir::Type* type = subject.TypeOf(i);
                          type != nullptr && type->element == DataType::kDouble)
                        return fmt::format("input {} is double", i);
                    return std::nullopt;
                  })
      .Otherwise(Grade::kEmulated);
}

/// Two or three dimensions of space beside batch and channels.
Rule PlaneOrVolume() {
  return Rank(0, {4, 5}).Advise("give the layer a dimension of 1 and pool in two dimensions");
}

Rule ZeroPointIsZero() {
  return Requires("zero_point", "the zero point is left out or 0",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const ir::Value* value = subject.node.input(2);
                    if (value == nullptr) return std::nullopt;
                    const ir::Tensor* tensor = ir::ConstantOf(*value);
                    if (tensor == nullptr) return "the zero point is computed";
                    const auto points = tensor->ToDoubles();
                    if (!points) return "the zero point is of a type that cannot be read";
                    for (const double point : *points)
                      if (point != 0) return fmt::format("the zero point is {}", point);
                    return std::nullopt;
                  })
      .Advise("quantize activations and weights symmetrically (int8, zero point 0)");
}

Rule SameBothWays() {
  return Requires(
      "activations", "both directions have the same activations",
      [](const Subject& subject) -> std::optional<std::string> {
        const ir::AttributeValue* value = subject.node.Find("activations");
        const auto* names = value == nullptr ? nullptr : std::get_if<std::vector<std::string>>(value);
        if (names == nullptr || subject.node.String("direction", "forward") != "bidirectional")
          return std::nullopt;
        const size_t half = names->size() / 2;
        for (size_t i = 0; i < half; ++i)
          if ((*names)[i] != (*names)[half + i])
            return fmt::format("activations {} and {}", Escaped((*names)[i]), Escaped((*names)[half + i]));
        return std::nullopt;
      });
}

Rule FewerThan3840() {
  return Requires("k", "K is below 3840", [](const Subject& subject) -> std::optional<std::string> {
    const auto k = IntsAt(subject, 1);
    if (!k || k->empty() || k->front() < 3840) return std::nullopt;
    return fmt::format("K is {}", k->front());
  });
}

OperatorRow Refused(std::string_view op_types, std::string remark, std::string advice = {}) {
  return {.op_types = Words(op_types),
          .grade = Grade::kUnsupported,
          .remark = std::move(remark),
          .advice = std::move(advice)};
}

}  // namespace

const Accelerator& TensorRt() {
  static const Accelerator
      accelerator =
          {
              .name = "tensorrt",
              .title = "NVIDIA TensorRT",
              .runtime = "TensorRT 10.0",
              .source = "onnx/onnx-tensorrt@96e7811, docs/operators.md",
              .complete = true,
              .everywhere = {KnownTypes(), OpsetWithin(9, 20).Otherwise(Grade::kUnknown), NoDoubles()},
              .rows =
                  {
                      {.op_types = Words(
                           "Acos Acosh Asin Asinh Atan Atanh BatchNormalization Ceil Celu Clip Conv "
                           "ConvTranspose Cos Cosh Einsum Elu Erf Exp Floor Gemm GlobalAveragePool "
                           "GlobalLpPool GlobalMaxPool GroupNormalization HardSigmoid HardSwish Hardmax "
                           "ImageScaler InstanceNormalization IsInf LRN LeakyRelu Log LogSoftmax "
                           "LpNormalization MatMul MeanVarianceNormalization PRelu ParametricSoftplus Pow "
                           "Reciprocal Round ScaledTanh Selu Sigmoid Sin Sinh Softmax Softplus Softsign "
                           "Sqrt Tan Tanh ThresholdedRelu Upsample Scan"),
                       .rules = {Computes(0, kReals)}},
                      {.op_types = Words(
                           "Abs Add ArgMax ArgMin DepthToSpace Div Equal Greater GreaterOrEqual IsNaN Less "
                           "LessOrEqual Max Mean Min Mod Mul Neg Range Relu Scatter ScatterElements Shrink "
                           "Sign SpaceToDepth Sub Sum"),
                       .rules = {Computes(0, kNumbers)}},
                      {.op_types = Words("And Not Or Xor"), .rules = {Computes(0, {DataType::kBool})}},
                      {.op_types =
                           Words("Concat Expand Flatten Gather GatherElements GatherND Identity Reshape "
                                 "ReverseSequence Shape Size Split Tile Transpose Trilu"),
                       .rules = {Computes(0, kAll)}},
                      {.op_types = Words("Cast CastLike"),
                       .rules = {Computes(
                           0, {DataType::kFloat, DataType::kFloat16, DataType::kBfloat16, DataType::kInt32,
                               DataType::kInt64, DataType::kBool, DataType::kUint8})}},
                      {.op_types = {"ConstantOfShape"}, .rules = {OutputTypes(kAll)}},
                      {.op_types = {"EyeLike"}, .rules = {Computes(0, kAll), StaticShapes()}},
                      {.op_types = {"Where"}, .rules = {Computes(1, kAll)}},
                      {.op_types = {"OneHot"}, .rules = {Computes(0, kAll), Constant(1, "depth")}},
                      {.op_types = Words("Slice"), .rules = {Computes(0, kAll), Constant(3, "axes")}},
                      {.op_types = Words("Squeeze Unsqueeze"),
                       .rules = {Computes(0, kAll), Constant(1, "axes")}},
                      {.op_types = {"Pad"}, .rules = {Computes(0, kNumbers), Constant(3, "axes")}},
                      {.op_types = Words(
                           "ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin "
                           "ReduceProd ReduceSum ReduceSumSquare"),
                       .rules = {Computes(0, kNumbers), Constant(1, "axes")}},
                      {.op_types = {"AveragePool"},
                       .rules = {Computes(0, kReals), PlaneOrVolume(), EachIs("dilations", 1)}},
                      {.op_types = {"MaxPool"},
                       .rules = {Computes(0, kReals), PlaneOrVolume(), EachIs("dilations", 1),
                                 OutputsAtMost(1)}},
                      {.op_types = {"LpPool"}, .rules = {Computes(0, kReals), EachIs("dilations", 1)}},
                      {.op_types = {"CumSum"}, .rules = {Computes(0, kReals), Constant(1, "axis")}},
                      {.op_types = {"DeformConv"}, .rules = {Computes(0, kHalves), Rank(0, {3, 4})}},
                      {.op_types = Words("Mish NonMaxSuppression NonZero RoiAlign"),
                       .rules = {Computes(0, kHalves)}},
                      {.op_types = {"GridSample"}, .rules = {Computes(0, kHalves), Rank(0, {4})}},
                      {.op_types = {"Dropout"}, .rules = {Computes(0, kReals), Constant(2, "training mode")}},
                      {.op_types = {"Gelu"}, .rules = {Computes(0, kNumbers)}},
                      {.op_types = {"LayerNormalization"}, .rules = {Computes(0, kReals), OutputsAtMost(1)}},
                      {.op_types = {"QuantizeLinear"}, .rules = {Computes(0, kReals), ZeroPointIsZero()}},
                      {.op_types = {"DequantizeLinear"},
                       .rules = {Requires("type_0", "input 0 is int8, int4 or float8",
                                          [](const Subject& subject) -> std::optional<std::string> {
                                            const ir::Type* type = subject.TypeOf(0);
                                            if (type == nullptr || type->element == DataType::kInt8 ||
                                                type->element == DataType::kInt4 ||
                                                type->element == DataType::kFloat8E4M3FN)
                                              return std::nullopt;
                                            return fmt::format("input 0 is {}", ir::NameOf(type->element));
                                          })
                                     .Advise("quantize to int8 with zero point 0"),
                                 ZeroPointIsZero()}},
                      {.op_types = Words("GRU RNN"), .rules = {Computes(0, kReals), SameBothWays()}},
                      {.op_types = {"LSTM"},
                       .rules = {Computes(0, kReals), SameBothWays(), IntIs("input_forget", {0}, 0),
                                 IntIs("layout", {0}, 0)}},
                      {.op_types = {"If"},
                       .rules =
                           {
                               Requires(
                                   "ranks", "both branches give tensors of one rank",
                                   [](const Subject& subject) -> std::optional<std::string> {
                                     const std::vector<ir::Graph*> branches = subject.node.Subgraphs();
                                     if (branches.size() != 2) return std::nullopt;
                                     const auto& first = branches[0]->outputs();
                                     const auto& second = branches[1]->outputs();
                                     for (size_t i = 0; i < std::min(first.size(), second.size()); ++i)
                                       if (first[i]->type.has_rank && second[i]->type.has_rank &&
                                           first[i]->type.dims.size() != second[i]->type.dims.size())
                                         return fmt::format(
                                             "output {} has {} dimensions in one branch and {} in the other",
                                             i, first[i]->type.dims.size(), second[i]->type.dims.size());
                                     return std::nullopt;
                                   })}},
                      {.op_types = {"Loop"},
                       .grade = Grade::kConditional,
                       .remark = "the length of what it scans is fixed, and what it carries keeps its shape",
                       .advice = "write the loop out in Python before the export"},
                      {.op_types = {"Resize"},
                       .rules = {Computes(0, kReals), StringIs("mode", {"nearest", "linear"}, "nearest"),
                                 StringIs("coordinate_transformation_mode",
                                          {"half_pixel", "pytorch_half_pixel", "tf_half_pixel_for_nn",
                                           "asymmetric", "align_corners"},
                                          "half_pixel"),
                                 StringIs("nearest_mode",
                                          {"floor", "ceil", "round_prefer_floor", "round_prefer_ceil"},
                                          "round_prefer_floor"),
                                 StringIs("keep_aspect_ratio_policy", {"stretch"}, "stretch"),
                                 IntIs("antialias", {0}, 0)}},
                      {.op_types = {"ScatterND"},
                       .rules = {Computes(0, kNumbers), StringIs("reduction", {"none"}, "none")}},
                      {.op_types = {"TopK"},
                       .rules = {Computes(0, kNumbers), IntIs("sorted", {1}, 1), FewerThan3840()}},
                      {.op_types = Words("RandomNormal RandomNormalLike RandomUniform RandomUniformLike"),
                       .grade = Grade::kEmulated,
                       .remark = "the seed is ignored, so that other numbers come out"},
                      Refused(
                          "QLinearConv QLinearMatMul ConvInteger MatMulInteger DynamicQuantizeLinear",
                          "no operators that are quantized themselves: QuantizeLinear and DequantizeLinear "
                          "around float ones",
                          "quantize with QuantizeLinear and DequantizeLinear pairs (QDQ), symmetric int8"),
                      Refused("BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor", "no arithmetic on bits"),
                      Refused("DFT STFT BlackmanWindow HammingWindow HannWindow MelWeightMatrix",
                              "no operators on signals",
                              "compute the spectrogram before the network, or as Conv with fixed weights"),
                      Refused("SequenceAt SequenceConstruct SequenceEmpty SequenceErase SequenceInsert "
                              "SequenceLength "
                              "SequenceMap SplitToSequence ConcatFromSequence Optional OptionalGetElement "
                              "OptionalHasElement",
                              "no sequences and no optional values",
                              "export with tensors of fixed number instead of lists"),
                      Refused("MaxUnpool", "no MaxUnpool", "upsample by Resize or ConvTranspose"),
                      Refused("Compress Unique", "no outputs whose size depends on the numbers",
                              "give a fixed number of results (TopK) and a mask"),
                  },
          };
  return accelerator;
}

}  // namespace shoehorn::targets
