// The loop over candidates: build, short measurement, accuracy, full measurement, each remembered at once;
// cut short by the rules of candidates.h, by the budget or by Ctrl-C. Then a longer round among those that
// lie close together.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "fit/candidates.h"
#include "fit/prepare.h"
#include "fit/test_bench.h"
#include "fit/verdict.h"

namespace shoehorn::fit {

/// How a search talks and when it stops.
struct SearchHooks {
  std::function<bool()> interrupted;                  ///< the user wants to stop
  std::function<void(const std::string&)> say, show;  ///< a message that stays; a line of progress
  std::chrono::steady_clock::time_point deadline;     ///< of the budget
};

struct SearchOutcome {
  std::vector<Candidate> candidates;  ///< one for each plan, in its order
  Verdict verdict;
  bool budget_exhausted = false;
  std::vector<std::string> warnings;
};

/// Errors: the original does not run or cannot be scored; the user's stop; a disk that is full. A candidate
/// that fails is a result.
Result<SearchOutcome> RunSearch(const Spec& spec, const std::vector<CandidatePlan>& plans, State& state,
                                Workshop& workshop, TestBench& bench, const SearchHooks& hooks);

/// What a worker is told about a candidate whose artifact is built.
measure::Subject SubjectOf(const CandidatePlan& plan, const Build& build);

}  // namespace shoehorn::fit
