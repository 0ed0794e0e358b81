// Reads what a profile says of its device: the table [device], one [[unit]] for each compute unit, one
// [[copy]] for each pair of them. docs/profiles.md describes every key.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "support/toml.h"
#include "targets/device.h"

namespace shoehorn::targets {

/// The values of a profile's keys 'device', 'unit' and 'copy', where it has them.
struct DeviceTables {
  std::optional<TomlValue> device, units, copies;
};

/// Nothing when the profile has none of the three. Errors, each with its file, line and key: an unknown key
/// (did you mean), a missing one, a quantity that cannot be, two units of one name, a copy between units that
/// do not exist, two units without a copy between them.
Result<std::optional<Device>> ReadDevice(const DeviceTables& tables);

/// Every key that is read: "device.memory", "unit.peak", "copy.latency".
std::vector<std::string> DeviceKeys();

}  // namespace shoehorn::targets
