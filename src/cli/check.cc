// shoehorn check MODEL --target T: which operators the target takes, why not the rest, what change makes it
// take them, and every target side by side.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>

#include "cli/command.h"
#include "cli/output.h"
#include "cli/shape_options.h"
#include "formats/onnx.h"
#include "passes/pipeline.h"
#include "report/check_report.h"
#include "support/interrupt.h"
#include "support/progress.h"

namespace shoehorn::cli {
namespace {

struct Options {
  std::string model;
  std::vector<std::string> targets;
  std::shared_ptr<ShapeOptions> shapes;
  std::string repair, artifact, json, sarif, html, fail_on;
  bool no_judge = false, external = false, force = false, verbose = false;

  std::vector<std::string> Outputs() const { return {repair, artifact, json, sarif, html}; }
};

/// Every target that has support rules; the others are left out with a word.
Result<std::vector<targets::Profile>> AllWithRules() {
  SHOEHORN_ASSIGN(std::vector<targets::Profile> profiles, targets::LoadProfiles());
  std::string left_out;
  for (const targets::Profile& profile : profiles)
    if (!profile.HasRules()) left_out += (left_out.empty() ? "" : ", ") + profile.name;
  std::erase_if(profiles, [](const targets::Profile& profile) { return !profile.HasRules(); });
  if (!left_out.empty()) Progress().Say("left out, no support rules are known: " + left_out);
  return profiles;
}

/// The profiles asked for, each once; "all" is every one that has rules.
Result<std::vector<targets::Profile>> Profiles(const std::vector<std::string>& names) {
  std::vector<targets::Profile> profiles;
  for (const std::string& name : names) {
    if (name == "all") return AllWithRules();
    if (std::ranges::any_of(profiles, [&](const auto& profile) { return profile.name == name; })) continue;
    SHOEHORN_ASSIGN(targets::Profile profile, targets::FindProfile(name));
    if (!profile.HasRules()) {
      Diagnostic diagnostic;
      diagnostic.place = "target '" + Escaped(name) + "'";
      diagnostic.found = "no support rules are known for it: nobody can say which operators it takes";
      diagnostic.expected = "a target with rules: `shoehorn targets` lists them";
      return diagnostic;
    }
    profiles.push_back(std::move(profile));
  }
  return profiles;
}

/// What cannot be done is said before any work.
Status Validate(const Options& options, bool one) {
  for (const std::string& output : options.Outputs()) SHOEHORN_TRY(RefuseToOverwrite(output, options.force));
  Diagnostic diagnostic;
  if (std::ranges::count(options.Outputs(), "-") > 1) {
    diagnostic.found = "more than one output goes to standard output";
    diagnostic.expected = "one -, files for the rest";
    return diagnostic;
  }
  for (const auto& [option, value] :
       {std::pair("--repair", options.repair), {"--artifact", options.artifact}}) {
    if (value.empty()) continue;
    diagnostic.place = option;
    if (!one) {
      diagnostic.found = "several targets are only compared";
      diagnostic.expected = "one --target";
      return diagnostic;
    }
    if (value == "-") {
      diagnostic.found = "a model does not go to standard output";
      diagnostic.expected = "a file";
      return diagnostic;
    }
  }
  if (!options.artifact.empty() && options.no_judge) {
    diagnostic.place = "--artifact";
    diagnostic.found = "only a judge compiles, and --no-judge leaves it out";
    diagnostic.fix = "leave one of them out";
    return diagnostic;
  }
  return Ok();
}

/// The model as the user means it: shapes pinned as asked, every type that can be known.
Result<std::unique_ptr<ir::Model>> Load(const Options& options) {
  SHOEHORN_ASSIGN(auto model, formats::LoadOnnx(options.model));
  const auto types = formats::MakeTypeInference(*model);
  passes::SimplifyOptions pins;
  pins.types = types.get();
  SHOEHORN_TRY(ReadShapeOptions(*options.shapes, pins));
  if (const auto pinned = passes::PinShapes(*model, pins); !pinned.ok()) return pinned.error();
  if (const auto inferred = types->InferGraph(*model->graph); !inferred.ok()) return inferred.error();
  return model;
}

report::Answer AnswerOf(targets::CheckResult check, std::optional<targets::Judgement> judgement) {
  report::Answer answer;
  if (judgement) answer.agreement = targets::Compare(check, *judgement);
  answer.check = std::move(check);
  answer.judgement = std::move(judgement);
  return answer;
}

report::CheckReport Start(const Options& options, const targets::Profile& profile) {
  report::CheckReport report;
  report.model = options.model;
  report.profile = profile;
  return report;
}

/// One target in full: as it comes and repaired, before the judge if there is one. `outcome` keeps the models
/// that the report points into.
Result<report::CheckReport> CheckInFull(const ir::Model& model, const targets::Profile& profile,
                                        const Options& options, targets::RepairOutcome& outcome) {
  static const std::function<bool()> stop = Interrupted;
  targets::RepairOptions repair;
  repair.judge = !options.no_judge;
  repair.limits.stop = &stop;
  repair.artifact = options.artifact;
  {
    Progress progress;
    progress.Show(fmt::format("{}: checking and repairing for {}", options.model, profile.name));
    SHOEHORN_ASSIGN(outcome, targets::Repair(model, profile, repair));
  }
  report::CheckReport report = Start(options, profile);
  report.before = AnswerOf(std::move(outcome.before), std::move(outcome.judged_before));
  report.after = AnswerOf(std::move(outcome.after), std::move(outcome.judged_after));
  report.rewrites = std::move(outcome.rewrites);
  report.pinned = std::move(outcome.pinned);
  report.repairs = std::move(outcome.steps);
  report.given_up = std::move(outcome.given_up);
  report.judge_missing = std::move(outcome.judge_missing);
  report.advice = targets::AdviseTraining(*outcome.repaired, report.after->check);
  if (!options.repair.empty()) {
    SHOEHORN_TRY(formats::SaveOnnx(*outcome.repaired, options.repair, options.external));
    report.repaired_model = options.repair;
  }
  if (options.artifact.empty()) return report;
  if (const auto& judgement = report.after->judgement; judgement && !judgement->artifact.empty()) {
    report.artifact = judgement->artifact.string();
    return report;
  }
  Diagnostic diagnostic;
  diagnostic.place = "--artifact";
  diagnostic.found = "nothing was compiled: " +
                     (report.judge_missing.empty() ? "the judge gave no artifact" : report.judge_missing);
  return diagnostic;
}

/// The answer that --fail-on is about: of the model as it comes, or of what --repair wrote.
bool Fails(const report::CheckReport& report, const Options& options) {
  const report::Answer& answer = options.repair.empty() ? report.before : report.last();
  if (options.fail_on == "unsupported") return report::LeftUnsupported(answer) > 0;
  if (options.fail_on == "fallback") return answer.check.summary.cpu_operators > 0;
  return false;
}

Result<int> Check(const Options& options) {
  SHOEHORN_ASSIGN(const std::vector<targets::Profile> profiles, Profiles(options.targets));
  const bool one = profiles.size() == 1 && std::ranges::count(options.targets, "all") == 0;
  SHOEHORN_TRY(Validate(options, one));
  SHOEHORN_ASSIGN(const auto model, Load(options));
  WatchInterrupts();
  std::vector<report::CheckReport> reports;
  targets::RepairOutcome outcome;
  if (one) {
    SHOEHORN_ASSIGN(report::CheckReport report, CheckInFull(*model, profiles.front(), options, outcome));
    reports.push_back(std::move(report));
  } else {
    std::vector<targets::CheckResult> results = targets::CheckAll(*model, profiles);
    for (size_t i = 0; i < profiles.size(); ++i) {
      reports.push_back(Start(options, profiles[i]));
      reports.back().before = AnswerOf(std::move(results[i]), {});
      reports.back().judge_missing = "several targets are compared by rules";
    }
  }
  if (!options.json.empty())
    SHOEHORN_TRY(
        WriteOutput(options.json, one ? report::CheckJson(reports[0]) : report::ComparisonJson(reports)));
  if (!options.sarif.empty())
    SHOEHORN_TRY(WriteOutput(options.sarif, report::CheckSarif(reports, SHOEHORN_VERSION)));
  if (!options.html.empty()) SHOEHORN_TRY(WriteOutput(options.html, report::CheckPage(reports)));
  if (std::ranges::count(options.Outputs(), "-") == 0) {
    const report::CheckTextOptions text = {{.color = ::isatty(STDOUT_FILENO) == 1}, options.verbose};
    fmt::print("{}", one ? report::CheckText(reports[0], text) : report::ComparisonText(reports, text));
  }
  return std::ranges::any_of(reports, [&](const auto& report) { return Fails(report, options); }) ? kNotMet
                                                                                                  : kMet;
}

}  // namespace

void SetUpCheck(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  app.add_option("MODEL", options->model, "ONNX file")->required();
  app.add_option(
         "--target", options->targets,
         "The target (`shoehorn targets` lists them), the path of a profile, or all; may be repeated, then "
         "they are compared")
      ->type_name("NAME")
      ->required()
      ->allow_extra_args(false);
  options->shapes = AddShapeOptions(app);
  app.add_option("--repair", options->repair, "Write the repaired model to this ONNX file");
  app.add_option("--artifact", options->artifact, "Write what the target's compiler made of it to this file");
  app.add_option("--json", options->json, "Write the answer as JSON to this file, - for standard output");
  app.add_option("--sarif", options->sarif,
                 "Write SARIF 2.1.0 for code-review tools to this file, - for standard output");
  app.add_option("--html", options->html, "Write a page to this file, - for standard output");
  app.add_option("--fail-on", options->fail_on,
                 "Exit with 1 when an operator is refused or unknown (unsupported) or any runs on the CPU "
                 "(fallback): of the model as it comes, with --repair of the repaired one")
      ->check(CLI::IsMember({"unsupported", "fallback"}));
  app.add_flag("--no-judge", options->no_judge, "Do not ask the target's compiler: rules only");
  app.add_flag("--external", options->external, "Write the repaired model's weights to a file beside it");
  app.add_flag("--force", options->force, "Replace files that exist");
  app.add_flag("--verbose,-v", options->verbose, "Every node, crossing and disagreement");
  action = [options] { return Check(*options); };
}

}  // namespace shoehorn::cli
