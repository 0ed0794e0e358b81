// shoehorn fit spec.toml -o out/: the fitted model and its proof. The summary goes to standard output, the
// story of the search to standard error; exit code 0 when the spec is met, 1 when it is not. With --target
// the device is another one than this machine.
#include "fit/fit.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/command.h"
#include "fit/result_json.h"
#include "report/report.h"
#include "support/files.h"
#include "support/interrupt.h"
#include "support/progress.h"

namespace shoehorn::cli {
namespace {

struct Options {
  std::string spec, out, json, target;
  bool force = false;
};

std::vector<std::pair<std::string, std::string>> Render(const fit::FitResult& result) {
  return {{"result.json", fit::ToJson(result)},
          {"plan.json", report::PlanJson(result)},
          {"report.html", report::PageHtml(result)}};
}

Result<int> Run(const Options& options) {
  fit::FitOptions fit_options;
  if (!options.target.empty()) {
    SHOEHORN_ASSIGN(fit_options.target, targets::FindProfile(options.target));
  }
  SHOEHORN_ASSIGN(fit::Spec spec, fit::LoadSpec(options.spec));
  WatchInterrupts();
  Progress progress;
  fit_options.out = options.out;
  fit_options.force = options.force;
  fit_options.version = SHOEHORN_VERSION;
  fit_options.interrupted = Interrupted;
  fit_options.say = [&](const std::string& message) { progress.Say(message); };
  fit_options.show = [&](const std::string& message) { progress.Show(message); };
  fit_options.render = Render;
  const auto fitted = fit::Fit(std::move(spec), fit_options);
  progress.Clear();
  if (!fitted.ok()) return fitted.error();
  if (options.json == "-") {
    std::fputs(fit::ToJson(*fitted).c_str(), stdout);
  } else {
    if (!options.json.empty()) SHOEHORN_TRY(WriteAtomically(options.json, fit::ToJson(*fitted)));
    std::fputs(report::SummaryText(*fitted, {.color = ::isatty(STDOUT_FILENO) == 1}).c_str(), stdout);
    std::printf("\nreport: %s\n",
                Escaped((std::filesystem::path(options.out) / "report.html").string()).c_str());
  }
  return fitted->met ? kMet : kNotMet;
}

}  // namespace

void SetUpFit(CLI::App& app, Action& action) {
  const auto options = std::make_shared<Options>();
  app.add_option("SPEC", options->spec, "The spec, a TOML file; see docs/spec.md")->required();
  app.add_option("-o,--out", options->out,
                 "The folder to write: artifact, plan.json, result.json, report.html")
      ->required();
  app.add_option("--target", options->target,
                 "Fit for another device, such as qcs6490: quantized for it, placed by its compiler, latency "
                 "not measured");
  app.add_flag("--force", options->force, "Replace the folder when it exists");
  app.add_option("--json", options->json,
                 "Also write the result as JSON to this file; - for standard output");
  action = [options] { return Run(*options); };
}

}  // namespace shoehorn::cli
