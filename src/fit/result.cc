// Small questions that every reader of a FitResult asks.
#include "fit/result.h"

#include <cmath>

namespace shoehorn::fit {

double ConfidenceOf(const Estimate& found, double required) {
  if (std::isnan(found.value) || std::isnan(required)) return kUnknown;
  const double deviation = (found.high - found.low) / (2 * 1.96);
  const double distance = std::abs(found.value - required);
  if (!(deviation > 0)) return 1;
  return 0.5 * std::erfc(-distance / deviation / std::sqrt(2.0));
}

const Candidate* FitResult::Find(const std::string& id) const {
  for (const Candidate& candidate : candidates)
    if (candidate.id == id) return &candidate;
  return nullptr;
}

}  // namespace shoehorn::fit
