// Qualcomm HTP (QNN 2.4x through ONNX Runtime QNN 2.7.0): an accelerator of integers. Activations uint8 or
// uint16, weights int8 by channel, biases int32; whatever is left in float between them goes to the CPU where
// the chip has no fp16. An operator counts as integer when all its float inputs come out of a
// DequantizeLinear and all its outputs go into a QuantizeLinear of the same type; those that only move
// elements want one scale before and behind. From onnxruntime/onnxruntime-qnn at cee6c0d:
// core/optimizer/qdq_transformer/selectors_actions and core/providers/qnn/builder/opbuilder.
#include "quant/rules.h"

namespace shoehorn::quant {
namespace {

std::string PlainPad(const ir::Node& node) {
  return node.input(2) == nullptr || node.input(2)->constant() != nullptr ? ""
                                                                          : "its padding value is computed";
}

std::string ConstantLimits(const ir::Node& node) {
  for (size_t limit = 1; limit <= 2; ++limit)
    if (node.input(limit) != nullptr && node.input(limit)->constant() == nullptr)
      return "its limits are computed";
  return {};
}

std::string ConstantScaleAndBias(const ir::Node& node) {
  for (size_t i = 1; i <= 2; ++i)
    if (node.input(i) != nullptr &&
        (node.input(i)->constant() == nullptr || node.input(i)->constant()->type() != ir::DataType::kFloat))
      return "its scale or bias is not constant";
  return {};
}

std::string OneGroup(const ir::Node& node) {
  return node.Int("group", 1) == 1 ? ConstantWeights(node) : "it has groups";
}

std::string Bounded(const ir::Node& node) {
  return node.String("mode", "nearest") != "cubic" ? "" : "it overshoots the range of its input";
}

constexpr const char* kUnary = "one pair before and one behind, each with its own scale";
constexpr const char* kBinary = "both inputs and the output quantized, constants too";
constexpr const char* kMoves = "the same scale before and behind";
constexpr const char* kFixed = "the output is held at the scale of its mathematical range";
constexpr const char* kWeights = "int8 weights by channel, int32 bias";

constexpr Rule::Interval kUnit{0, 1}, kAroundZero{-1, 1};

const Rule kRules[] = {
    {"Conv", Part::kWeighted, true, ConstantWeights, kWeights},
    {"ConvTranspose", Part::kWeighted, true, OneGroup, kWeights},
    {"ConvTranspose", Part::kWeighted, true, ConstantWeights, "int8 weights, one scale", false},
    {"Gemm", Part::kWeighted, true, PlainGemm, "FullyConnected"},
    {"MatMul", Part::kWeighted, true, ConstantWeights, "FullyConnected or MatMul"},
    {"MatMul", Part::kFollower, true, Always, kBinary},
    {"LayerNormalization", Part::kNormalization, true, ConstantScaleAndBias, "int32 bias"},
    {"InstanceNormalization", Part::kNormalization, true, ConstantScaleAndBias, "int32 bias"},
    {"Add", Part::kFollower, true, Always, kBinary},
    {"Sub", Part::kFollower, true, Always, kBinary},
    {"Mul", Part::kFollower, true, Always, kBinary},
    {"Div", Part::kFollower, true, Always, kBinary},
    {"Pow", Part::kFollower, true, Always, kBinary},
    {"PRelu", Part::kFollower, true, Always, kBinary},
    {"GridSample", Part::kFollower, true, Always, kBinary},
    {"Max", Part::kFollower, true, Always, kBinary},
    {"Min", Part::kFollower, true, Always, kBinary},
    {"Where", Part::kFollower, true, Always, "both choices and the output quantized, constants too"},
    {"Sigmoid", Part::kFollower, true, Always, kFixed, true, kUnit},
    {"HardSigmoid", Part::kFollower, true, Always, kFixed, true, kUnit},
    {"Softmax", Part::kFollower, true, Always, kFixed, true, kUnit},
    {"Tanh", Part::kFollower, true, Always, kFixed, true, kAroundZero},
    {"LogSoftmax", Part::kFollower, true, Always, kUnary},
    {"Relu", Part::kFollower, true, Always, kUnary},
    {"Clip", Part::kFollower, true, ConstantLimits, "its limits stay in float"},
    {"LeakyRelu", Part::kFollower, true, Always, kUnary},
    {"Elu", Part::kFollower, true, Always, kUnary},
    {"HardSwish", Part::kFollower, true, Always, kUnary},
    {"Gelu", Part::kFollower, true, Always, kUnary},
    {"Abs", Part::kFollower, true, Always, kUnary},
    {"Neg", Part::kFollower, true, Always, kUnary},
    {"Exp", Part::kFollower, true, Always, kUnary},
    {"Log", Part::kFollower, true, Always, kUnary},
    {"Sqrt", Part::kFollower, true, Always, kUnary},
    {"Sin", Part::kFollower, true, Always, kUnary},
    {"Cos", Part::kFollower, true, Always, kUnary},
    {"Sign", Part::kFollower, true, Always, kUnary},
    {"Floor", Part::kFollower, true, Always, kUnary},
    {"Ceil", Part::kFollower, true, Always, kUnary},
    {"Round", Part::kFollower, true, Always, kUnary},
    {"LRN", Part::kFollower, true, Always, kUnary},
    {"LpNormalization", Part::kFollower, true, Always, kUnary},
    {"AveragePool", Part::kFollower, true, Always, kUnary},
    {"GlobalAveragePool", Part::kFollower, true, Always, kUnary},
    {"GlobalMaxPool", Part::kFollower, true, Always, kUnary},
    {"ReduceMean", Part::kFollower, true, Always, kUnary},
    {"ReduceSum", Part::kFollower, true, Always, kUnary},
    {"ReduceMax", Part::kFollower, true, Always, kUnary},
    {"ReduceMin", Part::kFollower, true, Always, kUnary},
    {"Concat", Part::kJoin, true, Always, "each input has its own scale"},
    {"MaxPool", Part::kShared, true, Always, kMoves},
    {"Resize", Part::kShared, true, Bounded, kMoves},
    {"Slice", Part::kShared, true, Always, kMoves},
    {"Split", Part::kShared, true, Always, kMoves},
    {"Gather", Part::kShared, true, Always, kMoves},
    {"GatherElements", Part::kShared, true, Always, kMoves},
    {"Pad", Part::kShared, true, PlainPad, "its value stays in float; it lies in the range when that is 0"},
    {"Expand", Part::kShared, true, Always, kMoves},
    {"Tile", Part::kShared, true, Always, kMoves},
    {"DepthToSpace", Part::kShared, true, Always, kMoves},
    {"SpaceToDepth", Part::kShared, true, Always, kMoves},
    {"Reshape", Part::kShared, true, Always, kMoves},
    {"Flatten", Part::kShared, true, Always, kMoves},
    {"Squeeze", Part::kShared, true, Always, kMoves},
    {"Unsqueeze", Part::kShared, true, Always, kMoves},
    {"Transpose", Part::kShared, true, Always, kMoves},
};

}  // namespace

const EngineRules& QnnHtpRules() {
  static const EngineRules rules{.engine = "qnn_htp",
                                 .rules = kRules,
                                 .integer_bias = true,
                                 .join_shares_scale = false,
                                 .depthwise_channel_scales = false,
                                 .whole = true};
  return rules;
}

}  // namespace shoehorn::quant
