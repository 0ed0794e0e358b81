// Arm's Ethos-U55 beside a Cortex-M, through its compiler Vela: a TFLite graph in 8 bits of static shape,
// batch 1. What the compiler leaves out stays on the processor.
//   AveragePool 9x9: refused, sides are at most 8
// Vela's list is of TFLite operators; the rows say the same of the ONNX operators that converters make these
// of.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "targets/constraints_8bit.h"

namespace shoehorn::targets {
namespace {

/// Height and width of the kernel with its dilations.
std::optional<std::pair<int64_t, int64_t>> DilatedKernel(const Subject& subject) {
  std::vector<int64_t> kernel = subject.node.Ints("kernel_shape");
  const ir::Type* weights = subject.TypeOf(1);
  if (kernel.empty() && weights != nullptr)
    for (size_t i = 2; i < weights->dims.size(); ++i) kernel.push_back(weights->dims[i].value);
  if (kernel.size() != 2) return std::nullopt;
  const std::vector<int64_t> dilations = subject.node.Ints("dilations", {1, 1});
  if (dilations.size() != 2) return std::nullopt;
  return std::pair((kernel[0] - 1) * dilations[0] + 1, (kernel[1] - 1) * dilations[1] + 1);
}

Rule KernelWithin(int64_t height, int64_t product) {
  return Requires("kernel",
                  fmt::format("the dilated kernel is at most {} high, height times width at most {}", height,
                              product),
                  [height, product](const Subject& subject) -> std::optional<std::string> {
                    const auto kernel = DilatedKernel(subject);
                    if (!kernel || (kernel->first <= height && kernel->first * kernel->second <= product))
                      return std::nullopt;
                    return fmt::format("the dilated kernel is {} by {}", kernel->first, kernel->second);
                  })
      .Advise("stack kernels of 3 by 3");
}

Rule StridesOfConv() {
  return Requires("strides", "strides are at most 4, depthwise 3",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const int64_t most = subject.node.Int("group", 1) == 1 ? 4 : 3;
                    for (const int64_t stride : subject.node.Ints("strides"))
                      if (stride > most) return fmt::format("a stride is {}", stride);
                    return std::nullopt;
                  })
      .Advise("use strides of 1 or 2");
}

Rule MeanOverPlane() {
  return Requires("axes", "the axes are height, width or both",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const auto rank = subject.Rank(0);
                    std::vector<int64_t> axes = subject.node.Ints("axes");
                    if (const auto input = IntsAt(subject, 1)) axes = *input;
                    if (!rank || axes.empty()) return "the axes are all, or computed";
                    for (int64_t& axis : axes) {
                      if (axis < 0) axis += static_cast<int64_t>(*rank);
                      if (axis < 2) return fmt::format("axis {} is averaged", axis);
                    }
                    return std::nullopt;
                  })
      .Cure("split_mean");
}

/// Height and width stay, or grow alike by 2, 4 or 8.
Rule GrowsByPowersOfTwo() {
  return Requires("scales", "height and width grow alike by 2, 4 or 8, or from 1 by 1",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const auto growth = GrowthOf(subject);
                    const ir::Type* type = subject.TypeOf(0);
                    if (!growth || growth->size() != 4) return std::nullopt;
                    if (type->dims[2].value == 1 && type->dims[3].value == 1) return std::nullopt;
                    const double factor = (*growth)[2];
                    const bool taken = factor == 1 || factor == 2 || factor == 4 || factor == 8;
                    if (taken && factor == (*growth)[3]) return std::nullopt;
                    return fmt::format("height grows by {} and width by {}", factor, (*growth)[3]);
                  })
      .Advise("resize by 2, more than once if need be");
}

Rule HalfPixelByTwo() {
  return Requires(
      "coordinate_transformation_mode", "asymmetric or align_corners; half_pixel when sides double",
      [](const Subject& subject) -> std::optional<std::string> {
        const std::string mode = subject.node.String("coordinate_transformation_mode", "half_pixel");
        if (mode == "asymmetric" || mode == "align_corners") return std::nullopt;
        const auto growth = GrowthOf(subject);
        const bool doubles = growth && growth->size() == 4 && (*growth)[2] == 2 && (*growth)[3] == 2;
        if (mode == "half_pixel" && subject.node.String("mode", "nearest") == "linear" && doubles)
          return std::nullopt;
        return "coordinate_transformation_mode is " + Escaped(mode);
      });
}

Rule PadsPlane() {
  return Requires("pads", "only height and width are padded, with a constant number of rows and columns",
                  [](const Subject& subject) -> std::optional<std::string> {
                    std::vector<int64_t> pads = subject.node.Ints("pads");
                    if (const auto input = IntsAt(subject, 1)) pads = *input;
                    if (pads.size() != 8) return "the pads are computed, or not of four dimensions";
                    if (pads[0] == 0 && pads[1] == 0 && pads[4] == 0 && pads[5] == 0) return std::nullopt;
                    return fmt::format("the pads are [{}]", fmt::join(pads, ","));
                  })
      .Cure("fold_pad");
}

Rule ReluOrRelu6() {
  return ClipsTo("the bounds are 0 and 6, or -1 and 1", {{0, 6}, {-1, 1}})
      .Cure("clip_to_bounds")
      .Advise("train with ReLU6 or ReLU");
}

Rule LastSoftmax() { return AxisIs("axis", {-1}, -1).Cure("softmax_axis"); }

Rule SidesWithin65535() {
  return Requires("side", "every dimension is at most 65535",
                  [](const Subject& subject) -> std::optional<std::string> {
                    for (size_t i = 0; i < subject.node.inputs().size(); ++i)
                      if (const ir::Type* type = subject.TypeOf(i); type != nullptr)
                        for (const ir::Dim& dim : type->dims)
                          if (dim.value > 65535)
                            return fmt::format("input {} has a side of {}", i, dim.value);
                    return std::nullopt;
                  });
}

}  // namespace

const Accelerator& EthosU() {
  static const Accelerator accelerator =
      {
          .name = "ethos_u",
          .title = "Arm Ethos-U55",
          .runtime = "Vela 3.6",
          .source = "nxp-imx/ethos-u-vela@090f18a, SUPPORTED_OPS.md (Vela 3.6.1)",
          .complete = true,
          .everywhere = {KnownTypes(), StaticShapes(), EveryRankAtMost(4), SidesWithin65535()},
          .rows =
              {
                  {.op_types = Words("QuantizeLinear DequantizeLinear"), .rules = {MarksOf8Bits()}},
                  {.op_types = Words("Reshape Flatten Squeeze Unsqueeze"), .rules = {QuantizedTo8Bits()}},
                  {.op_types =
                       Words("Abs HardSwish LeakyRelu PRelu Relu Sigmoid Tanh Add Sub Mul Max Min Concat"),
                   .rules = {QuantizedTo8Bits(), BatchOfOne()}},
                  {.op_types = {"Clip"}, .rules = {QuantizedTo8Bits(), BatchOfOne(), ReluOrRelu6()}},
                  {.op_types = {"Conv"},
                   .rules = {QuantizedTo8Bits(), BatchOfOne(), Rank(1, {4}), ConstantParameter(1, "weights"),
                             GroupOneOrDepthwise().Cure("split_grouped_conv"), StridesOfConv(),
                             KernelWithin(64, 4096)}},
                  {.op_types = {"ConvTranspose"},
                   .rules = {QuantizedTo8Bits(), BatchOfOne(), Rank(1, {4}), ConstantParameter(1, "weights"),
                             IntIs("group", {1}, 1), EachIs("strides", 2), KernelWithin(64, 4096)}},
                  {.op_types = Words("Gemm MatMul"),
                   .rules = {QuantizedTo8Bits(), Rank(0, {2}), ConstantParameter(1, "weights")}},
                  {.op_types = {"AveragePool"},
                   .rules = {QuantizedTo8Bits(), BatchOfOne(), Rank(0, {4}).Cure("lower_pool_3d"),
                             IntsWithin("strides", 1, 3), IntsWithin("kernel_shape", 1, 8),
                             IntIs("ceil_mode", {0}, 0)}},
                  {.op_types = {"MaxPool"},
                   .rules = {QuantizedTo8Bits(), BatchOfOne(), Rank(0, {4}).Cure("lower_pool_3d"),
                             IntsWithin("strides", 1, 3), KernelWithin(256, 65536), EachIs("dilations", 1),
                             IntIs("ceil_mode", {0}, 0), OutputsAtMost(1)}},
                  {.op_types = {"GlobalAveragePool"},
                   .rules = {QuantizedTo8Bits(), BatchOfOne(), Rank(0, {4})}},
                  {.op_types = {"ReduceMean"}, .rules = {QuantizedTo8Bits(), Rank(0, {4}), MeanOverPlane()}},
                  {.op_types = {"Softmax"}, .rules = {QuantizedTo8Bits(), LastSoftmax()}},
                  {.op_types = {"Pad"},
                   .rules = {QuantizedTo8Bits(),
                             BatchOfOne(), PadsPlane(), StringIs("mode", {"constant"}, "constant")}},
                  {.op_types = {"Slice"},
                   .rules = {QuantizedTo8Bits(), Constant(1, "starts"), Constant(2, "ends"),
                             Constant(3, "axes"), StepsOfOne()}},
                  {.op_types = {"Split"}, .rules = {QuantizedTo8Bits()}},
                  {.op_types = {"Resize"},
                   .rules =
                       {QuantizedTo8Bits(), BatchOfOne(), Rank(0, {4}),
                        StringIs("mode", {"nearest", "linear"}, "nearest").Cure("resize_modes"),
                        GrowsByPowersOfTwo(), HalfPixelByTwo()}},
                  {.op_types = {"BatchNormalization"},
                   .grade = Grade::kUnsupported,
                   .remark = "no normalization that is not folded into a convolution",
                   .cures = {"fold_batch_norm", "decompose_batch_norm"}},
                  {.op_types = {"Transpose"},
                   .grade = Grade::kUnsupported,
                   .remark = "not among the operators of the list",
                   .advice = "keep tensors in one layout; let the converter move transposes to the borders"},
                  {.op_types = Words("LSTM GRU RNN"),
                   .grade = Grade::kUnsupported,
                   .remark = "not among the operators of the list",
                   .cures = {"unroll_lstm", "unroll_gru", "unroll_rnn"}},
              },
      };
  return accelerator;
}

}  // namespace shoehorn::targets
