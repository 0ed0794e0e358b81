// docs/targets.md: what each accelerator takes, from the sentences of its table.
#pragma once

#include <string>

namespace shoehorn::targets {

/// The page: how to read it, then for each accelerator its version, its source, what holds for every
/// operator, and one table: operators, grade, requirements, repairs and advice.
std::string TargetsManual();

}  // namespace shoehorn::targets
