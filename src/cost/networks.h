// The networks that `shoehorn profile` measures kernels in: random ones, made of the blocks that published
// architectures share (plain and residual convolutions, depthwise separable ones, inverted residuals, squeeze
// and excitation, feature pyramids, attention, fully connected layers), in random sizes. Kernels are measured
// inside a network because there they find their inputs and weights in the caches as in any model; no trained
// model has a part in it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ir/graph.h"

namespace shoehorn::cost {

struct Network {
  std::string name;  ///< "inverted residuals 12"
  std::unique_ptr<ir::Model> model;
  bool nothing_to_quantize = false;  ///< no operator of it has weights
};

size_t NetworkStyles();
/// Number `i` of an endless list, the same each time. Each run of NetworkStyles() has one of each style.
Network MakeNetwork(size_t i);

/// `length` times the smallest operator there is, one after another: what starting a run and starting an
/// operator takes.
std::unique_ptr<ir::Model> MakeIdleNetwork(size_t length);
/// One Relu over `bytes` of floats: what memory gives.
std::unique_ptr<ir::Model> MakeMemoryNetwork(int64_t bytes);

}  // namespace shoehorn::cost
