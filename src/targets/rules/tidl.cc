// Texas Instruments' C7x with MMA (TDA4VM, AM68A, AM69A, AM62A, AM67A) through TIDL: what it does not take
// runs on the Cortex-A beside it.
//   Conv 9x9 with stride 2: refused, kernels above 7 take no stride of 2
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "targets/constraints.h"

namespace shoehorn::targets {
namespace {

std::vector<int64_t> KernelOf(const Subject& subject) {
  std::vector<int64_t> kernel = subject.node.Ints("kernel_shape");
  const ir::Type* weights = subject.TypeOf(1);
  if (kernel.empty() && weights != nullptr)
    for (size_t i = 2; i < weights->dims.size(); ++i) kernel.push_back(weights->dims[i].value);
  return kernel;
}

int64_t StrideOf(const Subject& subject) {
  const std::vector<int64_t> strides = subject.node.Ints("strides");
  return strides.empty() ? 1 : strides.front();
}

bool Square(const std::vector<int64_t>& kernel, int64_t side) {
  return std::ranges::all_of(kernel, [side](int64_t size) { return size == side; });
}

bool IsDepthwise(const Subject& subject) {
  const ir::Type* weights = subject.TypeOf(1);
  return subject.node.Int("group", 1) > 1 && weights != nullptr && weights->dims.size() > 1 &&
         weights->dims[1].value == 1;
}

/// "3x5 with stride 2".
std::string Text(const std::vector<int64_t>& kernel, int64_t stride) {
  return fmt::format("{} with stride {}", fmt::join(kernel, "x"), stride);
}

/// Tensors around the node that are computed.
size_t ComputedInputs(const Subject& subject) {
  return static_cast<size_t>(std::ranges::count_if(subject.node.inputs(), [](const ir::Value* value) {
    return value != nullptr && ir::ConstantOf(*value) == nullptr;
  }));
}

Rule OneStride() {
  return Requires("strides", "one stride for both directions",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const std::vector<int64_t> strides = subject.node.Ints("strides");
                    if (std::ranges::adjacent_find(strides, std::not_equal_to<>()) == strides.end())
                      return std::nullopt;
                    return fmt::format("strides are [{}]", fmt::join(strides, ","));
                  })
      .Advise("use the same stride for height and width");
}

Rule KernelAndStride() {
  return Requires("kernel",
                  "at most 7 with stride 2, 11 by 11 with stride 4; depthwise 3, 5 or 7 with stride 1 or 2",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const std::vector<int64_t> kernel = KernelOf(subject);
                    if (kernel.empty()) return std::nullopt;
                    const int64_t stride = StrideOf(subject), largest = std::ranges::max(kernel);
                    if (IsDepthwise(subject)) {
                      const bool taken =
                          stride <= 2 && (Square(kernel, 3) || Square(kernel, 5) || Square(kernel, 7));
                      return taken ? std::nullopt
                                   : std::optional<std::string>("depthwise, " + Text(kernel, stride));
                    }
                    const bool small_device = subject.profile.Has("small_c7x");
                    if ((stride == 2 && largest > 7) || (stride == 4 && !Square(kernel, 11)) ||
                        (small_device && stride == 3 && Square(kernel, 3)))
                      return Text(kernel, stride);
                    return std::nullopt;
                  })
      .Advise("use kernels of 3 by 3 with stride 1 or 2");
}

Rule PadsWithinWidth() {
  return Requires("pads", "the input is at least as wide as the padding on either side",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const std::vector<int64_t> pads = subject.node.Ints("pads");
                    const ir::Type* type = subject.TypeOf(0);
                    if (pads.size() != 4 || type == nullptr || type->dims.size() != 4 ||
                        !type->dims[3].known() || type->dims[3].value >= std::max(pads[1], pads[3]))
                      return std::nullopt;
                    return fmt::format("the width is {} and pads are [{}]", type->dims[3].value,
                                       fmt::join(pads, ","));
                  });
}

Rule ValidatedPool() {
  return Requires("kernel", "3 by 3, 2 by 2 or 1 by 1, stride 1 or 2: what was validated",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const std::vector<int64_t> kernel = subject.node.Ints("kernel_shape");
                    const std::vector<int64_t> strides = subject.node.Ints("strides");
                    const bool taken =
                        (Square(kernel, 3) || Square(kernel, 2) || Square(kernel, 1)) &&
                        std::ranges::all_of(strides, [](int64_t s) { return s == 1 || s == 2; });
                    if (taken) return std::nullopt;
                    return fmt::format("kernel [{}], strides [{}]", fmt::join(kernel, ","),
                                       fmt::join(strides, ","));
                  })
      .Otherwise(Grade::kUnknown)
      .Advise("pool by 2 by 2 or 3 by 3, more than once if need be");
}

Rule PlaneUpTo1024() {
  return Requires("plane", "height times width is at most 1024",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const ir::Type* type = subject.TypeOf(0);
                    if (type == nullptr || type->dims.size() != 4 || !type->is_static()) return std::nullopt;
                    const int64_t plane = type->dims[2].value * type->dims[3].value;
                    if (plane <= 1024) return std::nullopt;
                    return fmt::format("height times width is {}", plane);
                  })
      .Otherwise(Grade::kConditional)
      .Cure("split_mean")
      .Advise("pool by a product with a constant of 1/(height*width), or shrink the input");
}

Rule TwoInputs() {
  return Requires("inputs", "two inputs", [](const Subject& subject) -> std::optional<std::string> {
    if (subject.node.inputs().size() == 2) return std::nullopt;
    return fmt::format("{} inputs", subject.node.inputs().size());
  });
}

Rule NotTwoComputed() {
  return Requires("constant", "one input is a constant",
                  [](const Subject& subject) -> std::optional<std::string> {
                    if (ComputedInputs(subject) < 2) return std::nullopt;
                    return "both inputs are computed";
                  })
      .Advise("write a-b as a+(-1*b): Mul by a constant, then Add");
}

Rule VectorSubtracted() {
  return Requires("vector", "the constant is a number or a vector of channels or width",
                  [](const Subject& subject) -> std::optional<std::string> {
                    for (size_t i = 0; i < 2; ++i) {
                      const ir::Value* value = subject.node.input(i);
                      if (value == nullptr || ir::ConstantOf(*value) == nullptr) continue;
                      const auto wide = std::ranges::count_if(
                          value->type.dims, [](const ir::Dim& dim) { return dim.value > 1; });
                      if (wide > 1)
                        return fmt::format("constant {} has {} dimensions larger than 1", i, wide);
                    }
                    return std::nullopt;
                  });
}

Rule SameBatch() {
  return Requires("broadcast", "nothing is repeated along the batch",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const ir::Type* a = subject.TypeOf(0);
                    const ir::Type* b = subject.TypeOf(1);
                    if (ComputedInputs(subject) < 2 || a == nullptr || b == nullptr || a->dims.size() < 4 ||
                        a->dims.size() != b->dims.size() || a->dims[0] == b->dims[0])
                      return std::nullopt;
                    return fmt::format("batches of {} and {}", a->dims[0].value, b->dims[0].value);
                  });
}

Rule LastAxes(size_t count, std::string what) {
  std::vector<int64_t> axes;
  for (size_t i = 1; i <= count; ++i) axes.push_back(-static_cast<int64_t>(i));
  Rule rule = AxisIs("axis", std::move(axes), -1);
  rule.sentence = std::move(what);
  return rule;
}

Rule PowersOfTwo() {
  return Requires("scales", "height and width grow by one power of two",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const auto growth = GrowthOf(subject);
                    if (!growth || growth->size() < 2) return std::nullopt;
                    const double tall = (*growth)[growth->size() - 2], wide = growth->back();
                    if (tall == wide && tall >= 1 && std::log2(tall) == std::round(std::log2(tall)))
                      return std::nullopt;
                    return fmt::format("height grows by {} and width by {}", tall, wide);
                  })
      .Advise("choose an input size that is a multiple of 32, so that features are resized by 2");
}

Rule ModesOfResize() {
  return Requires(
             "nearest_mode",
             "half_pixel with round_prefer_ceil, or asymmetric nearest with floor; linear is half_pixel",
             [](const Subject& subject) -> std::optional<std::string> {
               const std::string mode = subject.node.String("mode", "nearest");
               const std::string place = subject.node.String("coordinate_transformation_mode", "half_pixel");
               const std::string nearest = subject.node.String("nearest_mode", "round_prefer_floor");
               const bool asymmetric = place == "asymmetric";
               const bool taken =
                   mode == "linear" ? !asymmetric : nearest == (asymmetric ? "floor" : "round_prefer_ceil");
               if (taken) return std::nullopt;
               return fmt::format("mode {}, {}, {}", Escaped(mode), Escaped(place), Escaped(nearest));
             })
      .Advise("export nearest upsampling as asymmetric with floor");
}

Rule PadsOfPlane() {
  return Requires("pads", "only height and width are padded",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const auto pads = IntsAt(subject, 1);
                    if (!pads) return "the pads are computed";
                    const size_t rank = pads->size() / 2;
                    for (size_t i = 0; i + 2 < rank; ++i)
                      if ((*pads)[i] != 0 || (*pads)[rank + i] != 0)
                        return fmt::format("dimension {} is padded", i);
                    return std::nullopt;
                  });
}

Rule BoundsAroundZero() {
  return Requires("bounds", "the lower bound is at most 0, the upper above 0",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const auto bound = [&](size_t i) -> std::optional<double> {
                      const ir::Value* value = subject.node.input(i);
                      const ir::Tensor* tensor = value == nullptr ? nullptr : ir::ConstantOf(*value);
                      const auto numbers = tensor == nullptr ? std::nullopt : tensor->ToDoubles();
                      return numbers && numbers->size() == 1 ? std::optional<double>(numbers->front())
                                                             : std::nullopt;
                    };
                    if (const auto low = bound(1); low && *low > 0)
                      return fmt::format("the lower bound is {}", *low);
                    if (const auto high = bound(2); high && *high <= 0)
                      return fmt::format("the upper bound is {}", *high);
                    return std::nullopt;
                  });
}

Rule BlocksOfChannels() {
  return Requires("channels", "the channels are a multiple of the squared block size",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const ir::Type* type = subject.TypeOf(0);
                    const int64_t block = subject.node.Int("blocksize", 1);
                    if (type == nullptr || type->dims.size() != 4 || !type->dims[1].known() || block < 1 ||
                        type->dims[1].value % (block * block) == 0)
                      return std::nullopt;
                    return fmt::format("{} channels and blocks of {}", type->dims[1].value, block);
                  });
}

/// The reduced axis, from the end: an attribute up to opset 17, an input from 18 on.
Rule AlongHeight() {
  return Requires("axes", "reduces along the height only",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const std::optional<size_t> rank = subject.Rank(0);
                    const auto given = IntsAt(subject, 1);
                    std::vector<int64_t> axes = given ? *given : subject.node.Ints("axes");
                    for (int64_t& axis : axes)
                      if (axis >= 0 && rank) axis -= static_cast<int64_t>(*rank);
                    if (axes == std::vector<int64_t>{-2}) return std::nullopt;
                    return fmt::format("axes are [{}], counted from the end", fmt::join(axes, ","));
                  });
}

Rule WideAtMost(size_t most) { return WideDimensionsAtMost(most); }

}  // namespace

const Accelerator& Tidl() {
  static const Accelerator accelerator =
      {
          .name = "tidl",
          .title = "Texas Instruments TIDL (C7x, MMA)",
          .runtime = "TIDL tools 10.1 and 11.0 (ONNX Runtime 1.15, opset 19)",
          .source = "TexasInstruments/edgeai-tidl-tools@95ba2c7, docs/supported_ops_rts_versions.md",
          .complete = true,
          .everywhere =
              {KnownTypes(), StaticShapes(),
               OpsetWithin(1, 19).Otherwise(Grade::kUnknown).Advise("export the model at opset 19 or older")},
          .rows =
              {
                  {.op_types = Words(
                       "Abs Acos Asin Asinh Atan Cos Cosh Elu Exp Flatten Floor HardSigmoid HardSwish "
                       "InstanceNormalization LeakyRelu Log Mish Neg Pow Relu Sigmoid Sin Sinh Sqrt Squeeze "
                       "Tan Tanh Transpose"),
                   .rules = {WideAtMost(6)}},
                  {.op_types = {"Conv"},
                   .rules = {Constant(1, "weights"), Constant(2, "bias"), WideAtMost(4), OneStride(),
                             KernelAndStride(), PadsWithinWidth()}},
                  {.op_types = {"ConvTranspose"},
                   .rules = {Constant(1, "weights"), Constant(2, "bias"), WideAtMost(4),
                             IntIs("group", {1}, 1),
                             Requires("kernel", "the kernel is 4 by 4 or 2 by 2, the stride 2",
                                      [](const Subject& subject) -> std::optional<std::string> {
                                        const std::vector<int64_t> kernel = KernelOf(subject);
                                        const std::vector<int64_t> strides = subject.node.Ints("strides");
                                        if ((Square(kernel, 4) || Square(kernel, 2)) && !strides.empty() &&
                                            Square(strides, 2))
                                          return std::nullopt;
                                        return Text(kernel, StrideOf(subject));
                                      })
                                 .Advise("upsample by Resize, which is faster there too")}},
                  {.op_types = Words("AveragePool MaxPool"),
                   .rules = {WideAtMost(4), EachIs("dilations", 1), IntIs("storage_order", {0}, 0),
                             ValidatedPool()}},
                  {.op_types = {"GlobalAveragePool"}, .rules = {WideAtMost(4), PlaneUpTo1024()}},
                  {.op_types = {"PRelu"}, .rules = {WideAtMost(6), Constant(1, "slope")}},
                  {.op_types = Words("Add Mul"), .rules = {TwoInputs(), WideAtMost(6), SameBatch()}},
                  {.op_types = {"Div"}, .rules = {TwoInputs(), WideAtMost(6)}},
                  {.op_types = {"Sub"},
                   .rules = {TwoInputs(), WideAtMost(6), NotTwoComputed(), VectorSubtracted()}},
                  {.op_types = Words("Max Sum")},
                  {.op_types = {"Gemm"},
                   .rules = {WideAtMost(4), IntIs("transA", {0}, 0), FloatIs("alpha", 1, 1),
                             FloatIs("beta", 1, 1)}},
                  {.op_types = {"MatMul"}, .rules = {WideAtMost(4)}},
                  {.op_types = {"Softmax"},
                   .rules = {WideAtMost(6), LastAxes(2, "axis is height or width").Cure("softmax_axis")}},
                  {.op_types = {"BatchNormalization"},
                   .rules = {WideAtMost(6), IntIs("training_mode", {0}, 0)}},
                  {.op_types = {"Concat"},
                   .rules = {WideAtMost(6), LastAxes(3, "axis is channels, height or width")}},
                  {.op_types = {"Slice"},
                   .rules =
                       {
                           RankAtMost(0, 4), BatchOfOne(), Constant(1, "starts"), Constant(2, "ends"),
                           Constant(3, "axes"), Constant(4, "steps"),
                           Requires("steps", "steps are 1",
                                    [](const Subject& subject) -> std::optional<std::string> {
                                      const auto steps = IntsAt(subject, 4);
                                      if (!steps || Square(*steps, 1)) return std::nullopt;
                                      return fmt::format("steps are [{}]", fmt::join(*steps, ","));
                                    })}},
                  {.op_types = {"Split"}, .rules = {RankAtMost(0, 4), BatchOfOne()}},
                  {.op_types = {"ArgMax"},
                   .rules = {IntIs("keepdims", {1}, 1), AxisIs("axis", {-3}, 0), WideAtMost(4),
                             IntIs("select_last_index", {0}, 0)}},
                  {.op_types = Words("Resize Upsample"),
                   .rules = {WideAtMost(4), StringIs("mode", {"nearest", "linear"}, "nearest"),
                             ResizesLast(2), PowersOfTwo(), IntIs("antialias", {0}, 0),
                             StringIs("keep_aspect_ratio_policy", {"stretch"}, "stretch"),
                             StringIs("coordinate_transformation_mode",
                                      {"half_pixel", "pytorch_half_pixel", "asymmetric"}, "half_pixel"),
                             ModesOfResize(), IntIs("exclude_outside", {0}, 0)}},
                  {.op_types = {"DepthToSpace"}, .rules = {Rank(0, {4}), BlocksOfChannels()}},
                  {.op_types = {"SpaceToDepth"}, .rules = {Rank(0, {4})}},
                  {.op_types = {"Pad"},
                   .rules = {RankAtMost(0, 6), StringIs("mode", {"constant"}, "constant"), PadsOfPlane()}},
                  {.op_types = Words("ReduceMin ReduceMax"),
                   .rules = {AlongHeight(), IntIs("keepdims", {1}, 1)}},
                  {.op_types = {"Reshape"},
                   .rules = {Constant(1, "shape"), WideAtMost(6), IntIs("allowzero", {0}, 0)}},
                  {.op_types = {"Unsqueeze"}, .rules = {RankAtMost(0, 5)}},
                  {.op_types = {"Gather"},
                   .rules =
                       {
                           Rank(1, {1}).Cure("gather_to_slice"),
                           Requires("data", "what is gathered from is computed and has 2 dimensions at least",
                                    [](const Subject& subject) -> std::optional<std::string> {
                                      const ir::Value* data = subject.node.input(0);
                                      if (data != nullptr && ir::ConstantOf(*data) != nullptr)
                                        return "input 0 is a constant";
                                      const std::optional<size_t> rank = subject.Rank(0);
                                      if (rank && *rank >= 2) return std::nullopt;
                                      return "input 0 has fewer than 2 dimensions";
                                    }),
                           Requires("outer", "every dimension before the axis is 1",
                                    [](const Subject& subject) -> std::optional<std::string> {
                                      const ir::Type* type = subject.TypeOf(0);
                                      if (type == nullptr || !type->has_rank) return std::nullopt;
                                      int64_t axis = subject.node.Int("axis", 0);
                                      if (axis < 0) axis += static_cast<int64_t>(type->dims.size());
                                      for (size_t i = 0;
                                           i < static_cast<size_t>(axis) && i < type->dims.size(); ++i)
                                        if (type->dims[i].value != 1)
                                          return fmt::format("dimension {} before the axis is {}", i,
                                                             type->dims[i].value);
                                      return std::nullopt;
                                    })}},
                  {.op_types = {"LayerNormalization"},
                   .rules = {WideAtMost(6), LastAxes(1, "axis is the width")}},
                  {.op_types = {"GridSample"},
                   .rules = {Rank(0, {4}), StringIs("mode", {"nearest", "bilinear", "linear"}, "linear"),
                             StringIs("padding_mode", {"zeros"}, "zeros")}},
                  {.op_types = {"TopK"},
                   .rules = {IntIs("sorted", {1}, 1), Constant(1, "K"), AxisIs("axis", {-2}, -1)}},
                  {.op_types = {"DeformConv"},
                   .rules =
                       {
                           Requires("kernel", "the kernel is 3 by 3, the stride 1",
                                    [](const Subject& subject) -> std::optional<std::string> {
                                      const std::vector<int64_t> kernel = KernelOf(subject);
                                      if (Square(kernel, 3) && StrideOf(subject) == 1) return std::nullopt;
                                      return Text(kernel, StrideOf(subject));
                                    })}},
                  {.op_types = {"Clip"}, .rules = {WideAtMost(6), BoundsAroundZero()}},
                  {.op_types = Words("ScatterND ScatterElements"),
                   .rules = {WideAtMost(4), StringIs("reduction", {"none", "add", "max", "min"}, "none")},
                   .grade = Grade::kConditional,
                   .remark = "scatters along the width, one channel of updates, into zeros",
                   .cures = {"lower_scatter"}},
                  {.op_types = Words("QuantizeLinear DequantizeLinear"),
                   .rules =
                       {
                           Requires("axis", "one scale a tensor, or axis is 1",
                                    [](const Subject& subject) -> std::optional<std::string> {
                                      const ir::Type* scale = subject.TypeOf(1);
                                      const bool one = scale != nullptr && scale->has_rank &&
                                                       (scale->dims.empty() || scale->dims[0].value == 1);
                                      const ir::Value* data = subject.node.input(0);
                                      const bool weights =
                                          data != nullptr && ir::ConstantOf(*data) != nullptr;
                                      if (one || weights || subject.node.Int("axis", 1) == 1)
                                        return std::nullopt;
                                      return fmt::format("axis is {}", subject.node.Int("axis", 1));
                                    })}},
                  {.op_types = Words("Erf Identity Dropout"),
                   .grade = Grade::kConditional,
                   .remark = "as part of a pattern that TIDL fuses (GELU), never alone"},
                  {.op_types = {"ReduceMean"},
                   .grade = Grade::kConditional,
                   .remark = "as part of a layer normalization, never alone",
                   .cures = {"reduce_mean_to_pool"},
                   .advice = "pool by GlobalAveragePool instead of a mean over height and width"},
                  {.op_types = {"Cast"},
                   .grade = Grade::kConditional,
                   .remark = "at the network's inputs and outputs only",
                   .advice = "keep one type inside the network"},
                  {.op_types = Words("Expand"),
                   .grade = Grade::kUnsupported,
                   .remark = "none of the operators that TIDL takes",
                   .cures = {"lower_expand", "expand_to_mul"},
                   .advice = "write the repetition by broadcasting"},
                  {.op_types = Words("LSTM"),
                   .grade = Grade::kUnsupported,
                   .remark = "none of the operators that TIDL takes",
                   .cures = {"unroll_lstm"},
                   .advice = "replace the recurrence by convolutions over a window of fixed length"},
                  {.op_types = Words("GRU"),
                   .grade = Grade::kUnsupported,
                   .remark = "none of the operators that TIDL takes",
                   .cures = {"unroll_gru"},
                   .advice = "replace the recurrence by convolutions over a window of fixed length"},
                  {.op_types = Words("RNN"),
                   .grade = Grade::kUnsupported,
                   .remark = "none of the operators that TIDL takes",
                   .cures = {"unroll_rnn"},
                   .advice = "replace the recurrence by convolutions over a window of fixed length"},
                  {.op_types = Words("Einsum"),
                   .grade = Grade::kUnsupported,
                   .remark = "none of the operators that TIDL takes",
                   .cures = {"lower_einsum"},
                   .advice = "write it by MatMul, Transpose and Reshape"},
                  {.op_types = Words("Mean"),
                   .grade = Grade::kUnsupported,
                   .remark = "none of the operators that TIDL takes",
                   .cures = {"binary_variadics"}},
                  {.op_types = Words("Tile"),
                   .grade = Grade::kUnsupported,
                   .remark = "none of the operators that TIDL takes",
                   .cures = {"tile_to_concat"}},
                  {.op_types = Words("LogSoftmax"),
                   .grade = Grade::kUnsupported,
                   .remark = "none of the operators that TIDL takes",
                   .cures = {"log_softmax_to_log"},
                   .advice = "take the logarithm after the network"},
                  {.op_types = {"GroupNormalization"},
                   .grade = Grade::kUnsupported,
                   .remark = "none of the operators that TIDL takes",
                   .cures = {"decompose_group_norm"},
                   .advice = "train with batch normalization"},
                  {.op_types = Words("Celu Gelu Selu Softplus Softsign Swish ThresholdedRelu"),
                   .grade = Grade::kUnsupported,
                   .remark = "none of the operators that TIDL takes as one",
                   .cures = {"decompose_activation", "decompose_gelu"},
                   .advice = "train with ReLU or h-swish"},
              },
      };
  return accelerator;
}

}  // namespace shoehorn::targets
