// The best cost model that there is for a unit of a target: measured kernels where `shoehorn profile` left a
// table beside the target's profile, else the roofline on the profile's rates.
#pragma once

#include "cost/cost.h"
#include "targets/profile.h"

namespace shoehorn::cost {

/// `profile` must have a device, `unit` be one of it, and both outlive the model. Errors: the unit does not
/// compute in `precision`; a table of kernels that cannot be read.
Result<std::unique_ptr<Model>> ModelFor(const targets::Profile& profile, const targets::Unit& unit,
                                        const std::string& precision);

}  // namespace shoehorn::cost
