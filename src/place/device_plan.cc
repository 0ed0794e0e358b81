#include "place/device_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "cost/model_for.h"
#include "quant/rules.h"
#include "support/units.h"

namespace shoehorn::place {
namespace {

using targets::Grade;

/// Prices of weights tried before the memory of units is given up on.
constexpr int kMemoryRounds = 8;

struct Solved {
  Placement placement;
  double lower_bound = 0;
  bool optimal = false;
  std::string method;
};

std::vector<size_t> OperatorsOf(const DeviceProblem& problem, const std::vector<size_t>& unit) {
  const auto first = unit.begin() + static_cast<ptrdiff_t>(problem.first_operator());
  return {first, first + static_cast<ptrdiff_t>(problem.operators().size())};
}

/// The problem with each byte of weights on a unit of limited memory at `share` of the price that one pays
/// that does not fit; `held` receives what the units' memories are worth at that price.
PartitionProblem WithPricedWeights(const DeviceProblem& problem, double share, double& held) {
  PartitionProblem priced = problem.problem();
  held = 0;
  for (size_t unit = 0; unit < problem.units().size(); ++unit) {
    const auto limit = WeightLimitOf(problem, unit);
    if (!limit) continue;
    const double price = share * problem.objective().Of(BusyFor(*problem.units()[unit].unit,
                                                                limit->seconds_a_byte, limit->kind));
    held += price * limit->bytes;
    for (size_t i = 0; i < problem.operators().size(); ++i)
      priced.nodes[problem.first_operator() + i].cost[unit] += price * problem.On(i, unit).weight_bytes;
  }
  return priced;
}

/// The least placement. Weights that do not fit cost price x (weights - memory), the largest over all shares
/// s of the price of s x price x (weights - memory): so for each share, the least placement with weights at
/// that price, less what the memory is worth, is a lower bound (Lagrange), and the placement itself a
/// candidate.
Result<Solved> Solve(const DeviceProblem& problem, const PartitionLimits& limits) {
  const targets::Unit& host = *problem.units().front().unit;
  const double start = problem.objective().Of(BusyFor(host, host.dispatch.value, host.dispatch.kind));
  Solved best;
  double low = 0, high = 1, share = 0;
  for (int round = 0; round < kMemoryRounds; ++round) {
    double held = 0;
    const PartitionProblem priced = WithPricedWeights(problem, share, held);
    SHOEHORN_ASSIGN(const PartitionAnswer answer, SolvePartition(priced, limits));
    Placement placement = Priced(problem, OperatorsOf(problem, answer.unit));
    const bool overflows = !placement.overflows.empty();
    const double bound = answer.lower_bound - held + start;
    if (round == 0 || bound > best.lower_bound) best.lower_bound = bound;
    if (round == 0 || placement.objective < best.placement.objective) {
      best.placement = std::move(placement);
      best.method = answer.method;
    }
    best.lower_bound = std::min(best.lower_bound, best.placement.objective);
    best.optimal = best.lower_bound >= best.placement.objective * (1 - kPartitionRounding);
    if (best.optimal || (round == 0 && !overflows)) break;
    // Weights that do not fit ask for a higher price, memory left over for a lower one.
    (overflows ? low : high) = share;
    share = round == 0 ? 1 : (low + high) / 2;
  }
  return best;
}

/// Groups operators of one unit so that no path leaves a group and enters it again, by the number of changes
/// on the longest way to each (see targets/islands.cc); gives a number to each operator.
std::vector<int> IslandsOf(const DeviceProblem& problem, const std::vector<size_t>& unit) {
  const size_t first = problem.first_operator(), count = unit.size();
  std::vector<std::vector<size_t>> sources(count);
  for (const PartitionValue& value : problem.problem().values)
    for (const size_t reader : value.readers)
      if (value.producer >= first && reader < first + count)
        sources[reader - first].push_back(value.producer - first);
  std::vector<size_t> level(count, 0), parent(count);
  std::iota(parent.begin(), parent.end(), size_t{0});
  const auto root = [&](size_t i) {
    while (parent[i] != i) i = parent[i] = parent[parent[i]];
    return i;
  };
  std::vector<int> island(count, -1), of_root(count, -1);
  for (size_t i = 0; i < count; ++i) {
    for (const size_t source : sources[i])
      level[i] = std::max(level[i], level[source] + (unit[source] != unit[i] ? 1 : 0));
    for (const size_t source : sources[i])
      if (unit[source] == unit[i] && level[source] == level[i]) parent[root(i)] = root(source);
  }
  int next = 0;
  for (size_t i = 0; i < count; ++i) {
    int& number = of_root[root(i)];
    if (number < 0) number = next++;
    island[i] = number;
  }
  return island;
}

/// What an operator and the tensors about it cost, for every unit that it could stand on alone.
class Neighbourhood {
 public:
  Neighbourhood(const DeviceProblem& problem, const Placement& placement)
      : problem_(problem), unit_(problem.problem().nodes.size(), 0), values_of_(placement.unit.size()) {
    const size_t first = problem.first_operator();
    std::ranges::copy(placement.unit, unit_.begin() + static_cast<ptrdiff_t>(first));
    const std::vector<PartitionValue>& values = problem.problem().values;
    for (size_t i = 0; i < values.size(); ++i) {
      const auto add = [&](size_t node) {
        if (node >= first && node < first + values_of_.size()) values_of_[node - first].push_back(i);
      };
      add(values[i].producer);
      for (const size_t reader : values[i].readers) add(reader);
    }
  }

  Amount On(size_t node, size_t unit) {
    const size_t before = std::exchange(unit_[problem_.first_operator() + node], unit);
    Amount sum = problem_.On(node, unit).cost;
    for (const size_t value : values_of_[node]) sum += PriceOf(value);
    unit_[problem_.first_operator() + node] = before;
    return sum;
  }

 private:
  Amount PriceOf(size_t i) const {
    const PartitionValue& value = problem_.problem().values[i];
    const size_t from = unit_[value.producer];
    size_t arrived = size_t{1} << from;
    Amount sum;
    for (const size_t reader : value.readers) {
      if ((arrived >> unit_[reader] & 1) != 0) continue;
      arrived |= size_t{1} << unit_[reader];
      sum += problem_.Copy(i, from, unit_[reader]).total();
    }
    return sum;
  }

  const DeviceProblem& problem_;
  std::vector<size_t> unit_;  // by node of the problem
  std::vector<std::vector<size_t>> values_of_;
};

std::string Signed(double value) { return (value < 0 ? "-" : "+") + FormatNumber(std::abs(value)); }

/// What changes by moving an operator alone: "+0.21 ms, +0.4 mJ".
std::string Difference(const Amount& now, const Amount& then) {
  std::string text = Signed(1e3 * (then.seconds - now.seconds)) + " ms";
  if (now.energy_known && then.energy_known) text += ", " + Signed(1e3 * (then.joules - now.joules)) + " mJ";
  return text;
}

std::vector<Fallback> FallbacksOf(const DevicePlan& plan) {
  std::vector<Fallback> fallbacks;
  if (!plan.accelerator) return fallbacks;
  const DeviceProblem& problem = *plan.problem;
  const std::string& name = problem.units()[*plan.accelerator].unit->name;
  Neighbourhood neighbourhood(problem, plan.chosen);
  std::vector<size_t> fallback_of(problem.operators().size(), problem.operators().size());
  for (size_t i = 0; i < plan.chosen.unit.size(); ++i) {
    const size_t unit = plan.chosen.unit[i];
    if (unit == *plan.accelerator) continue;
    Fallback fallback;
    fallback.node = i;
    fallback.unit = unit;
    fallback.cost = problem.On(i, unit).cost;
    if (const targets::NodeAnswer* refusal = problem.On(i, *plan.accelerator).refusal) {
      fallback.cause =
          refusal->grade == Grade::kUnknown ? Fallback::Cause::kUnknown : Fallback::Cause::kRefused;
      fallback.reason = targets::Sentence(*refusal);
      if (refusal->refusal != nullptr) fallback.rule = refusal->refusal->rule;
    } else {
      fallback.cause = Fallback::Cause::kCheaper;
      fallback.reason =
          fmt::format("{} takes it; moved there alone: {}", name,
                      Difference(neighbourhood.On(i, unit), neighbourhood.On(i, *plan.accelerator)));
    }
    fallback_of[i] = fallbacks.size();
    fallbacks.push_back(std::move(fallback));
  }
  const size_t first = problem.first_operator();
  for (const UnitCrossing& crossing : plan.chosen.crossings) {
    const PartitionValue& value = problem.problem().values[crossing.tensor];
    const auto charge = [&](size_t node, size_t unit) {
      if (node < first || node >= first + fallback_of.size()) return;
      const size_t at = fallback_of[node - first];
      if (at == fallback_of.size() || fallbacks[at].unit != unit) return;
      fallbacks[at].boundary += crossing.parts.total();
      fallbacks[at].boundary_bytes += crossing.parts.bytes;
    };
    charge(value.producer, crossing.from);
    for (const size_t reader : value.readers) charge(reader, crossing.to);
  }
  return fallbacks;
}

std::vector<UnitShare> SharesOf(const DevicePlan& plan) {
  const DeviceProblem& problem = *plan.problem;
  std::vector<UnitShare> shares(problem.units().size());
  std::vector<std::map<std::string_view, double>> bases(shares.size());
  std::vector<char> counted(problem.operators().size(), 0);
  for (size_t i = 0; i < problem.operators().size(); ++i) {
    for (size_t unit = 0; unit < shares.size(); ++unit) {
      const targets::NodeAnswer* refusal = problem.On(i, unit).refusal;
      if (refusal == nullptr) continue;
      ++(refusal->grade == Grade::kUnknown ? shares[unit].unknown : shares[unit].refused);
    }
    const size_t unit = plan.chosen.unit[i];
    UnitShare& share = shares[unit];
    const NodeOnUnit& on = problem.On(i, unit);
    ++share.nodes;
    share.cost += on.cost;
    share.weight_bytes += on.weight_bytes;
    share.activation_bytes = std::max(share.activation_bytes, on.activation_bytes);
    bases[unit][on.basis] += on.cost.seconds;
    if (std::exchange(counted[static_cast<size_t>(plan.island[i])], 1) == 0) ++share.islands;
  }
  for (size_t unit = 0; unit < shares.size(); ++unit) {
    const auto most = std::ranges::max_element(bases[unit], {}, [](const auto& each) { return each.second; });
    if (most != bases[unit].end()) shares[unit].basis = most->first;
  }
  for (const UnitCrossing& crossing : plan.chosen.crossings)
    shares[crossing.to].starts += problem.tensor(crossing.tensor).to_caller_only ? 0 : 1;
  return shares;
}

std::vector<std::string> NotesOf(const DevicePlan& plan) {
  const DeviceProblem& problem = *plan.problem;
  std::vector<std::string> notes;
  const auto name = [&](size_t unit) { return Escaped(problem.units()[unit].unit->name); };
  double weights = 0;
  std::vector<std::string> integer;
  for (size_t unit = 0; unit < problem.units().size(); ++unit)
    if (problem.WantsQuantizing(unit) && plan.shares[unit].nodes > 0) integer.push_back(name(unit));
  if (!integer.empty()) {
    const quant::EngineRules* rules = quant::FindEngineRules(problem.profile().accelerator);
    notes.push_back(
        fmt::format("the model is float, and {} {} in int8: the figures are those of the quantized model{}",
                    fmt::join(integer, " and "), integer.size() == 1 ? "computes" : "compute",
                    rules != nullptr && rules->whole
                        ? fmt::format(" (shoehorn fit --target {})", Escaped(problem.profile().name))
                        : ", which Shoehorn does not write for this target yet"));
  }
  for (size_t unit = 0; unit < problem.units().size(); ++unit) {
    const UnitShare& share = plan.shares[unit];
    weights += share.weight_bytes;
    if (unit > 0 && share.starts > share.islands)
      notes.push_back(
          fmt::format("{} is started for each tensor that enters it, {} times for {} island{}: an upper "
                      "bound",
                      name(unit), share.starts, share.islands, share.islands == 1 ? "" : "s"));
  }
  for (const Overflow& overflow : plan.chosen.overflows)
    notes.push_back(
        fmt::format("weights of {} do not fit the {} of {}: the rest comes over the copy in every run, {}",
                    FormatBytes(overflow.weight_bytes), FormatBytes(overflow.memory), name(overflow.unit),
                    FormatDuration(overflow.cost.seconds)));
  if (const auto& memory = problem.device().memory; memory && weights > memory->value)
    notes.push_back(fmt::format("weights of {} do not fit the device's {}", FormatBytes(weights),
                                FormatBytes(memory->value)));
  if (const size_t open = problem.open_operators(); open > 0)
    notes.push_back(
        fmt::format("{} operator{} an open shape, number of rounds or cost: the figures are lower "
                    "bounds (--shape, --symbol)",
                    open, open == 1 ? " has" : "s have"));
  if (!plan.chosen.total.energy_known)
    notes.push_back("the energy of a unit is not known: no busy_power in the profile");
  if (!plan.optimal)
    notes.push_back(fmt::format("not proven optimal: nothing costs less than {} % below this",
                                FormatNumber(100 * (1 - plan.lower_bound / plan.chosen.objective))));
  return notes;
}

}  // namespace

std::string_view NameOf(Fallback::Cause cause) {
  switch (cause) {
    case Fallback::Cause::kRefused:
      return "refused";
    case Fallback::Cause::kUnknown:
      return "unknown";
    case Fallback::Cause::kCheaper:
      return "costs less here";
  }
  return "";
}

Result<DevicePlan> PlaceOnDevice(const ir::Model& model, const targets::Profile& profile,
                                 const DeviceOptions& options) {
  DevicePlan plan;
  const CostModelFor best = [&](const targets::Device&, const targets::Unit& unit,
                                const std::string& precision) {
    return cost::ModelFor(profile, unit, precision);
  };
  SHOEHORN_ASSIGN(plan.problem, DeviceProblem::Make(model, profile, options.objective,
                                                    options.models ? options.models : best));
  SHOEHORN_ASSIGN(Solved solved, Solve(*plan.problem, options.limits));
  plan.chosen = std::move(solved.placement);
  plan.lower_bound = solved.lower_bound;
  plan.optimal = solved.optimal;
  plan.method = solved.method;
  plan.accelerator = AcceleratorOf(*plan.problem);
  plan.host_only = HostOnly(*plan.problem);
  plan.greedy = Greedy(*plan.problem);
  plan.island = IslandsOf(*plan.problem, plan.chosen.unit);
  plan.shares = SharesOf(plan);
  plan.fallbacks = FallbacksOf(plan);
  plan.notes = NotesOf(plan);
  return plan;
}

}  // namespace shoehorn::place
