#include "cost/share_out.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "measure/statistics.h"

namespace shoehorn::cost {
namespace {

constexpr int kRounds = 4;
// Standard deviations: of a profile's seconds, as a share and beside it by the clock; of what is learned from
// other networks, as a share.
constexpr double kProfileShare = 0.05, kProfileClock = 0.7e-6, kLearnedShare = 0.2;
constexpr double kLeastShare = 0.1;  // of the lower of both remains
constexpr size_t kFolds = 5;

double Square(double x) { return x * x; }

std::map<std::string, KernelRegression> Learn(const std::vector<NetworkKernels>& networks,
                                              ReachesByKind& reaches) {
  std::map<std::string, KernelRegression> learned;
  for (auto& [kind, samples] : SamplesByKind(networks)) {
    const auto [at, added] = reaches.try_emplace(kind);
    if (added) at->second = KernelRegression::ChooseReaches(samples);
    learned.emplace(kind, KernelRegression(std::move(samples), at->second));
  }
  return learned;
}

/// `profiled` are the kernels' seconds by the profile alone, whose sum stays.
void ShareOutOne(NetworkKernels& kernels, const std::vector<double>& profiled,
                 const std::map<std::string, KernelRegression>& learned) {
  std::vector<double> variance(kernels.size());
  double missing = 0, uncertain = 0;
  for (size_t i = 0; i < kernels.size(); ++i) {
    const double guess = learned.at(kernels[i].name).Seconds(kernels[i].sample.shape);
    const double of_profile = Square(kProfileShare * profiled[i]) + Square(kProfileClock),
                 of_guess = Square(kLearnedShare * guess);
    variance[i] = 1 / (1 / of_profile + 1 / of_guess);
    kernels[i].sample.seconds = variance[i] * (profiled[i] / of_profile + guess / of_guess);
    missing += profiled[i] - kernels[i].sample.seconds;
    uncertain += variance[i];
  }
  double before = 0, after = 0;
  for (size_t i = 0; i < kernels.size(); ++i) {
    double& seconds = kernels[i].sample.seconds;
    seconds =
        std::max(seconds + missing * variance[i] / uncertain, kLeastShare * std::min(seconds, profiled[i]));
    before += profiled[i];
    after += seconds;
  }
  for (TimedKernel& kernel : kernels) kernel.sample.seconds *= before / after;
}

}  // namespace

std::map<std::string, std::vector<KernelSample>> SamplesByKind(const std::vector<NetworkKernels>& networks) {
  using Shape = std::tuple<std::vector<double>, double, double>;
  struct Found {
    std::map<Shape, size_t> places;
    std::vector<KernelSample> samples;
    std::vector<double> counts;
  };
  std::map<std::string, Found> kinds;
  for (const NetworkKernels& kernels : networks)
    for (const TimedKernel& kernel : kernels) {
      Found& found = kinds[kernel.name];
      const KernelShape& shape = kernel.sample.shape;
      const auto [at, added] =
          found.places.emplace(Shape{shape.features, shape.operations, shape.bytes}, found.samples.size());
      if (added) {
        found.samples.push_back(kernel.sample);
        found.counts.push_back(1);
      } else {
        found.samples[at->second].seconds += kernel.sample.seconds;
        ++found.counts[at->second];
      }
    }
  std::map<std::string, std::vector<KernelSample>> samples;
  for (auto& [kind, found] : kinds) {
    for (size_t i = 0; i < found.samples.size(); ++i) found.samples[i].seconds /= found.counts[i];
    samples.emplace(kind, std::move(found.samples));
  }
  return samples;
}

ReachesByKind ShareOut(std::vector<NetworkKernels>& networks) {
  std::vector<std::vector<double>> profiled;
  for (const NetworkKernels& kernels : networks) {
    std::vector<double>& seconds = profiled.emplace_back();
    for (const TimedKernel& kernel : kernels) seconds.push_back(kernel.sample.seconds);
  }
  ReachesByKind reaches;
  for (int round = 0; round < kRounds; ++round) {
    const auto learned = Learn(networks, reaches);
    for (size_t i = 0; i < networks.size(); ++i) ShareOutOne(networks[i], profiled[i], learned);
  }
  return reaches;
}

LeftOut PredictLeftOut(const std::vector<NetworkKernels>& networks, const std::vector<size_t>& groups,
                       ReachesByKind reaches) {
  LeftOut left_out;
  std::vector<double> ratios;
  for (size_t fold = 0; fold < kFolds; ++fold) {
    std::vector<NetworkKernels> others;
    for (size_t i = 0; i < networks.size(); ++i)
      if (groups[i] % kFolds != fold) others.push_back(networks[i]);
    const auto learned = Learn(others, reaches);
    for (size_t i = 0; i < networks.size(); ++i) {
      const auto known = [&](const TimedKernel& kernel) { return learned.contains(kernel.name); };
      if (groups[i] % kFolds != fold || networks[i].empty() || !std::ranges::all_of(networks[i], known))
        continue;
      double predicted = 0, measured = 0;
      for (const TimedKernel& kernel : networks[i]) {
        predicted += learned.at(kernel.name).Seconds(kernel.sample.shape);
        measured += kernel.sample.seconds;
      }
      ratios.push_back(predicted / measured);
    }
  }
  const auto within = [&](double bound) {
    return static_cast<size_t>(
        std::ranges::count_if(ratios, [&](double ratio) { return std::fabs(ratio - 1) <= bound; }));
  };
  left_out.networks = ratios.size();
  left_out.within_tenth = within(0.1);
  left_out.within_quarter = within(0.25);
  if (!ratios.empty()) left_out.median = measure::QuantileOf(std::move(ratios), 0.5).value;
  return left_out;
}

}  // namespace shoehorn::cost
