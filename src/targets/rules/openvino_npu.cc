// The NPU of Intel's Core Ultra processors through OpenVINO: a compiler in the driver turns the whole graph
// into one program, so every shape must be a number, and all is computed in float16 or int8.
//   float[batch,3,224,224]: pin the batch first
#include <fmt/format.h>

#include "targets/constraints.h"

namespace shoehorn::targets {
namespace {

using ir::DataType;

const std::vector<DataType> kTypes = {
    DataType::kFloat,  DataType::kFloat16,      DataType::kInt8,          DataType::kUint8, DataType::kInt16,
    DataType::kUint16, DataType::kInt32,        DataType::kInt64,         DataType::kBool,  DataType::kInt4,
    DataType::kUint4,  DataType::kFloat8E4M3FN, DataType::kFloat8E4M3FNUZ};

OperatorRow Refused(std::string_view op_types, std::string remark, std::string advice = {}) {
  return {.op_types = Words(op_types),
          .grade = Grade::kUnsupported,
          .remark = std::move(remark),
          .advice = std::move(advice)};
}

}  // namespace

const Accelerator& OpenVinoNpu() {
  static const Accelerator accelerator = {
      .name = "openvino_npu",
      .title = "OpenVINO, Intel NPU",
      .runtime = "NPU compiler of 2024.44, OpenVINO 2025",
      .source =
          "openvinotoolkit/npu_compiler@150e202, src/vpux_compiler/src/frontend/IE.cpp: what the compiler's "
          "reader maps, and the operators that OpenVINO's ONNX reader makes of these",
      .complete = false,
      .everywhere = {KnownTypes(),
                     StaticShapes().From(
                         "openvinotoolkit/openvino@1158c49, docs/articles_en/openvino-workflow/"
                         "running-inference/inference-devices-and-modes/npu-device.rst"),
                     EveryType(kTypes).From("onnxruntime/onnxruntime-qnn@cee6c0d, "
                                            "onnxruntime/core/providers/openvino/ov_versions/data_ops.cc")},
      .rows =
          {
              // One operator of the compiler each.
              {.op_types = Words(
                   "Abs Acos Acosh Add And Asin Asinh Atan Atanh AveragePool BatchNormalization BitwiseAnd "
                   "BitwiseNot "
                   "BitwiseOr BitwiseXor Cast CastLike Ceil Clip Concat Conv ConvTranspose Cos Cosh CumSum "
                   "DFT "
                   "DeformConv DepthToSpace Div Elu Equal Erf Exp Expand Flatten Floor Gather GatherElements "
                   "GatherND "
                   "Gelu GlobalAveragePool GlobalMaxPool Greater GreaterOrEqual GridSample "
                   "GroupNormalization "
                   "HardSigmoid HardSwish Identity LRN LSTM GRU LeakyRelu Less LessOrEqual Log LogSoftmax "
                   "LpNormalization MatMul Max MaxPool MeanVarianceNormalization Min Mish Mod Mul Neg Not "
                   "OneHot Or "
                   "PRelu Pad Pow Reciprocal ReduceL1 ReduceL2 ReduceMax ReduceMean ReduceMin ReduceProd "
                   "ReduceSum "
                   "Relu Reshape Resize ReverseSequence RoiAlign Round ScatterElements ScatterND Selu Shape "
                   "Sigmoid "
                   "Sign Sin Sinh Slice Softmax Softplus SpaceToDepth Split Sqrt Squeeze Sub Tan Tanh Tile "
                   "TopK "
                   "Transpose Unsqueeze Where Xor com.microsoft::Gelu")},
              {.op_types = Words("QuantizeLinear DequantizeLinear")},
              {.op_types =
                   Words("ArgMax ArgMin Celu Dropout Gemm InstanceNormalization LayerNormalization Mean "
                         "ReduceLogSum ReduceLogSumExp ReduceSumSquare Shrink Softsign Sum ThresholdedRelu"),
               .grade = Grade::kEmulated,
               .remark = "runs as several operators, into which OpenVINO's ONNX reader takes it apart"},
              {.op_types = Words("If Loop"),
               .grade = Grade::kConditional,
               .remark = "the condition or the number of rounds is known when the model is compiled",
               .cures = {"inline_if"},
               .advice = "write the branch or the loop out before the export"},
              {.op_types = Words("NonZero NonMaxSuppression Compress Unique"),
               .grade = Grade::kUnsupported,
               .remark = "outputs of a size that depends on the numbers",
               .advice = "end the network before it and select on the CPU, or by TopK with a fixed number",
               .source =
                   "openvinotoolkit/openvino@1158c49, docs/articles_en/openvino-workflow/running-inference/"
                   "inference-devices-and-modes/npu-device.rst"},
              {.op_types = {"RNN"},
               .grade = Grade::kUnknown,
               .remark = "not among what the compiler's reader maps, though OpenVINO can take it apart",
               .cures = {"unroll_rnn"}},
              Refused(
                  "BitShift IsInf IsNaN Det Multinomial Bernoulli MaxUnpool StringNormalizer TfIdfVectorizer",
                  "operators that the compiler's reader maps"),
              Refused(
                  "SequenceAt SequenceConstruct SequenceEmpty SequenceErase SequenceInsert SequenceLength "
                  "SequenceMap SplitToSequence ConcatFromSequence Optional OptionalGetElement "
                  "OptionalHasElement",
                  "no sequences and no optional values",
                  "export with tensors of fixed number instead of lists"),
          },
  };
  return accelerator;
}

}  // namespace shoehorn::targets
