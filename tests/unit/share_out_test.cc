#include "cost/share_out.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace shoehorn::cost {
namespace {

/// Two kinds of kernels: "a" takes 1 us for each 1000 operations, "b" three times as long.
double Truth(const std::string& kind, double operations) { return (kind == "a" ? 1e-9 : 3e-9) * operations; }

TimedKernel Of(const std::string& kind, double operations, double seconds) {
  TimedKernel kernel;
  kernel.name = kind;
  kernel.sample = {{{std::log2(operations)}, operations, 0}, seconds};
  return kernel;
}

/// As an engine whose clock shows whole microseconds and loses the rest: what is lost lands on the kernels in
/// proportion, so that the sum is right.
NetworkKernels Profiled(const std::vector<std::pair<std::string, double>>& kernels) {
  double sum = 0, seen = 0;
  for (const auto& [kind, operations] : kernels) {
    sum += Truth(kind, operations);
    seen += std::floor(Truth(kind, operations) * 1e6) * 1e-6 + 1e-7;
  }
  NetworkKernels network;
  for (const auto& [kind, operations] : kernels)
    network.push_back(
        Of(kind, operations, (std::floor(Truth(kind, operations) * 1e6) * 1e-6 + 1e-7) * sum / seen));
  return network;
}

double Sum(const NetworkKernels& kernels) {
  return std::accumulate(kernels.begin(), kernels.end(), 0.0,
                         [](double sum, const TimedKernel& each) { return sum + each.sample.seconds; });
}

double MeanError(const std::vector<NetworkKernels>& networks) {
  double off = 0, count = 0;
  for (const NetworkKernels& network : networks)
    for (const TimedKernel& kernel : network) {
      off += std::fabs(std::log(kernel.sample.seconds / Truth(kernel.name, kernel.sample.shape.operations)));
      ++count;
    }
  return off / count;
}

TEST(ShareOut, FindsTheTimesOfShortKernelsFromTheSumsOfNetworks) {
  std::vector<NetworkKernels> networks;
  for (int i = 0; i < 24; ++i) {
    const double operations = 300 * std::exp2(i % 8 / 4.0);
    networks.push_back(Profiled({{"a", operations}, {"b", operations}, {"a", 600.0}}));
    networks.push_back(
        Profiled(std::vector<std::pair<std::string, double>>(6, {i % 2 ? "a" : "b", operations})));
  }
  std::vector<double> sums;
  for (const NetworkKernels& network : networks) sums.push_back(Sum(network));
  const double before = MeanError(networks);
  ShareOut(networks);
  EXPECT_GT(before, 0.15);
  EXPECT_LT(MeanError(networks), before / 2);
  for (size_t i = 0; i < networks.size(); ++i) EXPECT_NEAR(Sum(networks[i]) / sums[i], 1, 1e-9);
}

TEST(ShareOut, LeavesLongKernelsToTheProfile) {
  std::vector<NetworkKernels> networks;
  for (int i = 0; i < 6; ++i) networks.push_back({Of("a", 1e6 + i, 1e-3), Of("b", 2e6 + i, 9e-3)});
  networks.push_back({Of("a", 1e6, 1.3e-3), Of("b", 2e6, 8.7e-3)});
  ShareOut(networks);
  EXPECT_NEAR(networks.back()[0].sample.seconds, 1.3e-3, 0.15e-3);
}

TEST(PredictLeftOut, SaysHowNetworksComeOutThatHadNoPart) {
  std::vector<NetworkKernels> networks;
  std::vector<size_t> groups;
  for (size_t i = 0; i < 50; ++i) {
    const double operations = 1e6 * std::exp2(static_cast<double>(i % 10) / 5);
    networks.push_back(
        {Of("a", operations, Truth("a", operations)), Of("b", operations, Truth("b", operations))});
    groups.push_back(i);
  }
  networks.push_back({Of("a", 2e6, 5 * Truth("a", 2e6))});  // odd
  networks.push_back({Of("c", 2e6, 1e-3)});                 // of a kind that no other has
  groups.insert(groups.end(), {50, 51});
  const LeftOut left_out = PredictLeftOut(networks, groups, {});
  EXPECT_EQ(left_out.networks, 51U);
  EXPECT_EQ(left_out.within_tenth, 50U);
  EXPECT_EQ(left_out.within_quarter, 50U);
  EXPECT_NEAR(left_out.median, 1, 0.02);
}

TEST(PredictLeftOut, WithoutNetworksThereIsNothingToSay) {
  const LeftOut left_out = PredictLeftOut({}, {}, {});
  EXPECT_EQ(left_out.networks, 0U);
  EXPECT_EQ(left_out.median, 1);
}

TEST(SamplesByKind, HasOneSampleOfEachShape) {
  const auto samples = SamplesByKind({{Of("a", 100, 1e-6), Of("a", 200, 4e-6)}, {Of("a", 100, 3e-6)}});
  ASSERT_EQ(samples.at("a").size(), 2U);
  EXPECT_NEAR(samples.at("a")[0].seconds, 2e-6, 1e-12);
  EXPECT_NEAR(samples.at("a")[1].seconds, 4e-6, 1e-12);
}

}  // namespace
}  // namespace shoehorn::cost
