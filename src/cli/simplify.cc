// shoehorn simplify IN OUT: an equal model with fewer nodes, and what was done to it.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/output.h"
#include "cli/shape_options.h"
#include "engines/evaluator.h"
#include "formats/onnx.h"
#include "passes/pipeline.h"
#include "support/files.h"

namespace shoehorn::cli {
namespace {

struct Options {
  std::string in, out, json;
  std::vector<std::string> disabled;
  std::shared_ptr<ShapeOptions> shapes;
  bool force = false, external = false, verbose = false;
};

std::string Json(const passes::SimplifyReport& report, const Options& options) {
  nlohmann::ordered_json json;
  json["schema"] = "shoehorn.simplify/1";
  json["input"] = options.in;
  json["output"] = options.out;
  json["nodes_before"] = report.nodes_before;
  json["nodes_after"] = report.nodes_after;
  json["rounds"] = report.rounds;
  json["passes"] = nlohmann::ordered_json::array();
  for (const auto& pass : report.passes)
    json["passes"].push_back(
        {{"pass", pass.pass}, {"runs", pass.runs}, {"rewrites", pass.rewrites}, {"ms", pass.milliseconds}});
  json["rewrites"] = nlohmann::ordered_json::array();
  for (const auto& rewrite : report.rewrites)
    json["rewrites"].push_back({{"pass", rewrite.pass}, {"node", rewrite.node}, {"why", rewrite.why}});
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

void PrintReport(const passes::SimplifyReport& report, const Options& options) {
  fmt::print("{}: {} nodes, were {} (Constant nodes not counted)\n", Escaped(options.out), report.nodes_after,
             report.nodes_before);
  for (const auto& pass : report.passes)
    if (pass.rewrites > 0)
      fmt::print("  {:<34} {:>6} rewrites {:>9.2f} ms\n", pass.pass, pass.rewrites, pass.milliseconds);
  if (!options.verbose) return;
  for (const auto& rewrite : report.rewrites)
    fmt::print("  {}: {}: {}\n", rewrite.pass, Escaped(rewrite.node), Escaped(rewrite.why));
}

Result<int> Simplify(const Options& options) {
  SHOEHORN_TRY(RefuseToOverwrite(options.out, options.force));
  static std::unique_ptr<ir::Model> model;  // lives as long as the process, which ends without taking it down
  SHOEHORN_ASSIGN(model, formats::LoadOnnx(options.in));
  const auto types = formats::MakeTypeInference(*model);
  const auto evaluator = engines::MakeEvaluator();
  passes::SimplifyOptions simplify;
  simplify.types = types.get();
  simplify.evaluator = evaluator.get();
  simplify.runner.disabled = options.disabled;
  SHOEHORN_TRY(ReadShapeOptions(*options.shapes, simplify));
  SHOEHORN_ASSIGN(const auto report, passes::Simplify(*model, simplify));
  SHOEHORN_TRY(formats::SaveOnnx(*model, options.out, options.external));
  if (options.json == "-") {
    fmt::print("{}", Json(report, options));
    return kMet;
  }
  if (!options.json.empty()) SHOEHORN_TRY(WriteAtomically(options.json, Json(report, options)));
  PrintReport(report, options);
  return kMet;
}

}  // namespace

void SetUpSimplify(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  app.add_option("IN", options->in, "ONNX file")->required();
  app.add_option("OUT", options->out, "ONNX file to write")->required();
  options->shapes = AddShapeOptions(app);
  app.add_option("--disable", options->disabled,
                 "Leave a pass out (docs/passes.md lists them); may be repeated")
      ->type_name("PASS")
      ->allow_extra_args(false);
  app.add_flag("--external", options->external, "Write the weights to OUT.data beside the model");
  app.add_flag("--force", options->force, "Replace OUT if it exists");
  app.add_flag("--verbose,-v", options->verbose, "List every rewrite with the node and the reason");
  app.add_option("--json", options->json, "Write what was done as JSON to this file, - for standard output");
  action = [options] { return Simplify(*options); };
}

}  // namespace shoehorn::cli
