// The processor's own energy counters (RAPL), where the system lets us read them: joules that the package
// used between two moments. On most virtual machines and for most users they are not readable, and then
// nothing is said about energy. Source: Linux, Documentation/power/powercap/powercap.rst
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "support/result.h"

namespace shoehorn {

class EnergyCounter {
 public:
  /// The package zones below `root`. Errors: there is none, or it may not be read; says which and why.
  static Result<EnergyCounter> Open(const std::filesystem::path& root = "/sys/class/powercap");

  /// Joules of all packages since Open(); counters that wrapped once since the last call are followed.
  Result<double> Joules();

 private:
  struct Zone {
    std::filesystem::path file;
    double last = 0, range = 0;  ///< microjoules; at `range` the counter starts again
  };
  std::vector<Zone> zones_;
  double joules_ = 0;
};

}  // namespace shoehorn
