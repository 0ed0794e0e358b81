// Runs a piece of work in a forked copy of this process, so that a library that crashes on strange input is
// an answer and not our end.
#pragma once

#include <functional>
#include <string>

#include "support/result.h"

namespace shoehorn {

/// What `work` gave, passed back through a pipe. Errors: how the copy ended ("killed by SIGFPE (Floating
/// point exception)"). The caller must have no other threads that hold locks which `work` needs.
Result<std::string> RunIsolated(const std::function<std::string()>& work);

}  // namespace shoehorn
