#include "place/device_problem.h"

#include <algorithm>
#include <limits>

#include "support/check.h"
#include "targets/rule.h"

namespace shoehorn::place {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();
constexpr size_t kHost = 0;

Diagnostic Wrong(const targets::Profile& profile, const std::string& place, const std::string& found,
                 const std::string& expected, const std::string& fix) {
  Diagnostic diagnostic;
  diagnostic.file = profile.file.string();
  diagnostic.place = place;
  diagnostic.found = found;
  diagnostic.expected = expected;
  diagnostic.fix = fix;
  return diagnostic;
}

/// The profile's precision where the unit computes in it, else the widest that it has.
std::string PrecisionOn(const targets::Unit& unit, const std::string& wanted) {
  if (unit.peak.contains(wanted)) return wanted;
  for (const char* precision : {"fp32", "fp16", "bf16", "int8"})
    if (unit.peak.contains(precision)) return precision;
  return wanted;
}

bool IsQuantized(const ir::Graph& graph) {
  return std::ranges::any_of(graph.values(), [](const std::unique_ptr<ir::Value>& value) {
    return value->producer() != nullptr && value->producer()->Is("QuantizeLinear");
  });
}

/// The operator of the main graph that `node` is part of.
const ir::Node& Outermost(const ir::Node& node) {
  const ir::Node* outer = &node;
  while (outer->graph().owner() != nullptr) outer = outer->graph().owner();
  return *outer;
}

}  // namespace

Result<std::unique_ptr<DeviceProblem>> DeviceProblem::Make(const ir::Model& model,
                                                           const targets::Profile& profile,
                                                           const Objective& objective,
                                                           const CostModelFor& models) {
  auto problem = std::unique_ptr<DeviceProblem>(new DeviceProblem(model, profile, objective));
  SHOEHORN_TRY(problem->AddUnits(models));
  problem->AddNodes();
  problem->AskRules();
  problem->PriceOperators();
  problem->AddValues();
  return problem;
}

Status DeviceProblem::AddUnits(const CostModelFor& models) {
  if (!profile_->device || profile_->device->units.empty())
    return Wrong(*profile_, "target '" + Escaped(profile_->name) + "'",
                 "its profile has no compute units, so nothing can be placed on them",
                 "[[unit]] with peak, bandwidth and dispatch (docs/profiles.md)", "");
  const std::vector<targets::Unit>& units = device().units;
  if (units.size() > kMaxPartitionUnits)
    return Wrong(*profile_, "target '" + Escaped(profile_->name) + "'",
                 "it has " + std::to_string(units.size()) + " units",
                 "at most " + std::to_string(kMaxPartitionUnits), "leave out those that no model runs on");
  float_model_ = !IsQuantized(*model_->graph);
  for (const targets::Unit& unit : units) {
    if (objective_.wants_energy() && !unit.busy_power)
      return Wrong(*profile_, "unit '" + Escaped(unit.name) + "'",
                   "it has no busy_power, so nobody can count its energy", "watts above the idle power",
                   "add busy_power, or ask for --objective latency");
    PlaceUnit added;
    added.unit = &unit;
    added.precision = PrecisionOn(unit, profile_->precision);
    SHOEHORN_ASSIGN(added.model, models(device(), unit, added.precision));
    units_.push_back(std::move(added));
  }
  problem_.units = units_.size();
  return Ok();
}

void DeviceProblem::AddNodes() {
  const std::vector<double> held = [&] {
    std::vector<double> cost(units_.size(), kInfinite);
    cost[kHost] = 0;
    return cost;
  }();
  const ir::Graph& graph = *model_->graph;
  for (const ir::Value* input : graph.inputs())
    problem_.nodes.push_back({"input '" + Escaped(input->name()) + "'", held});
  first_operator_ = problem_.nodes.size();
  for (const ir::Node& node : graph.nodes()) {
    if (node.Is("Constant")) continue;
    operator_of_.emplace(&node, operators_.size());
    operators_.push_back(&node);
    problem_.nodes.push_back({node.Describe(), std::vector<double>(units_.size(), 0)});
  }
  for (const ir::Value* output : graph.outputs())
    problem_.nodes.push_back({"output '" + Escaped(output->name()) + "'", held});
  on_.resize(operators_.size() * units_.size());
}

void DeviceProblem::AskRules() {
  // A float model on a unit that computes in integers is placed as what quantization will make of it: that
  // the chip has no float16 is then no reason to refuse.
  targets::Profile quantized = *profile_;
  quantized.facts["fp16"] = {1, targets::FactKind::kInferred, "the model is quantized before it runs"};
  for (size_t unit = 0; unit < units_.size(); ++unit) {
    PlaceUnit& asked = units_[unit];
    if (asked.unit->accelerator.empty()) continue;
    const targets::Accelerator* accelerator = targets::FindAccelerator(asked.unit->accelerator);
    SHOEHORN_CHECK(accelerator != nullptr, "profiles name accelerators that exist");
    asked.check = targets::Check(*model_, *accelerator, WantsQuantizing(unit) ? quantized : *profile_);
    for (const targets::NodeAnswer& answer : asked.check->nodes) {
      if (answer.accepted()) continue;
      const targets::NodeAnswer*& refusal =
          on_[operator_of_.at(&Outermost(*answer.node)) * units_.size() + unit].refusal;
      if (refusal == nullptr) refusal = &answer;
    }
  }
}

void DeviceProblem::PriceOperators() {
  std::vector<std::vector<cost::Cost>> costs;
  for (const PlaceUnit& unit : units_) costs.push_back(unit.model->OfAll(*model_->graph, operators_));
  for (size_t i = 0; i < operators_.size(); ++i) {
    const ir::Node& node = *operators_[i];
    bool known = true;
    const bool reads = std::ranges::any_of(node.inputs(), [](const ir::Value* input) {
      return input != nullptr && ir::ConstantOf(*input) == nullptr;
    });
    for (size_t unit = 0; unit < units_.size(); ++unit) {
      NodeOnUnit& on = on_[i * units_.size() + unit];
      const cost::Cost& cost = costs[unit][i];
      const cost::Work work = cost::WorkOf(node, units_[unit].precision);
      on.cost = {cost.seconds, cost.joules, cost.energy_known, cost.kind};
      // Nothing that arrives starts an island whose first operator reads constants only.
      const targets::Unit& runs = *units_[unit].unit;
      if (!reads && unit != kHost) on.cost += BusyFor(runs, runs.dispatch.value, runs.dispatch.kind);
      on.basis = bases_.try_emplace(cost.basis, 0).first->first;
      on.weight_bytes = work.weight_bytes;
      on.activation_bytes = work.activation_bytes;
      known = known && work.known;
      problem_.nodes[first_operator_ + i].cost[unit] =
          on.refusal == nullptr ? objective_.Of(on.cost) : kInfinite;
    }
    open_operators_ += known ? 0 : 1;
  }
}

void DeviceProblem::AddValues() {
  const ir::Graph& graph = *model_->graph;
  // An input with a default is a weight, until a caller overrides it.
  for (size_t i = 0; i < graph.inputs().size(); ++i)
    if (graph.inputs()[i]->initializer() == nullptr) AddValue(*graph.inputs()[i], i);
  for (size_t i = 0; i < operators_.size(); ++i)
    for (const ir::Value* output : operators_[i]->outputs())
      if (output != nullptr) AddValue(*output, first_operator_ + i);
}

void DeviceProblem::AddValue(const ir::Value& value, size_t producer) {
  PartitionValue read;
  read.producer = producer;
  for (const ir::Use& use : value.uses()) {
    const auto reader = operator_of_.find(&Outermost(*use.node));
    if (reader == operator_of_.end() || first_operator_ + reader->second == producer) continue;
    read.readers.push_back(first_operator_ + reader->second);
  }
  std::ranges::sort(read.readers);
  read.readers.erase(std::unique(read.readers.begin(), read.readers.end()), read.readers.end());
  const bool only_caller = read.readers.empty();
  const std::vector<ir::Value*>& outputs = model_->graph->outputs();
  if (value.is_output())
    for (size_t i = 0; i < outputs.size(); ++i)
      if (outputs[i] == &value) read.readers.push_back(first_operator_ + operators_.size() + i);
  if (read.readers.empty()) return;
  tensors_.push_back({&value, value.is_input(), only_caller});
  for (size_t from = 0; from < units_.size(); ++from)
    for (size_t to = 0; to < units_.size(); ++to)
      read.copy.push_back(from == to ? 0 : objective_.Of(Copy(tensors_.size() - 1, from, to).total()));
  problem_.values.push_back(std::move(read));
}

CopyParts DeviceProblem::Copy(size_t value, size_t from, size_t to) const {
  return CopyBetween(device(), tensors_[value], {*units_[from].unit, units_[from].precision},
                     {*units_[to].unit, units_[to].precision});
}

}  // namespace shoehorn::place
