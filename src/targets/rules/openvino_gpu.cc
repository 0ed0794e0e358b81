// Intel's GPUs through OpenVINO, as ONNX Runtime hands nodes to it: integrated and discrete, in float16 where
// the device has it.
//   Resize of mode cubic with antialias: left to the CPU
#include <fmt/format.h>

#include <algorithm>

#include "targets/constraints.h"

namespace shoehorn::targets {
namespace {

using ir::DataType;

const std::vector<DataType> kTypes = {DataType::kFloat, DataType::kFloat16, DataType::kInt8,
                                      DataType::kUint8, DataType::kInt16,   DataType::kUint16,
                                      DataType::kInt32, DataType::kInt64,   DataType::kBool,
                                      DataType::kInt4,  DataType::kUint4};

/// Operators that the execution provider hands over with tensors of no dimensions.
bool TakesScalars(const ir::Node& node) {
  static const std::vector<std::string> all = Words(
      "Add And Cast Ceil Clip Div DequantizeLinear DynamicQuantizeLinear Equal Exp Expand Floor Gather "
      "Greater "
      "Identity If Loop Max Min MatMulInteger Mul Neg Pow PRelu QuantizeLinear Range ReduceMax ReduceMin "
      "ReduceProd Reshape Shape Sqrt Squeeze Sub Unsqueeze Where");
  return std::ranges::find(all, node.op_type) != all.end();
}

Rule NoScalars() {
  return Requires("scalar", "no computed tensor is a scalar",
                  [](const Subject& subject) -> std::optional<std::string> {
                    if (TakesScalars(subject.node)) return std::nullopt;
                    const auto scalar = [](const ir::Value* value) {
                      return value != nullptr && ir::ConstantOf(*value) == nullptr &&
                             value->type.opaque.empty() && value->type.has_rank && value->type.dims.empty();
                    };
                    for (size_t i = 0; i < subject.node.inputs().size(); ++i)
                      if (scalar(subject.node.inputs()[i])) return fmt::format("input {} is a scalar", i);
                    for (size_t i = 0; i < subject.node.outputs().size(); ++i)
                      if (scalar(subject.node.outputs()[i])) return fmt::format("output {} is a scalar", i);
                    return std::nullopt;
                  });
}

Rule NoSmoothedDownscaling() {
  return Requires("antialias", "antialias is 0 where mode is linear or cubic",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const std::string mode = subject.node.String("mode", "nearest");
                    if (subject.node.Int("antialias", 0) == 0 || mode == "nearest") return std::nullopt;
                    return fmt::format("antialias is 1 and mode is {}", Escaped(mode));
                  });
}

}  // namespace

const Accelerator& OpenVinoGpu() {
  static const Accelerator accelerator = {
      .name = "openvino_gpu",
      .title = "OpenVINO, Intel GPU",
      .runtime = "OpenVINO 2025.4 through ONNX Runtime 1.24",
      .source =
          "onnxruntime/onnxruntime-qnn@cee6c0d, onnxruntime/core/providers/openvino/ov_versions/data_ops.cc",
      .complete = false,
      .everywhere = {KnownTypes(),
                     StaticShapes().From(
                         "openvinotoolkit/openvino@04908d3, docs/articles_en/openvino-workflow/"
                         "running-inference/inference-devices-and-modes/gpu-device.rst: dynamic shapes are a "
                         "preview there"),
                     EveryType(kTypes), NoScalars()},
      .rows =
          {
              {.op_types = Words(
                   "Abs Acos Acosh Add And ArgMax ArgMin Asin Asinh Atan Atanh AveragePool "
                   "BatchNormalization Cast "
                   "CastLike Ceil Celu Clip Compress Concat ConstantOfShape Conv ConvInteger ConvTranspose "
                   "Cos Cosh "
                   "CumSum DepthToSpace DequantizeLinear Div Dropout DynamicQuantizeLinear Einsum Elu Equal "
                   "Erf Exp "
                   "Expand Flatten Floor GRU Gather GatherElements GatherND Gelu Gemm GlobalAveragePool "
                   "GlobalLpPool "
                   "GlobalMaxPool Greater GreaterOrEqual GridSample HardSigmoid HardSwish Identity If "
                   "ImageScaler "
                   "InstanceNormalization LRN LSTM LayerNormalization LeakyRelu Less LessOrEqual Log "
                   "LogSoftmax Loop "
                   "LpNormalization MatMul MatMulInteger Max MaxPool Mean MeanVarianceNormalization Min Mod "
                   "Mul Neg "
                   "NonZero Not OneHot Or PRelu Pad Pow QuantizeLinear RNN RandomNormal "
                   "RandomNormalLike Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp "
                   "ReduceMean "
                   "ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu ReverseSequence RoiAlign Round "
                   "Scatter "
                   "ScatterElements ScatterND Selu Shape Shrink Sigmoid Sign SimplifiedLayerNormalization "
                   "Sin Size "
                   "Slice Softmax Softplus Softsign SpaceToDepth Split Sqrt Squeeze Sub Sum Tan Tanh "
                   "ThresholdedRelu "
                   "Tile TopK Transpose Trilu Unsqueeze Where Xor com.microsoft::Attention "
                   "com.microsoft::BiasGelu "
                   "com.microsoft::DynamicQuantizeMatMul com.microsoft::EmbedLayerNormalization "
                   "com.microsoft::FusedConv com.microsoft::FusedGemm com.microsoft::FusedMatMul "
                   "com.microsoft::Gelu "
                   "com.microsoft::GroupQueryAttention com.microsoft::MatMulNBits com.microsoft::QuickGelu "
                   "com.microsoft::SkipLayerNormalization com.microsoft::SkipSimplifiedLayerNormalization")},
              {.op_types = {"ReduceMax"},
               .rules = {Requires("type_0", "input 0 is neither int8 nor uint8",
                                  [](const Subject& subject) -> std::optional<std::string> {
                                    const ir::Type* type = subject.TypeOf(0);
                                    if (type == nullptr || (type->element != DataType::kInt8 &&
                                                            type->element != DataType::kUint8))
                                      return std::nullopt;
                                    return fmt::format("input 0 is {}", ir::NameOf(type->element));
                                  })}},
              {.op_types = {"Reshape"},
               .rules = {Requires("shape", "the new shape has an element at least",
                                  [](const Subject& subject) -> std::optional<std::string> {
                                    const ir::Type* type = subject.TypeOf(1);
                                    if (type == nullptr || type->dims.empty() ||
                                        type->dims.front().value != 0)
                                      return std::nullopt;
                                    return "the new shape is empty";
                                  })}},
              {.op_types = {"Resize"},
               .rules = {Requires("coordinate_transformation_mode",
                                  "coordinate_transformation_mode is neither tf_crop_and_resize nor "
                                  "half_pixel_symmetric",
                                  [](const Subject& subject) -> std::optional<std::string> {
                                    const std::string mode =
                                        subject.node.String("coordinate_transformation_mode", "half_pixel");
                                    if (mode != "tf_crop_and_resize" && mode != "half_pixel_symmetric")
                                      return std::nullopt;
                                    return "coordinate_transformation_mode is " + mode;
                                  }),
                         NoSmoothedDownscaling(), IntIs("exclude_outside", {0}, 0)}},
              {.op_types = {"Upsample"},
               .rules = {Types(0, {DataType::kFloat, DataType::kFloat16, DataType::kInt8}), ResizesLast(2)}},
              {.op_types = Words("BitShift EyeLike"),
               .grade = Grade::kUnsupported,
               .remark = "handed to OpenVINO on the CPU only"},
              {.op_types = {"NonMaxSuppression"},
               .grade = Grade::kEmulated,
               .remark = "the plugin may compute it on the CPU",
               .advice = "end the network before it and suppress boxes on the CPU",
               .source =
                   "openvinotoolkit/openvino@04908d3, docs/articles_en/openvino-workflow/running-inference/"
                   "inference-devices-and-modes/gpu-device.rst"},
              {.op_types = {"Sinh"},
               .grade = Grade::kUnknown,
               .remark = "the execution provider keeps it on the CPU, though the plugin lists it",
               .source = "openvinotoolkit/openvino@0003c2a, "
                         "src/plugins/intel_gpu/include/intel_gpu/plugin/primitives_list.hpp"},
          },
  };
  return accelerator;
}

}  // namespace shoehorn::targets
