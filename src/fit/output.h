// The output folder: artifact, result.json, plan.json, report.html, written under a temporary name and moved
// into place whole.
#pragma once

#include <filesystem>
#include <string>

#include "fit/fit.h"
#include "fit/prepare.h"

namespace shoehorn::fit {

/// Fails early when `out` exists and may not be replaced, or cannot be written.
Status CheckOutput(const std::filesystem::path& out, bool force);

/// Deletes what a killed fit left of its temporary folders. The caller holds the state's lock.
void RemoveLeftovers(const std::filesystem::path& out);

/// Writes the folder: the chosen build (or, without one, the user's own model) as artifact/, then what
/// `options.render` gives. Sets `artifact` of the chosen candidate first.
Status WriteOutput(const FitOptions& options, const Spec& spec, const Build* build, FitResult& result);

}  // namespace shoehorn::fit
