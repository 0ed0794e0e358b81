// Calibration: a model that shows its inner activations runs once over the samples, an Observer watches each
// activation, and at the end all range methods read what the observers kept.
#include <algorithm>
#include <optional>

#include "formats/onnx.h"
#include "quant/observer.h"
#include "quant/rules.h"

namespace shoehorn::quant {

const Range& ActivationRanges::Of(RangeMethod method) const {
  switch (method) {
    case RangeMethod::kMinMax:
      return min_max;
    case RangeMethod::kPercentile:
      return percentile;
    case RangeMethod::kMse:
      return mse;
    case RangeMethod::kEntropy:
      return entropy;
  }
  return min_max;
}

std::vector<std::string> ActivationsToObserve(const ir::Graph& graph, std::string_view engine) {
  std::vector<std::string> names;
  std::set<const ir::Value*> seen;
  const auto add = [&](const ir::Value* value) {
    const bool may_be_float =
        value != nullptr && value->constant() == nullptr && &value->graph() == &graph &&
        (value->type.element == ir::DataType::kFloat ||
         (value->type.element == ir::DataType::kUndefined && value->type.opaque.empty()));
    if (may_be_float && seen.insert(value).second) names.push_back(value->name());
  };
  for (const ir::Node& node : graph.nodes()) {
    for (const EngineRules& rules : AllEngineRules()) {
      if (engine.empty() ? rules.whole : engine != rules.engine) continue;
      const Rule* rule = rules.Find(node);
      if (rule == nullptr || !rule->applies(node).empty()) continue;
      for (const ir::Value* input : node.inputs()) add(input);
      add(&PairedOutput(node, *rule));
      if (!rules.whole) continue;
      for (const ir::Value* output : node.outputs()) add(output);
    }
  }
  return names;
}

std::unique_ptr<ir::Model> WithObservedOutputs(const ir::Model& model,
                                               const std::vector<std::string>& names) {
  std::unique_ptr<ir::Model> copy = ir::Clone(model);
  ir::Graph& graph = *copy->graph;
  std::unordered_map<std::string_view, ir::Value*> by_name;
  for (const auto& value : graph.values()) by_name.emplace(value->name(), value.get());
  std::vector<ir::Value*> observed;
  for (const std::string& name : names) {
    const auto found = by_name.find(name);
    SHOEHORN_CHECK(found != by_name.end(), "value to observe '" + name + "' is not in the model");
    observed.push_back(found->second);
  }
  for (ir::Value* value : observed) {
    ir::Value* shown = value;
    if (value->is_output() || value->is_input()) {
      shown = graph.AddNode("Identity", value->name() + "_observed", {value}).output();
      shown->type = value->type;
    }
    if (shown->type.element == ir::DataType::kUndefined) shown->type.element = ir::DataType::kFloat;
    graph.AddOutput(*shown);
  }
  return copy;
}

Result<CalibrationTable> Calibrate(const std::vector<std::string>& names, size_t first_output, size_t count,
                                   const Runner& runner) {
  if (count == 0) {
    return Diagnostic{.file = {},
                      .place = "calibration samples",
                      .found = "there are none",
                      .expected = "at least one sample to learn ranges from",
                      .fix = "give calibration samples in the spec, or leave int8 out of its precisions"};
  }
  std::vector<std::optional<Observer>> observers(names.size());
  for (size_t sample = 0; sample < count; ++sample) {
    SHOEHORN_ASSIGN(const std::vector<ir::Tensor> outputs, runner(sample));
    SHOEHORN_CHECK(outputs.size() >= first_output + names.size(), "the runner gave too few outputs");
    for (size_t k = 0; k < names.size(); ++k) {
      const ir::Tensor& tensor = outputs[first_output + k];
      if (tensor.type() != ir::DataType::kFloat || tensor.count() == 0) continue;
      const ir::Shape& dims = tensor.dims();
      int64_t outer = 1, channels = 1;
      if (dims.size() >= 2) {
        const size_t axis = dims.size() == 3 ? 2 : 1;
        outer = ir::ElementCount(std::span(dims).first(axis));
        channels = dims[axis];
      }
      if (!observers[k]) observers[k].emplace();
      observers[k]->Observe(tensor.As<float>(), outer, channels);
    }
  }
  CalibrationTable table;
  for (size_t k = 0; k < names.size(); ++k) {
    if (!observers[k]) continue;
    const Histogram& histogram = observers[k]->histogram();
    table[names[k]] = {.min_max = ChooseRange(histogram, RangeMethod::kMinMax),
                       .percentile = ChooseRange(histogram, RangeMethod::kPercentile),
                       .mse = ChooseRange(histogram, RangeMethod::kMse),
                       .entropy = ChooseRange(histogram, RangeMethod::kEntropy),
                       .channels = observers[k]->channels()};
    observers[k].reset();
  }
  return table;
}

}  // namespace shoehorn::quant
