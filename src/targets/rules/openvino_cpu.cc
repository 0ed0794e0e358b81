// OpenVINO on Intel and compatible CPUs: whatever its reader of ONNX files can translate runs there, so that
// a refusal is the reader's.
//   Resize with coordinate_transformation_mode tf_crop_and_resize: the model is not read
#include <fmt/format.h>

#include "targets/constraints.h"

namespace shoehorn::targets {
namespace {

using ir::DataType;

constexpr const char* kFrontend = "openvinotoolkit/openvino@b9332d2, src/frontends/onnx/frontend/src/op";
constexpr const char* kMissing = "operators that OpenVINO's reader has a conversion for";
constexpr int kFarBack = 16;  // nodes between control flow and the one that it troubles
constexpr const char* kSequences = "sequences that the reader can see to be tensors";
constexpr const char* kReader = "OpenVINO 2026.4.1, its answers to ONNX's backend tests";

/// float8 of the variants with an unsigned zero, and integers of two bits, have no counterpart.
Rule KnownElementTypes() {
  return Requires(
             "element_type", "tensors of a type that OpenVINO has",
             [](const Subject& subject) -> std::optional<std::string> {
               const auto wrong = [](const ir::Value* value) {
                 if (value == nullptr || !value->type.opaque.empty()) return false;
                 const std::string_view name = ir::NameOf(value->type.element);
                 return name.find("fnuz") != std::string_view::npos || name == "int2" || name == "uint2" ||
                        name.starts_with("complex");
               };
               for (size_t i = 0; i < subject.node.inputs().size(); ++i)
                 if (wrong(subject.node.input(i)))
                   return fmt::format("input {} is {}", i, ir::NameOf(subject.node.input(i)->type.element));
               for (size_t i = 0; i < subject.node.outputs().size(); ++i)
                 if (wrong(subject.node.output(i)))
                   return fmt::format("output {} is {}", i, ir::NameOf(subject.node.output(i)->type.element));
               return std::nullopt;
             })
      .From(kReader);
}

Rule NotTraining() { return Constant(2, "training_mode"); }

Rule FloatsWantFmod() {
  return Requires("fmod", "fmod is 1 for floating point",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const DataType type = subject.ElementType(0);
                    const bool is_float = type == DataType::kFloat || type == DataType::kFloat16 ||
                                          type == DataType::kDouble || type == DataType::kBfloat16;
                    if (!is_float || subject.node.Int("fmod", 0) == 1) return std::nullopt;
                    return fmt::format("fmod is 0 and input 0 is {}", ir::NameOf(type));
                  });
}

/// The CPU plug-in wants the number of dimensions of every tensor.
Rule KnownRank() {
  return Requires("rank", "the output's number of dimensions is known",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const ir::Value* axes = subject.node.input(1);
                    if (axes == nullptr || ir::ConstantOf(*axes) != nullptr) return std::nullopt;
                    return std::string("input 1 (axes) is computed");
                  });
}

/// What comes out of an If or a Loop may have any number of dimensions.
Rule RankOfInput() {
  return Requires("rank", "the number of dimensions of input 0 is known, whatever branch is taken",
                  [](const Subject& subject) -> std::optional<std::string> {
                    if (subject.TypeOf(0) == nullptr || subject.Rank(0)) return std::nullopt;
                    const ir::Value* value = subject.node.input(0);
                    for (int steps = 0; steps < kFarBack && value != nullptr; ++steps) {
                      const ir::Node* producer = value->producer();
                      if (producer == nullptr) break;
                      if (producer->Is("If") || producer->Is("Loop"))
                        return "input 0 is of unknown rank, after " + producer->Describe();
                      value = producer->input(0);
                    }
                    return std::nullopt;
                  })
      .Otherwise(Grade::kConditional)
      .Cure("pin_shapes");
}

OperatorRow Row(std::string_view op_types, std::vector<Rule> rules, const char* file) {
  return {.op_types = Words(op_types),
          .rules = std::move(rules),
          .source = fmt::format("{}/{}.cpp", kFrontend, file)};
}

std::vector<OperatorRow> Rows() {
  OperatorRow taken = {
      .op_types =
          Words("Abs Acos Acosh Add AffineGrid And ArgMax ArgMin Asin Asinh Atan Atanh Attention "
                "AveragePool BatchNormalization BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor "
                "BlackmanWindow Cast CastLike Ceil CenterCropPad Clip Col2Im Compress Concat "
                "ConcatFromSequence ConstantFill ConstantOfShape ConvInteger ConvTranspose Cos Cosh Crop "
                "CumSum DFT DepthToSpace DequantizeLinear Div DynamicQuantizeLinear Einsum Elu Erf Exp "
                "Expand EyeLike Flatten Floor GRU Gather GatherElements GatherND Gelu Gemm "
                "GlobalAveragePool GlobalLpPool GlobalMaxPool Greater GreaterOrEqual GroupNormalization "
                "HammingWindow HannWindow HardSigmoid HardSwish Hardmax Identity If ImageScaler "
                "InstanceNormalization IsInf IsNaN LRN LSTM LayerNormalization LeakyRelu Less LessOrEqual "
                "Log LogSoftmax Loop LpNormalization LpPool MatMul MatMulInteger Max MaxPool MaxRoiPool "
                "Mean MeanVarianceNormalization Min Mish Mul Multinomial Neg NonMaxSuppression NonZero "
                "Not OneHot Or PRelu Pow QLinearConv QLinearMatMul QuantizeLinear RMSNormalization RNN "
                "RandomNormal RandomNormalLike RandomUniform RandomUniformLike Range Reciprocal ReduceL1 "
                "ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMin ReduceProd ReduceSum "
                "ReduceSumSquare Relu Reshape ReverseSequence RoiAlign RotaryEmbedding Round Scan Scatter "
                "ScatterElements ScatterND Selu SequenceAt SequenceConstruct SequenceEmpty SequenceErase "
                "SequenceLength Shape Shrink Sigmoid Sign Sin Sinh Size Slice Softmax "
                "SoftmaxCrossEntropyLoss Softplus Softsign SpaceToDepth Split Sqrt Squeeze Sub Sum Swish "
                "Tan Tanh ThresholdedRelu Tile TopK Transpose Trilu Unique Upsample Where Xor")};

  OperatorRow refused = {
      .op_types =
          Words("Bernoulli BitCast CausalConvWithState CumProd DeformConv Det ImageDecoder "
                "LinearAttention MaxUnpool MelWeightMatrix Optional OptionalGetElement OptionalHasElement "
                "RegexFullMatch SequenceMap StringConcat StringNormalizer StringSplit SwiGLU "
                "TensorScatter TfIdfVectorizer ai.onnx.ml::ArrayFeatureExtractor ai.onnx.ml::Binarizer "
                "ai.onnx.ml::LabelEncoder ai.onnx.ml::TreeEnsemble"),
      .grade = Grade::kUnsupported,
      .remark = kMissing,
      .source = kReader};

  return {
      std::move(taken),
      Row("Celu", {Types(0, {DataType::kFloat})}, "celu"),
      Row("Conv ReduceMean", {RankOfInput()}, "conv"),
      Row("NegativeLogLikelihoodLoss",
          {Requires("ignore_index", "ignore_index is not given",
                    [](const Subject& subject) -> std::optional<std::string> {
                      if (!subject.node.Has("ignore_index")) return std::nullopt;
                      return std::string("ignore_index is given");
                    })},
          "negative_log_likelihood_loss"),
      Row("Dropout", {NotTraining()}, "dropout"),
      Row("Equal",
          {Requires("type", "inputs are no strings",
                    [](const Subject& subject) -> std::optional<std::string> {
                      if (subject.ElementType(0) != DataType::kString) return std::nullopt;
                      return std::string("input 0 is string");
                    })},
          "equal"),
      Row("GridSample", {Rank(0, {4})}, "grid_sample"),
      Row("Mod", {FloatsWantFmod()}, "mod"),
      Row("Pad", {StringIs("mode", {"constant", "edge", "reflect"}, "constant")}, "pad"),
      Row("Resize",
          {StringIs(
              "coordinate_transformation_mode",
              {"tf_half_pixel_for_nn", "asymmetric", "align_corners", "pytorch_half_pixel", "half_pixel"},
              "half_pixel")},
          "resize"),
      Row("STFT", {Constant(1, "frame_step")}, "stft"),
      Row("Unsqueeze", {KnownRank()}, "unsqueeze"),
      std::move(refused),
      {.op_types = Words("SequenceInsert SplitToSequence"),
       .grade = Grade::kUnknown,
       .remark = kSequences,
       .source = kReader},
  };
}

}  // namespace

const Accelerator& OpenVinoCpu() {
  static const Accelerator accelerator = {
      .name = "openvino_cpu",
      .title = "OpenVINO, CPU",
      .runtime = "OpenVINO 2026.4.1",
      .source = kFrontend,
      .complete = false,
      .everywhere = {KnownElementTypes()},
      .rows = Rows(),
  };
  return accelerator;
}

}  // namespace shoehorn::targets
