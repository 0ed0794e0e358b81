// shoehorn explain qnn_htp.MaxPool.rank_0: a rule's sentence, its source, and what cures a node that breaks
// it.
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
  std::string id, json;
};

Result<int> Explain(const Options& options) {
  SHOEHORN_ASSIGN(const report::RuleEntry entry, report::FindRule(options.id));
  SHOEHORN_ASSIGN(const std::vector<targets::Profile> profiles, targets::LoadProfiles());
  std::vector<std::string> users;
  for (const targets::Profile& profile : profiles)
    if (profile.Speaks(entry.accelerator->name)) users.push_back(profile.name);
  SHOEHORN_TRY(WriteOutput(options.json, report::RuleJson(entry, users)));
  if (options.json.empty())
    fmt::print("{}", report::RuleText(entry, users, {.color = ::isatty(STDOUT_FILENO) == 1}));
  return kMet;
}

}  // namespace

void SetUpExplain(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  app.add_option("RULE", options->id,
                 "A rule's id as `shoehorn check` prints it, e.g. qnn_htp.MaxPool.rank_0")
      ->required();
  app.add_option("--json", options->json, "Write JSON to this file, - for standard output");
  action = [options] { return Explain(*options); };
}

}  // namespace shoehorn::cli
