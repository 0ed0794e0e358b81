// What a device is made of, for those who count time and energy: its compute units with their rates, the ways
// between them, and what all of them share. Part of a target's profile (targets/NAME.toml, see
// docs/placement.md); every number knows where it comes from.
//   [[unit]]
//   name = "npu"
//   peak = { int8 = { value = "12 TOPS", kind = "reported", source = "..." } }
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "targets/fact.h"

namespace shoehorn::targets {

enum class UnitKind { kCpu, kGpu, kNpu, kMcu };
std::string_view NameOf(UnitKind kind);  ///< "cpu", "gpu", "npu", "mcu"

/// One compute unit. Figures that a profile leaves out are absent, never zero.
struct Unit {
  std::string name;  ///< unique within the device: "npu"
  UnitKind kind = UnitKind::kCpu;
  /// Whose support rules hold. Empty: takes every operator, as a processor does that runs any code. "unknown"
  /// (kUnknownRules): nobody wrote down what it takes, every operator is unknown, and nothing is placed on
  /// it.
  std::string accelerator;
  std::string runtime;  ///< what speaks to it: "onnxruntime", "openvino", "qnn", "tensorrt", "tflite"
  /// Operations a second by precision ("fp32", "bf16", "fp16", "int8"); one multiply-accumulate is two. What
  /// is not listed, the unit does not compute in.
  std::map<std::string, Fact> peak;
  Fact bandwidth;  ///< bytes a second to the memory of weights and activations
  /// Bytes of its own memory, where weights lie while it works; weights beyond it come over the copy in every
  /// run. Absent: the weights lie in the device's.
  std::optional<Fact> memory;
  Fact dispatch;                     ///< seconds to start one island
  std::optional<Fact> per_operator;  ///< seconds to start one operator inside an island
  std::optional<Fact> busy_power;    ///< watts above the device's idle power while the unit works
  std::optional<Fact> efficiency;    ///< share of the peak that dense convolutions reach
};

/// The precisions of peaks: "fp32", "fp16", "bf16", "int8".
const std::vector<std::string>& Precisions();

/// A way between two units; it holds in both directions.
struct Copy {
  std::string first, second;  ///< names of units
  Fact bandwidth;             ///< bytes a second
  Fact latency;               ///< seconds for each copy
};

struct Device {
  std::optional<Fact> memory;           ///< bytes
  std::optional<Fact> idle_power;       ///< watts, everything on, nothing running
  std::optional<Fact> sustained_power;  ///< watts that it can shed for hours
  std::optional<Fact> battery;          ///< joules
  std::vector<Unit> units;              ///< the first is where what nobody else takes runs
  std::vector<Copy> copies;             ///< one for each pair of units

  const Unit* Find(std::string_view unit) const;                      ///< nullptr when there is none
  const Copy* Between(std::string_view a, std::string_view b) const;  ///< in either order
};

}  // namespace shoehorn::targets
