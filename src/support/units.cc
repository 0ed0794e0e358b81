#include "support/units.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <span>

namespace shoehorn {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

Result<double> ParseQuantity(std::string_view text, std::span<const Unit> units, std::string_view what,
                             std::string_view examples) {
  const auto wrong = [&] {
    Diagnostic diagnostic;
    diagnostic.found = fmt::format("'{}' is not {}", text, what);
    diagnostic.expected = examples;
    return diagnostic;
  };
  const std::string_view trimmed = Trimmed(text);
  double number = 0;
  const auto [end, code] = std::from_chars(trimmed.data(), trimmed.data() + trimmed.size(), number);
  if (code != std::errc{} || !std::isfinite(number) || number < 0) return wrong();
  const std::string_view unit = Trimmed(trimmed.substr(static_cast<size_t>(end - trimmed.data())));
  for (const Unit& known : units)
    if (unit == known.name) return number * known.factor;
  return wrong();
}

constexpr Unit kDurations[] = {{"us", 1e-6}, {"µs", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"min", 60}, {"h", 3600}};
constexpr Unit kBytes[] = {{"B", 1},
                           {"kB", 1e3},
                           {"MB", 1e6},
                           {"GB", 1e9},
                           {"KiB", 1024},
                           {"MiB", 1024 * 1024},
                           {"GiB", 1024.0 * 1024 * 1024}};
constexpr Unit kOperationRates[] = {{"MOPS", 1e6},   {"GOPS", 1e9},   {"TOPS", 1e12},
                                    {"MFLOPS", 1e6}, {"GFLOPS", 1e9}, {"TFLOPS", 1e12}};
constexpr Unit kByteRates[] = {
    {"B/s", 1},       {"kB/s", 1e3},   {"MB/s", 1e6},          {"GB/s", 1e9},
    {"TB/s", 1e12},   {"KiB/s", 1024}, {"MiB/s", 1024 * 1024}, {"GiB/s", 1024.0 * 1024 * 1024},
    {"bit/s", 0.125}, {"kbit/s", 125}, {"Mbit/s", 125e3},      {"Gbit/s", 125e6}};
constexpr Unit kPowers[] = {{"uW", 1e-6}, {"µW", 1e-6}, {"mW", 1e-3}, {"W", 1}, {"kW", 1e3}};
constexpr Unit kEnergies[] = {{"uJ", 1e-6}, {"µJ", 1e-6}, {"mJ", 1e-3}, {"J", 1},
                              {"kJ", 1e3},  {"mWh", 3.6}, {"Wh", 3600}, {"kWh", 3.6e6}};
constexpr Unit kFractions[] = {{"", 1}, {"%", 0.01}, {"point", 0.01}, {"points", 0.01}};

/// The number in the largest of `units` that it fills, the smallest when it fills none.
std::string InUnits(double value, std::span<const Unit> units) {
  const Unit* chosen = &units.front();
  for (const Unit& unit : units)
    if (value >= unit.factor) chosen = &unit;
  return fmt::format("{} {}", FormatNumber(value / chosen->factor), chosen->name);
}

}  // namespace

Result<double> ParseDuration(std::string_view text) {
  return ParseQuantity(text, kDurations, "a duration", "a number and a unit: \"12 ms\" (us, ms, s, min, h)");
}

Result<double> ParseBytes(std::string_view text) {
  return ParseQuantity(text, kBytes, "a size",
                       "a number and a unit: \"4 MiB\" (B, kB, MB, GB, KiB, MiB, GiB)");
}

Result<double> ParseOperationRate(std::string_view text) {
  return ParseQuantity(text, kOperationRates, "a rate of operations",
                       "a number and a unit: \"12 TOPS\" (MOPS, GOPS, TOPS, MFLOPS, GFLOPS, TFLOPS)");
}

Result<double> ParseByteRate(std::string_view text) {
  return ParseQuantity(
      text, kByteRates, "a rate of bytes",
      "a number and a unit: \"12.8 GB/s\" (B/s, kB/s, MB/s, GB/s, TB/s, KiB/s, MiB/s, GiB/s, "
      "bit/s, kbit/s, Mbit/s, Gbit/s)");
}

Result<double> ParsePower(std::string_view text) {
  return ParseQuantity(text, kPowers, "a power", "a number and a unit: \"3 W\" (uW, mW, W, kW)");
}

Result<double> ParseEnergy(std::string_view text) {
  return ParseQuantity(text, kEnergies, "an energy",
                       "a number and a unit: \"20 Wh\" (uJ, mJ, J, kJ, mWh, Wh, kWh)");
}

Result<double> ParseFraction(std::string_view text) {
  return ParseQuantity(text, kFractions, "a fraction", "\"5 %\", \"1 point\" or 0.05");
}

std::string FormatDuration(double seconds) {
  if (seconds < 1e-3) return fmt::format("{:.0f} us", seconds * 1e6);
  if (seconds < 1) return fmt::format("{} ms", FormatNumber(seconds * 1e3));
  if (seconds < 60) return fmt::format("{} s", FormatNumber(seconds));
  const auto whole = static_cast<long long>(std::llround(seconds));
  const auto two = [](long long big, const char* big_unit, long long small, const char* small_unit) {
    return small == 0 ? fmt::format("{} {}", big, big_unit)
                      : fmt::format("{} {} {} {}", big, big_unit, small, small_unit);
  };
  if (whole < 3600) return two(whole / 60, "min", whole % 60, "s");
  return two(whole / 3600, "h", whole % 3600 / 60, "min");
}

std::string FormatBytes(double bytes) {
  if (bytes < 1024) return fmt::format("{:.0f} B", bytes);
  const char* unit = "KiB";
  double value = bytes / 1024;
  for (const char* next : {"MiB", "GiB", "TiB"}) {
    if (value < 1024) break;
    value /= 1024;
    unit = next;
  }
  return fmt::format("{} {}", FormatNumber(value), unit);
}

std::string FormatOperationRate(double operations_per_second) {
  static constexpr Unit units[] = {{"MOPS", 1e6}, {"GOPS", 1e9}, {"TOPS", 1e12}};
  return InUnits(operations_per_second, units);
}

std::string FormatByteRate(double bytes_per_second) {
  static constexpr Unit units[] = {{"B/s", 1}, {"kB/s", 1e3}, {"MB/s", 1e6}, {"GB/s", 1e9}, {"TB/s", 1e12}};
  return InUnits(bytes_per_second, units);
}

std::string FormatPower(double watts) {
  static constexpr Unit units[] = {{"uW", 1e-6}, {"mW", 1e-3}, {"W", 1}};
  return InUnits(watts, units);
}

std::string FormatEnergy(double joules) {
  static constexpr Unit units[] = {{"uJ", 1e-6}, {"mJ", 1e-3}, {"J", 1}, {"Wh", 3600}};
  return InUnits(joules, units);
}

std::string FormatPercent(double fraction) { return fmt::format("{:.1f} %", fraction * 100); }

std::string FormatNumber(double value) {
  if (value == 0 || !std::isfinite(value)) return fmt::format("{}", value);
  const int magnitude = static_cast<int>(std::floor(std::log10(std::fabs(value))));
  if (magnitude < -6) return fmt::format("{:.2e}", value);
  return fmt::format("{:.{}f}", value, std::max(0, 2 - magnitude));
}

}  // namespace shoehorn
