// Threads that a deadline waits for run before ordinary ones, so that a busy device makes no decision late.
#pragma once

namespace shoehorn::runtime {

/// The calling thread goes before all ordinary ones, where the system lets it (root, CAP_SYS_NICE).
void GoFirst();

}  // namespace shoehorn::runtime
