// The agent: what `shoehorn run` becomes. Answers go to standard output or a file, the log to standard error.
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdlib>

#include "cli/command.h"
#include "cli/run_options.h"
#include "runtime/agent.h"
#include "support/interrupt.h"

namespace shoehorn::cli {
namespace {

void LogToStandardError() {
  auto log = spdlog::stderr_color_mt("agent");
  log->set_pattern("%Y-%m-%dT%H:%M:%S.%e %l: %v");
  spdlog::set_default_logger(std::move(log));
}

std::string Text(const runtime::Summary& summary, bool events) {
  using runtime::By;
  const auto by = [&](By who) { return summary.by[static_cast<size_t>(who)]; };
  std::string text = fmt::format(
      "{} frames: {} by the tail, {} by the device, {} by the fallback, {} by none; {} late", summary.frames,
      by(By::kTail), by(By::kDevice), by(By::kFallback), by(By::kNone), summary.late);
  if (events)
    text += fmt::format("; {} events, {} sent, {} waiting, {} dropped", summary.events, summary.sent,
                        summary.waiting, summary.dropped);
  return text;
}

Result<int> Run(const runtime::AgentOptions& options) {
  WatchInterrupts();
  std::signal(SIGPIPE, SIG_IGN);    // a reader that goes is an error of one write
  ::prctl(PR_SET_TIMERSLACK, 1UL);  // waits end on time, not up to 50 us later
  SHOEHORN_ASSIGN(const auto agent, runtime::Agent::Create(options));
  SHOEHORN_ASSIGN(const runtime::Summary summary, agent->Run());
  spdlog::info("{}", Text(summary, agent->has_events()));
  return kMet;
}

int AgentMain(int argc, const char* const* argv) {
  CLI::App app("The agent of 'shoehorn run'", "shoehorn run");
  const auto options = AddRunOptions(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kMet : kBadInputExit;
  }
  LogToStandardError();
  const Result<int> result = Run(*options);
  if (result.ok()) return *result;
  std::fprintf(stderr, "%s\n", result.error().Text().c_str());
  return result.error().blame == Blame::kBadInput ? kBadInputExit : kFaultExit;
}

}  // namespace
}  // namespace shoehorn::cli

int main(int argc, char** argv) {
  int code = shoehorn::cli::kFaultExit;
  try {
    code = shoehorn::cli::AgentMain(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: unexpected exception: %s\n", error.what());
  }
  std::fflush(nullptr);
#if defined(__SANITIZE_ADDRESS__)
  return code;  // leaks are looked for at the exit
#else
  std::_Exit(code);  // all that matters is closed; the libraries' tables need no taking down
#endif
}
