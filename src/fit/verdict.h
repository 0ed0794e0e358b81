// The verdict: each requirement held against what was measured, the fastest candidate that meets all of them,
// or what fails and the smallest single change of the spec that would make some candidate feasible. Pure
// arithmetic on results.
#pragma once

#include <string>
#include <vector>

#include "fit/result.h"
#include "fit/spec.h"

namespace shoehorn::fit {

/// One line for each requirement of the spec, in the spec's order and under the spec's keys. What was not
/// measured, or a p99 from too few runs, is not met. `original` is the yardstick at the candidate's thread
/// count.
std::vector<RequirementResult> CheckRequirements(const Requirements& required, const Candidate& candidate,
                                                 const Candidate& original);

/// Whether the loss of accuracy alone is within the spec's bound.
bool AccuracyHolds(const Requirements& required, const Candidate& candidate, const Candidate& original);

/// Whether `candidate` may be chosen at all: measured, within the bound of accuracy, and not slower than the
/// original (the lower bound of its speed-up is at least 1). Originals always may.
bool MayBeChosen(const Requirements& required, const Candidate& candidate, const Candidate& original);

/// Milliseconds of a run free of the drift between measurements: the original's median at this thread count
/// over the paired speed-up.
double DriftFreeLatency(const Candidate& candidate, const Candidate& original);

/// The original of `candidates` at that thread count; CHECKs that there is one.
const Candidate& OriginalAt(const std::vector<Candidate>& candidates, int threads);

struct Verdict {
  bool met = false;
  std::string chosen, original;                 ///< Candidate::id
  std::string explanation;                      ///< one sentence
  std::vector<RequirementResult> requirements;  ///< of the chosen candidate
  std::vector<Relaxation> relaxations;          ///< smallest first; only when not met
};

/// Sets `meets` of every candidate and chooses: the fastest that meets everything; when none does, of those
/// that may be chosen the one whose worst requirement fails least (the faster one of equals).
Verdict Judge(const Requirements& required, std::vector<Candidate>& candidates);

/// Judges candidates for another device: those within the bound of accuracy, of them the one with the fewest
/// operators on the CPU, then the fewest islands, then the fewest bits, then the best metric; when none is
/// within, the one that misses it least. What only the device can tell (latency, memory) counts as neither
/// met nor failed and is named in the explanation. At least one candidate is no original.
Verdict JudgeForTarget(const Requirements& required, std::vector<Candidate>& candidates);

/// The cost of a precision on integer accelerators, the cheapest first: int8, int8+int16, int16, fp16.
int CostOf(const std::string& precision);

/// Holds the candidates that are no originals against the spec without choosing for the user: `chosen` is the
/// one that meets it, or misses it least, also when it is slower than the original.
Verdict JudgeSubjects(const Requirements& required, std::vector<Candidate>& candidates);

}  // namespace shoehorn::fit
