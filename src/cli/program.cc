#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <memory>
#include <vector>

#include "cli/command.h"

namespace shoehorn::cli {
namespace {

constexpr Command kCommands[] = {
#define COMMAND(name, function, sentence) {name, sentence, function, false},
#define HIDDEN_COMMAND(name, function, sentence) {name, sentence, function, true},
#include "cli/commands.def"
#undef COMMAND
#undef HIDDEN_COMMAND
};

std::vector<std::string> CommandNames() {
  std::vector<std::string> names;
  for (const Command& command : kCommands)
    if (!command.hidden) names.emplace_back(command.name);
  return names;
}

int Fail(const Diagnostic& diagnostic) {
  std::fprintf(stderr, "%s\n", diagnostic.Text().c_str());
  return ExitCodeOf(diagnostic);
}

}  // namespace

int ExitCodeOf(const Diagnostic& diagnostic) {
  switch (diagnostic.blame) {
    case Blame::kBadInput:
      return kBadInputExit;
    case Blame::kInterrupted:
      return kInterruptedExit;
    case Blame::kFault:
      break;
  }
  return kFaultExit;
}

int Main(int argc, const char* const* argv) {
  CLI::App app("Shoehorn fits a trained model to the hardware that it must run on, and proves it.",
               "shoehorn");
  app.set_version_flag("--version", std::string("shoehorn ") + SHOEHORN_VERSION);
  app.footer("Exit codes: 0 done or the spec is met, 1 the spec is not met, 2 bad input, 3 a fault of ours.");
  app.require_subcommand(1);
  Action chosen;
  std::vector<std::unique_ptr<Action>> actions;
  for (const Command& command : kCommands) {
    CLI::App* subcommand = app.add_subcommand(command.name, command.sentence);
    if (command.hidden) subcommand->group("");
    actions.push_back(std::make_unique<Action>());
    Action* action = actions.back().get();
    command.set_up(*subcommand, *action);
    subcommand->callback([action, &chosen] { chosen = *action; });
  }
  if (argc > 1 && argv[1][0] != '-') {
    const std::vector<std::string> names = CommandNames();
    const std::string word = argv[1];
    bool known = false;
    for (const Command& command : kCommands) known |= word == command.name;
    if (!known) {
      Diagnostic diagnostic;
      diagnostic.place = "'" + word + "'";
      diagnostic.found = "unknown subcommand";
      for (const std::string& name : names)
        diagnostic.expected += (diagnostic.expected.empty() ? "one of " : ", ") + name;
      if (const std::string near = DidYouMean(word, names); !near.empty())
        diagnostic.fix = "did you mean '" + near + "'?";
      return Fail(diagnostic);
    }
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kMet : kBadInputExit;
  }
  try {
    const Result<int> result = chosen();
    if (!result.ok()) return Fail(result.error());
    return *result;
  } catch (const std::bad_alloc&) {
    Diagnostic diagnostic;
    diagnostic.found = "out of memory";
    diagnostic.blame = Blame::kFault;
    return Fail(diagnostic);
  } catch (const std::exception& error) {
    Diagnostic diagnostic;
    diagnostic.found = std::string("unexpected exception: ") + error.what();
    diagnostic.fix = "please report this with the command that you ran";
    diagnostic.blame = Blame::kFault;
    return Fail(diagnostic);
  }
}

}  // namespace shoehorn::cli
