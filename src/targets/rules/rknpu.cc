// Rockchip's NPU (RK3588, RK3576) through RKNN-Toolkit2: tensors of batch, channels, height and width in int8
// or float16. What the NPU does not take runs as an operator of RKNN's runtime on the CPU: refused here,
// because the tensors go out and come back.
//   GlobalAveragePool over 20x20: refused, at most 7x7 on an RK3588
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "targets/constraints_8bit.h"

namespace shoehorn::targets {
namespace {

constexpr const char* kLimits =
    "airockchip/rknn-toolkit2@59a913d, doc/05_RKNN_Compiler_Support_Operator_List_V2.3.2.pdf";

/// Height and width of input `i`, when they are numbers.
std::optional<std::pair<int64_t, int64_t>> Plane(const Subject& subject, size_t i) {
  const ir::Type* type = subject.TypeOf(i);
  if (type == nullptr || type->dims.size() != 4 || !type->dims[2].known() || !type->dims[3].known())
    return std::nullopt;
  return std::pair(type->dims[2].value, type->dims[3].value);
}

bool IsDepthwise(const Subject& subject) {
  const ir::Type* weights = subject.TypeOf(1);
  return subject.node.Int("group", 1) > 1 && weights != nullptr && weights->dims.size() == 4 &&
         weights->dims[1].value == 1;
}

Rule KernelOfConv() {
  return Requires("kernel", "the kernel is at most 31 by 31, depthwise 8 by 8",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const auto kernel = Plane(subject, 1);
                    const int64_t most = IsDepthwise(subject) ? 8 : 31;
                    if (!kernel || std::max(kernel->first, kernel->second) <= most) return std::nullopt;
                    return fmt::format("the {}kernel is {} by {}", IsDepthwise(subject) ? "depthwise " : "",
                                       kernel->first, kernel->second);
                  })
      .Advise("stack kernels of 3 by 3");
}

Rule SidesWithin(int64_t most) {
  return Requires("side", fmt::format("channels, height and width are at most {}", most),
                  [most](const Subject& subject) -> std::optional<std::string> {
                    const ir::Type* type = subject.TypeOf(0);
                    if (type == nullptr) return std::nullopt;
                    for (size_t i = 1; i < type->dims.size(); ++i)
                      if (type->dims[i].value > most)
                        return fmt::format("dimension {} is {}", i, type->dims[i].value);
                    return std::nullopt;
                  });
}

/// The plane of a global pool; the limit for maxima is a fact of the profile.
Rule PlaneWithin(std::string fact) {
  return Requires("plane", "height and width are within the device's limit (7 on an RK3588)",
                  [fact = std::move(fact)](const Subject& subject) -> std::optional<std::string> {
                    const auto plane = Plane(subject, 0);
                    const double most = subject.profile.Number(fact, 7);
                    if (!plane || static_cast<double>(std::max(plane->first, plane->second)) <= most)
                      return std::nullopt;
                    return fmt::format("the plane is {} by {}, the limit is {}", plane->first, plane->second,
                                       most);
                  })
      .Cure("split_mean")
      .Advise("shrink the input, or pool in two steps of at most 7 by 7");
}

Rule PadsCountOrNone() {
  return Requires("count_include_pad", "count_include_pad is 1, or nothing is padded",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const std::vector<int64_t> pads = subject.node.Ints("pads");
                    if (subject.node.Int("count_include_pad", 0) == 1 ||
                        std::ranges::all_of(pads, [](int64_t pad) { return pad == 0; }))
                      return std::nullopt;
                    return fmt::format("count_include_pad is 0 and pads are [{}]", fmt::join(pads, ","));
                  });
}

Rule TransposedStrides() {
  return Requires("strides", "strides are 1, 2, 4 or 8; any up to 8 where the device takes them (RK3576)",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const bool any = subject.profile.Has("any_transposed_stride");
                    for (const int64_t stride : subject.node.Ints("strides"))
                      if (stride > 8 || (!any && stride != 1 && stride != 2 && stride != 4 && stride != 8))
                        return fmt::format("a stride is {}", stride);
                    return std::nullopt;
                  });
}

Rule ExponentIn() {
  return Requires("exponent", "the exponent is a constant: 0, 1, 2, 3, 0.5 or -0.5",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const ir::Value* value = subject.node.input(1);
                    const ir::Tensor* tensor = value == nullptr ? nullptr : ir::ConstantOf(*value);
                    const auto numbers = tensor == nullptr ? std::nullopt : tensor->ToDoubles();
                    if (!numbers || numbers->size() != 1)
                      return "the exponent is computed, or not one number";
                    for (const double taken : {0.0, 1.0, 2.0, 3.0, 0.5, -0.5})
                      if (numbers->front() == taken) return std::nullopt;
                    return fmt::format("the exponent is {}", numbers->front());
                  })
      .Cure("pow_to_mul");
}

Rule Relu6() {
  return ClipsTo("the bounds are 0 and 6", {{0, 6}})
      .Cure("clip_to_bounds")
      .Advise("train with ReLU6 or ReLU");
}

Rule FactorsUpTo8() {
  return Requires("scales", "height and width grow by a whole number from 2 to 8, or from 1 by 1",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const auto growth = GrowthOf(subject);
                    const auto plane = Plane(subject, 0);
                    if (!growth || growth->size() != 4 || (plane && plane->first == 1 && plane->second == 1))
                      return std::nullopt;
                    for (size_t i = 2; i < 4; ++i)
                      if (const double factor = (*growth)[i];
                          factor != 1 && (factor != std::round(factor) || factor < 2 || factor > 8))
                        return fmt::format("dimension {} grows by {}", i, factor);
                    return std::nullopt;
                  })
      .Advise("choose an input size that is a multiple of 32, so that all resizes are by whole numbers");
}

/// Only these permutations are written down here; the list has limits for each of the 24.
Rule KnownPermutation() {
  return Requires("perm_known", "perm keeps the batch in front, on four dimensions",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const std::vector<int64_t> perm = subject.node.Ints("perm");
                    if (perm.size() == 4 && perm[0] == 0) return std::nullopt;
                    return fmt::format("perm is [{}]", fmt::join(perm, ","));
                  })
      .Otherwise(Grade::kUnknown);
}

Rule PermutationWithinLimits() {
  return Requires(
      "perm",
      "sizes within the limits of the permutation (rows in multiples of 8, or 16 in int8; planes below the "
      "device's limit)",
      [](const Subject& subject) -> std::optional<std::string> {
        const std::vector<int64_t> perm = subject.node.Ints("perm");
        const ir::Type* type = subject.TypeOf(0);
        if (perm.size() != 4 || perm[0] != 0 || type == nullptr || !type->is_static()) return std::nullopt;
        const double c = static_cast<double>(type->dims[1].value),
                     h = static_cast<double>(type->dims[2].value),
                     w = static_cast<double>(type->dims[3].value);
        const double p = subject.profile.Number("transpose_limit", 8192);
        const double q = subject.profile.Number("transpose_plane", 2048);
        const bool int8 = subject.ElementType(0) == ir::DataType::kInt8;
        const double step = int8 ? 16 : 8;
        const auto multiple = [](double size, double of) { return std::fmod(size, of) == 0; };
        bool within = true;
        if (perm == std::vector<int64_t>{0, 1, 3, 2})
          within = multiple(h, step) && h * w < step * p && h * w < 2 * q;
        else if (perm == std::vector<int64_t>{0, 2, 3, 1})
          within = c < 8192 && multiple(h * w, 8) && w * c < step * p;
        else if (perm == std::vector<int64_t>{0, 2, 1, 3})
          within = multiple(h, step) && h * w < step * p && h * w < 2 * q && c * w < p;
        else if (perm == std::vector<int64_t>{0, 3, 1, 2})
          within = h * w < p && w < 8192 && h * c < p;
        else if (perm == std::vector<int64_t>{0, 3, 2, 1})
          within = multiple(h, step) && h * w < step * p && h * w < 2 * q && c < step * p;
        if (within) return std::nullopt;
        return fmt::format("perm is [{}] of [{},{},{},{}]", fmt::join(perm, ","), type->dims[0].value, c, h,
                           w);
      });
}

Rule IndicesInARow() { return Rank(1, {1}).Cure("gather_to_slice"); }

Rule ConvPads(int64_t most) { return IntsWithin("pads", 0, most); }

OperatorRow Npu(std::string_view op_types, std::vector<Rule> rules = {}) {
  return {.op_types = Words(op_types), .rules = std::move(rules), .source = kLimits};
}

OperatorRow OnCpu(std::string_view op_types, std::string advice = {}) {
  return {.op_types = Words(op_types),
          .grade = Grade::kUnsupported,
          .remark = "an operator of RKNN's runtime on the CPU, not of the NPU",
          .advice = std::move(advice),
          .source = kLimits};
}

OperatorRow NotConverted(std::string_view op_types, std::string advice = {},
                         std::vector<std::string> cures = {}) {
  return {.op_types = Words(op_types),
          .grade = Grade::kUnsupported,
          .remark = "not among the operators that RKNN-Toolkit2 converts",
          .cures = std::move(cures),
          .advice = std::move(advice)};
}

}  // namespace

const Accelerator& RkNpu() {
  static const Accelerator accelerator =
      {
          .name = "rknpu",
          .title = "Rockchip NPU (RKNN)",
          .runtime = "RKNN-Toolkit2 2.3.2",
          .source = "airockchip/rknn-toolkit2@59a913d, doc/RKNNToolKit2_OP_Support-2.3.2.md",
          .complete = true,
          .everywhere =
              {KnownTypes(), StaticShapes(),
               OpsetWithin(1, 19).Otherwise(Grade::kUnknown).Advise("export the model at opset 19 or older"),
               EveryRankAtMost(4).From(kLimits)},
          .rows =
              {
                  Npu("Add BatchNormalization Div Gelu HardSwish LeakyRelu Max Min Mish Mul PRelu Relu "
                      "Reshape Sigmoid "
                      "Softplus Sub Tanh Where"),
                  Npu("QuantizeLinear DequantizeLinear Identity Dropout"),
                  {.op_types = Words("Flatten Squeeze Unsqueeze"),
                   .grade = Grade::kEmulated,
                   .remark = "runs as Reshape"},
                  {.op_types = Words("Gemm MatMul"),
                   .grade = Grade::kEmulated,
                   .remark = "runs as a convolution of 1 by 1, or as the NPU's own product of matrices",
                   .source = kLimits},
                  Npu("Concat Split", {AxisIs("axis", {0, 1, 2, 3}, 0)}),
                  Npu("Conv", {KernelOfConv(), IntsWithin("strides", 1, 7), ConvPads(15),
                               IntsWithin("dilations", 1, 31), Rank(0, {3, 4})}),
                  Npu("ConvTranspose",
                      {KernelOfConv(), TransposedStrides(), ConvPads(15), GroupOneOrDepthwise(),
                       Requires("dilations", "dilations are 1, or the kernel is 1 by 1",
                                [](const Subject& subject) -> std::optional<std::string> {
                                  const auto kernel = Plane(subject, 1);
                                  if (kernel == std::pair<int64_t, int64_t>(1, 1)) return std::nullopt;
                                  return EachIs("dilations", 1).broken(subject);
                                })}),
                  Npu("MaxPool", {Rank(0, {3, 4}).Cure("lower_pool_3d"), SidesWithin(8192),
                                  IntsWithin("kernel_shape", 1, 7), IntsWithin("strides", 1, 8), ConvPads(7),
                                  IntIs("ceil_mode", {0}, 0), EachIs("dilations", 1),
                                  StringIs("auto_pad", {"NOTSET"}, "NOTSET"), OutputsAtMost(1)}),
                  Npu("AveragePool", {Rank(0, {3, 4}).Cure("lower_pool_3d"),
                                      SidesWithin(8192), IntsWithin("kernel_shape", 1, 7),
                                      IntsWithin("strides", 1, 8), ConvPads(7), IntIs("ceil_mode", {0}, 0),
                                      StringIs("auto_pad", {"NOTSET"}, "NOTSET"), PadsCountOrNone()}),
                  Npu("GlobalMaxPool", {PlaneWithin("global_max_pool_side")}),
                  Npu("GlobalAveragePool", {PlaneWithin("global_average_pool_side")}),
                  Npu("Clip", {Relu6()}),
                  Npu("Elu", {FloatIs("alpha", 1, 1).Cure("decompose_activation")}),
                  Npu("HardSigmoid", {Requires("alpha", "alpha is 1/6 and beta is 0.5",
                                               [](const Subject& subject) -> std::optional<std::string> {
                                                 const float alpha = subject.node.Float("alpha", 0.2F);
                                                 const float beta = subject.node.Float("beta", 0.5F);
                                                 if (std::abs(alpha - 1.0F / 6) < 1e-5F && beta == 0.5F)
                                                   return std::nullopt;
                                                 return fmt::format("alpha is {} and beta is {}", alpha,
                                                                    beta);
                                               })
                                          .Cure("decompose_hard_sigmoid")}),
                  Npu("Expand", {Constant(1, "shape")}),
                  Npu("Tile", {Constant(1, "repeats"), BatchOfOne().Cure("tile_to_concat")}),
                  Npu("Gather", {IndicesInARow()}),
                  Npu("Pad", {StringIs("mode", {"constant", "reflect"}, "constant"), Constant(1, "pads")}),
                  Npu("Pow", {ExponentIn()}),
                  Npu("Resize",
                      {StringIs("mode", {"nearest", "linear"}, "nearest"),
                       StringIs("coordinate_transformation_mode",
                                {"half_pixel", "pytorch_half_pixel", "align_corners"}, "half_pixel"),
                       IntIs("antialias", {0}, 0), NotGiven("axes"), IntIs("exclude_outside", {0}, 0),
                       StringIs("keep_aspect_ratio_policy", {"stretch"}, "stretch"), ResizesLast(2),
                       FactorsUpTo8()}),
                  Npu("Slice", {BatchOfOne(), StepsOfOne(), Constant(1, "starts"), Constant(2, "ends")}),
                  Npu("Softmax", {BatchOfOne(), AxisIs("axis", {1, 3}, -1).Cure("softmax_axis")}),
                  Npu("Transpose", {KnownPermutation(), PermutationWithinLimits()}),
                  {.op_types = Words("LayerNormalization MeanVarianceNormalization"),
                   .grade = Grade::kConditional,
                   .remark = "over the channels, or over all but the batch, and in float16",
                   .cures = {"decompose_layer_norm"},
                   .advice = "train with batch normalization",
                   .source = kLimits},
                  Npu("GRU", {IntIs("layout", {0}, 0)}),
                  Npu("LSTM", {IntIs("input_forget", {0}, 0), IntIs("layout", {0}, 0)}),
                  {.op_types = Words("Shape Size ConstantOfShape EyeLike Constant"),
                   .grade = Grade::kConditional,
                   .remark = "folded when the model is converted, when what it reads is known then"},
                  {.op_types = {"If"},
                   .grade = Grade::kConditional,
                   .remark = "the condition is a constant",
                   .cures = {"inline_if"},
                   .advice = "write the branch out before the export"},
                  {.op_types = Words("Greater"),
                   .rules = {Requires("device", "a device that compares on the NPU (RK3576)",
                                      [](const Subject& subject) -> std::optional<std::string> {
                                        if (subject.profile.Has("npu_greater")) return std::nullopt;
                                        return "operator Greater";
                                      })},
                   .source = kLimits},
                  OnCpu("And ArgMax ArgMin Cast Cos DepthToSpace Equal Erf Exp Floor GatherElements "
                        "GreaterOrEqual LRN Less "
                        "LessOrEqual Log LogSoftmax LpNormalization MaxRoiPool Mod ReduceMax ReduceMin "
                        "ReduceSum "
                        "ReverseSequence RoiAlign ScatterND Sin SpaceToDepth Sqrt",
                        "end the network before it and compute the rest after the NPU"),
                  {.op_types = {"ReduceMean"},
                   .grade = Grade::kUnsupported,
                   .remark = "an operator of RKNN's runtime on the CPU, not of the NPU",
                   .cures = {"reduce_mean_to_pool"},
                   .advice = "pool by GlobalAveragePool instead of a mean over height and width",
                   .source = kLimits},
                  {.op_types = {"InstanceNormalization"},
                   .grade = Grade::kUnsupported,
                   .remark = "an operator of RKNN's runtime on the CPU, not of the NPU",
                   .cures = {"decompose_instance_norm"},
                   .advice = "train with batch normalization",
                   .source = kLimits},
                  NotConverted("Sum Mean", {}, {"binary_variadics"}),
                  NotConverted("RNN", "train a GRU or an LSTM, or convolutions over a window of fixed length",
                               {"unroll_rnn"}),
                  NotConverted("ScatterElements", {}, {"lower_scatter"}),
                  NotConverted(
                      "Abs Neg Reciprocal Not Or Xor Sign Round Ceil Tan Atan Asin Acos Sinh Cosh "
                      "Asinh "
                      "Acosh Atanh",
                      "write it by Mul, Add, Sub, Max and Relu: |x| as Max(x, -1*x), -x as Mul(x, -1)"),
                  NotConverted("TopK NonMaxSuppression NonZero OneHot Unique Compress Range",
                               "end the network before it and select on the CPU"),
                  NotConverted("GroupNormalization", "train with batch normalization",
                               {"decompose_group_norm"}),
                  NotConverted("GridSample DeformConv", "align by Resize and convolutions of fixed kernels"),
                  NotConverted("Celu Selu Softsign ThresholdedRelu", "train with ReLU or Elu",
                               {"decompose_activation"}),
                  NotConverted("Einsum", "write it by MatMul, Transpose and Reshape", {"lower_einsum"}),
                  NotConverted("CumSum Loop Scan GatherND ReduceL1 ReduceL2 ReduceLogSum "
                               "ReduceLogSumExp ReduceProd ReduceSumSquare Hardmax Trilu"),
                  NotConverted("QLinearConv QLinearMatMul ConvInteger MatMulInteger DynamicQuantizeLinear",
                               "hand the float model over; RKNN-Toolkit2 quantizes it, or takes QDQ"),
              },
      };
  return accelerator;
}

}  // namespace shoehorn::targets
