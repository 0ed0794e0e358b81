// shoehorn targets [NAME]: every target with its rules and judge; or one in full, with the source of each
// fact.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/command.h"
#include "cli/output.h"
#include "report/rule_manual.h"

namespace shoehorn::cli {
namespace {

struct Options {
  std::string name, json;
};

Result<int> Targets(const Options& options) {
  const report::TextStyle style = {.color = ::isatty(STDOUT_FILENO) == 1};
  std::string json, text;
  if (options.name.empty()) {
    SHOEHORN_ASSIGN(std::vector<targets::Profile> profiles, targets::LoadProfiles());
    std::vector<report::TargetState> states;
    for (targets::Profile& profile : profiles) states.push_back(report::StateOf(std::move(profile)));
    json = report::TargetsJson(states);
    text = report::TargetsText(states, style);
  } else {
    SHOEHORN_ASSIGN(targets::Profile profile, targets::FindProfile(options.name));
    const report::TargetState state = report::StateOf(std::move(profile));
    json = report::TargetJson(state);
    text = report::TargetText(state, style);
  }
  SHOEHORN_TRY(WriteOutput(options.json, json));
  if (options.json.empty()) fmt::print("{}", text);
  return kMet;
}

}  // namespace

void SetUpTargets(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  app.add_option("NAME", options->name, "A target; without one, all are listed");
  app.add_option("--json", options->json, "Write JSON to this file, - for standard output");
  action = [options] { return Targets(*options); };
}

}  // namespace shoehorn::cli
