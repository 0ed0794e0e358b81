// Google's Edge TPU through its compiler: a TFLite graph in 8 bits of static shape whose weights are
// constants. The compiler takes one part of the graph, from the inputs on; what follows the first operator
// that it refuses stays on the host.
//   Softmax over 20000 classes: refused, at most 16000 elements
// The list is of TFLite operators; the rows say the same of the ONNX operators that converters make these of.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "targets/constraints_8bit.h"

namespace shoehorn::targets {
namespace {

Rule OneDilation() {
  return Requires("dilations", "one dilation for both directions; none when depthwise",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const std::vector<int64_t> dilations = subject.node.Ints("dilations");
                    const bool depthwise = subject.node.Int("group", 1) > 1;
                    const bool taken =
                        std::ranges::adjacent_find(dilations, std::not_equal_to<>()) == dilations.end() &&
                        (!depthwise || dilations.empty() || dilations.front() == 1);
                    if (taken) return std::nullopt;
                    return fmt::format("{}dilations are [{}]", depthwise ? "depthwise, " : "",
                                       fmt::join(dilations, ","));
                  })
      .Advise("use the same dilation for height and width, and none in depthwise layers");
}

/// Axis 0, the batch, is not reduced, packed, split or padded.
Rule NotOverBatch() {
  return Requires("batch_axis", "the axes do not include the batch",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const auto rank = subject.Rank(0);
                    std::vector<int64_t> axes = subject.node.Ints("axes");
                    if (const auto input = IntsAt(subject, 1); input && axes.empty()) axes = *input;
                    if (axes.empty()) return "the axes are all, or computed";
                    for (const int64_t axis : axes)
                      if (axis == 0 || (rank && axis == -static_cast<int64_t>(*rank)))
                        return "the batch is among the axes";
                    return std::nullopt;
                  });
}

Rule AxisNotBatch() {
  return Requires("batch_axis", "the axis is not the batch",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const auto rank = subject.Rank(0);
                    const int64_t axis = subject.node.Int("axis", 0);
                    if (axis != 0 && !(rank && axis == -static_cast<int64_t>(*rank))) return std::nullopt;
                    return fmt::format("axis is {}", axis);
                  });
}

Rule PadsNoBatch() {
  return Requires("pads", "the batch is not padded",
                  [](const Subject& subject) -> std::optional<std::string> {
                    std::vector<int64_t> pads = subject.node.Ints("pads");
                    if (const auto input = IntsAt(subject, 1)) pads = *input;
                    if (pads.empty()) return "the pads are computed";
                    if (pads.front() == 0 && pads[pads.size() / 2] == 0) return std::nullopt;
                    return fmt::format("the pads are [{}]", fmt::join(pads, ","));
                  });
}

Rule SoftmaxOfOneDimension() {
  return Requires("elements", "one dimension is larger than 1, with at most 16000 elements",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const ir::Type* type = subject.TypeOf(0);
                    if (type == nullptr || !type->is_static()) return std::nullopt;
                    int64_t wide = 0, elements = 1;
                    for (const ir::Dim& dim : type->dims) {
                      wide += dim.value != 1;
                      elements *= dim.value;
                    }
                    if (wide <= 1 && elements <= 16000) return std::nullopt;
                    return fmt::format("{} dimensions larger than 1, {} elements", wide, elements);
                  })
      .Advise("leave the last Softmax to the host: the largest element is the same without it");
}

Rule ResizeMayBeLeft() {
  return Requires("loss", "the compiler leaves a resize to the host when its sizes would lose precision",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const auto growth = GrowthOf(subject);
                    if (growth && std::ranges::all_of(*growth, [](double factor) {
                          return factor == 1 || factor == 2 || factor == 4;
                        }))
                      return std::nullopt;
                    return "the tensor does not grow by 2 or 4";
                  })
      .Otherwise(Grade::kUnknown);
}

Rule ReluBounds() {
  return ClipsTo("the bounds are 0 and 6, or -1 and 1", {{0, 6}, {-1, 1}})
      .Cure("clip_to_bounds")
      .Advise("train with ReLU6 or ReLU");
}

}  // namespace

const Accelerator& EdgeTpu() {
  static const Accelerator accelerator =
      {
          .name = "edgetpu",
          .title = "Google Coral Edge TPU",
          .runtime = "Edge TPU compiler 16, runtime 14",
          .source = "https://coral.ai/docs/edgetpu/models-intro/#supported-operations",
          .complete = true,
          .everywhere = {KnownTypes(), StaticShapes(),
                         WideDimensionsAtMost(3).From(
                             "https://coral.ai/docs/edgetpu/models-intro/#model-requirements")},
          .rows =
              {
                  {.op_types = Words("QuantizeLinear DequantizeLinear"), .rules = {MarksOf8Bits()}},
                  {.op_types =
                       Words("Add Sub Mul Max Min Relu Sigmoid Tanh Reshape Flatten Squeeze Unsqueeze "
                             "SpaceToDepth"),
                   .rules = {QuantizedTo8Bits()}},
                  {.op_types = {"Clip"}, .rules = {QuantizedTo8Bits(), ReluBounds()}},
                  {.op_types = {"PRelu"}, .rules = {QuantizedTo8Bits(), ConstantParameter(1, "slope")}},
                  {.op_types = {"Conv"},
                   .rules = {QuantizedTo8Bits(), Rank(1, {4}), ConstantParameter(1, "weights"),
                             GroupOneOrDepthwise().Cure("split_grouped_conv"), OneDilation()}},
                  {.op_types = {"ConvTranspose"},
                   .rules = {QuantizedTo8Bits(), Rank(1, {4}), ConstantParameter(1, "weights"),
                             IntIs("group", {1}, 1)}},
                  {.op_types = Words("Gemm MatMul"),
                   .rules = {QuantizedTo8Bits(), ConstantParameter(1, "weights"),
                             WideDimensionsAtMost(1).Id("one_dimension")}},
                  {.op_types = Words("AveragePool MaxPool"),
                   .rules = {QuantizedTo8Bits(), Rank(0, {4}).Cure("lower_pool_3d"), EachIs("dilations", 1),
                             IntIs("ceil_mode", {0}, 0), OutputsAtMost(1)}},
                  {.op_types = Words("GlobalAveragePool GlobalMaxPool"),
                   .rules = {QuantizedTo8Bits(), Rank(0, {4})}},
                  {.op_types = Words("ReduceMean ReduceMax ReduceMin ReduceSum"),
                   .rules = {QuantizedTo8Bits(), NotOverBatch()}},
                  {.op_types = {"LpNormalization"}, .rules = {QuantizedTo8Bits(), IntIs("p", {2}, 2)}},
                  {.op_types = {"Softmax"}, .rules = {QuantizedTo8Bits(), SoftmaxOfOneDimension()}},
                  {.op_types = Words("Concat Split"), .rules = {QuantizedTo8Bits(), AxisNotBatch()}},
                  {.op_types = {"Pad"},
                   .rules = {QuantizedTo8Bits(), PadsNoBatch(), StringIs("mode", {"constant"}, "constant")}},
                  {.op_types = {"Slice"},
                   .rules = {QuantizedTo8Bits(), Constant(1, "starts"), Constant(2, "ends"), StepsOfOne()}},
                  {.op_types = {"Resize"},
                   .rules = {QuantizedTo8Bits(),
                             StringIs("mode", {"nearest", "linear"}, "nearest").Cure("resize_modes"),
                             ResizesLast(2), ResizeMayBeLeft()}},
                  {.op_types = {"Transpose"}, .rules = {QuantizedTo8Bits()}},
                  {.op_types = {"LSTM"},
                   .rules = {QuantizedTo8Bits(), StringIs("direction", {"forward"}, "forward")}},
                  {.op_types = {"BatchNormalization"},
                   .grade = Grade::kUnsupported,
                   .remark = "no normalization that is not folded into a convolution",
                   .cures = {"fold_batch_norm", "decompose_batch_norm"}},
                  {.op_types = {"HardSwish"},
                   .grade = Grade::kUnsupported,
                   .remark = "not among the operators of the list",
                   .cures = {"decompose_hard_swish"},
                   .advice = "train with ReLU6"},
                  {.op_types = Words("LeakyRelu Elu"),
                   .grade = Grade::kUnsupported,
                   .remark = "not among the operators of the list",
                   .advice = "train with ReLU or PRelu"},
              },
      };
  return accelerator;
}

}  // namespace shoehorn::targets
