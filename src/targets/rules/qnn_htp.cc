// Qualcomm's Hexagon Tensor Processor (HTP) through ONNX Runtime's QNN execution provider: what the provider
// takes, and what the compiler behind it accepts. Shapes are numbers; float32 runs as float16, which not
// every chip has (fact fp16); integers arrive between QuantizeLinear and DequantizeLinear, or as int32 and
// int64 indices.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "targets/constraints_8bit.h"

namespace shoehorn::targets {
namespace {

using ir::DataType;

constexpr const char* kProvider =
    "onnxruntime/onnxruntime-qnn@cee6c0d, onnxruntime/core/providers/qnn/builder/opbuilder";
constexpr const char* kSupplement = "Qualcomm 80-63442-10, QNN HTP backend op definition supplement";
constexpr const char* kCompiler = "onnxruntime-qnn 2.7.0, the compiler's own answers to ONNX's backend tests";

std::string File(const std::string& name) { return fmt::format("{}/{}_op_builder.cc", kProvider, name); }

bool IsFloat(DataType type) { return type == DataType::kFloat || type == DataType::kFloat16; }

/// Fixed point: what a DequantizeLinear may bring.
bool IsFixed(DataType type) {
  return type == DataType::kInt8 || type == DataType::kUint8 || type == DataType::kInt16 ||
         type == DataType::kUint16;
}

/// Inputs are float, quantized to 8 or 16 bits, or one of `others`.
Rule Computes(std::vector<DataType> others = {}) {
  std::string sentence = "inputs are float, float16 or quantized to 8 or 16 bits";
  if (!others.empty()) sentence += ", or " + ListOf(others);
  return Requires("type", std::move(sentence),
                  [others = std::move(others)](const Subject& subject) -> std::optional<std::string> {
                    for (size_t i = 0; i < subject.node.inputs().size(); ++i) {
                      if (subject.TypeOf(i) == nullptr) continue;
                      const DataType type = subject.ElementType(i);
                      if (IsFloat(type) || (subject.Quantized(i) && (IsFixed(type) || i > 0)) ||
                          std::ranges::find(others, type) != others.end())
                        continue;
                      return fmt::format("input {} is {}", i, ir::NameOf(type));
                    }
                    return std::nullopt;
                  })
      .From(kCompiler);
}

const std::vector<DataType> kIntegers = {DataType::kInt32, DataType::kInt64};
const std::vector<DataType> kIntegersAndUint32 = {DataType::kInt32, DataType::kInt64, DataType::kUint32};
const std::vector<DataType> kIntegersAndBool = {DataType::kInt32, DataType::kInt64, DataType::kBool};

Rule RanksAtMost(size_t most) { return EveryRankAtMost(most).From(kSupplement); }

/// A floating-point node outside integer regions wants a chip that computes in float16.
Rule HasFp16() {
  return Requires("fp16", "quantized to integers: this chip has no float16",
                  [](const Subject& subject) -> std::optional<std::string> {
                    if (subject.profile.Number("fp16", 1) != 0 || subject.node.Is("QuantizeLinear") ||
                        subject.node.Is("DequantizeLinear"))
                      return std::nullopt;
                    // Constants of other operators are parameters: limits, factors.
                    static const std::vector<std::string> with_operands =
                        Words("Add Sub Mul Div Pow Max Min PRelu MatMul");
                    const bool takes_operands =
                        std::ranges::find(with_operands, subject.node.op_type) != with_operands.end();
                    for (size_t i = 0; i < subject.node.inputs().size(); ++i) {
                      const ir::Value* value = subject.node.input(i);
                      if (value == nullptr || subject.Quantized(i)) continue;
                      if (ir::ConstantOf(*value) != nullptr && !takes_operands) continue;
                      if (IsFloat(value->type.element))
                        return fmt::format("input {} is {}", i, ir::NameOf(value->type.element));
                    }
                    return std::nullopt;
                  })
      .Advise("quantize the model to int8 (shoehorn fit does)")
      .From("onnxruntime-qnn 2.7.0: \"The SocModel doesn't support FP16\"");
}

/// A value from outside of the branches of an If that is no constant; nullptr when there is none.
const ir::Value* CapturedBy(const ir::Node& node) {
  for (ir::Graph* branch : node.Subgraphs())
    for (const ir::Node& inner : branch->nodes())
      for (const ir::Value* value : inner.inputs())
        if (value != nullptr && &value->graph() != branch && ir::ConstantOf(*value) == nullptr) return value;
  return nullptr;
}

/// Nodes of a branch follow the If that owns them.
Rule OutsideBranches() {
  return Requires("branch", "nodes of the main graph, or of an If that is taken whole",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const ir::Node* owner = subject.node.graph().owner();
                    if (owner == nullptr || (owner->Is("If") && CapturedBy(*owner) == nullptr))
                      return std::nullopt;
                    return "it stands inside " + owner->Describe();
                  })
      .Advise("export the model without control flow, for one fixed mode of operation")
      .From(kCompiler);
}

Rule CapturesNothing() {
  return Requires("captures", "an If whose branches read constants only",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const ir::Value* value = CapturedBy(subject.node);
                    if (value == nullptr) return std::nullopt;
                    return "a branch reads '" + Escaped(value->name()) + "'";
                  })
      .Advise("export the model without control flow, for one fixed mode of operation");
}

Rule KnownElementTypes() {
  return Requires(
             "element_type", "no double, string, bfloat16, float8 or complex tensors",
             [](const Subject& subject) -> std::optional<std::string> {
               const auto wrong = [](const ir::Type& type) {
                 switch (type.element) {
                   case DataType::kFloat:
                   case DataType::kFloat16:
                   case DataType::kInt8:
                   case DataType::kUint8:
                   case DataType::kInt16:
                   case DataType::kUint16:
                   case DataType::kInt32:
                   case DataType::kUint32:
                   case DataType::kInt64:
                   case DataType::kUint64:
                   case DataType::kBool:
                     return false;
                   default:
                     return true;
                 }
               };
               for (size_t i = 0; i < subject.node.inputs().size(); ++i)
                 if (const ir::Value* value = subject.node.input(i); value != nullptr && wrong(value->type))
                   return value->type.opaque.empty()
                              ? fmt::format("input {} is {}", i, ir::NameOf(value->type.element))
                              : fmt::format("input {} is no tensor", i);
               for (size_t i = 0; i < subject.node.outputs().size(); ++i)
                 if (const ir::Value* value = subject.node.output(i); value != nullptr && wrong(value->type))
                   return fmt::format("output {} is {}", i, ir::NameOf(value->type.element));
               return std::nullopt;
             })
      .From(kCompiler);
}

/// The first and last tensors of the model are quantized by the CPU.
Rule InsideTheGraph() {
  return Requires("edge",
                  "between two nodes: the CPU quantizes the model's inputs and reads back its outputs",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const ir::Node& node = subject.node;
                    if (node.Is("QuantizeLinear") && node.input(0) != nullptr && node.input(0)->is_input())
                      return "input 0 is the model's input '" + Escaped(node.input(0)->name()) + "'";
                    if (node.Is("DequantizeLinear") && node.output() != nullptr && node.output()->is_output())
                      return "output 0 is the model's output '" + Escaped(node.output()->name()) + "'";
                    return std::nullopt;
                  });
}

/// The float attribute is one of these.
Rule FloatIs(std::string attribute, std::vector<float> accepted, float otherwise) {
  std::string sentence = attribute + " is";
  for (size_t i = 0; i < accepted.size(); ++i)
    sentence += fmt::format("{} {}", i == 0 ? "" : " or", accepted[i]);
  std::string id = attribute;
  return Requires(std::move(id), std::move(sentence),
                  [attribute = std::move(attribute), accepted = std::move(accepted),
                   otherwise](const Subject& subject) -> std::optional<std::string> {
                    const float found = subject.node.Float(attribute, otherwise);
                    if (std::ranges::find(accepted, found) != accepted.end()) return std::nullopt;
                    return fmt::format("{} is {}", attribute, found);
                  });
}

Rule TwoInputs() {
  return Requires("inputs", "at least 2 inputs", [](const Subject& subject) -> std::optional<std::string> {
    if (subject.node.inputs().size() >= 2) return std::nullopt;
    return std::string("1 input");
  });
}

/// Batch and channels keep their size.
Rule ResizesSpaceOnly() {
  return Requires("axes", "only the axes of space change their size",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const ir::Type* in = subject.TypeOf(0);
                    const ir::Value* output = subject.node.output();
                    if (in == nullptr || output == nullptr || !in->is_static() || !output->type.is_static() ||
                        in->dims.size() < 2 || output->type.dims.size() != in->dims.size())
                      return std::nullopt;
                    for (size_t axis = 0; axis < 2; ++axis)
                      if (in->dims[axis].value != output->type.dims[axis].value)
                        return fmt::format("axis {} goes from {} to {}", axis, in->dims[axis].value,
                                           output->type.dims[axis].value);
                    return std::nullopt;
                  });
}

/// Which nearest_mode goes with which coordinate_transformation_mode, in four dimensions and in others.
Rule NearestModes() {
  return Requires(
      "nearest_mode",
      "mode nearest with nearest_mode floor, or another that goes with the coordinate_transformation_mode",
      [](const Subject& subject) -> std::optional<std::string> {
        const ir::Node& node = subject.node;
        if (node.String("mode", "nearest") != "nearest") return std::nullopt;
        const std::string nearest = node.String("nearest_mode", "round_prefer_floor");
        const std::string transform = node.String("coordinate_transformation_mode", "half_pixel");
        bool fine = true;
        if (subject.Rank(0) == 4) {
          fine = transform != "asymmetric" || (nearest != "ceil" && nearest != "round_prefer_floor");
        } else {
          fine = (nearest == "floor" && transform != "pytorch_half_pixel") ||
                 (nearest == "round_prefer_ceil" && transform == "align_corners");
        }
        if (fine) return std::nullopt;
        return fmt::format("nearest_mode {} with coordinate_transformation_mode {}", Escaped(nearest),
                           Escaped(transform));
      });
}

/// Gemm's C is a row of its output.
Rule BiasIsRow() {
  return Requires("bias", "input 2 (C) is a number or fills a row: [N] or [M,N]",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const ir::Type* bias = subject.TypeOf(2);
                    const ir::Value* output = subject.node.output();
                    if (bias == nullptr || !bias->is_static() || output == nullptr ||
                        !output->type.is_static() || output->type.dims.size() != 2)
                      return std::nullopt;
                    const int64_t columns = output->type.dims[1].value;
                    const auto& dims = bias->dims;
                    if (dims.empty() || (dims.size() == 1 && dims[0].value == 1)) return std::nullopt;
                    if (!dims.empty() && dims.size() <= 2 && dims.back().value == columns)
                      return std::nullopt;
                    return fmt::format("input 2 has {} dimensions and does not fill a row of {}", dims.size(),
                                       columns);
                  });
}

/// Limits of a Clip, whether inputs or attributes.
Rule ConstantLimits() {
  return Requires("limits", "the limits (inputs 1 and 2) are constants",
                  [](const Subject& subject) -> std::optional<std::string> {
                    for (size_t i = 1; i <= 2; ++i)
                      if (const ir::Value* limit = subject.node.input(i);
                          limit != nullptr && ir::ConstantOf(*limit) == nullptr && !subject.Quantized(i))
                        return fmt::format("input {} is computed", i);
                    return std::nullopt;
                  });
}

/// Without axes a reduction that is told to do nothing does nothing.
Rule ReducesSomething() {
  return Requires("noop_with_empty_axes", "noop_with_empty_axes is 0, or axes are given",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const ir::Value* axes = subject.node.input(1);
                    const ir::Tensor* constant = axes != nullptr ? ir::ConstantOf(*axes) : nullptr;
                    const bool given = constant != nullptr && constant->count() > 0;
                    if (given || subject.node.Int("noop_with_empty_axes", 0) == 0) return std::nullopt;
                    return std::string("noop_with_empty_axes is 1 and axes are empty");
                  });
}

/// The factors of a cubic Resize are compiled in.
Rule CubicKnowsItsFactors() {
  return Requires("scales", "input 2 (scales) is a constant where mode is cubic",
                  [](const Subject& subject) -> std::optional<std::string> {
                    if (subject.node.String("mode", "nearest") != "cubic") return std::nullopt;
                    const ir::Value* scales = subject.node.input(2);
                    if (scales == nullptr || ir::ConstantOf(*scales) != nullptr) return std::nullopt;
                    return std::string("input 2 (scales) is computed");
                  });
}

Rule PositiveEpsilon() {
  return Requires("epsilon", "epsilon is greater than 0",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const float epsilon = subject.node.Float("epsilon", 1e-5F);
                    if (epsilon > 0) return std::nullopt;
                    return fmt::format("epsilon is {}", epsilon);
                  });
}

OperatorRow Row(std::vector<std::string> op_types, std::vector<Rule> rules, std::string source) {
  OperatorRow row;
  row.op_types = std::move(op_types);
  row.rules = std::move(rules);
  row.source = std::move(source);
  return row;
}

/// What no document tells.
OperatorRow Unknown(std::vector<std::string> op_types, std::string remark, std::string source) {
  OperatorRow row;
  row.op_types = std::move(op_types);
  row.grade = Grade::kUnknown;
  row.remark = std::move(remark);
  row.source = std::move(source);
  return row;
}

std::vector<OperatorRow> Convolutions() {
  const std::vector<std::string> pads = {"NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"};
  return {
      Row({"Conv"}, {Rank(0, {3, 4, 5}), Computes(), StringIs("auto_pad", pads, "NOTSET")}, File("conv")),
      Row({"ConvTranspose"},
          {Rank(0, {3, 4, 5}), Computes(), IntsWithin("dilations", 1, 1),
           StringIs("auto_pad", pads, "NOTSET")},
          File("conv")),
      Row({"MaxPool"},
          {Rank(0, {3, 4}).Cure("lower_pool_3d"), Computes(), OutputsAtMost(1),
           IntsWithin("dilations", 1, 1)},
          File("pool")),
      Row({"GlobalMaxPool"}, {Rank(0, {3, 4}), Computes()}, File("pool")),
      Row({"AveragePool"}, {Rank(0, {3, 4, 5}), Computes(), IntsWithin("dilations", 1, 1)}, File("pool")),
      Row({"GlobalAveragePool"}, {Rank(0, {3, 4, 5}), Computes()}, File("pool")),
      Row({"LpPool"}, {Rank(0, {3, 4}), Computes(), IntIs("p", {1, 2}, 2), IntsWithin("dilations", 1, 1)},
          kCompiler),
      Row({"Gemm"},
          {Computes(), FloatIs("alpha", {1}, 1), FloatIs("beta", {1, 0}, 1), BiasIsRow(), Rank(1, {2})},
          File("gemm")),
      Row({"MatMul"}, {Computes(), RanksAtMost(5)}, File("matmul")),
      Unknown({"Einsum"}, "equations that are a product of matrices", File("einsum")),
  };
}

std::vector<OperatorRow> Elementwise() {
  return {
      Row({"Add", "Sub", "Div"}, {Computes(kIntegers), RanksAtMost(5)}, File("simple")),
      Row({"Mul"}, {Computes(kIntegersAndUint32), RanksAtMost(5)}, File("simple")),
      Row({"Max", "Min"}, {Computes(kIntegersAndUint32), TwoInputs(), RanksAtMost(5)}, kCompiler),
      Row({"Sum", "Mean"}, {Computes(), TwoInputs(), RanksAtMost(5)}, kCompiler),
      Row({"Pow"}, {Computes().Cure("pow_to_mul"), RanksAtMost(5)}, File("simple")),
      Row({"Mod"}, {IntIs("fmod", {0}, 0), RanksAtMost(4)}, File("mod")),
      Row({"Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"},
          {Computes(kIntegersAndBool), RanksAtMost(5)}, File("simple")),
      Row({"And", "Or", "Xor"}, {Types(0, {DataType::kBool}), RanksAtMost(4)}, File("simple")),
      Row({"Not"}, {Types(0, {DataType::kBool}), RanksAtMost(4)}, File("simple")),
      Row({"Where"}, {Computes(kIntegersAndBool), RanksAtMost(5)}, File("simple")),
      Row({"IsNaN"}, {Types(0, kFloats)}, File("isnan")),
      Row({"Abs"}, {Computes(kIntegers), RanksAtMost(5)}, File("simple")),
      Row({"Relu", "Sigmoid", "PRelu", "LeakyRelu"}, {Computes(), RanksAtMost(5)}, File("simple")),
      Row({"Atan", "Ceil", "Cos", "Elu", "Exp", "Floor", "Gelu", "HardSwish", "HardSigmoid", "Log", "Neg",
           "Round", "Sign", "Sin", "Sqrt", "Tanh"},
          {Computes(), RanksAtMost(4)}, File("simple")),
      Row({"Selu", "Softplus", "Swish", "Tan", "ThresholdedRelu"},
          {Computes(), RanksAtMost(4).Cure("decompose_activation")}, kCompiler),
      Row({"Asin"},
          {Requires("type", "input 0 is quantized to 8 or 16 bits",
                    [](const Subject& subject) -> std::optional<std::string> {
                      if (subject.Quantized(0)) return std::nullopt;
                      return fmt::format("input 0 is {}", ir::NameOf(subject.ElementType(0)));
                    })},
          kSupplement),
      Row({"Reciprocal"}, {Computes(), RanksAtMost(5)}, File("reciprocal")),
      Row({"Clip"}, {Computes(), ConstantLimits(), RanksAtMost(5)}, File("clip")),
      Row({"Cast", "CastLike"}, {RanksAtMost(5)}, File("cast")),
      Row({"Identity"}, {RanksAtMost(5)}, kCompiler),
  };
}

std::vector<OperatorRow> Normalizations() {
  const auto batch = [](size_t i, const char* what) {
    return ConstantParameter(i, what).Cure("decompose_batch_norm");
  };
  return {
      Row({"BatchNormalization"},
          {RankAtMost(0, 4).Cure("decompose_batch_norm"), Computes(), batch(1, "scale"), batch(2, "B"),
           batch(3, "input_mean"), batch(4, "input_var"), OutputsAtMost(1)},
          File("batchnormalization")),
      Row({"LayerNormalization"},
          {Computes(), AxisIs("axis", {-1}, -1).Cure("decompose_layer_norm"), OutputsAtMost(1),
           RankAtMost(0, 4).Cure("decompose_layer_norm")},
          File("layernormalization")),
      Row({"RMSNormalization"}, {Computes(), AxisIs("axis", {-1}, -1), RankAtMost(0, 4)},
          File("rmsnormalization")),
      Row({"InstanceNormalization"},
          {Rank(0, {3, 4}).Cure("decompose_instance_norm"), Computes(),
           PositiveEpsilon().Cure("decompose_instance_norm")},
          File("instancenormalization")),
      Row({"GroupNormalization"},
          {Rank(0, {3, 4}).Cure("decompose_group_norm").Advise("train with BatchNormalization"), Computes(),
           PositiveEpsilon().Cure("decompose_group_norm"), OutputsAtMost(1)},
          File("groupnormalization")),
      Row({"LRN"}, {Rank(0, {3, 4}), Computes()}, File("lrn")),
      Row({"LpNormalization"}, {Computes(), IntIs("p", {2}, 2), RanksAtMost(4)}, kCompiler),
      Row({"Softmax", "LogSoftmax"}, {Computes(), RanksAtMost(5)}, File("softmax")),
      Row({"ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum", "ReduceL2"},
          {Computes(kIntegers), Constant(1, "axes"), ReducesSomething(), RanksAtMost(5)}, File("reduce")),
      Row({"ArgMax", "ArgMin"}, {Computes(), IntIs("select_last_index", {0}, 0), RanksAtMost(4)},
          File("argmax_argmin")),
      Row({"CumSum"},
          {Computes(kIntegers), Constant(1, "axis"), IntIs("exclusive", {0}, 0), IntIs("reverse", {0}, 0)},
          File("cumsum")),
      Row({"TopK"}, {Computes({DataType::kInt64}), Constant(1, "K"), RanksAtMost(4)}, File("topk")),
      Row({"LSTM"},
          {Rank(0, {3}), Computes({DataType::kInt32}), IntIs("layout", {0}, 0),
           Constant(4, "sequence_lens").Advise("train and export with sequences of a fixed length")},
          File("lstm")),
      Row({"GRU"}, {Rank(0, {3}), Computes({DataType::kInt32}), IntIs("layout", {0}, 0)}, kCompiler),
      Row({"Attention"},
          {Computes(),
           Requires("mask", "input 3 (attn_mask) is float",
                    [](const Subject& subject) -> std::optional<std::string> {
                      if (subject.TypeOf(3) == nullptr || subject.ElementType(3) != DataType::kBool)
                        return std::nullopt;
                      return std::string("input 3 is bool");
                    }),
           Absent(6, "nonpad_kv_seqlen"),
           Requires("softmax_precision", "softmax_precision is not given",
                    [](const Subject& subject) -> std::optional<std::string> {
                      if (!subject.node.Has("softmax_precision")) return std::nullopt;
                      return std::string("softmax_precision is given");
                    })},
          kCompiler),
      Row({"RotaryEmbedding"}, {Computes({DataType::kInt64}), Rank(0, {3, 4})}, kCompiler),
  };
}

std::vector<OperatorRow> Shapes() {
  return {
      Row({"Reshape"}, {IntIs("allowzero", {0}, 0), RanksAtMost(5)}, File("reshape")),
      Row({"Flatten", "Squeeze", "Unsqueeze", "Transpose", "Concat"}, {RanksAtMost(5)}, File("reshape")),
      Row({"Split"}, {Constant(1, "split"), RanksAtMost(5)}, File("split")),
      Row({"Slice"},
          {Constant(1, "starts"), Constant(2, "ends"), Constant(3, "axes"), Constant(4, "steps"),
           RanksAtMost(5)},
          File("slice")),
      Row({"Gather", "GatherElements"}, {RanksAtMost(5)}, File("gather")),
      Row({"GatherND"}, {IntIs("batch_dims", {0}, 0), RanksAtMost(5)}, File("gathernd")),
      Row({"ScatterND"}, {StringIs("reduction", {"none", "add", "mul"}, "none"), RanksAtMost(5)},
          File("simple")),
      Row({"ScatterElements"}, {StringIs("reduction", {"none"}, "none"), RanksAtMost(4)}, kCompiler),
      Row({"Pad"},
          {StringIs("mode", {"constant", "edge", "reflect"}, "constant"), Constant(1, "pads"),
           Constant(2, "constant_value"), InputsAtMost(3), RanksAtMost(5)},
          File("pad")),
      Row({"Expand"}, {Constant(1, "shape"), RanksAtMost(5)}, File("expand")),
      Row({"Tile"}, {Constant(1, "repeats"), RanksAtMost(5)}, File("tile")),
      Row({"Resize"},
          {Rank(0, {3, 4, 5}), CubicKnowsItsFactors(), IntIs("antialias", {0}, 0),
           StringIs(
               "coordinate_transformation_mode",
               {"half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "tf_half_pixel_for_nn"},
               "half_pixel"),
           NearestModes(), ResizesSpaceOnly()},
          File("resize")),
      Row({"Upsample"}, {Rank(0, {3, 4, 5}), Constant(1, "scales"), ResizesSpaceOnly()}, File("upsample")),
      Row({"DepthToSpace", "SpaceToDepth"}, {Rank(0, {4}), Computes()}, File("simple")),
      Row({"GridSample"},
          {Rank(0, {4}), Computes(), StringIs("mode", {"bilinear", "linear", "nearest"}, "linear")},
          File("simple")),
      Row({"RoiAlign"}, {Rank(0, {4}), StringIs("mode", {"avg"}, "avg")}, File("roialign")),
      Row({"NonMaxSuppression"},
          {Constant(2, "max_output_boxes_per_class"), Constant(3, "iou_threshold"),
           Constant(4, "score_threshold"), IntIs("center_point_box", {0}, 0)},
          kCompiler),
      Row({"OneHot"}, {Constant(1, "depth"), Constant(2, "values")}, kCompiler),
      Row({"Range"}, {Constant(0, "start"), Constant(1, "limit"), Constant(2, "delta")}, kCompiler),
      Row({"NonZero", "Shape"}, {RanksAtMost(5)}, kCompiler),
      Row({"QuantizeLinear", "DequantizeLinear"}, {InsideTheGraph(), RanksAtMost(5)}, File("simple")),
      Row({"QLinearConv"},
          {Constant(1, "x_scale"), Constant(2, "x_zero_point"), Constant(3, "w"), Constant(6, "y_scale"),
           Constant(7, "y_zero_point"), Rank(0, {3, 4, 5})},
          kCompiler),
      Row({"QLinearMatMul"},
          {Constant(1, "a_scale"), Constant(4, "b_scale"), Constant(6, "y_scale"), RanksAtMost(5)},
          kCompiler),
      Row({"If"}, {CapturesNothing()}, kCompiler),
  };
}

/// For these the compiler's provider has no way at all.
OperatorRow Refused() {
  OperatorRow row;
  row.op_types = Words(
      "Acos Acosh AffineGrid Asinh Atanh BitCast BitShift BitwiseAnd BitwiseNot BitwiseOr "
      "BitwiseXor BlackmanWindow Celu CenterCropPad Col2Im Compress ConcatFromSequence ConstantOfShape "
      "ConvInteger "
      "Cosh CumProd DFT DeformConv Det Dropout DynamicQuantizeLinear Erf EyeLike HammingWindow "
      "HannWindow Hardmax IsInf Loop MatMulInteger MaxUnpool MeanVarianceNormalization "
      "MelWeightMatrix Optional OptionalGetElement OptionalHasElement RNN ReduceL1 ReduceProd "
      "ReduceSumSquare RegexFullMatch ReverseSequence Scan Scatter "
      "SequenceAt SequenceConstruct SequenceEmpty SequenceErase SequenceInsert SequenceLength "
      "Shrink Sinh Size Softsign SplitToSequence StringConcat StringNormalizer StringSplit "
      "TensorScatter TfIdfVectorizer Trilu Unique");
  row.grade = Grade::kUnsupported;
  row.remark = "operators that the execution provider has a builder for";
  row.source = kCompiler;
  return row;
}

Accelerator Make() {
  Accelerator accelerator;
  accelerator.name = "qnn_htp";
  accelerator.title = "Qualcomm HTP (QNN)";
  accelerator.runtime = "ONNX Runtime QNN 2.7.0";
  accelerator.source = kProvider;
  accelerator.everywhere = {StaticShapes().From(kProvider), KnownElementTypes(), HasFp16(), OutsideBranches(),
                            OpsetWithin(7, 1000).From(kCompiler)};
  for (const auto& group : {Convolutions(), Elementwise(), Normalizations(), Shapes()})
    accelerator.rows.insert(accelerator.rows.end(), group.begin(), group.end());
  accelerator.rows.push_back(Refused());
  return accelerator;
}

}  // namespace

const Accelerator& QnnHtp() {
  static const Accelerator accelerator = Make();
  return accelerator;
}

}  // namespace shoehorn::targets
