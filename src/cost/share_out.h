// Shares the time of whole networks out among their kernels. A whole run is timed to a percent or two; how an
// engine's profile splits it is known far worse for short kernels: whole microseconds, the profile's own cost
// around each layer, OpenVINO's mean of all runs with whatever disturbed them. But the same kinds of kernels
// stand in many networks, and all their sums are known.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cost/measure_kernels.h"
#include "cost/regression.h"

namespace shoehorn::cost {

/// The kernels of one network in one engine; their seconds add up to what the network took.
using NetworkKernels = std::vector<TimedKernel>;

/// One sample of each kind and shape, with the mean of their times: a network repeats its blocks, and what is
/// the same is not more knowledge.
std::map<std::string, std::vector<KernelSample>> SamplesByKind(const std::vector<NetworkKernels>& networks);

using ReachesByKind = std::map<std::string, Reaches>;

/// Expectation maximization: in turn learns the kinds' times from all networks of one engine, and shares each
/// network's sum out by what its profile and the other networks say, each as far as it can be trusted. Gives
/// the reaches with which it learned.
ReachesByKind ShareOut(std::vector<NetworkKernels>& networks);

/// How networks come out that had no part in the fit.
struct LeftOut {
  size_t networks = 0, within_tenth = 0, within_quarter = 0;
  double median = 1;  ///< of predicted / measured
};
/// Predicts each network from those of other groups; `groups` has one number a network, the same for those
/// that are the same in another precision. A network with a kind of kernel that no other has is not counted.
LeftOut PredictLeftOut(const std::vector<NetworkKernels>& networks, const std::vector<size_t>& groups,
                       ReachesByKind reaches);

}  // namespace shoehorn::cost
