// The options of `shoehorn run`, declared once: for the program, which shows and checks them, and for the
// agent, which is a program of its own so that no other subcommand waits for its libraries.
#pragma once

#include <memory>

#include "runtime/agent_options.h"

namespace CLI {
class App;
}

namespace shoehorn::cli {

std::shared_ptr<runtime::AgentOptions> AddRunOptions(CLI::App& app);

}  // namespace shoehorn::cli
