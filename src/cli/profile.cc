// shoehorn profile -o targets/this.toml: measures this machine and writes its profile, with the kernels that
// were timed beside it. What `place` then says about this machine rests on measurements.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <memory>

#include "cli/command.h"
#include "cli/output.h"
#include "cost/profile_machine.h"
#include "support/files.h"
#include "support/interrupt.h"
#include "support/progress.h"
#include "support/units.h"

namespace shoehorn::cli {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

struct Options {
  std::string out;
  bool quick = false, force = false;
  size_t networks = cost::ProfileOptions().networks;
  int threads = 1;
};

Result<int> Profile(const Options& options) {
  const fs::path out = options.out, kernels = cost::KernelTablePath(out);
  if (out.extension() != ".toml") {
    Diagnostic diagnostic;
    diagnostic.file = out.string();
    diagnostic.found = "a profile's file ends in .toml";
    diagnostic.fix = "name it NAME.toml; NAME is what the target is called";
    return diagnostic;
  }
  std::error_code ignored;
  if (const fs::path folder = fs::absolute(out, ignored).parent_path(); !fs::is_directory(folder, ignored)) {
    Diagnostic diagnostic;
    diagnostic.file = folder.string();
    diagnostic.found = "there is no such folder";
    diagnostic.fix = "make it, or name another";
    return diagnostic;
  }
  SHOEHORN_TRY(RefuseToOverwrite(out, options.force));
  SHOEHORN_TRY(RefuseToOverwrite(kernels, options.force));
  WatchInterrupts();
  Progress progress;
  const auto start = Clock::now();
  const std::function<bool()> stop = Interrupted;
  cost::ProfileOptions profile;
  profile.name = out.stem().string();
  profile.threads = options.threads;
  profile.networks = options.quick ? 2 : options.networks;
  if (options.quick) {
    profile.time_each = std::chrono::milliseconds(20);
    profile.most_visits = 1;
  }
  profile.stop = &stop;
  profile.show = [&](size_t done, size_t of, const std::string& what) {
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    const std::string left =
        done < 4 ? ""
                 : fmt::format(", {} left", FormatDuration(std::ceil(seconds / static_cast<double>(done) *
                                                                     static_cast<double>(of - done))));
    progress.Show(fmt::format("[{}/{}{}] {}", done + 1, of, left, what));
  };
  SHOEHORN_ASSIGN(const cost::MachineProfile measured, cost::ProfileMachine(profile));
  progress.Clear();
  // The kernels first: a profile is never there without them.
  SHOEHORN_TRY(WriteAtomically(kernels, cost::ToJson(measured.kernels)));
  SHOEHORN_TRY(WriteAtomically(out, measured.toml));
  size_t samples = 0;
  for (const cost::EngineKernels& engine : measured.kernels.engines)
    for (const auto& [name, kind] : engine.kinds) samples += kind.samples.size();
  fmt::print("{}: {} kernels timed in {}\n", Escaped(out.string()), samples,
             FormatDuration(std::chrono::duration<double>(Clock::now() - start).count()));
  for (const std::string& note : measured.notes) fmt::print("  {}\n", Escaped(note));
  return kMet;
}

}  // namespace

void SetUpProfile(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  app.add_option("-o,--output", options->out,
                 "The profile to write: NAME.toml; NAME.kernels.json goes beside it")
      ->required();
  app.add_option("--networks", options->networks,
                 "How many networks to measure kernels in, for each engine and precision")
      ->check(CLI::Range(1, 1000));
  app.add_option("--threads", options->threads, "Threads of an engine")->check(CLI::Range(1, 256));
  app.add_flag("--quick", options->quick, "A few seconds instead of minutes: rough rates, few kernels");
  app.add_flag("--force", options->force, "Replace the files if they exist");
  action = [options] { return Profile(*options); };
}

}  // namespace shoehorn::cli
