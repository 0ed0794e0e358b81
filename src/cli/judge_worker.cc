// `shoehorn judge-worker` is for the program's own use: it asks one vendor's compiler about one model.
#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "targets/judge.h"

namespace shoehorn::cli {

void SetUpJudgeWorker(CLI::App&, Action& action) {
  action = []() -> Result<int> { return targets::RunJudgeWorker(); };
}

}  // namespace shoehorn::cli
