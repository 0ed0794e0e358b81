// A placement of a model's operators on the units of a device, with its price: the operators, the tensors
// that cross, the host's own start, and weights that do not fit a unit's memory.
#pragma once

#include <optional>
#include <vector>

#include "place/device_problem.h"

namespace shoehorn::place {

/// A tensor that crosses between two units.
struct UnitCrossing {
  size_t tensor = 0;  ///< of DeviceProblem::tensor()
  size_t from = 0, to = 0;
  CopyParts parts;
};

/// Weights beyond a unit's own memory: they come over the copy from the host in every run.
struct Overflow {
  size_t unit = 0;
  double weight_bytes = 0, memory = 0;
  Amount cost;
};

struct Placement {
  std::vector<size_t> unit;  ///< by operator
  std::vector<UnitCrossing> crossings;
  std::vector<Overflow> overflows;
  Amount total;
  double objective = 0;  ///< what is minimized, of `total`
  double crossing_bytes = 0;
};

/// How many bytes of weights a unit holds itself, and what each one more takes.
struct WeightLimit {
  double bytes = 0;
  double seconds_a_byte = 0;
  targets::FactKind kind = targets::FactKind::kReported;
};
/// Nothing for the host, and for units without memory of their own.
std::optional<WeightLimit> WeightLimitOf(const DeviceProblem& problem, size_t unit);

/// The price of `unit` (by operator). CHECKs that no operator stands where it is refused.
Placement Priced(const DeviceProblem& problem, std::vector<size_t> unit);

/// The unit that a runtime would prefer: that of the profile's own accelerator, else the first that has
/// support rules.
std::optional<size_t> AcceleratorOf(const DeviceProblem& problem);
/// Everything on the host; nothing when it refuses an operator.
std::optional<Placement> HostOnly(const DeviceProblem& problem);
/// What runtimes do: the accelerator wherever it takes an operator, the host elsewhere.
std::optional<Placement> Greedy(const DeviceProblem& problem);

}  // namespace shoehorn::place
