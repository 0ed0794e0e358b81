// Every figure of a device as a line of text, for pages and terminals: whose it is, what it is, its value in
// the units that people use, and the fact behind it.
//   npu | peak int8 | 12.0 TOPS | reported, Qualcomm QCS6490 product brief
#pragma once

#include <string>
#include <vector>

#include "targets/device.h"

namespace shoehorn::targets {

struct DeviceFact {
  std::string owner;  ///< "device", the unit's name, or "cpu and npu" of a copy
  std::string what;   ///< "idle power", "peak int8"
  std::string value;  ///< "12.0 TOPS"
  const Fact* fact = nullptr;
};

/// In the order of the profile's tables: device, units, copies. `device` must outlive them.
std::vector<DeviceFact> FactsOf(const Device& device);

/// "npu, rules qnn_htp, qnn": a unit's kind, whose rules hold, and what speaks to it.
std::string SummaryOf(const Unit& unit);

}  // namespace shoehorn::targets
