// Time and energy with how well they are known, and what is minimized about them.
#pragma once

#include "targets/fact.h"

namespace shoehorn::place {

/// A sum is known as well as its weakest part.
struct Amount {
  double seconds = 0;
  double joules = 0;         ///< above the device's idle power; of the parts whose energy somebody knows
  bool energy_known = true;  ///< of every part
  targets::FactKind kind = targets::FactKind::kMeasured;

  Amount& operator+=(const Amount& other) {
    seconds += other.seconds;
    joules += other.joules;
    energy_known = energy_known && other.energy_known;
    kind = targets::Weaker(kind, other.kind);
    return *this;
  }
};

inline Amount operator+(Amount a, const Amount& b) { return a += b; }

/// latency_share x milliseconds + (1 - latency_share) x millijoules.
struct Objective {
  double latency_share = 1;  ///< 0 to 1

  bool wants_energy() const { return latency_share < 1; }
  double Of(const Amount& amount) const {
    return 1e3 * (latency_share * amount.seconds + (1 - latency_share) * amount.joules);
  }
};

}  // namespace shoehorn::place
