// What a node costs by a profile alone: as long as its arithmetic takes at the unit's rate or its bytes take
// to the memory, whichever is longer.
//   Conv of 100 M multiply-accumulates on 10 TOPS at efficiency 0.2: 200 M / 2 T = 100 us; its 1 MB at 34
//   GB/s: 29 us; with an operator start of 5 us it costs 105 us, bound by arithmetic
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "cost/cost.h"
#include "cost/work.h"
#include "ir/statistics.h"

namespace shoehorn::cost {
namespace {

using targets::Fact;
using targets::FactKind;
using targets::Weaker;

/// Steps from an element-wise node back to the multiply-accumulate that it may be fused with: Conv,
/// QuantizeLinear, DequantizeLinear, Add, Relu.
constexpr int kFusedAtMost = 4;

bool IsElementwise(const ir::Node& node) {
  static const std::unordered_set<std::string_view> names = {
      "Add",   "BatchNormalization", "Clip",      "DequantizeLinear", "Div",
      "Elu",   "HardSigmoid",        "HardSwish", "LeakyRelu",        "Mul",
      "PRelu", "QuantizeLinear",     "Relu",      "Sigmoid",          "Sub",
      "Tanh"};
  return node.domain.empty() && names.contains(node.op_type);
}

bool MultipliesAndAccumulates(const ir::Node& node) {
  static const std::unordered_set<std::string_view> names = {"Conv",        "ConvInteger",  "ConvTranspose",
                                                             "Gemm",        "MatMul",       "MatMulInteger",
                                                             "QLinearConv", "QLinearMatMul"};
  return node.domain.empty() && names.contains(node.op_type);
}

/// The operand through which `node` is fused with a multiply-accumulate before it; nullptr when it is not.
const ir::Value* FusedThrough(const ir::Node& node, int steps = kFusedAtMost) {
  if (steps == 0 || !IsElementwise(node) || node.output() == nullptr) return nullptr;
  for (const ir::Value* input : node.inputs()) {
    if (input == nullptr || input->producer() == nullptr || !input->has_single_use()) continue;
    if (!(input->type.dims == node.output()->type.dims)) continue;
    const ir::Node& producer = *input->producer();
    if (MultipliesAndAccumulates(producer) || FusedThrough(producer, steps - 1) != nullptr) return input;
  }
  return nullptr;
}

/// Marks of precision that an integer unit never executes: inside the graph, and around weights.
bool IsMark(const ir::Node& node) {
  if (node.Is("QuantizeLinear")) return node.input(0) != nullptr && node.input(0)->producer() != nullptr;
  return node.Is("DequantizeLinear") && node.output() != nullptr && !node.output()->is_output();
}

class RooflineModel : public Model {
 public:
  RooflineModel(const targets::Device& device, const targets::Unit& unit, std::string precision)
      : device_(device), unit_(unit), precision_(std::move(precision)), peak_(unit.peak.at(precision_)) {
    rate_ = peak_.value * (unit.efficiency ? unit.efficiency->value : 1);
    kind_ = Weaker(peak_.kind, Weaker(unit.bandwidth.kind,
                                      unit.efficiency ? unit.efficiency->kind : FactKind::kInferred));
    for (const std::optional<Fact>& fact : {unit.per_operator, unit.busy_power})
      if (fact) kind_ = Weaker(kind_, fact->kind);
  }

  Cost Of(const ir::Node& node) const override {
    Work work = WorkOf(node, precision_);
    Cost cost = Start();
    if (precision_ == "int8" && IsMark(node)) {
      cost.basis = "roofline, a mark of precision";
      return cost;
    }
    cost.bytes = work.weight_bytes + work.activation_bytes;
    double start = unit_.per_operator && cost.bytes > 0 ? unit_.per_operator->value : 0;
    const char* bound = nullptr;
    if (const ir::Value* through = FusedThrough(node)) {
      work.activation_bytes -= BytesOf(*through, precision_) + BytesOf(*node.output(), precision_);
      start = 0;
      bound = "fused with the operator before it";
    }
    const double arithmetic = work.operations / rate_;
    const double memory = (work.activation_bytes + work.weight_bytes) / unit_.bandwidth.value;
    cost.seconds = std::max(arithmetic, memory) + start;
    cost.joules = unit_.busy_power ? unit_.busy_power->value * cost.seconds : 0;
    if (bound == nullptr)
      bound = cost.bytes == 0       ? "moves nothing"
              : arithmetic > memory ? "bound by arithmetic"
                                    : "bound by memory";
    cost.basis = fmt::format("roofline, {}{}", bound, work.known ? "" : "; at least this, a shape is open");
    return cost;
  }

  Cost OfGraph(const ir::Graph& graph) const override {
    Cost total = Start();
    std::unordered_set<const ir::Value*> weights;
    double weight_bytes = 0;
    bool known = true;
    for (const ir::Node& node : graph.nodes()) {
      const Cost cost = Of(node);
      total.seconds += cost.seconds;
      total.joules += cost.joules;
      known &= WorkOf(node, precision_).known;
      for (const ir::Value* input : node.inputs())
        if (input != nullptr && ir::ConstantOf(*input) != nullptr && weights.insert(input).second)
          weight_bytes += BytesOf(*input, precision_);
    }
    const auto size = [&](const ir::Type& type) -> std::optional<int64_t> {
      if (!type.is_static()) return std::nullopt;
      return static_cast<int64_t>(std::ceil(BytesOf(type, precision_)));
    };
    total.bytes = weight_bytes + static_cast<double>(ir::PeakBytes(graph, size));
    total.basis = "roofline, the sum of the nodes";
    AddOverflow(weight_bytes, total);
    if (!known) total.basis += "; at least this, a shape is open";
    return total;
  }

 private:
  Cost Start() const {
    Cost cost;
    cost.energy_known = unit_.busy_power.has_value();
    cost.kind = kind_;
    return cost;
  }

  /// Weights beyond the unit's own memory come over the copy in every run.
  void AddOverflow(double weight_bytes, Cost& total) const {
    const targets::Copy* copy = device_.Between(device_.units.front().name, unit_.name);
    if (!unit_.memory || copy == nullptr || weight_bytes <= unit_.memory->value) return;
    const double missing = weight_bytes - unit_.memory->value;
    const double seconds = missing / copy->bandwidth.value;
    total.seconds += seconds;
    total.joules += unit_.busy_power ? unit_.busy_power->value * seconds : 0;
    total.kind = Weaker(total.kind, Weaker(unit_.memory->kind, copy->bandwidth.kind));
    total.basis +=
        fmt::format("; {:.0f} bytes of weights do not fit the unit's memory and come over the copy", missing);
  }

  const targets::Device& device_;
  const targets::Unit& unit_;
  std::string precision_;
  const Fact& peak_;
  double rate_;  // operations a second
  FactKind kind_;
};

}  // namespace

Result<std::unique_ptr<Model>> Roofline(const targets::Device& device, const targets::Unit& unit,
                                        const std::string& precision) {
  if (unit.peak.contains(precision))
    return std::unique_ptr<Model>(std::make_unique<RooflineModel>(device, unit, precision));
  std::vector<std::string> known;
  for (const auto& [name, peak] : unit.peak) known.push_back(name);
  Diagnostic diagnostic;
  diagnostic.place = "unit '" + Escaped(unit.name) + "'";
  diagnostic.found = "it does not compute in " + Escaped(precision);
  diagnostic.expected = fmt::format("{}", fmt::join(known, " or "));
  return diagnostic;
}

Cost CopyCost(const targets::Device& device, const targets::Unit& from, const targets::Unit& to,
              double bytes) {
  Cost cost;
  cost.bytes = bytes;
  if (from.name == to.name) {
    cost.energy_known = true;
    cost.kind = FactKind::kMeasured;
    cost.basis = "within one unit";
    return cost;
  }
  const targets::Copy* copy = device.Between(from.name, to.name);
  SHOEHORN_CHECK(copy != nullptr, "a device has a copy between each pair of its units");
  cost.seconds = copy->latency.value + bytes / copy->bandwidth.value;
  cost.kind = Weaker(copy->latency.kind, copy->bandwidth.kind);
  cost.basis = "copy between units";
  if (const auto& power = device.units.front().busy_power) {
    cost.joules = power->value * cost.seconds;
    cost.energy_known = true;
    cost.kind = FactKind::kInferred;
  }
  return cost;
}

}  // namespace shoehorn::cost
