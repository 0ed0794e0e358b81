// shoehorn place SPEC.toml -o out/: where the spec's model runs, whole or split (place_spec.cc).
// shoehorn place MODEL --target T: which unit of the target runs each operator, what that costs, and every
// operator that does not run on the accelerator, with the reason and the price.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <memory>

#include "cli/command.h"
#include "cli/output.h"
#include "cli/place_spec.h"
#include "cli/shape_options.h"
#include "engines/evaluator.h"
#include "formats/onnx.h"
#include "passes/pipeline.h"
#include "report/device_plan_report.h"
#include "support/progress.h"

namespace shoehorn::cli {
namespace {

struct Options {
  std::string input, target, objective = "latency", json, out;
  std::shared_ptr<ShapeOptions> shapes;
  bool as_it_is = false, force = false, verbose = false;
};

/// "latency", "energy", or the share of latency in between.
Result<place::Objective> ReadObjective(const std::string& text) {
  place::Objective objective;
  if (text == "latency") return objective;
  objective.latency_share = 0;
  if (text == "energy") return objective;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, objective.latency_share);
  if (error == std::errc() && stop == end && objective.latency_share >= 0 && objective.latency_share <= 1)
    return objective;
  Diagnostic diagnostic;
  diagnostic.place = "--objective";
  diagnostic.found = "'" + Escaped(text) + "' is no objective";
  diagnostic.expected =
      "latency, energy, or the share w of latency from 0 to 1: w x ms + (1 - w) x mJ is minimized";
  return diagnostic;
}

/// Costs need sizes: an open batch is pinned to 1, any other open dimension of an input is asked for.
Result<std::vector<std::string>> PinBatch(const ir::Graph& graph, passes::SimplifyOptions& simplify) {
  std::vector<std::string> pinned;
  for (const ir::Value* input : graph.inputs()) {
    if (input->initializer() != nullptr || !input->type.opaque.empty() || input->type.is_static()) continue;
    const std::vector<ir::Dim>& dims = input->type.dims;
    const auto open = std::ranges::count_if(dims, [](const ir::Dim& dim) { return !dim.known(); });
    if (!input->type.has_rank || open > 1 || dims.front().known()) {
      Diagnostic diagnostic;
      diagnostic.place = "input '" + Escaped(input->name()) + "'";
      diagnostic.found = "its shape is open, so nobody can say what the model costs";
      diagnostic.expected = "numbers for all of its dimensions but the first, which is 1 when it is open";
      diagnostic.fix =
          "add --shape " + Escaped(input->name()) + "=1,3,224,224 with the sizes that it runs with";
      return diagnostic;
    }
    ir::Shape shape(dims.size(), -1);
    shape.front() = 1;
    simplify.shapes[input->name()] = std::move(shape);
    pinned.push_back("the first dimension of input '" + Escaped(input->name()) + "' to 1");
  }
  return pinned;
}

/// The model as it would run: shapes pinned, and without what simplification takes out.
Result<std::unique_ptr<ir::Model>> Load(const Options& options, report::DevicePlanReport& report) {
  SHOEHORN_ASSIGN(auto model, formats::LoadOnnx(options.input));
  report.operators_before = passes::CountNodes(*model->graph);
  const auto types = formats::MakeTypeInference(*model);
  const auto evaluator = engines::MakeEvaluator();
  passes::SimplifyOptions simplify;
  simplify.types = types.get();
  simplify.evaluator = evaluator.get();
  SHOEHORN_TRY(ReadShapeOptions(*options.shapes, simplify));
  if (const auto pinned = passes::PinShapes(*model, simplify); !pinned.ok()) return pinned.error();
  simplify.shapes.clear();
  simplify.symbols.clear();
  SHOEHORN_ASSIGN(report.pinned, PinBatch(*model->graph, simplify));
  if (options.as_it_is) {
    if (const auto pinned = passes::PinShapes(*model, simplify); !pinned.ok()) return pinned.error();
  } else if (const auto simplified = passes::Simplify(*model, simplify); !simplified.ok()) {
    return simplified.error();
  }
  if (const auto inferred = types->InferGraph(*model->graph); !inferred.ok()) return inferred.error();
  return model;
}

Result<int> PlaceModel(const Options& options) {
  Diagnostic diagnostic;
  diagnostic.place = "--target";
  diagnostic.found = "a model is placed on a target, and none is given";
  diagnostic.expected = "the name of one (`shoehorn targets` lists them)";
  if (options.target.empty()) return diagnostic;
  place::DeviceOptions device;
  SHOEHORN_ASSIGN(device.objective, ReadObjective(options.objective));
  SHOEHORN_TRY(RefuseToOverwrite(options.json, options.force));
  SHOEHORN_ASSIGN(const targets::Profile profile, targets::FindProfile(options.target));
  report::DevicePlanReport report;
  report.model = options.input;
  std::unique_ptr<ir::Model> model;
  {
    Progress progress;
    progress.Show(fmt::format("{}: placing on {}", options.input, profile.name));
    SHOEHORN_ASSIGN(model, Load(options, report));
    SHOEHORN_ASSIGN(report.plan, place::PlaceOnDevice(*model, profile, device));
  }
  SHOEHORN_TRY(WriteOutput(options.json, report::DevicePlanJson(report)));
  if (options.json != "-")
    fmt::print("{}",
               report::DevicePlanText(report, {{.color = ::isatty(STDOUT_FILENO) == 1}, options.verbose}));
  return kMet;
}

}  // namespace

void SetUpPlace(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  app.add_option("INPUT", options->input, "A spec with a section [place], or an ONNX file with --target")
      ->required();
  app.add_option("-o,--out", options->out, "With a spec: the folder to write")->type_name("FOLDER");
  app.add_option("--target", options->target,
                 "The target (`shoehorn targets` lists them) or the path of a profile")
      ->type_name("NAME");
  app.add_option("--objective", options->objective,
                 "What is minimized: latency (the default), energy, or a number w from 0 to 1 for w x ms + "
                 "(1 - w) x mJ")
      ->type_name("WHAT");
  options->shapes = AddShapeOptions(app);
  app.add_flag("--as-it-is", options->as_it_is, "Place the model without simplifying it first");
  app.add_option("--json", options->json, "Write the answer as JSON to this file, - for standard output");
  app.add_flag("--force", options->force, "Replace files that exist");
  app.add_flag("--verbose,-v", options->verbose,
               "Every operator off the accelerator and every tensor that crosses");
  action = [options]() -> Result<int> {
    if (!options->input.ends_with(".toml")) return PlaceModel(*options);
    if (!options->out.empty()) return PlaceBySpec(options->input, options->out, options->force);
    Diagnostic diagnostic;
    diagnostic.place = "-o";
    diagnostic.found = "a spec is placed into a folder, and none is given";
    diagnostic.expected = "-o FOLDER";
    return diagnostic;
  };
}

}  // namespace shoehorn::cli
