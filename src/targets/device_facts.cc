#include "targets/device_facts.h"

#include <fmt/format.h>

#include <optional>

#include "support/units.h"
#include "targets/profile.h"

namespace shoehorn::targets {

std::vector<DeviceFact> FactsOf(const Device& device) {
  std::vector<DeviceFact> all;
  const auto add = [&](const std::string& owner, std::string what, const Fact& fact,
                       std::string (*format)(double)) {
    all.push_back({owner, std::move(what), format(fact.value), &fact});
  };
  const auto maybe = [&](const std::string& owner, std::string what, const std::optional<Fact>& fact,
                         std::string (*format)(double)) {
    if (fact) add(owner, std::move(what), *fact, format);
  };
  maybe("device", "memory", device.memory, FormatBytes);
  maybe("device", "idle power", device.idle_power, FormatPower);
  maybe("device", "sustained power", device.sustained_power, FormatPower);
  maybe("device", "battery", device.battery, FormatEnergy);
  for (const Unit& unit : device.units) {
    for (const auto& [precision, peak] : unit.peak)
      add(unit.name, "peak " + precision, peak, FormatOperationRate);
    maybe(unit.name, "efficiency", unit.efficiency, FormatPercent);
    add(unit.name, "bandwidth", unit.bandwidth, FormatByteRate);
    maybe(unit.name, "memory", unit.memory, FormatBytes);
    add(unit.name, "dispatch", unit.dispatch, FormatDuration);
    maybe(unit.name, "operator", unit.per_operator, FormatDuration);
    maybe(unit.name, "busy power", unit.busy_power, FormatPower);
  }
  for (const Copy& copy : device.copies) {
    const std::string owner = copy.first + " and " + copy.second;
    add(owner, "copy bandwidth", copy.bandwidth, FormatByteRate);
    add(owner, "copy latency", copy.latency, FormatDuration);
  }
  return all;
}

std::string SummaryOf(const Unit& unit) {
  const std::string rules = unit.accelerator.empty()            ? "takes every operator"
                            : unit.accelerator == kUnknownRules ? "no support rules are known"
                                                                : "rules " + unit.accelerator;
  return fmt::format("{}, {}, {}", NameOf(unit.kind), rules, unit.runtime);
}

}  // namespace shoehorn::targets
