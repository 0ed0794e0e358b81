// ONNX Runtime 1.32, CPU: what its QDQ fusion turns into integer kernels and what those are worth on x86-64
// with VNNI. Activations uint8, weights int8: with signed activations a third of the convolutions would stay
// in float.
#include "quant/rules.h"

namespace shoehorn::quant {
namespace {

// QLinearAveragePool works element by element: a float pool with its conversions overtakes it on large
// inputs.
std::string SmallPool(const ir::Node& node) {
  constexpr int64_t kLargest = 16384;
  const ir::Type& type = node.input(0)->type;
  return type.is_static() && ir::ElementCount(type.shape()) <= kLargest
             ? ""
             : "a float pool is faster on large inputs";
}

std::string FlatPool(const ir::Node& node) {
  return node.Ints("kernel_shape").size() == 2 ? "" : "its window has not two axes";
}

constexpr const char* kQdq = "fused by the QDQ transformer";

const Rule kRules[] = {
    {"Conv", Part::kWeighted, true, ConstantWeights,
     "QLinearConv, channels last, depthwise kernels of its own"},
    {"Gemm", Part::kWeighted, false, PlainGemm, "QGemm, float output when no pair follows"},
    {"MatMul", Part::kWeighted, false, ConstantWeights,
     "QLinearMatMul, or MatMulIntegerToFloat when no pair follows"},
    {"Add", Part::kFollower, true, OnlyActivations, "QLinearAdd"},
    {"AveragePool", Part::kFollower, true, SmallPool, "QLinearAveragePool"},
    {"GlobalAveragePool", Part::kFollower, true, Always, "QLinearGlobalAveragePool"},
    {"LeakyRelu", Part::kFollower, true, Always, "QLinearLeakyRelu, a table of 256"},
    {"Concat", Part::kJoin, true, OnlyActivations, "QLinearConcat, a copy when scales agree"},
    {"MaxPool", Part::kShared, true, FlatPool,
     "8-bit MaxPool; over three axes it takes 3.5 times the float one's time"},
    {"Reshape", Part::kShared, true, Always, kQdq},
    {"Flatten", Part::kShared, true, Always, kQdq},
    {"Squeeze", Part::kShared, true, Always, kQdq},
    {"Unsqueeze", Part::kShared, true, Always, kQdq},
    {"Transpose", Part::kShared, true, Always, kQdq},
    {"Resize", Part::kShared, true, NearestResize, kQdq},
};

}  // namespace

const EngineRules& OnnxRuntimeRules() {
  static const EngineRules rules{.engine = "onnxruntime",
                                 .rules = kRules,
                                 .integer_bias = true,
                                 .join_shares_scale = false,
                                 .depthwise_channel_scales = false};
  return rules;
}

}  // namespace shoehorn::quant
