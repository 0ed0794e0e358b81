// The facts that `shoehorn profile` measured, as a target's profile: TOML that `check` and `place` read like
// any other.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "support/machine.h"

namespace shoehorn::cost {

struct MachineFacts {
  Machine machine;
  struct Rate {
    double operations_per_second = 0, operations = 0;
    std::string engine, kernel;
  };
  std::map<std::string, std::vector<Rate>> rates;        ///< by precision: of every convolution and product
  double bandwidth = 0;                                  ///< bytes a second
  std::map<std::string, double> dispatch, per_operator;  ///< seconds, by engine
  double busy_power = 0;                                 ///< watts above idle; 0: not known
  std::string energy_note;                               ///< why not
};

std::string ProfileToml(const std::string& name, const MachineFacts& facts);

}  // namespace shoehorn::cost
