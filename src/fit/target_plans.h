// What a fit for a target tries, the cheapest first: 8 bits with four kinds of ranges, then 16 bits where 8
// leave the values noisy, then 16 bits everywhere, then (where the chip has it) float16.
#pragma once

#include <vector>

#include "fit/candidates.h"
#include "targets/profile.h"

namespace shoehorn::fit {

/// The original first, then the candidates in the order in which they are tried.
std::vector<CandidatePlan> PlanForTarget(const targets::Profile& target);

/// Why `plan` cannot win, judged from what `done` already showed; empty: try it. One that costs less per run
/// is within the bound of accuracy and runs whole on the target.
std::string ReasonToSkipForTarget(const CandidatePlan& plan, const Requirements& required,
                                  const std::vector<Candidate>& done);

}  // namespace shoehorn::fit
