#include "cost/measured.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "ir/statistics.h"
#include "measure/statistics.h"
#include "support/units.h"

namespace shoehorn::cost {
namespace {

double Median(std::vector<double> values, double otherwise) {
  return values.empty() ? otherwise : measure::QuantileOf(std::move(values), 0.5).value;
}

/// Bytes of the constants that a node reads, and of its other inputs and its outputs.
double BytesOf(const ir::Node& node) {
  double bytes = 0;
  for (const ir::Value* input : node.inputs())
    if (input != nullptr) bytes += static_cast<double>(ir::BytesOf(input->type).value_or(0));
  for (const ir::Value* output : node.outputs())
    bytes += static_cast<double>(ir::BytesOf(output->type).value_or(0));
  return bytes;
}

class MeasuredModel : public Model {
 public:
  MeasuredModel(const EngineKernels& engine, const targets::Unit& unit, std::string precision)
      : engine_(engine.engine),
        precision_(std::move(precision)),
        predictor_(engine),
        busy_power_(unit.busy_power) {}

  Cost Of(const ir::Node& node) const override {
    const ir::Node* const nodes[] = {&node};
    return OfAll(node.graph(), nodes).front();
  }

  std::vector<Cost> OfAll(const ir::Graph& graph, std::span<const ir::Node* const> nodes) const override {
    std::unordered_map<const ir::Node*, Sum> led;  // by the first node of a kernel
    for (const Kernel& kernel : KernelsOf(graph, engine_, precision_))
      led[kernel.nodes.front()].Add(predictor_.Of(kernel));
    std::vector<Cost> costs;
    for (const ir::Node* node : nodes) {
      const auto found = led.find(node);
      Cost& cost = costs.emplace_back(CostOf(found == led.end() ? Sum{} : found->second));
      cost.bytes = BytesOf(*node);
      if (cost.seconds == 0) cost.basis = fmt::format("runs inside another kernel of {}", engine_);
    }
    return costs;
  }

  Cost OfGraph(const ir::Graph& graph) const override {
    Sum sum;
    for (const Kernel& kernel : KernelsOf(graph, engine_, precision_)) sum.Add(predictor_.Of(kernel));
    sum.seconds += predictor_.StartSeconds(precision_);
    Cost cost = CostOf(sum);
    const ir::Statistics statistics = ir::Measure(graph.model());
    cost.bytes = static_cast<double>(statistics.parameter_bytes + statistics.activation_peak_bytes);
    return cost;
  }

 private:
  struct Sum {
    double seconds = 0, guessed = 0;
    void Add(const KernelPredictor::Prediction& prediction) {
      seconds += prediction.seconds;
      if (!prediction.measured) guessed += prediction.seconds;
    }
  };

  Cost CostOf(const Sum& sum) const {
    Cost cost;
    cost.seconds = sum.seconds;
    cost.kind = sum.guessed > 0 ? targets::FactKind::kInferred : targets::FactKind::kMeasured;
    cost.basis = fmt::format("measured kernels of {}", engine_);
    if (sum.guessed > 0)
      cost.basis += fmt::format(", {} of the time from kernels of kinds that were not measured",
                                FormatPercent(sum.guessed / sum.seconds));
    if (busy_power_) {
      cost.joules = busy_power_->value * sum.seconds;
      cost.energy_known = true;
      cost.kind = targets::Weaker(cost.kind, busy_power_->kind);
    }
    return cost;
  }

  std::string engine_, precision_;
  KernelPredictor predictor_;
  std::optional<targets::Fact> busy_power_;
};

}  // namespace

KernelPredictor::KernelPredictor(const EngineKernels& engine) : start_seconds_(engine.start_seconds) {
  std::vector<double> per_operation, per_byte;
  for (const auto& [name, kind] : engine.kinds) {
    kinds_.emplace(name, KernelRegression(kind.samples, kind.reaches));
    for (const KernelSample& sample : kind.samples) {
      const bool computes = sample.shape.operations > 8 * sample.shape.bytes;
      if (computes) per_operation.push_back(sample.seconds / sample.shape.operations);
      if (!computes && sample.shape.bytes > 0) per_byte.push_back(sample.seconds / sample.shape.bytes);
    }
  }
  constexpr double kGuess = 1e-10;  // ten billion a second
  seconds_per_operation_ = Median(per_operation, kGuess);
  seconds_per_byte_ = Median(per_byte, kGuess);
}

KernelPredictor::Prediction KernelPredictor::Of(const Kernel& kernel) const {
  const auto found = kinds_.find(kernel.name());
  if (found == kinds_.end() && kernel.kind.ends_with(kPlainLayout)) {
    Kernel sibling = kernel;  // the other kernel of the same operator is nearer than any rate
    sibling.kind.resize(sibling.kind.size() - kPlainLayout.size());
    Prediction prediction = Of(sibling);
    prediction.measured = false;
    return prediction;
  }
  if (found == kinds_.end())
    return {
        std::max(kernel.shape.operations * seconds_per_operation_, kernel.shape.bytes * seconds_per_byte_),
        false, 0};
  return {found->second.Seconds(kernel.shape), true, found->second.Coverage(kernel.shape)};
}

double KernelPredictor::StartSeconds(std::string_view precision) const {
  const auto found = start_seconds_.find(std::string(precision));
  if (found != start_seconds_.end()) return found->second;
  return start_seconds_.empty() ? 0 : start_seconds_.begin()->second;
}

Result<std::unique_ptr<Model>> Measured(const KernelTable& table, const targets::Device& /*device*/,
                                        const targets::Unit& unit, const std::string& precision) {
  const EngineKernels* const engine = table.Find(unit.runtime);
  Diagnostic diagnostic;
  diagnostic.place = "unit '" + unit.name + "'";
  if (engine == nullptr) {
    diagnostic.found = "no kernels of its runtime '" + unit.runtime + "' were measured";
    diagnostic.fix = "measure them with `shoehorn profile` on that machine";
    return diagnostic;
  }
  if (!unit.peak.contains(precision)) {
    diagnostic.found = "it does not compute in " + precision;
    for (const auto& [known, peak] : unit.peak)
      diagnostic.expected += (diagnostic.expected.empty() ? "one of " : ", ") + known;
    return diagnostic;
  }
  return std::unique_ptr<Model>(std::make_unique<MeasuredModel>(*engine, unit, precision));
}

}  // namespace shoehorn::cost
