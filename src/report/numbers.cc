#include "report/numbers.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace shoehorn::report {

std::string Number(double value) {
  if (std::isnan(value)) return "-";
  const double magnitude = std::abs(value);
  if (magnitude == 0) return "0";
  if (magnitude >= 1e7 || magnitude < 1e-4) return fmt::format("{:.2e}", value);
  if (magnitude >= 99.95) return fmt::format("{:.0f}", value);
  const int before_point = static_cast<int>(std::floor(std::log10(magnitude))) + 1;
  return fmt::format("{:.{}f}", value, 3 - before_point);
}

std::string Bytes(double value) {
  static constexpr std::array<const char*, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  if (std::isnan(value)) return "-";
  size_t unit = 0;
  while (std::abs(value) >= 1000 && unit + 1 < kUnits.size()) value /= 1024, ++unit;
  return (unit == 0 ? fmt::format("{:.0f}", value) : Number(value)) + " " + kUnits[unit];
}

std::string WithUnit(double value, std::string_view unit) {
  if (std::isnan(value)) return "-";
  if (unit == "bytes") return Bytes(value);
  if (unit == "x") return Number(value) + "x";
  if (unit.empty() && (value == 0 || std::abs(value) >= 0.001)) return fmt::format("{:.3f}", value);
  return unit.empty() ? Number(value) : Number(value) + " " + std::string(unit);
}

}  // namespace shoehorn::report
