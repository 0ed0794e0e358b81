// shoehorn run PLAN: becomes the agent. That is a program beside this one: it links gRPC, SQLite and libcurl,
// whose start-up no other subcommand should pay for.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "cli/command.h"
#include "cli/run_options.h"

namespace shoehorn::cli {
namespace {

constexpr const char* kAgent = "shoehorn-agent";

/// What stood behind "run" on the command line.
std::vector<std::string> OwnArguments() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::vector<std::string> arguments;
  for (std::string argument; std::getline(file, argument, '\0');) arguments.push_back(argument);
  arguments.erase(arguments.begin(), std::next(std::ranges::find(arguments, "run")));
  return arguments;
}

/// Gives back only when the agent cannot be started.
Diagnostic BecomeAgent(std::vector<std::string> arguments) {
  std::error_code code;
  const auto agent = std::filesystem::read_symlink("/proc/self/exe", code).parent_path() / kAgent;
  arguments.insert(arguments.begin(), agent.string());
  std::vector<char*> words;
  for (std::string& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  ::execv(agent.c_str(), words.data());
  Diagnostic diagnostic;
  diagnostic.file = agent.string();
  diagnostic.found = std::string("the agent cannot be started: ") + std::strerror(errno);
  diagnostic.fix = "install it beside the program 'shoehorn'";
  diagnostic.blame = Blame::kFault;
  return diagnostic;
}

}  // namespace

void SetUpRun(CLI::App& app, Action& action) {
  const auto options = AddRunOptions(app);  // checked here; what was given goes on as it is
  app.footer(
      "Answers are lines of JSON. Ctrl-C ends the run; waiting events stay in their queue for the next one.");
  action = [options]() -> Result<int> { return BecomeAgent(OwnArguments()); };
}

}  // namespace shoehorn::cli
