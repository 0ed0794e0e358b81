#include "cost/profile_toml.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "measure/statistics.h"
#include "support/units.h"

namespace shoehorn::cost {
namespace {

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char letter : Escaped(text)) {
    if (letter == '"' || letter == '\\') quoted += '\\';
    quoted += letter;
  }
  return quoted + "\"";
}

std::string Fact(std::string_view value, std::string_view source, std::string_view kind = "measured") {
  return fmt::format("{{ value = {}, kind = \"{}\", source = {} }}", value, kind, Quoted(source));
}

std::string Number(double value, const char* unit) {
  return Quoted(fmt::format("{} {}", FormatNumber(value), unit));
}

constexpr char kSource[] = "shoehorn profile";

/// Those of a tenth of the largest kernel's operations and more: start and overhead do not blur their rates.
std::vector<MachineFacts::Rate> LargeOnes(std::vector<MachineFacts::Rate> rates) {
  double most = 0;
  for (const MachineFacts::Rate& rate : rates) most = std::max(most, rate.operations);
  std::erase_if(rates, [&](const MachineFacts::Rate& rate) { return rate.operations < most / 10; });
  return rates;
}

/// The share of the peak that half of all exceed.
double TypicalShare(const std::vector<MachineFacts::Rate>& rates, double peak) {
  std::vector<double> each;
  for (const MachineFacts::Rate& rate : rates) each.push_back(rate.operations_per_second);
  if (each.empty()) return 1;
  return std::min(1.0, measure::QuantileOf(std::move(each), 0.5).value / peak);
}

}  // namespace

std::string ProfileToml(const std::string& name, const MachineFacts& measured) {
  MachineFacts facts = measured;
  for (auto& [precision, rates] : facts.rates) rates = LargeOnes(std::move(rates));
  // Among the large kernels one that a tenth of them exceeds: a single odd measurement is no peak.
  const auto fastest = [](std::vector<MachineFacts::Rate> rates) {
    std::ranges::sort(rates, std::ranges::greater{}, &MachineFacts::Rate::operations_per_second);
    return rates[rates.size() / 10];
  };
  std::string text = fmt::format(
      "# Written by `shoehorn profile`; the kernels that it timed are in {}.kernels.json beside it.\n", name);
  if (!facts.energy_note.empty())
    text += fmt::format("# Energy is not measured: {}.\n", Escaped(facts.energy_note));
  text += fmt::format("name = {}\ntitle = {}\naccelerator = \"onnxruntime_cpu\"\nprecision = \"fp32\"\n\n",
                      Quoted(name), Quoted(facts.machine.cpu + ", as measured"));
  text += fmt::format(
      "[device]\nmemory = {}\n\n",
      Fact(Number(static_cast<double>(facts.machine.memory_bytes) / (1024.0 * 1024 * 1024), "GiB"),
           "sysinfo: all of the machine's"));
  const auto float_rates = facts.rates.find("fp32");
  const std::string runtime =
      float_rates == facts.rates.end() ? "onnxruntime" : fastest(float_rates->second).engine;
  text += fmt::format("[[unit]]\nname = \"cpu\"\nkind = \"cpu\"\nruntime = {}\n", Quoted(runtime));
  text += fmt::format("bandwidth = {}\n", Fact(Number(facts.bandwidth / 1e9, "GB/s"),
                                               fmt::format("{}: a Relu over 96 MiB", kSource)));
  text += fmt::format("dispatch = {}\n", Fact(Number(facts.dispatch.at(runtime) * 1e6, "us"),
                                              fmt::format("{}: a run of next to nothing", kSource)));
  text += fmt::format("operator = {}\n",
                      Fact(Number(facts.per_operator.at(runtime) * 1e6, "us"),
                           fmt::format("{}: each further operator that does next to nothing", kSource)));
  if (facts.busy_power > 0)
    text += fmt::format(
        "busy_power = {}\n",
        Fact(Number(facts.busy_power, "W"), fmt::format("{}: the processor's energy counter", kSource)));
  if (float_rates != facts.rates.end())
    text += fmt::format(
        "efficiency = {}\n",
        Fact(FormatNumber(
                 TypicalShare(float_rates->second, fastest(float_rates->second).operations_per_second)),
             fmt::format("{}: half of the large fp32 convolutions and products reach more", kSource)));
  text += "\n[unit.peak]\n";
  for (const auto& [precision, rates] : facts.rates) {
    const MachineFacts::Rate best = fastest(rates);
    text += fmt::format(
        "{} = {}\n", precision,
        Fact(Number(best.operations_per_second / 1e9, "GOPS"),
             fmt::format("{}: among the fastest kernels, {} of {}", kSource, best.kernel, best.engine)));
  }
  return text;
}

}  // namespace shoehorn::cost
