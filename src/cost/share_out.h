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

/// Expectation maximization: in turn learns the kinds' times from all networks of one engine, and shares each
/// network's sum out by what its profile and the other networks say, each as far as it can be trusted.
void ShareOut(std::vector<NetworkKernels>& networks);

}  // namespace shoehorn::cost
