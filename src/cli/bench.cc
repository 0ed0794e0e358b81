// shoehorn bench MODEL --spec spec.toml: measures any model or artifact beside the spec's original and holds
// it against the requirements, without fitting. The same measurement and the same verdict as in a fit.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/command.h"
#include "fit/fit.h"
#include "fit/result_json.h"
#include "report/report.h"
#include "support/files.h"
#include "support/interrupt.h"
#include "support/progress.h"

namespace shoehorn::cli {
namespace {

struct Options {
  std::string model, spec, engine, precision = "fp32", json;
};

Result<int> Run(const Options& options) {
  SHOEHORN_ASSIGN(fit::Spec spec, fit::LoadSpec(options.spec));
  WatchInterrupts();
  Progress progress;
  fit::BenchOptions bench;
  bench.subject = options.model;
  bench.engine = options.engine;
  bench.precision = options.precision;
  bench.version = SHOEHORN_VERSION;
  bench.interrupted = Interrupted;
  bench.show = [&](const std::string& message) { progress.Show(message); };
  const auto result = fit::Bench(std::move(spec), bench);
  progress.Clear();
  if (!result.ok()) return result.error();
  if (options.json == "-") {
    std::fputs(fit::ToJson(*result).c_str(), stdout);
  } else {
    if (!options.json.empty()) SHOEHORN_TRY(WriteAtomically(options.json, fit::ToJson(*result)));
    std::fputs(report::SummaryText(*result, {.color = ::isatty(STDOUT_FILENO) == 1}).c_str(), stdout);
  }
  return result->met ? kMet : kNotMet;
}

}  // namespace

void SetUpBench(CLI::App& app, Action& action) {
  const auto options = std::make_shared<Options>();
  app.add_option("MODEL", options->model, "The model or artifact to measure: .onnx or .xml")->required();
  app.add_option("--spec", options->spec, "The spec that says samples, metric, requirements and the original")
      ->required();
  app.add_option("--engine", options->engine,
                 "onnxruntime or openvino; found from the file's ending when left out");
  app.add_option("--precision", options->precision,
                 "fp32, bf16, fp16 or int8: how the engine is asked to run it");
  app.add_option("--json", options->json,
                 "Also write the result as JSON to this file; - for standard output");
  action = [options] { return Run(*options); };
}

}  // namespace shoehorn::cli
