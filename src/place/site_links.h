// The links that a spec names, as the simulation wants them: a recorded trace, what was declared beside it,
// or a drive drawn from what was declared alone.
#pragma once

#include "place/link.h"
#include "place/spec.h"

namespace shoehorn::place {

/// Errors: those of the traces.
Result<Link> LinkOf(const LinkSpec& spec);

}  // namespace shoehorn::place
