// Runs the program as a user does: exit code and both outputs, or killed in the middle.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace shoehorn::testing {

struct Ended {
  int exit_code = -1;  ///< -1 when a signal ended it
  int signal = 0;
  std::string out, err;
};

/// Starts SHOEHORN_PROGRAM with these arguments and waits for its end.
Ended RunProgram(const std::vector<std::string>& arguments);

/// The same, but sends `signal` after `delay`, when it still runs then.
Ended RunProgramAndSignal(const std::vector<std::string>& arguments, std::chrono::milliseconds delay,
                          int signal);

}  // namespace shoehorn::testing
