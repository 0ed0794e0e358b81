#include "targets/repair.h"

#include <fmt/format.h>

#include <atomic>
#include <future>

#include "engines/evaluator.h"
#include "formats/onnx.h"
#include "support/temporary.h"
#include "targets/compare.h"
#include "targets/facts.h"

namespace shoehorn::targets {
namespace {

/// Judges name nodes, so every node gets a name.
void NameNodes(ir::Model& model) {
  for (ir::Node& node : model.graph->nodes())
    if (node.name.empty() && node.output() != nullptr) node.name = node.output()->name();
}

/// Asks the profile's judge about models; what the rest of this file sees of judges.
class Bench {
 public:
  static Result<std::unique_ptr<Bench>> Create(const Profile& profile, const RepairOptions& options) {
    SHOEHORN_ASSIGN(auto folder, TemporaryFolder::Create());
    return std::unique_ptr<Bench>(new Bench(profile, options, std::move(folder)));
  }

  /// Why no judge can be asked; empty when one can.
  const std::string& missing() const { return missing_; }

  Result<Judgement> Ask(const ir::Model& model, const std::filesystem::path& artifact = {}) {
    JudgeRequest request;
    request.model = folder_->path() / fmt::format("{}.onnx", asked_.fetch_add(1));
    request.options = profile_.judge_options;
    request.artifact = artifact;
    SHOEHORN_TRY(formats::SaveOnnx(model, request.model));
    Result<Judgement> judgement = AskJudge(profile_.judge, request, options_.limits);
    std::error_code ignored;
    std::filesystem::remove(request.model, ignored);
    return judgement;
  }

 private:
  Bench(const Profile& profile, const RepairOptions& options, std::unique_ptr<TemporaryFolder> folder)
      : profile_(profile), options_(options), folder_(std::move(folder)) {
    if (!options.judge) {
      missing_ = "not asked for";
    } else if (profile.judge.empty()) {
      missing_ = "no compiler of this target can be asked here";
    } else if (const Judge* judge = FindJudge(profile.judge); judge == nullptr) {
      missing_ = "there is no judge '" + profile.judge + "'";
    } else if (const auto installed = judge->Installed(); !installed.ok()) {
      const Diagnostic& why = installed.error();
      missing_ = why.found + (why.fix.empty() ? "" : "; " + why.fix);
    }
  }

  const Profile& profile_;
  const RepairOptions& options_;
  std::unique_ptr<TemporaryFolder> folder_;
  std::string missing_;
  std::atomic<int> asked_ = 0;
};

/// A target that wants numbers gets a batch of 1 where the first dimension is open.
std::vector<std::string> PinBatch(const ir::Model& model, const CheckResult& check,
                                  passes::SimplifyOptions& simplify) {
  std::vector<std::string> pinned;
  const bool wanted = std::ranges::any_of(check.nodes, [](const NodeAnswer& answer) {
    return answer.refusal != nullptr &&
           std::ranges::find(answer.refusal->cures, "pin_shapes") != answer.refusal->cures.end();
  });
  if (!wanted) return pinned;
  for (const ir::Value* input : model.graph->inputs()) {
    const std::vector<ir::Dim>& dims = input->type.dims;
    if (input->constant() != nullptr || dims.empty() || dims.front().known()) continue;
    if (!dims.front().symbol.empty() && simplify.symbols.contains(dims.front().symbol)) continue;
    const auto found = simplify.shapes.try_emplace(input->name(), ir::Shape(dims.size(), -1)).first;
    if (found->second.size() != dims.size() || found->second.front() != -1) continue;
    found->second.front() = 1;
    pinned.push_back(fmt::format("the first dimension of input '{}' to 1", Escaped(input->name())));
  }
  return pinned;
}

Score JudgedScore(const Judgement& judgement) { return {judgement.cpu_operators, judgement.islands, 0, 0}; }

/// Searches, puts what was found before the judge, and searches again with what it said, until nothing gets
/// better.
class Repairer {
 public:
  Repairer(const Profile& profile, const RepairOptions& options, Bench& bench)
      : profile_(profile), options_(options), bench_(bench) {}

  Status Run(std::unique_ptr<ir::Model> simplified, RepairOutcome& outcome) {
    const bool judged = bench_.missing().empty();
    outcome.repaired = std::move(simplified);
    if (judged) {
      SHOEHORN_ASSIGN(outcome.judged_after, bench_.Ask(*outcome.repaired));
      facts_.Learn(*outcome.repaired, *outcome.judged_after);
    }
    const std::unique_ptr<ir::Model> start = ir::Clone(*outcome.repaired);
    for (int round = 0; round < kMostRounds; ++round) {
      SHOEHORN_ASSIGN(Repaired found, SearchRepairs(
                                          *start, [this](const ir::Model& model) { return Look(model); },
                                          options_.most_tries));
      if (found.gave_up)
        outcome.given_up.push_back(
            fmt::format("the search ended after {} models; more repairs may exist", found.tries));
      if (found.steps.empty()) break;
      NameNodes(*found.model);
      if (!judged) {
        Keep(std::move(found), outcome);
        break;
      }
      SHOEHORN_ASSIGN(Judgement judgement, bench_.Ask(*found.model));
      const bool better =
          !judgement.died && (outcome.judged_after->died ||
                              JudgedScore(judgement).BetterThan(JudgedScore(*outcome.judged_after)));
      facts_.Learn(*found.model, judgement);
      if (!better) {
        const std::string why = judgement.died ? "with it the compiler " + *judgement.died
                                               : "the judge takes no more of the model with it";
        for (const RepairStep& step : found.steps) {
          const std::string line = step.pass + ": " + why;
          if (std::ranges::find(outcome.given_up, line) == outcome.given_up.end())
            outcome.given_up.push_back(line);
        }
        if (judgement.died) break;
        continue;
      }
      outcome.judged_after = std::move(judgement);
      Keep(std::move(found), outcome);
      if (JudgedScore(*outcome.judged_after).perfect()) break;
    }
    return Ok();
  }

 private:
  static constexpr int kMostRounds = 4;

  CheckResult Look(const ir::Model& model) const {
    CheckResult result = Check(model, profile_);
    facts_.Apply(model, result);
    return result;
  }

  static void Keep(Repaired found, RepairOutcome& outcome) {
    outcome.repaired = std::move(found.model);
    outcome.steps = std::move(found.steps);
  }

  const Profile& profile_;
  const RepairOptions& options_;
  Bench& bench_;
  Facts facts_;
};

}  // namespace

Result<RepairOutcome> Repair(const ir::Model& model, const Profile& profile, const RepairOptions& options) {
  RepairOutcome outcome;
  outcome.original = ir::Clone(model);
  NameNodes(*outcome.original);
  {
    const auto types = formats::MakeTypeInference(*outcome.original);
    SHOEHORN_ASSIGN([[maybe_unused]] const bool inferred, types->InferGraph(*outcome.original->graph));
  }
  outcome.before = Check(*outcome.original, profile);

  std::unique_ptr<ir::Model> simplified = ir::Clone(model);
  const auto types = formats::MakeTypeInference(*simplified);
  const auto evaluator = engines::MakeEvaluator();
  passes::SimplifyOptions simplify = options.simplify;
  simplify.types = types.get();
  simplify.evaluator = evaluator.get();
  outcome.pinned = PinBatch(*outcome.original, outcome.before, simplify);
  SHOEHORN_ASSIGN(passes::SimplifyReport report, passes::Simplify(*simplified, simplify));
  outcome.rewrites = std::move(report.rewrites);
  NameNodes(*simplified);

  SHOEHORN_ASSIGN(const auto bench, Bench::Create(profile, options));
  outcome.judge_missing = bench->missing();
  const bool judged = bench->missing().empty();
  // The compiler may take its time over the model as it comes; the repaired one need not wait for that. (Not
  // earlier: simplification forks, and wants to be alone.)
  std::future<Result<Judgement>> before;
  if (judged) before = std::async(std::launch::async, [&] { return bench->Ask(*outcome.original); });

  Repairer repairer(profile, options, *bench);
  SHOEHORN_TRY(repairer.Run(std::move(simplified), outcome));
  if (judged) {
    SHOEHORN_ASSIGN(outcome.judged_before, before.get());
    Adopt(*outcome.judged_before, *outcome.original, outcome.before);
  }
  outcome.after = Check(*outcome.repaired, profile);
  if (outcome.judged_after) Adopt(*outcome.judged_after, *outcome.repaired, outcome.after);
  if (!options.artifact.empty() && bench->missing().empty()) {
    SHOEHORN_ASSIGN(outcome.judged_after, bench->Ask(*outcome.repaired, options.artifact));
  }
  return outcome;
}

}  // namespace shoehorn::targets
