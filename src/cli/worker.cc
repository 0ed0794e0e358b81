// `shoehorn worker` is for the program's own use: it loads one model and takes orders on standard input.
#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "measure/measure.h"

namespace shoehorn::cli {

void SetUpWorker(CLI::App&, Action& action) {
  action = []() -> Result<int> { return measure::WorkerMain(); };
}

}  // namespace shoehorn::cli
