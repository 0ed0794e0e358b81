// Measures this machine for its profile: how fast its engines run each kind of kernel in each precision, what
// memory gives, what starting a run and an operator takes, and joules where the system counts them. The
// outcome is a target's profile (targets/NAME.toml) with a table of kernels beside it.
#pragma once

#include <functional>
#include <string>

#include "cost/kernel_table.h"
#include "cost/measure_kernels.h"
#include "support/result.h"

namespace shoehorn::cost {

struct ProfileOptions {
  size_t networks = 240;  ///< measured for each engine and precision
  std::chrono::milliseconds time_each{120};
  size_t most_visits = 5;  ///< to one network, see NetworkTimes
  int threads = 1;
  std::string name;  ///< of the target
  const std::function<bool()>* stop = nullptr;
  /// Called before each measurement: done, of how many, what is next; nothing else runs meanwhile.
  std::function<void(size_t done, size_t of, const std::string& what)> show;
};

struct MachineProfile {
  KernelTable kernels;
  std::string toml;                ///< targets/NAME.toml
  std::vector<std::string> notes;  ///< what could not be measured, and why
};

/// Errors: an engine that cannot be opened, a worker that ends, the user's stop. A network that one engine
/// refuses is a note.
Result<MachineProfile> ProfileMachine(const ProfileOptions& options);

}  // namespace shoehorn::cost
