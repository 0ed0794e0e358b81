// docs/targets.md: what each accelerator takes, from the sentences of its table, and what each device is made
// of.
#pragma once

#include <string>
#include <vector>

#include "targets/profile.h"

namespace shoehorn::targets {

/// The page: how to read it, then for each accelerator its version, its source, what holds for every
/// operator, and one table: operators, grade, requirements, repairs and advice; then for each of `profiles`
/// that has units their figures with kind and source.
std::string TargetsManual(const std::vector<Profile>& profiles);

}  // namespace shoehorn::targets
