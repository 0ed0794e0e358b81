// Ctrl-C as a question that long work asks at its own quiet moments: `if (Interrupted()) return
// StoppedByUser();`. A second Ctrl-C ends the process at once.
#pragma once

#include "support/diagnostic.h"

namespace shoehorn {

/// From now on SIGINT and SIGTERM are noted instead of ending the process.
void WatchInterrupts();
bool Interrupted();
/// The Diagnostic of a user's stop (exit code 130).
Diagnostic StoppedByUser();

}  // namespace shoehorn
