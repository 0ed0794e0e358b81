// What a fit tries: engine x precision x int8 variant x threads, in an order that finds a good answer early,
// and the rules by which a candidate is given up before it has cost much. Each rule is one sentence that the
// report shows.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engines/engine.h"
#include "fit/result.h"
#include "fit/spec.h"
#include "quant/quantize.h"

namespace shoehorn::fit {

/// A candidate before it is tried.
struct CandidatePlan {
  Candidate candidate;  ///< id, engine, precision, variant, threads, original; nothing measured
  engines::Precision precision = engines::Precision::kFp32;
  std::optional<quant::QuantizeOptions> quantize;  ///< int8 only
  bool packed_weights =
      false;  ///< weights stored as int8, arithmetic as `precision` says; for specs that bound the size
  std::string build;  ///< names its artifact, which thread counts share; empty for originals
};

/// Originals at each thread count first. `fast` says what each engine runs fast on this processor; a
/// precision outside it is planned with state kPruned and the reason.
std::vector<CandidatePlan> PlanCandidates(const Spec& spec,
                                          const std::map<std::string, std::vector<engines::Precision>>& fast);

/// Why `plan` cannot win, judged before any work on it from what `done` already showed; empty: try it.
///  - An int8 variant whose sibling (same engine and threads) is within the bound of accuracy already: later
///  variants exist to
///    be more accurate, and none has faster kernels.
///  - An int8 variant whose sibling with the same kernels was given up as too slow.
///  - Packed weights, when the same candidate with plain ones meets the spec: they only save space.
///  - Weights per tensor, when weights per channel ran: they are coarser and no faster.
std::string ReasonToSkip(const CandidatePlan& plan, const Requirements& required,
                         const std::vector<CandidatePlan>& plans, const std::vector<Candidate>& done);

/// Why a candidate cannot win, judged from a short measurement that gave `speedup`; empty: go on.
///  - Its upper bound is below the original, or below the lower bound of the best that meets everything so
///  far.
std::string ReasonToStop(const Candidate& probed, const Requirements& required,
                         const std::vector<Candidate>& done);

}  // namespace shoehorn::fit
