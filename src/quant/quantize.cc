// Carries out a plan: weights become integers, biases get the scale of their sums, and values get their
// pairs.
#include "quant/quantize.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "formats/onnx.h"
#include "quant/plan.h"
#include "quant/sensitivity.h"

namespace shoehorn::quant {
namespace {

class Quantizer {
 public:
  Quantizer(ir::Graph& graph, const CalibrationTable& table, const QuantizeOptions& options,
            const EngineRules& rules, const Plan& plan)
      : graph_(graph), table_(table), options_(options), rules_(rules), plan_(plan) {}

  void Run() {
    for (const ir::Node& node : graph_.nodes()) names_.insert(node.name);
    std::vector<ir::Node*> nodes;
    for (ir::Node& node : graph_.nodes())
      if (plan_.integer.contains(&node)) nodes.push_back(&node);
    // Parameters first: they look activations up by the names that calibration saw.
    for (ir::Node* node : nodes) {
      const Rule& rule = *plan_.integer.at(node);
      if (rule.part == Part::kWeighted) QuantizeParameters(*node, rule);
      if (rules_.whole) QuantizeConstants(*node, rule);
    }
    std::unordered_set<ir::Value*> paired;
    for (ir::Node* node : nodes)
      for (ir::Value* input : std::vector(node->inputs()))
        if (input != nullptr && plan_.scales.contains(input) && input->producer() == nullptr &&
            paired.insert(input).second)
          Pair(*input, *input, false);
    std::vector<ir::Node*> all;
    for (ir::Node& node : graph_.nodes()) all.push_back(&node);
    for (ir::Node* node : all) {
      if (node->removed()) continue;
      const auto found = plan_.integer.find(node);
      for (ir::Value* output : std::vector(node->outputs())) {
        if (output == nullptr) continue;
        ir::Value* place = output;
        bool for_all = false;
        if (found != plan_.integer.end()) {
          ir::Value& behind = PairedOutput(*node, *found->second);
          if (output == node->output() && &behind != output && MayAbsorb(behind, *found->second))
            place = &behind;
          for_all = found->second->integer_output;
        } else if (const ir::Node* before = Rectified(*node)) {
          for_all = plan_.integer.at(before)->integer_output;
        }
        if (plan_.scales.contains(place)) Pair(*place, *output, for_all || place != output);
      }
    }
    graph_.RemoveDead();
  }

 private:
  /// The integer node whose output `node` rectifies.
  const ir::Node* Rectified(const ir::Node& node) const {
    const ir::Value* input = node.input(0);
    if (input == nullptr || input->producer() == nullptr) return nullptr;
    const auto found = plan_.integer.find(input->producer());
    if (found == plan_.integer.end()) return nullptr;
    return &PairedOutput(*found->first, *found->second) == node.output() ? found->first : nullptr;
  }

  bool MayAbsorb(const ir::Value& rectified, const Rule& rule) const {
    const auto scale = plan_.scales.find(&rectified);
    if (scale == plan_.scales.end() || !SaturationReplaces(*rectified.producer(), scale->second))
      return false;
    if (rule.integer_output) return true;
    return !rectified.is_output() && std::ranges::all_of(rectified.uses(), [&](const ir::Use& use) {
      return plan_.integer.contains(use.node);
    });
  }

  /// Puts Quantize and Dequantize behind `source`, at the scale of `value` (`source` itself, or what a Relu
  /// that goes makes of it). Integer nodes read the result, or `for_all` everyone.
  void Pair(ir::Value& value, ir::Value& source, bool for_all) {
    const std::string name = value.name();
    ir::Node* const after = source.producer() != nullptr ? source.producer()->next() : graph_.first();
    std::vector<ActivationScale> scales = {plan_.scales.at(&value)};
    if (const auto found = plan_.channel_scales.find(&value); found != plan_.channel_scales.end())
      scales = found->second;
    const auto [quantize, result_pointer] = AddPair(source, value.type, name, scales, after);
    ir::Value& result = *result_pointer;
    std::vector<ir::Use> others;  // that read it in the other number of bits
    const auto converted = plan_.converted.find(&value);
    if (converted != plan_.converted.end())
      for (const ir::Use& use : value.uses())
        if (plan_.integer.contains(use.node) && BitsOf(*use.node) != scales[0].bits()) others.push_back(use);
    if (&value != &source) {
      ir::Node* const rectifier = value.producer();
      graph_.ReplaceValue(value, result);
      graph_.RemoveNode(*rectifier);
    } else if (for_all) {
      graph_.ReplaceValue(value, result);
      quantize->SetInput(0, &source);
    } else {
      for (const ir::Use& use : std::vector(value.uses()))
        if (plan_.integer.contains(use.node)) use.node->SetInput(use.index, &result);
    }
    if (others.empty()) return;
    ir::Value* const other =
        AddPair(result, result.type, name + "_converted", {converted->second}, result.producer()->next())
            .second;
    for (const ir::Use& use : others) use.node->SetInput(use.index, other);
  }

  /// Both nodes before `after`; gives the first, and what the second makes.
  std::pair<ir::Node*, ir::Value*> AddPair(ir::Value& source, const ir::Type& type, const std::string& name,
                                           const std::vector<ActivationScale>& scales, ir::Node* after) {
    ir::Value& step = graph_.AddConstant(name + "_scale", ScaleTensor(scales));
    ir::Value& zero = graph_.AddConstant(name + "_zero_point", ZeroPointTensor(scales));
    ir::Node& quantize =
        graph_.AddNode("QuantizeLinear", UniqueName(name + "_quantize"), {&source, &step, &zero}, 1, after);
    ir::Node& dequantize = graph_.AddNode("DequantizeLinear", UniqueName(name + "_dequantize"),
                                          {quantize.output(), &step, &zero}, 1, after);
    if (scales.size() > 1)
      for (ir::Node* node : {&quantize, &dequantize}) node->Set("axis", int64_t{1});
    if (source.producer() != nullptr) quantize.origins = dequantize.origins = source.producer()->UserNames();
    quantize.output()->type = dequantize.output()->type = type;
    quantize.output()->type.element = scales[0].type;
    dequantize.output()->type.element = ir::DataType::kFloat;
    return {&quantize, dequantize.output()};
  }

  /// `wanted`, or with a number behind it: constants that several nodes read are quantized once for each.
  std::string UniqueName(const std::string& wanted) {
    std::string name = wanted;
    for (int i = 2; !names_.insert(name).second; ++i) name = fmt::format("{}_{}", wanted, i);
    return name;
  }

  int BitsOf(const ir::Node& node) const { return plan_.wide.contains(&node) ? 16 : 8; }

  /// The scale at which `node` reads `value`.
  const ActivationScale& ReadScale(const ir::Node& node, const ir::Value& value) const {
    const ActivationScale& made = plan_.scales.at(&value);
    return made.bits() == BitsOf(node) || !plan_.converted.contains(&value) ? made
                                                                            : plan_.converted.at(&value);
  }

  /// Constants among the activations, and the scale and bias of a normalization.
  void QuantizeConstants(ir::Node& node, const Rule& rule) {
    float scale_step = 1;
    for (const size_t i : Operands(node, rule)) {
      const ir::Tensor* tensor = node.input(i)->constant();
      if (tensor == nullptr) continue;
      Range range{0, 0};
      for (const float value : tensor->As<float>()) {
        range.low = std::min<double>(range.low, value);
        range.high = std::max<double>(range.high, value);
      }
      if (range.low == range.high) range.high = 1;  // zeros
      const ActivationScale scale = ScaleOf(range, options_.signed_activations, false, BitsOf(node));
      if (i == 1) scale_step = scale.scale;
      const std::string name = node.input(i)->name();
      ir::Value& integers = graph_.AddConstant(name + "_quantized", QuantizeValues(*tensor, scale));
      ir::Value& step = graph_.AddConstant(name + "_scale", ScaleTensor(std::span(&scale, 1)));
      ir::Value& zero = graph_.AddConstant(name + "_zero_point", ZeroPointTensor(std::span(&scale, 1)));
      ir::Node& dequantize = graph_.AddNode("DequantizeLinear", UniqueName(name + "_dequantize"),
                                            {&integers, &step, &zero}, 1, &node);
      dequantize.origins = node.UserNames();
      dequantize.output()->type = node.input(i)->type;
      node.SetInput(i, dequantize.output());
    }
    if (rule.part != Part::kNormalization || node.input(2) == nullptr) return;
    const float step = ReadScale(node, *node.input(0)).scale * scale_step;
    const auto values = node.input(2)->constant()->As<float>();
    node.SetInput(2, &IntegerBias(node, node.input(2)->name(), values, {step}));
  }

  /// int32 at the scale of the sums that the bias joins.
  ir::Value& IntegerBias(ir::Node& node, const std::string& name, std::span<const float> bias,
                         const std::vector<float>& scales) {
    std::vector<int32_t> sums(bias.size());
    for (size_t i = 0; i < bias.size(); ++i) {
      const double level = bias[i] / static_cast<double>(scales[scales.size() == 1 ? 0 : i]);
      sums[i] = static_cast<int32_t>(std::clamp(std::nearbyint(level), -2147483648.0, 2147483647.0));
    }
    const auto count = static_cast<int64_t>(bias.size());
    return Dequantized(node, name, ir::Tensor::Of<int32_t>({count}, sums), scales, 0, false);
  }

  void QuantizeParameters(ir::Node& node, const Rule& rule) {
    ir::Value& weights = *node.input(1);
    const ir::Tensor& floats = *weights.constant();
    const float input_scale = ReadScale(node, *node.input(0)).scale;
    const WeightLayout layout = WeightLayout::Of(node);
    const size_t axis = layout.output_axis;
    const bool per_channel = options_.per_channel && rule.per_channel_weights;
    const Channels input = ChannelsOf(table_, *node.input(0), node, layout.inputs);

    std::vector<float> bias;
    if (!node.Is("MatMul") && node.input(2) != nullptr) {
      const std::span<const float> values = node.input(2)->constant()->As<float>();
      bias.assign(values.begin(), values.end());
    }
    // A bias is held in int32 at scale input * weight: tiny weights beside a large bias need a coarser scale
    // to hold it.
    std::vector<float> least;
    for (const float value : bias) least.push_back(std::abs(value) / input_scale / 1073741824.0F);
    if (!per_channel && !least.empty()) least = {*std::ranges::max_element(least)};

    const IntegerWeights integers = QuantizeWeights(floats, per_channel ? std::optional(axis) : std::nullopt,
                                                    options_.reduce_range, least);
    const std::string weights_name = weights.name();
    const bool bias_possible = !node.Is("MatMul");
    if (options_.bias_correction && bias_possible && !input.empty()) {
      if (bias.empty()) bias.assign(static_cast<size_t>(layout.outputs), 0.0F);
      // bias[output] -= mean[input] * error of the weight from input to output, summed over inputs.
      layout.ForEach([&](size_t output, size_t channel, size_t i) {
        bias[output] -= integers.errors[i] * input[channel].mean;
      });
    }
    node.SetInput(1, &Dequantized(node, weights_name, integers.integers, integers.scales, axis, true));
    if (bias.empty()) return;

    const std::string bias_name = node.input(2) != nullptr ? node.input(2)->name() : weights_name + "_bias";
    const auto count = static_cast<int64_t>(bias.size());
    ir::Value* value = nullptr;
    if (rules_.integer_bias) {
      std::vector<float> scales;
      for (const float scale : integers.scales) scales.push_back(scale * input_scale);
      value = &IntegerBias(node, bias_name, bias, scales);
    } else {
      value = &graph_.AddConstant(bias_name + "_corrected", ir::Tensor::Of<float>({count}, bias));
    }
    if (node.inputs().size() > 2)
      node.SetInput(2, value);
    else
      node.AppendInput(value);
  }

  ir::Value& Dequantized(ir::Node& node, const std::string& name, ir::Tensor integers,
                         const std::vector<float>& scales, size_t axis, bool zero_point) {
    const auto channels = static_cast<int64_t>(scales.size());
    const ir::Shape shape = channels == 1 ? ir::Shape{} : ir::Shape{channels};
    ir::Type type;
    type.element = ir::DataType::kFloat;
    type.has_rank = true;
    for (const int64_t dim : integers.dims()) type.dims.push_back({dim, {}});
    std::vector<ir::Value*> inputs = {
        &graph_.AddConstant(name + "_quantized", std::move(integers)),
        &graph_.AddConstant(name + "_scale", ir::Tensor::Of<float>(shape, scales))};
    if (zero_point) {
      const std::vector<int8_t> zeros(scales.size(), 0);
      inputs.push_back(&graph_.AddConstant(name + "_zero_point", ir::Tensor::Of<int8_t>(shape, zeros)));
    }
    ir::Node& dequantize =
        graph_.AddNode("DequantizeLinear", UniqueName(name + "_dequantize"), inputs, 1, &node);
    if (channels != 1) dequantize.Set("axis", static_cast<int64_t>(axis));
    dequantize.origins = node.UserNames();
    dequantize.output()->type = std::move(type);
    return *dequantize.output();
  }

  ir::Graph& graph_;
  const CalibrationTable& table_;
  const QuantizeOptions& options_;
  const EngineRules& rules_;
  const Plan& plan_;
  std::unordered_set<std::string> names_;  // of nodes
};

std::string Label(const ir::Node& node) { return node.name.empty() ? node.output()->name() : node.name; }

}  // namespace

bool HasVnni() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512vnni") != 0 || __builtin_cpu_supports("avxvnni") != 0;
#else
  return true;  // 32-bit sums of 8-bit products are the only kind there is
#endif
}

Result<std::unique_ptr<ir::Model>> PrepareModel(const ir::Model& model, int64_t opset) {
  auto prepared = model.Opset() >= opset ? Result(ir::Clone(model)) : formats::ConvertOpset(model, opset);
  if (!prepared.ok()) return prepared;
  SHOEHORN_TRY(formats::MakeTypeInference(**prepared)->InferGraph(*(*prepared)->graph));
  return prepared;
}

Result<QuantizeReport> Quantize(ir::Model& model, const CalibrationTable& table,
                                const QuantizeOptions& options) {
  const EngineRules* rules = FindEngineRules(options.engine);
  if (rules == nullptr) {
    std::vector<std::string> names;
    for (const EngineRules& known : AllEngineRules()) names.emplace_back(known.engine);
    return Diagnostic{.file = {},
                      .place = fmt::format("engine '{}'", Escaped(options.engine)),
                      .found = "no quantization rules are known for it",
                      .expected = fmt::format("one of {}", fmt::join(names, ", ")),
                      .fix = fmt::format("did you mean '{}'?", DidYouMean(options.engine, names))};
  }
  if (model.Opset() < kPerChannelOpset) {
    return Diagnostic{.file = model.source.string(),
                      .place = "opset",
                      .found = fmt::format("version {}", model.Opset()),
                      .expected = "13 or later, which has one scale a channel",
                      .fix = "convert the model to opset 13"};
  }
  const bool sixteen = options.activation_bits == 16 || options.wide_head || options.wide_below_db > 0;
  if (sixteen && model.Opset() < kSixteenBitOpset) {
    return Diagnostic{.file = model.source.string(),
                      .place = "opset",
                      .found = fmt::format("version {}", model.Opset()),
                      .expected = fmt::format("{} or later, which has 16-bit values", kSixteenBitOpset),
                      .fix = fmt::format("convert the model to opset {}", kSixteenBitOpset)};
  }
  const Plan plan = rules->whole ? MakeWholePlan(*model.graph, table, options, *rules)
                                 : MakePlan(*model.graph, table, options, *rules);
  QuantizeReport report;
  for (const auto& [node, why] : plan.left_in_float) report.left_in_float.emplace_back(Label(*node), why);
  for (const auto& [node, sqnr] : plan.sensitivity) report.sensitivity.emplace_back(Label(*node), sqnr);
  report.quantized_nodes = plan.integer.size();
  Quantizer(*model.graph, table, options, *rules, plan).Run();
  if (rules->whole) {
    report.float_nodes = plan.left_in_float.size();  // the rest are shapes and indices
  } else {
    for (const ir::Node& node : model.graph->nodes())
      report.float_nodes += !node.Is("QuantizeLinear") && !node.Is("DequantizeLinear");
    report.float_nodes -= std::min(report.float_nodes, report.quantized_nodes);
  }
  model.ir_version = std::max<int64_t>(model.ir_version, sixteen ? 10 : 7);
  return report;
}

}  // namespace shoehorn::quant
