// The form in which a model is placed: every dimension pinned and simplified, as all places run it.
#pragma once

#include <memory>
#include <vector>

#include "fit/spec.h"
#include "place/plan.h"

namespace shoehorn::place {

/// Loads `spec.model`, holds `spec` against it (fit::MatchModel), pins and simplifies it; for int8 packing at
/// an opset that has QuantizeLinear. Errors: a file that is no model; a spec that does not fit it.
Result<std::unique_ptr<ir::Model>> PreparedModel(fit::Spec& spec, const std::vector<Packing>& packings);

}  // namespace shoehorn::place
