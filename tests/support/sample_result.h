// A fit's outcome as it looks in practice: ppocrv4_rec on two cores, with every state of a candidate, layers,
// rewrites, a warning, unknown numbers, and a node whose name tries to be markup.
#pragma once

#include "fit/result.h"

namespace shoehorn::testing {

inline constexpr const char* kHostileName = "</script><img src=x onerror=alert(1)>\x1b[2J\"'&";

fit::FitResult SampleResult();

}  // namespace shoehorn::testing
