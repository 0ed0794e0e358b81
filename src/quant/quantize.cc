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
    std::vector<ir::Node*> nodes;
    for (ir::Node& node : graph_.nodes())
      if (plan_.integer.contains(&node)) nodes.push_back(&node);
    // Weights first: they look activations up by the names that calibration saw.
    for (ir::Node* node : nodes)
      if (plan_.integer.at(node)->part == Part::kWeighted) QuantizeParameters(*node);
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
          if (&behind != output && MayAbsorb(behind, *found->second)) place = &behind;
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
    const ActivationScale& scale = plan_.scales.at(&value);
    const std::string name = value.name();
    ir::Node* const after = source.producer() != nullptr ? source.producer()->next() : graph_.first();
    std::vector<ActivationScale> scales = {scale};
    if (const auto found = plan_.channel_scales.find(&value); found != plan_.channel_scales.end())
      scales = found->second;
    ir::Value& step = graph_.AddConstant(name + "_scale", ScaleTensor(scales));
    ir::Value& zero = graph_.AddConstant(name + "_zero_point", ZeroPointTensor(scales));
    ir::Node& quantize =
        graph_.AddNode("QuantizeLinear", name + "_quantize", {&source, &step, &zero}, 1, after);
    ir::Node& dequantize =
        graph_.AddNode("DequantizeLinear", name + "_dequantize", {quantize.output(), &step, &zero}, 1, after);
    if (scales.size() > 1)
      for (ir::Node* node : {&quantize, &dequantize}) node->Set("axis", int64_t{1});
    if (source.producer() != nullptr) quantize.origins = dequantize.origins = source.producer()->UserNames();
    quantize.output()->type = dequantize.output()->type = value.type;
    quantize.output()->type.element = scale.type;
    dequantize.output()->type.element = ir::DataType::kFloat;

    ir::Value& result = *dequantize.output();
    if (&value != &source) {
      ir::Node* const rectifier = value.producer();
      graph_.ReplaceValue(value, result);
      graph_.RemoveNode(*rectifier);
    } else if (for_all) {
      graph_.ReplaceValue(value, result);
      quantize.SetInput(0, &source);
    } else {
      for (const ir::Use& use : std::vector(value.uses()))
        if (plan_.integer.contains(use.node)) use.node->SetInput(use.index, &result);
    }
  }

  void QuantizeParameters(ir::Node& node) {
    ir::Value& weights = *node.input(1);
    const ir::Tensor& floats = *weights.constant();
    const size_t axis = WeightLayout::Of(node).output_axis;
    const float input_scale = plan_.scales.at(node.input(0)).scale;
    const WeightLayout layout = WeightLayout::Of(node);
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
    if (!options_.per_channel && !least.empty()) least = {*std::ranges::max_element(least)};

    const IntegerWeights integers = QuantizeWeights(
        floats, options_.per_channel ? std::optional(axis) : std::nullopt, options_.reduce_range, least);
    const std::string weights_name = weights.name();
    const bool bias_possible = !node.Is("MatMul");
    if (options_.bias_correction && bias_possible && !input.empty()) {
      if (bias.empty()) bias.assign(static_cast<size_t>(floats.dims()[axis]), 0.0F);
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
      std::vector<int32_t> sums(bias.size());
      for (size_t i = 0; i < bias.size(); ++i) {
        const double level = bias[i] / static_cast<double>(scales[scales.size() == 1 ? 0 : i]);
        sums[i] = static_cast<int32_t>(std::clamp(std::nearbyint(level), -2147483648.0, 2147483647.0));
      }
      value = &Dequantized(node, bias_name, ir::Tensor::Of<int32_t>({count}, sums), scales, 0, false);
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
    ir::Node& dequantize = graph_.AddNode("DequantizeLinear", name + "_dequantize", inputs, 1, &node);
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

Result<std::unique_ptr<ir::Model>> PrepareModel(const ir::Model& model) {
  constexpr int64_t kPerChannel = 13;
  auto prepared =
      model.Opset() >= kPerChannel ? Result(ir::Clone(model)) : formats::ConvertOpset(model, kPerChannel);
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
  if (model.Opset() < 13) {
    return Diagnostic{.file = model.source.string(),
                      .place = "opset",
                      .found = fmt::format("version {}", model.Opset()),
                      .expected = "13 or later, which has one scale a channel",
                      .fix = "convert the model to opset 13"};
  }
  const Plan plan = MakePlan(*model.graph, table, options, *rules);
  QuantizeReport report;
  for (const auto& [node, why] : plan.left_in_float) report.left_in_float.emplace_back(Label(*node), why);
  for (const auto& [node, sqnr] : plan.sensitivity) report.sensitivity.emplace_back(Label(*node), sqnr);
  report.quantized_nodes = plan.integer.size();
  Quantizer(*model.graph, table, options, *rules, plan).Run();
  for (const ir::Node& node : model.graph->nodes())
    report.float_nodes += !node.Is("QuantizeLinear") && !node.Is("DequantizeLinear");
  report.float_nodes -= std::min(report.float_nodes, report.quantized_nodes);
  if (model.ir_version < 7) model.ir_version = 7;
  return report;
}

}  // namespace shoehorn::quant
