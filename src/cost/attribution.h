// Whose time is it: the layers that an engine names after running a model, matched with the kernels that we
// expect of it.
//   "node3_nchwc" 12 us  ->  the kernel of node3 and its Relu
#pragma once

#include <vector>

#include "cost/kernels.h"
#include "engines/engine.h"

namespace shoehorn::cost {

struct Attribution {
  std::vector<double> seconds;           ///< of each kernel; 0: no layer of this name
  double lost = 0;                       ///< seconds of layers that belong to no kernel
  std::vector<std::string> lost_layers;  ///< their operators
};

/// `layers` of the same model. A layer that does the work of several kernels is theirs in proportion to their
/// bytes.
Attribution Attribute(const std::vector<Kernel>& kernels, const std::vector<engines::LayerTime>& layers);

}  // namespace shoehorn::cost
