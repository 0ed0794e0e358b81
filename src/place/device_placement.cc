// The price of a placement, and the placements that need no thought.
#include "place/device_placement.h"

#include <algorithm>

#include "support/check.h"

namespace shoehorn::place {
namespace {

constexpr size_t kHost = 0;

/// Tensors that cross, each once for each unit that it goes to.
void AddCrossings(const DeviceProblem& problem, Placement& placement) {
  const std::vector<PartitionValue>& values = problem.problem().values;
  const size_t first = problem.first_operator(), end = first + problem.operators().size();
  const auto unit_of = [&](size_t node) {
    return node >= first && node < end ? placement.unit[node - first] : kHost;
  };
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t from = unit_of(values[i].producer);
    size_t arrived = size_t{1} << from;
    for (const size_t reader : values[i].readers) {
      const size_t to = unit_of(reader);
      if ((arrived >> to & 1) != 0) continue;
      arrived |= size_t{1} << to;
      placement.crossings.push_back({i, from, to, problem.Copy(i, from, to)});
      placement.total += placement.crossings.back().parts.total();
      placement.crossing_bytes += placement.crossings.back().parts.bytes;
    }
  }
}

void AddOverflows(const DeviceProblem& problem, Placement& placement) {
  std::vector<double> weights(problem.units().size(), 0);
  for (size_t i = 0; i < placement.unit.size(); ++i)
    weights[placement.unit[i]] += problem.On(i, placement.unit[i]).weight_bytes;
  for (size_t unit = 0; unit < weights.size(); ++unit) {
    const auto limit = WeightLimitOf(problem, unit);
    if (!limit || weights[unit] <= limit->bytes) continue;
    Overflow overflow{unit, weights[unit], limit->bytes, {}};
    const targets::Unit& runs = *problem.units()[unit].unit;
    overflow.cost = BusyFor(runs, (weights[unit] - limit->bytes) * limit->seconds_a_byte, limit->kind);
    placement.total += overflow.cost;
    placement.overflows.push_back(overflow);
  }
}

}  // namespace

std::optional<WeightLimit> WeightLimitOf(const DeviceProblem& problem, size_t unit) {
  const targets::Unit& limited = *problem.units()[unit].unit;
  const targets::Unit& host = *problem.units()[kHost].unit;
  if (unit == kHost || !limited.memory) return std::nullopt;
  const targets::Copy* copy = problem.device().Between(host.name, limited.name);
  if (copy == nullptr) return std::nullopt;
  return WeightLimit{limited.memory->value, 1 / copy->bandwidth.value,
                     targets::Weaker(limited.memory->kind, copy->bandwidth.kind)};
}

Placement Priced(const DeviceProblem& problem, std::vector<size_t> unit) {
  Placement placement;
  placement.unit = std::move(unit);
  const targets::Unit& host = *problem.units()[kHost].unit;
  placement.total = BusyFor(host, host.dispatch.value, host.dispatch.kind);
  for (size_t i = 0; i < placement.unit.size(); ++i) {
    const NodeOnUnit& on = problem.On(i, placement.unit[i]);
    SHOEHORN_CHECK(on.refusal == nullptr, "an operator stands where it is refused");
    placement.total += on.cost;
  }
  AddCrossings(problem, placement);
  AddOverflows(problem, placement);
  placement.objective = problem.objective().Of(placement.total);
  return placement;
}

std::optional<size_t> AcceleratorOf(const DeviceProblem& problem) {
  std::optional<size_t> first;
  for (size_t unit = problem.units().size(); unit-- > 0;) {
    const std::string& accelerator = problem.units()[unit].unit->accelerator;
    if (accelerator.empty()) continue;
    if (accelerator == problem.profile().accelerator) return unit;
    first = unit;
  }
  return first;
}

std::optional<Placement> HostOnly(const DeviceProblem& problem) {
  for (size_t i = 0; i < problem.operators().size(); ++i)
    if (problem.On(i, kHost).refusal != nullptr) return std::nullopt;
  return Priced(problem, std::vector<size_t>(problem.operators().size(), kHost));
}

std::optional<Placement> Greedy(const DeviceProblem& problem) {
  const auto accelerator = AcceleratorOf(problem);
  if (!accelerator) return std::nullopt;
  std::vector<size_t> unit;
  for (size_t i = 0; i < problem.operators().size(); ++i) {
    size_t taker = *accelerator;
    if (problem.On(i, taker).refusal != nullptr) taker = kHost;
    while (taker < problem.units().size() && problem.On(i, taker).refusal != nullptr) ++taker;
    if (taker == problem.units().size()) return std::nullopt;
    unit.push_back(taker);
  }
  return Priced(problem, std::move(unit));
}

}  // namespace shoehorn::place
