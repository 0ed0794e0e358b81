#include "targets/device.h"

#include <algorithm>

namespace shoehorn::targets {

std::string_view NameOf(UnitKind kind) {
  switch (kind) {
    case UnitKind::kCpu:
      return "cpu";
    case UnitKind::kGpu:
      return "gpu";
    case UnitKind::kNpu:
      return "npu";
    case UnitKind::kMcu:
      return "mcu";
  }
  return "";
}

const std::vector<std::string>& Precisions() {
  static const std::vector<std::string> precisions = {"fp32", "fp16", "bf16", "int8"};
  return precisions;
}

const Unit* Device::Find(std::string_view unit) const {
  const auto found = std::ranges::find(units, unit, &Unit::name);
  return found == units.end() ? nullptr : &*found;
}

const Copy* Device::Between(std::string_view a, std::string_view b) const {
  const auto found = std::ranges::find_if(copies, [&](const Copy& copy) {
    return (copy.first == a && copy.second == b) || (copy.first == b && copy.second == a);
  });
  return found == copies.end() ? nullptr : &*found;
}

}  // namespace shoehorn::targets
