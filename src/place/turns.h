// How far the world must change for another choice to be best: "the link 0.4 times as fast: all on the
// device".
#pragma once

#include "place/court.h"

namespace shoehorn::place {

/// For the link's rate, the prices and the device's speed, up and down: among the choice, its runner-up, the
/// pure choices and the next best, found by steps of growing size and then bisection to 5 %, up to 16 times.
std::vector<Turn> FindTurns(const Court& court, const Choice& choice);

}  // namespace shoehorn::place
