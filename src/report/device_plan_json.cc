// The placement as JSON, documented in docs/place-schema.md.
#include <nlohmann/json.hpp>

#include "report/check_report.h"
#include "report/device_plan_report.h"
#include "targets/compare.h"

namespace shoehorn::report {
namespace {

using Json = nlohmann::ordered_json;
using place::Amount;
using place::DevicePlan;
using place::Fallback;
using place::Placement;

Json OrNull(const std::string& text) { return text.empty() ? Json() : Json(text); }

/// Milliseconds, millijoules (null when a part of them is not known) and how well both are known.
Json ToJson(const Amount& amount) {
  return {{"ms", 1e3 * amount.seconds},
          {"mJ", amount.energy_known ? Json(1e3 * amount.joules) : Json()},
          {"known", targets::NameOf(amount.kind)}};
}

Json ToJson(const std::optional<targets::Fact>& bytes) { return bytes ? Json(bytes->value) : Json(); }

const std::string& NameOf(const DevicePlan& plan, size_t unit) {
  return plan.problem->units()[unit].unit->name;
}

Json ToJson(const DevicePlan& plan, const Placement& placement) {
  std::vector<size_t> operators(plan.problem->units().size(), 0);
  for (const size_t unit : placement.unit) ++operators[unit];
  Json by_unit = Json::object();
  for (size_t unit = 0; unit < operators.size(); ++unit) by_unit[NameOf(plan, unit)] = operators[unit];
  Json json = ToJson(placement.total);
  json["objective"] = placement.objective;
  json["operators"] = std::move(by_unit);
  json["crossings"] = placement.crossings.size();
  json["crossing_bytes"] = placement.crossing_bytes;
  return json;
}

Json ToJson(const DevicePlan& plan, const std::optional<Placement>& placement) {
  return placement ? ToJson(plan, *placement) : Json();
}

Json Units(const DevicePlan& plan) {
  Json units = Json::array();
  for (size_t i = 0; i < plan.shares.size(); ++i) {
    const place::PlaceUnit& unit = plan.problem->units()[i];
    const place::UnitShare& share = plan.shares[i];
    Json json = {{"name", unit.unit->name},       {"kind", targets::NameOf(unit.unit->kind)},
                 {"runtime", unit.unit->runtime}, {"accelerator", OrNull(unit.unit->accelerator)},
                 {"precision", unit.precision},   {"operators", share.nodes},
                 {"islands", share.islands},      {"starts", share.starts}};
    json.update(ToJson(share.cost));
    json["basis"] = OrNull(share.basis);
    json["weight_bytes"] = share.weight_bytes;
    json["activation_bytes"] = share.activation_bytes;
    json["memory_bytes"] = ToJson(unit.unit->memory);
    json["refused"] = share.refused;
    json["unknown"] = share.unknown;
    units.push_back(std::move(json));
  }
  return units;
}

Json Nodes(const DevicePlan& plan) {
  Json nodes = Json::array();
  for (size_t i = 0; i < plan.chosen.unit.size(); ++i) {
    const ir::Node& node = *plan.problem->operators()[i];
    const place::NodeOnUnit& on = plan.problem->On(i, plan.chosen.unit[i]);
    Json json = {{"name", targets::JudgedName(node)},
                 {"op", OperatorName(node)},
                 {"origins", node.origins},
                 {"unit", NameOf(plan, plan.chosen.unit[i])},
                 {"island", plan.island[i]}};
    json.update(ToJson(on.cost));
    json["basis"] = on.basis;
    nodes.push_back(std::move(json));
  }
  return nodes;
}

Json Crossings(const DevicePlan& plan) {
  Json crossings = Json::array();
  for (const place::UnitCrossing& crossing : plan.chosen.crossings) {
    const place::CopiedTensor& tensor = plan.problem->tensor(crossing.tensor);
    Json json = {{"tensor", tensor.value->name()},
                 {"from", NameOf(plan, crossing.from)},
                 {"to", NameOf(plan, crossing.to)},
                 {"bytes", crossing.parts.bytes}};
    json.update(ToJson(crossing.parts.total()));
    json["transfer_ms"] = 1e3 * crossing.parts.transfer.seconds;
    json["conversion_ms"] = 1e3 * crossing.parts.conversion.seconds;
    json["start_ms"] = 1e3 * crossing.parts.start.seconds;
    crossings.push_back(std::move(json));
  }
  return crossings;
}

Json Fallbacks(const DevicePlan& plan) {
  Json fallbacks = Json::array();
  for (const Fallback& fallback : plan.fallbacks) {
    const ir::Node& node = *plan.problem->operators()[fallback.node];
    Json json = {{"name", targets::JudgedName(node)},
                 {"op", OperatorName(node)},
                 {"origins", node.origins},
                 {"unit", NameOf(plan, fallback.unit)},
                 {"cause", place::NameOf(fallback.cause)},
                 {"reason", fallback.reason},
                 {"rule", OrNull(fallback.rule)}};
    json.update(ToJson(fallback.cost));
    json["boundary_bytes"] = fallback.boundary_bytes;
    json["boundary_ms"] = 1e3 * fallback.boundary.seconds;
    json["boundary_mJ"] = ToJson(fallback.boundary)["mJ"];
    fallbacks.push_back(std::move(json));
  }
  return fallbacks;
}

Json Overflows(const DevicePlan& plan) {
  Json overflows = Json::array();
  for (const place::Overflow& overflow : plan.chosen.overflows) {
    Json json = {{"unit", NameOf(plan, overflow.unit)},
                 {"weight_bytes", overflow.weight_bytes},
                 {"memory_bytes", overflow.memory}};
    json.update(ToJson(overflow.cost));
    overflows.push_back(std::move(json));
  }
  return overflows;
}

}  // namespace

std::string DevicePlanJson(const DevicePlanReport& report) {
  const DevicePlan& plan = report.plan;
  const targets::Profile& profile = plan.problem->profile();
  const Json json = {
      {"schema", kDevicePlanSchema},
      {"model", report.model},
      {"target", profile.name},
      {"title", profile.title},
      {"latency_share", plan.problem->objective().latency_share},
      {"optimal", plan.optimal},
      {"method", plan.method},
      {"lower_bound", plan.lower_bound},
      {"host", NameOf(plan, 0)},
      {"accelerator", plan.accelerator ? Json(NameOf(plan, *plan.accelerator)) : Json()},
      {"operators_before", report.operators_before},
      {"pinned", report.pinned},
      {"chosen", ToJson(plan, plan.chosen)},
      {"host_only", ToJson(plan, plan.host_only)},
      {"greedy", ToJson(plan, plan.greedy)},
      {"units", Units(plan)},
      {"crossings", Crossings(plan)},
      {"fallbacks", Fallbacks(plan)},
      {"overflows", Overflows(plan)},
      {"nodes", Nodes(plan)},
      {"notes", plan.notes},
  };
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace shoehorn::report
