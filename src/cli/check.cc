// shoehorn check MODEL --target T: which operators the target takes, why not the rest, what change makes it
// take them, and every target side by side.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>

#include "cli/command.h"
#include "cli/shape_options.h"
#include "engines/evaluator.h"
#include "formats/onnx.h"
#include "passes/pipeline.h"
#include "report/check_report.h"
#include "support/interrupt.h"

namespace shoehorn::cli {
namespace {

struct Options {
  std::string model;
  std::vector<std::string> targets;
  std::shared_ptr<ShapeOptions> shapes;
  std::string fail_on;
  bool verbose = false;
};

/// The profiles asked for, each once; "all" is every one.
Result<std::vector<targets::Profile>> Profiles(const std::vector<std::string>& names) {
  std::vector<targets::Profile> profiles;
  for (const std::string& name : names) {
    if (name == "all") return targets::LoadProfiles();
    if (std::ranges::any_of(profiles, [&](const auto& profile) { return profile.name == name; })) continue;
    SHOEHORN_ASSIGN(targets::Profile profile, targets::FindProfile(name));
    profiles.push_back(std::move(profile));
  }
  return profiles;
}

bool Fails(const report::CheckReport& report, const Options& options) {
  const report::Answer& answer = report.before;
  if (options.fail_on == "unsupported") return report::LeftUnsupported(answer) > 0;
  if (options.fail_on == "fallback") return answer.check.summary.cpu_operators > 0;
  return false;
}

Result<int> Check(const Options& options) {
  SHOEHORN_ASSIGN(const std::vector<targets::Profile> profiles, Profiles(options.targets));
  SHOEHORN_ASSIGN(const auto model, formats::LoadOnnx(options.model));
  const auto types = formats::MakeTypeInference(*model);
  passes::SimplifyOptions simplify;
  simplify.types = types.get();
  SHOEHORN_TRY(ReadShapeOptions(*options.shapes, simplify));
  if (const auto pinned = passes::PinShapes(*model, simplify); !pinned.ok()) return pinned.error();
  if (const auto inferred = types->InferGraph(*model->graph); !inferred.ok()) return inferred.error();

  std::vector<report::CheckReport> reports;
  for (const targets::Profile& profile : profiles) {
    report::CheckReport report;
    report.model = options.model;
    report.profile = profile;
    report.before.check = targets::Check(*model, profile);
    if (profiles.size() == 1) report.advice = targets::AdviseTraining(*model, report.before.check);
    reports.push_back(std::move(report));
  }
  const report::CheckTextOptions text = {{.color = ::isatty(STDOUT_FILENO) == 1}, options.verbose};
  fmt::print("{}", reports.size() == 1 ? report::CheckText(reports[0], text)
                                       : report::ComparisonText(reports, text));
  return std::ranges::any_of(reports, [&](const auto& report) { return Fails(report, options); }) ? kNotMet
                                                                                                  : kMet;
}

}  // namespace

void SetUpCheck(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  app.add_option("MODEL", options->model, "ONNX file")->required();
  app.add_option(
         "--target", options->targets,
         "The target (`shoehorn targets` lists them), or all; may be repeated, then they are compared")
      ->type_name("NAME")
      ->required()
      ->allow_extra_args(false);
  options->shapes = AddShapeOptions(app);
  app.add_option(
         "--fail-on", options->fail_on,
         "Exit with 1 when an operator is refused or unknown (unsupported), or when one runs on the CPU "
         "(fallback)")
      ->check(CLI::IsMember({"unsupported", "fallback"}));
  app.add_flag("--verbose,-v", options->verbose, "Every node, crossing and disagreement");
  action = [options] { return Check(*options); };
}

}  // namespace shoehorn::cli
