// OpenVINO 2026.4, CPU: its low-precision transformations read the pairs as FakeQuantize, move scales through
// whatever only moves elements, and give any output type, so only inputs want pairs; a bias stays in float.
#include "quant/rules.h"

namespace shoehorn::quant {
namespace {

constexpr const char* kMoved = "scales are moved through it";

const Rule kRules[] = {
    {"Conv", Part::kWeighted, false, ConstantWeights, "oneDNN int8 convolution, zero points compensated"},
    {"Gemm", Part::kWeighted, false, PlainGemm, "oneDNN int8 inner product"},
    {"MatMul", Part::kWeighted, false, ConstantWeights, "oneDNN int8 inner product"},
    {"Add", Part::kFollower, false, OnlyActivations, "fused into the convolution before it as a sum"},
    {"AveragePool", Part::kFollower, false, Always, "int8 pooling"},
    {"GlobalAveragePool", Part::kFollower, false, Always, "int8 pooling"},
    {"Concat", Part::kJoin, false, OnlyActivations, "int8 copy when scales agree"},
    {"MaxPool", Part::kShared, false, Always, kMoved},
    {"Reshape", Part::kShared, false, Always, kMoved},
    {"Flatten", Part::kShared, false, Always, kMoved},
    {"Squeeze", Part::kShared, false, Always, kMoved},
    {"Unsqueeze", Part::kShared, false, Always, kMoved},
    {"Transpose", Part::kShared, false, Always, kMoved},
    {"Resize", Part::kShared, false, NearestResize, kMoved},
};

}  // namespace

const EngineRules& OpenVinoRules() {
  static const EngineRules rules{.engine = "openvino",
                                 .rules = kRules,
                                 .integer_bias = false,
                                 .join_shares_scale = true,
                                 .depthwise_channel_scales = true};
  return rules;
}

}  // namespace shoehorn::quant
