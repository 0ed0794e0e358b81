// shoehorn report out/result.json [--html PAGE]: the summary of an earlier fit, and its page, without fitting
// again.
#include "report/report.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/command.h"
#include "fit/result_json.h"
#include "support/files.h"

namespace shoehorn::cli {
namespace {

struct Options {
  std::string result, html;
};

Result<int> Report(const Options& options) {
  SHOEHORN_ASSIGN(const std::string text, ReadText(options.result));
  SHOEHORN_ASSIGN(const fit::FitResult result, fit::ResultFromJson(text, options.result));
  fmt::print("{}", report::SummaryText(result, {.color = ::isatty(STDOUT_FILENO) == 1}));
  if (!options.html.empty()) {
    SHOEHORN_TRY(WriteAtomically(options.html, report::PageHtml(result)));
    fmt::print("\npage     {}\n", options.html);
  }
  return result.met ? kMet : kNotMet;
}

}  // namespace

void SetUpReport(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  app.add_option("RESULT", options->result, "result.json of a fit")->required();
  app.add_option("--html", options->html, "Write the page to this file");
  action = [options] { return Report(*options); };
}

}  // namespace shoehorn::cli
