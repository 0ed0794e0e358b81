// A subcommand of the program: one file here, one line in commands.def.
// SetUp declares its options on `app` and stores into `action` what is to happen when it is chosen.
#pragma once

#include <functional>
#include <string>

#include "support/result.h"

namespace CLI {
class App;
}

namespace shoehorn::cli {

/// Exit codes, the same for every subcommand and output format.
enum ExitCode : int { kMet = 0, kNotMet = 1, kBadInputExit = 2, kFaultExit = 3, kInterruptedExit = 130 };

/// Runs the subcommand: its exit code, or the Diagnostic that main prints on standard error.
using Action = std::function<Result<int>()>;

struct Command {
  const char* name;
  const char* sentence;
  void (*set_up)(CLI::App& app, Action& action);
  bool hidden;
};

#define COMMAND(name, function, sentence) void function(CLI::App& app, Action& action);
#define HIDDEN_COMMAND(name, function, sentence) void function(CLI::App& app, Action& action);
#include "cli/commands.def"
#undef COMMAND
#undef HIDDEN_COMMAND

/// The exit code that goes with a Diagnostic.
int ExitCodeOf(const Diagnostic& diagnostic);

/// The whole program: parses `arguments` (without the program's name), runs, prints, gives the exit code.
int Main(int argc, const char* const* argv);

}  // namespace shoehorn::cli
