// shoehorn place SPEC.toml -o out/: the second form of the command, for a spec with a section [place].
#pragma once

#include <string>

#include "support/result.h"

namespace shoehorn::cli {

/// Decides, writes `out` whole or not at all, prints the summary; the exit code.
Result<int> PlaceBySpec(const std::string& spec, const std::string& out, bool force);

}  // namespace shoehorn::cli
