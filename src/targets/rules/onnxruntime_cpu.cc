// ONNX Runtime on the CPU, the yardstick of every other target: an operator runs when a kernel of its name
// takes its types, or when ONNX defines it by other operators.
//   Conv of float: its own kernel; Conv of float16: the float kernel between two casts; HardSwish:
//   HardSigmoid and Mul.
// The rows restate the list of kernels that ONNX Runtime gives about itself (get_all_opkernel_def()), beside
// what ONNX lets each operator take: a row without a rule takes everything that ONNX allows.
#include <fmt/format.h>

#include <algorithm>

#include "targets/constraints.h"

namespace shoehorn::targets {
namespace {

using ir::DataType;

/// A set of element types, one bit each.
using TypeSet = uint32_t;
constexpr TypeSet SetOf(DataType type) { return TypeSet{1} << static_cast<int>(type); }

constexpr TypeSet kEverything = ~TypeSet{0};
constexpr TypeSet kF32 = SetOf(DataType::kFloat), kF64 = SetOf(DataType::kDouble),
                  kF16 = SetOf(DataType::kFloat16), kBf16 = SetOf(DataType::kBfloat16),
                  kI2 = SetOf(DataType::kInt2), kU2 = SetOf(DataType::kUint2), kI4 = SetOf(DataType::kInt4),
                  kU4 = SetOf(DataType::kUint4), kI8 = SetOf(DataType::kInt8), kU8 = SetOf(DataType::kUint8),
                  kI16 = SetOf(DataType::kInt16), kU16 = SetOf(DataType::kUint16),
                  kI32 = SetOf(DataType::kInt32), kU32 = SetOf(DataType::kUint32),
                  kI64 = SetOf(DataType::kInt64), kU64 = SetOf(DataType::kUint64),
                  kBool = SetOf(DataType::kBool), kText = SetOf(DataType::kString),
                  kE8 = SetOf(DataType::kFloat8E8M0);
constexpr TypeSet kF8 = SetOf(DataType::kFloat8E4M3FN) | SetOf(DataType::kFloat8E4M3FNUZ) |
                        SetOf(DataType::kFloat8E5M2) | SetOf(DataType::kFloat8E5M2FNUZ);
constexpr TypeSet kBytes = kI8 | kU8, kFloating = kF32 | kF64, kCommon = kFloating | kI32 | kI64,
                  kWideNumbers = kCommon | kU32 | kU64, kNumbers = kWideNumbers | kBytes | kI16 | kU16,
                  kSized = kNumbers | kF16 | kBf16 | kBool | kText;

/// Output `i`, where inputs are numbered from 0.
constexpr int Output(int i) { return -1 - i; }

/// What kernels take from an opset on.
struct Step {
  int64_t since;
  TypeSet types;
};

/// What kernels take at an input, or give at an output.
struct Takes {
  int place;                ///< input number, or Output(i)
  std::vector<Step> steps;  ///< the newest last
};

std::string NamesOf(TypeSet types) {
  if (types == kEverything) return "of any type";
  if (types == kSized) return "of any type but float8 and those below a byte";
  std::vector<DataType> list;
  for (int i = 1; i <= static_cast<int>(DataType::kInt2); ++i)
    if ((types >> i & 1) != 0) list.push_back(static_cast<DataType>(i));
  return ListOf(list);
}

std::string PlaceOf(const Takes& takes) {
  return takes.place >= 0 ? fmt::format("input {}", takes.place) : fmt::format("output {}", -1 - takes.place);
}

std::string SentenceOf(const Takes& takes) {
  std::string text;
  for (const Step& step : takes.steps) {
    if (!text.empty()) text += fmt::format("; from opset {} ", step.since);
    text += NamesOf(step.types);
  }
  return PlaceOf(takes) + " is " + text;
}

TypeSet AtOpset(const std::vector<Step>& steps, int64_t opset) {
  TypeSet types = steps.front().types;
  for (const Step& step : steps)
    if (step.since <= opset) types = step.types;
  return types;
}

/// The type at that place when kernels do not take it; `half`: when they take it as float only.
std::optional<std::string> Outside(const Subject& subject, const Takes& takes, bool half) {
  const ir::Value* value = takes.place >= 0 ? subject.node.input(static_cast<size_t>(takes.place))
                                            : subject.node.output(static_cast<size_t>(-1 - takes.place));
  if (value == nullptr || value->type.element == DataType::kUndefined) return std::nullopt;
  const TypeSet type = SetOf(value->type.element), types = AtOpset(takes.steps, subject.opset);
  if ((types & type) != 0) return std::nullopt;
  const bool runs_as_float = type == kF16 && (types & kF32) != 0;
  if (runs_as_float != half) return std::nullopt;
  return fmt::format("{} is {}", PlaceOf(takes), ir::NameOf(value->type.element));
}

OperatorRow Kernels(std::string_view op_types, const std::vector<Takes>& all) {
  OperatorRow row;
  row.op_types = Words(op_types);
  for (const Takes& takes : all) {
    std::string where = PlaceOf(takes);
    std::ranges::replace(where, ' ', '_');
    row.rules.push_back(Requires("type_" + where, SentenceOf(takes),
                                 [takes](const Subject& subject) { return Outside(subject, takes, false); }));
    const TypeSet newest = takes.steps.back().types;
    if ((newest & kF32) == 0 || (newest & kF16) != 0) continue;
    row.rules.push_back(Requires("half_" + where,
                                 PlaceOf(takes) + " is no float16, which runs as float between casts",
                                 [takes](const Subject& subject) { return Outside(subject, takes, true); })
                            .Otherwise(Grade::kEmulated)
                            .From("onnxruntime/onnxruntime-qnn@cee6c0d, "
                                  "onnxruntime/core/optimizer/insert_cast_transformer.cc"));
  }
  return row;
}

OperatorRow Defined(std::string op_type, std::string remark) {
  return {.op_types = {std::move(op_type)},
          .grade = Grade::kEmulated,
          .remark = std::move(remark),
          .source = "ONNX 1.23, the operator's function body; ONNX Runtime 1.32.0 has no kernel for it"};
}

}  // namespace

const Accelerator& OnnxRuntimeCpu() {
  static const Accelerator accelerator =
      {
          .name = "onnxruntime_cpu",
          .title = "ONNX Runtime, CPU",
          .runtime = "ONNX Runtime 1.32.0",
          .source =
              "ONNX Runtime 1.32.0 (PyPI), get_all_opkernel_def(): the list that docs/OperatorKernels.md is "
              "made of",
          .complete = true,
          .everywhere = {KnownTypes(), Requires("opset", "opset 7 or newer",
                                                [](const Subject& subject) -> std::optional<std::string> {
                                                  if (subject.opset >= 7 || !subject.node.domain.empty())
                                                    return std::nullopt;
                                                  return fmt::format("opset {}", subject.opset);
                                                })
                                           .From("onnxruntime/onnxruntime-qnn@cee6c0d, docs/Versioning.md")
                                           .Advise("export the model anew at opset 13 or newer")},
          .rows =
              {
                  {.op_types = Words(
                       "And BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor Celu ConcatFromSequence "
                       "ConvInteger DynamicQuantizeLinear IsInf MatMulInteger NonMaxSuppression Not Optional "
                       "OptionalGetElement OptionalHasElement Or QLinearConv RegexFullMatch SequenceEmpty "
                       "SequenceErase SequenceInsert SequenceLength Shrink Sign StringConcat "
                       "StringNormalizer StringSplit TfIdfVectorizer Xor ai.onnx.ml::ArrayFeatureExtractor "
                       "ai.onnx.ml::CastMap ai.onnx.ml::CategoryMapper ai.onnx.ml::DictVectorizer "
                       "ai.onnx.ml::FeatureVectorizer ai.onnx.ml::LinearClassifier ai.onnx.ml::Normalizer "
                       "ai.onnx.ml::SVMClassifier ai.onnx.ml::Scaler ai.onnx.ml::TreeEnsembleClassifier "
                       "ai.onnx.ml::ZipMap com.microsoft::AttnLSTM com.microsoft::BifurcationDetector "
                       "com.microsoft::BranchwiseRMSNorm com.microsoft::CDist "
                       "com.microsoft::DynamicQuantizeLSTM com.microsoft::DynamicQuantizeMatMul "
                       "com.microsoft::DynamicTimeWarping com.microsoft::GatedDeltaNet "
                       "com.microsoft::GatedRMSNorm com.microsoft::GatherPacked com.microsoft::GreedySearch "
                       "com.microsoft::HyperConnectionPostMix com.microsoft::HyperConnectionPreMix "
                       "com.microsoft::Inverse com.microsoft::LinearAttentionGate com.microsoft::MatMulFpQ4 "
                       "com.microsoft::MaxpoolWithMask com.microsoft::MoEGroupRouter "
                       "com.microsoft::MurmurHash3 com.microsoft::NGramHashMapping "
                       "com.microsoft::NGramRepeatBlock com.microsoft::NhwcMaxPool "
                       "com.microsoft::QEmbedLayerNormalization com.microsoft::QGemm "
                       "com.microsoft::QLinearAdd com.microsoft::QLinearAveragePool "
                       "com.microsoft::QLinearConcat com.microsoft::QLinearConv "
                       "com.microsoft::QLinearGlobalAveragePool com.microsoft::QLinearLeakyRelu "
                       "com.microsoft::QLinearMul com.microsoft::QLinearSigmoid "
                       "com.microsoft::QLinearSoftmax com.microsoft::QLinearWhere com.microsoft::Range "
                       "com.microsoft::Sampling com.microsoft::ScaledSiLU "
                       "com.microsoft::SkipLayerNormalization "
                       "com.microsoft::SkipSimplifiedLayerNormalization com.microsoft::SparseToDenseMatMul "
                       "com.microsoft::Tokenizer com.microsoft::VarlenCausalConvWithState "
                       "com.microsoft::VarlenNGramHashMapping com.microsoft::WordConvEmbedding")},
                  Kernels("Acos Acosh Affine Asin Asinh Atan Atanh AveragePool Col2Im Conv ConvTranspose "
                          "Cosh Crop Det Elu Erf Gelu GlobalAveragePool GlobalLpPool GlobalMaxPool "
                          "HardSigmoid Hardmax ImageScaler InstanceNormalization LRN LeakyRelu LpPool "
                          "MaxRoiPool MaxUnpool Mean MeanVarianceNormalization Multinomial PRelu "
                          "ParametricSoftplus RNN Scale ScaledTanh Selu Sinh Softplus Softsign Tan "
                          "ThresholdedRelu ai.onnx.ml::Binarizer ai.onnx.ml::LinearRegressor "
                          "ai.onnx.ml::SVMRegressor com.microsoft::Attention com.microsoft::BiasGelu "
                          "com.microsoft::CausalConvWithState com.microsoft::ConvTransposeWithDynamicPads "
                          "com.microsoft::CropAndResize com.microsoft::DecoderMaskedMultiHeadAttention "
                          "com.microsoft::FastGelu com.microsoft::FusedConv com.microsoft::FusedGemm "
                          "com.microsoft::Gelu com.microsoft::LinearAttention com.microsoft::MatMulBnb4 "
                          "com.microsoft::MoE com.microsoft::MultiHeadAttention com.microsoft::Pad "
                          "com.microsoft::QuantizeLinear com.microsoft::QuickGelu com.microsoft::SampleOp "
                          "com.microsoft::TransposeMatMul com.microsoft::Unique",
                          {{0, {{0, kF32}}}}),
                  Kernels(
                      "AffineGrid Ceil Cos DFT DeformConv Exp Floor GRU Gemm LSTM Log LogSoftmax "
                      "LpNormalization Reciprocal RoiAlign STFT Sigmoid Sin Softmax Sqrt Sum Tanh "
                      "ai.onnx.ml::TreeEnsemble ai.onnx.ml::TreeEnsembleRegressor com.microsoft::FusedMatMul",
                      {{0, {{0, kFloating}}}}),
                  Kernels("Compress Concat DynamicSlice Gather GatherElements GatherND ReverseSequence "
                          "Scatter ScatterElements ScatterND SequenceConstruct Slice Split Squeeze Unsqueeze "
                          "com.microsoft::ExpandDims com.microsoft::GatherND com.microsoft::UnfoldTensor",
                          {{0, {{0, kSized}}}}),
                  Kernels("CumSum ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMean ReduceProd "
                          "ReduceSum ReduceSumSquare",
                          {{0, {{0, kCommon}}}}),
                  Kernels("RotaryEmbedding com.microsoft::EngramGate com.microsoft::GatedAdd "
                          "com.microsoft::MRotaryEmbedding com.microsoft::RotaryEmbedding "
                          "com.microsoft::SparseAttention",
                          {{0, {{0, kF32 | kF16}}}}),
                  Kernels("Add Div Mul Sub", {{0, {{0, kWideNumbers}, {14, kNumbers}}}}),
                  Kernels("Abs GreaterOrEqual LessOrEqual", {{0, {{0, kNumbers}}}}),
                  Kernels("BlackmanWindow HammingWindow HannWindow", {{Output(0), {{0, kNumbers}}}}),
                  Kernels("ArgMax ArgMin", {{0, {{0, kCommon | kBytes}}}}),
                  Kernels("Greater Less", {{0, {{0, kFloating}, {9, kNumbers}}}}),
                  Kernels("LayerNormalization SimplifiedLayerNormalization", {{Output(1), {{0, kF32}}}}),
                  Kernels("Max Min", {{0, {{0, kF32}, {8, kFloating}, {12, kWideNumbers | kBytes | kF16}}}}),
                  Kernels("RandomNormal RandomUniform", {{Output(0), {{0, kFloating}}}}),
                  Kernels("ReduceMax ReduceMin",
                          {{0, {{0, kCommon}, {12, kCommon | kBytes}, {20, kCommon | kBytes | kBool}}}}),
                  Kernels("Reshape Shape", {{0, {{0, kSized}, {21, kSized | kF8}}}}),
                  Kernels("Resize Upsample", {{0, {{0, kBytes | kF32 | kI32}}}}),
                  Kernels("Size Tile", {{0, {{0, kNumbers | kText | kBool}}}}),
                  Kernels("com.microsoft::BeamSearch com.microsoft::WhisperBeamSearch", {{5, {{0, kF32}}}}),
                  Kernels("com.microsoft::EmbedLayerNormalization com.microsoft::MatMulIntegerToFloat",
                          {{2, {{0, kF32}}}}),
                  Kernels("Clip", {{0, {{0, kF32}, {12, kWideNumbers | kBytes | kF16}}}}),
                  Kernels("ConstantOfShape",
                          {{Output(0), {{0, kEverything}, {21, kNumbers | kF8 | kBool | kF16 | kBf16}}}}),
                  Kernels("CumProd", {{0, {{0, kWideNumbers}}}}),
                  Kernels("DepthToSpace", {{0, {{0, kFloating}, {11, kFloating | kBytes}}}}),
                  Kernels("Einsum", {{0, {{0, kCommon}, {28, kCommon | kBf16}}}}),
                  Kernels("Equal",
                          {{0, {{0, kEverything}, {11, kNumbers | kBool}, {19, kNumbers | kText | kBool}}}}),
                  Kernels("Expand", {{0, {{0, kNumbers | kText | kBool | kF16}}}}),
                  Kernels("Flatten", {{0, {{0, kEverything}, {9, kSized}}}}),
                  Kernels("Identity", {{0, {{0, kSized}, {14, kEverything}}}}),
                  Kernels("If", {{Output(0), {{0, kSized}, {13, kEverything}}}}),
                  Kernels("IsNaN", {{0, {{0, kEverything}, {13, kFloating | kF16}, {20, kEverything}}}}),
                  Kernels("Loop", {{2, {{0, kSized}, {13, kEverything}}}}),
                  Kernels("MatMul", {{0, {{0, kFloating}, {9, kWideNumbers}}}}),
                  Kernels("MaxPool", {{0, {{0, kF32}, {8, kFloating}, {12, kFloating | kBytes}}}}),
                  Kernels("Mod", {{0, {{0, kEverything}, {13, kNumbers | kF16}}}}),
                  Kernels("Neg", {{0, {{0, kCommon | kI8 | kI16}}}}),
                  Kernels("NonZero", {{0, {{0, kF32 | kU8 | kI32 | kI64 | kBool}}}}),
                  Kernels("Pad", {{0,
                                   {{0, kFloating},
                                    {11, kWideNumbers | kBytes},
                                    {13, kWideNumbers | kBytes | kBool},
                                    {21, kWideNumbers | kBytes | kBool | kBf16}}}}),
                  Kernels("Range", {{0, {{0, kEverything}, {27, kCommon | kI16}}}}),
                  Kernels("Relu", {{0, {{0, kFloating}, {14, kFloating | kI8 | kI32}}}}),
                  Kernels("Round", {{0, {{0, kEverything}, {22, kFloating | kF16}}}}),
                  Kernels("SequenceAt", {{Output(0), {{0, kSized}}}}),
                  Kernels("SpaceToDepth", {{0, {{0, kFloating | kBytes}}}}),
                  Kernels("SplitToSequence", {{0, {{0, kCommon | kText | kBool | kF16}}}}),
                  Kernels("TensorScatter", {{0, {{0, kNumbers | kBool | kF16 | kBf16}}}}),
                  Kernels("TopK", {{0, {{0, kFloating}, {11, kCommon | kBytes | kI16}}}}),
                  Kernels("Transpose", {{0,
                                         {{0, kSized},
                                          {21, kSized | kF8 | kU4 | kI4},
                                          {25, kSized | kF8 | kU4 | kI4 | kU2 | kI2}}}}),
                  Kernels("Trilu", {{0, {{0, kCommon | kBool}}}}),
                  Kernels("Unique", {{0,
                                      {{0, kFloating | kI8 | kI64 | kText},
                                       {28, kFloating | kI8 | kI64 | kText | kBf16}}}}),
                  Kernels("Where", {{1, {{0, kCommon | kBytes | kText | kU32}}}}),
                  Kernels("ai.onnx.ml::Imputer", {{0, {{0, kF32 | kI64}}}}),
                  Kernels("ai.onnx.ml::OneHotEncoder", {{0, {{0, kFloating | kI64 | kText}}}}),
                  Kernels("com.microsoft::DequantizeLinear", {{1, {{0, kF32}}}}),
                  Kernels("com.microsoft::GatherBlockQuantized", {{2, {{0, kF32 | kF16}}}}),
                  Kernels("com.microsoft::QMoE", {{2, {{0, kU8}}}}),
                  Kernels("com.microsoft::Trilu", {{0, {{0, kFloating | kI64}}}}),
                  Kernels("RandomNormalLike RandomUniformLike",
                          {{Output(0), {{0, kFloating}}}, {0, {{0, kSized}}}}),
                  Kernels("BitCast",
                          {{Output(0), {{0, kNumbers | kF16 | kBf16}}}, {0, {{0, kNumbers | kF16 | kBf16}}}}),
                  Kernels("Cast", {{Output(0),
                                    {{0, kEverything},
                                     {23, kSized | kF8 | kU4 | kI4 | kU2 | kI2},
                                     {24, kSized | kF8 | kU4 | kI4 | kE8 | kU2 | kI2}}},
                                   {0,
                                    {{0, kEverything},
                                     {23, kSized | kF8 | kU4 | kI4 | kU2 | kI2},
                                     {24, kSized | kF8 | kU4 | kI4 | kE8 | kU2 | kI2}}}}),
                  Kernels("Dropout", {{0, {{0, kEverything}, {12, kFloating}}},
                                      {1, {{0, kEverything}, {12, kFloating}}}}),
                  Kernels("EyeLike", {{Output(0), {{0, kCommon | kU64}}}, {0, {{0, kCommon | kU64}}}}),
                  Kernels("GridSample",
                          {{0, {{0, kF32}, {20, kFloating}}}, {1, {{0, kF32}, {20, kFloating}}}}),
                  Kernels("MelWeightMatrix", {{Output(0), {{0, kNumbers}}}, {3, {{0, kF32}}}}),
                  Kernels("Pow",
                          {{0, {{0, kFloating}, {12, kCommon}}}, {1, {{0, kEverything}, {12, kCommon}}}}),
                  Kernels("RMSNormalization", {{0, {{0, kFloating | kF16}}}, {1, {{0, kFloating | kF16}}}}),
                  Kernels("Scan", {{0, {{0, kEverything}, {9, kSized}, {19, kSized | kF8}}},
                                   {1, {{0, kSized}, {9, kEverything}}}}),
                  Kernels("ai.onnx.ml::LabelEncoder",
                          {{Output(0),
                            {{0, kI64 | kText},
                             {2, kF32 | kI64 | kText},
                             {4, kFloating | kI16 | kI64 | kText}}},
                           {0,
                            {{0, kI64 | kText}, {2, kF32 | kI64 | kText}, {4, kFloating | kI64 | kText}}}}),
                  Kernels("com.microsoft::GridSample", {{Output(0), {{0, kF32}}}, {0, {{0, kF32}}}}),
                  Kernels("com.microsoft::GroupQueryAttention",
                          {{0, {{0, kF32 | kF16}}}, {3, {{0, kBytes | kF32 | kF16}}}}),
                  Kernels("com.microsoft::MatMulNBits",
                          {{0, {{0, kF32 | kF16}}}, {3, {{0, kF32 | kU8 | kF16}}}}),
                  Kernels("com.microsoft::QAttention", {{0, {{0, kU8}}}, {2, {{0, kF32}}}}),
                  Kernels("Attention", {{0, {{0, kF32 | kF16}}},
                                        {2, {{0, kF32 | kF16}}},
                                        {3, {{0, kF32 | kBool | kF16}}}}),
                  Kernels("BatchNormalization", {{0, {{0, kFloating}}},
                                                 {1, {{0, kEverything}, {15, kFloating}}},
                                                 {3, {{0, kEverything}, {14, kFloating}}}}),
                  Kernels("DequantizeLinear",
                          {{Output(0), {{0, kEverything}, {23, kF32 | kF16}}},
                           {0,
                            {{0, kEverything},
                             {23, kBytes | kF8 | kU16 | kI16 | kI32 | kU4 | kI4},
                             {25, kBytes | kF8 | kU16 | kI16 | kI32 | kU4 | kI4 | kU2 | kI2}}},
                           {1, {{0, kEverything}, {19, kF32 | kF16}}}}),
                  Kernels("OneHot",
                          {{0, {{0, kF32 | kI32 | kI64}}},
                           {1, {{0, kF32 | kI32 | kI64}}},
                           {2, {{0, kF32 | kI32 | kI64 | kText}, {28, kF32 | kI32 | kI64 | kText | kBf16}}}}),
                  Kernels("QuantizeLinear", {{0, {{0, kF32}, {19, kF32 | kF16}}},
                                             {1, {{0, kEverything}, {23, kF32 | kF16}}},
                                             {2,
                                              {{0, kEverything},
                                               {23, kBytes | kF8 | kU16 | kI16 | kU4 | kI4},
                                               {25, kBytes | kF8 | kU16 | kI16 | kU4 | kI4 | kU2 | kI2}}}}),
                  Kernels("com.microsoft::MatMulInteger16",
                          {{Output(0), {{0, kI32}}}, {0, {{0, kI16}}}, {1, {{0, kI16}}}}),
                  Kernels("QLinearMatMul", {{0, {{0, kEverything}, {21, kBytes}}},
                                            {1, {{0, kEverything}, {21, kF32}}},
                                            {3, {{0, kEverything}, {21, kBytes}}},
                                            {7, {{0, kEverything}, {21, kBytes}}}}),
                  Defined("Bernoulli", "runs as RandomUniformLike, Greater and Cast"),
                  Defined("CastLike", "runs as Cast"),
                  Defined("CausalConvWithState", "runs as the operators that define it"),
                  Defined("CenterCropPad", "runs as Slice and Pad"),
                  Defined("GroupNormalization", "runs as reductions and arithmetic"),
                  Defined("HardSwish", "runs as HardSigmoid and Mul"),
                  Defined("LinearAttention", "runs as the operators that define it"),
                  Defined("Mish", "runs as Softplus, Tanh and Mul"),
                  Defined("NegativeLogLikelihoodLoss", "runs as gathers and reductions"),
                  Defined("SequenceMap", "runs as Loop"),
                  Defined("SoftmaxCrossEntropyLoss", "runs as LogSoftmax and NegativeLogLikelihoodLoss"),
                  Defined("SwiGLU", "runs as Swish and Mul"),
                  Defined("Swish", "runs as Sigmoid and Mul"),
              },
      };
  return accelerator;
}

}  // namespace shoehorn::targets
