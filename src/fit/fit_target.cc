// A fit for a device that is not here: the model is repaired and quantized as the target runs it best, its
// compiler says where each candidate would run, accuracy is measured in ONNX Runtime on this machine. Latency
// and memory are the target's secret and stay unknown. The order of work is fit.cc's, its steps are shared.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "fit/begin.h"
#include "fit/fit.h"
#include "fit/output.h"
#include "fit/prepare.h"
#include "fit/search.h"
#include "fit/state.h"
#include "fit/target_plans.h"
#include "fit/test_bench.h"
#include "formats/onnx.h"
#include "quant/rules.h"
#include "support/files.h"
#include "support/interrupt.h"
#include "support/units.h"
#include "targets/check.h"
#include "targets/judge.h"
#include "targets/repair.h"

namespace shoehorn::fit {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr char kCompiledFile[] = "model_ctx.onnx";

Status CanQuantizeFor(const targets::Profile& target) {
  const quant::EngineRules* rules = quant::FindEngineRules(target.accelerator);
  if (rules != nullptr && rules->whole) return Ok();
  std::vector<std::string> able;
  if (const auto profiles = targets::LoadProfiles(); profiles.ok())
    for (const targets::Profile& profile : *profiles) {
      const quant::EngineRules* known = quant::FindEngineRules(profile.accelerator);
      if (known != nullptr && known->whole) able.push_back(profile.name);
    }
  Diagnostic diagnostic;
  diagnostic.place = "target '" + Escaped(target.name) + "'";
  diagnostic.found = "no quantization is known for its accelerator " + target.accelerator;
  if (!able.empty()) diagnostic.expected = fmt::format("one of {}", fmt::join(able, ", "));
  diagnostic.fix =
      "`shoehorn check --target` says what it takes; without --target the fit is for this machine";
  return diagnostic;
}

/// Asks the target's compiler, or says why it cannot be asked.
class Referee {
 public:
  Referee(const targets::Profile& target, const std::function<bool()>& stop) : target_(target) {
    limits_.stop = &stop;
    const targets::Judge* judge = target.judge.empty() ? nullptr : targets::FindJudge(target.judge);
    if (judge == nullptr) {
      missing_ = "no compiler of this target can be asked here";
    } else if (const auto installed = judge->Installed(); installed.ok()) {
      version_ = *installed;
    } else {
      missing_ =
          installed.error().found + (installed.error().fix.empty() ? "" : "; " + installed.error().fix);
    }
  }

  const std::string& version() const { return version_; }
  const std::string& missing() const { return missing_; }

  /// Where the target runs the file; a compiler that dies is part of the answer. Errors: a file that cannot
  /// be read, Ctrl-C.
  Result<Placement> Place(const fs::path& model) const {
    Placement placement;
    if (missing_.empty()) {
      SHOEHORN_ASSIGN(const targets::Judgement judgement, Ask(model, {}));
      if (!judgement.died) {
        placement.judged = true;
        placement.islands = judgement.islands;
        placement.cpu_operators = judgement.cpu_operators;
        for (const targets::JudgedNode& node : judgement.nodes)
          if (!node.accepted && placement.left_to_cpu.size() < kMostLeft)
            placement.left_to_cpu.push_back({node.name, node.op_type, node.words});
        return placement;
      }
      placement.died = *judgement.died;
    }
    SHOEHORN_ASSIGN(const auto loaded, formats::LoadOnnx(model));
    SHOEHORN_TRY(formats::MakeTypeInference(*loaded)->InferGraph(*loaded->graph));
    const targets::CheckResult check = targets::Check(*loaded, target_);
    placement.islands = check.summary.islands;
    placement.cpu_operators = check.summary.cpu_operators;
    for (const targets::NodeAnswer& answer : check.nodes)
      if (!answer.accepted() && placement.left_to_cpu.size() < kMostLeft)
        placement.left_to_cpu.push_back(
            {answer.node->name, answer.node->op_type, answer.refusal ? answer.refusal->reason : ""});
    return placement;
  }

  /// Writes what the compiler makes of `model`; gives the file, or an empty path and why there is none.
  Result<std::pair<fs::path, std::string>> Compile(const fs::path& model, const fs::path& artifact) const {
    if (!missing_.empty()) return std::pair(fs::path(), missing_);
    SHOEHORN_ASSIGN(const targets::Judgement judgement, Ask(model, artifact));
    if (judgement.died) return std::pair(fs::path(), "the compiler " + *judgement.died);
    return std::pair(judgement.artifact, judgement.artifact.empty() ? judgement.words : "");
  }

 private:
  static constexpr size_t kMostLeft = 100;

  Result<targets::Judgement> Ask(const fs::path& model, const fs::path& artifact) const {
    targets::JudgeRequest request;
    request.model = model;
    request.options = target_.judge_options;
    request.artifact = artifact;
    return targets::AskJudge(target_.judge, request, limits_);
  }

  const targets::Profile& target_;
  targets::JudgeLimits limits_;
  std::string version_, missing_;
};

/// The model as the target takes it: simplified, and repaired where that leaves less on the CPU.
Result<Simplified> RepairModel(const Spec& spec, const ir::Model& model, const targets::Profile& target,
                               Workshop& workshop, const FitOptions& options) {
  SHOEHORN_ASSIGN(auto stored, workshop.Stored());
  if (stored) return std::move(*stored);
  // Floats are about to become integers. Where the chip has none at all, the rules are asked as if it had,
  // and its compiler, which refuses float models whole, is not.
  targets::Profile as_float = target;
  targets::RepairOptions repair;
  if (!target.Has("fp16")) {
    as_float.facts["fp16"].value = 1;
    repair.judge = false;
  }
  repair.limits.stop = &options.interrupted;
  for (const data::InputSpec& input : spec.inputs) repair.simplify.shapes[input.name] = input.shape;
  repair.simplify.symbols = spec.symbols;
  SHOEHORN_ASSIGN(const targets::RepairOutcome outcome, targets::Repair(model, as_float, repair));
  const auto count = [](const ir::Model& counted) {
    uint64_t nodes = 0;
    for (const ir::Node& node : counted.graph->nodes()) nodes += !node.Is("Constant");
    return nodes;
  };
  Simplified simplified{
      .nodes_before = count(*outcome.original), .nodes_after = count(*outcome.repaired), .rewrites = {}};
  for (const passes::Rewrite& rewrite : outcome.rewrites)
    simplified.rewrites.push_back({rewrite.pass, rewrite.node, rewrite.why});
  for (const targets::RepairStep& step : outcome.steps)
    for (const std::string& node : step.nodes)
      simplified.rewrites.push_back(
          {step.pass, node,
           fmt::format("repaired for {}: operators left to the CPU went from {} to {}, islands from {} to {}",
                       target.name, step.before.cpu_operators, step.after.cpu_operators, step.before.islands,
                       step.after.islands)});
  for (const std::string& reason : outcome.given_up) options.say("not repaired: " + reason);
  SHOEHORN_TRY(workshop.Adopt(*outcome.repaired, simplified));
  return simplified;
}

class TargetSearch {
 public:
  TargetSearch(const Spec& spec, const std::vector<CandidatePlan>& plans, State& state, Workshop& workshop,
               TestBench& bench, const Referee& referee, const SearchHooks& hooks)
      : spec_(spec),
        plans_(plans),
        state_(state),
        workshop_(workshop),
        bench_(bench),
        referee_(referee),
        hooks_(hooks) {
    for (Candidate& candidate : state_.Candidates()) stored_.emplace(candidate.id, std::move(candidate));
    stop_ = [this] { return hooks_.interrupted() || Clock::now() >= hooks_.deadline; };
  }

  Result<SearchOutcome> Run() {
    SHOEHORN_TRY(ScoreOriginal());
    for (const CandidatePlan& plan : plans_)
      if (!plan.candidate.original) SHOEHORN_TRY(Try(plan));
    outcome_.verdict = JudgeForTarget(spec_.requirements, done_);
    outcome_.candidates = std::move(done_);
    return std::move(outcome_);
  }

 private:
  /// The original is needed for everything else, so the budget does not stop it.
  Status ScoreOriginal() {
    SHOEHORN_ASSIGN(const auto rows, bench_.ScoreOriginalOnce(state_, hooks_.show, hooks_.interrupted));
    Candidate original = plans_.front().candidate;
    bench_.FillMetric(rows, original);
    SHOEHORN_ASSIGN(const uint64_t bytes, measure::SizeOfArtifact(spec_.model));
    original.size_bytes = static_cast<double>(bytes);
    original.state = CandidateState::kMeasured;
    done_.push_back(std::move(original));
    return Ok();
  }

  Status Try(const CandidatePlan& plan) {
    if (const auto stored = stored_.find(plan.candidate.id); stored != stored_.end()) {
      done_.push_back(stored->second);
      return Ok();
    }
    if (hooks_.interrupted()) return StoppedByUser();
    Candidate candidate = plan.candidate;
    if (Clock::now() >= hooks_.deadline) {
      candidate.reason = "the budget ended before its turn";
      outcome_.budget_exhausted = true;
    } else if (std::string why = ReasonToSkipForTarget(plan, spec_.requirements, done_); !why.empty()) {
      candidate.state = CandidateState::kPruned;
      candidate.reason = std::move(why);
    } else if (const Status status = Work(plan, candidate); !status.ok()) {
      const Diagnostic& error = status.error();
      if (hooks_.interrupted()) return StoppedByUser();
      const bool budget = error.blame == Blame::kInterrupted;
      outcome_.budget_exhausted |= budget;
      candidate.state = budget ? CandidateState::kSkipped : CandidateState::kFailed;
      candidate.reason = budget                ? "the budget ended"
                         : error.place.empty() ? error.found
                                               : error.place + ": " + error.found;
    }
    hooks_.say(Line(candidate));
    if (candidate.state != CandidateState::kSkipped) SHOEHORN_TRY(state_.Save(candidate));
    done_.push_back(std::move(candidate));
    return Ok();
  }

  Status Work(const CandidatePlan& plan, Candidate& candidate) {
    hooks_.show(candidate.id + ": build");
    SHOEHORN_ASSIGN(const Build build, workshop_.MakeBuild(plan));
    SHOEHORN_ASSIGN(const uint64_t bytes, measure::SizeOfArtifact(build.artifact));
    candidate.size_bytes = static_cast<double>(bytes);
    const std::string rows_file = "rows-" + plan.build + ".json";
    SHOEHORN_ASSIGN(auto rows, state_.Rows(rows_file));
    if (!rows) {
      hooks_.show(fmt::format("{}: accuracy on {} samples", candidate.id, bench_.samples()));
      measure::Subject subject = SubjectOf(plan, build);
      // The pairs mean what the target's integers do; this processor's integer kernels would add their own
      // rounding.
      subject.pairs_as_written = true;
      SHOEHORN_ASSIGN(rows, bench_.Score(subject, stop_));
      SHOEHORN_TRY(state_.SaveRows(rows_file, *rows));
    }
    bench_.FillMetric(*rows, candidate);
    hooks_.show(candidate.id + ": placement");
    SHOEHORN_ASSIGN(candidate.placement, referee_.Place(build.artifact));
    candidate.state = CandidateState::kMeasured;
    return Ok();
  }

  static std::string Line(const Candidate& candidate) {
    if (candidate.state != CandidateState::kMeasured)
      return fmt::format("{}: {}, {}", candidate.id,
                         candidate.state == CandidateState::kFailed   ? "failed"
                         : candidate.state == CandidateState::kPruned ? "not tried"
                                                                      : "skipped",
                         candidate.reason);
    const Placement& placement = *candidate.placement;
    return fmt::format("{}: {} {}, {} island{}, {} on the CPU{}", candidate.id, candidate.metric.name,
                       FormatNumber(candidate.metric.score.value), placement.islands,
                       placement.islands == 1 ? "" : "s", placement.cpu_operators,
                       placement.judged ? "" : " (by rules)");
  }

  const Spec& spec_;
  const std::vector<CandidatePlan>& plans_;
  State& state_;
  Workshop& workshop_;
  TestBench& bench_;
  const Referee& referee_;
  const SearchHooks& hooks_;
  std::map<std::string, Candidate> stored_;
  std::function<bool()> stop_;
  std::vector<Candidate> done_;
  SearchOutcome outcome_;
};

/// Things about a target that a reader of the verdict should know.
void AddTargetWarnings(const FitResult& found, std::vector<std::string>& warnings) {
  const TargetResult& target = *found.target;
  warnings.push_back(fmt::format("latency, load time and memory are not measured on {}", target.title));
  const Candidate* chosen = found.Find(found.chosen);
  if (!chosen->placement) return;
  const Placement& placement = *chosen->placement;
  if (!placement.died.empty())
    warnings.push_back(fmt::format("placement by rules, not judged: the compiler {}", placement.died));
  else if (!placement.judged)
    warnings.push_back(fmt::format("placement by rules, not judged: {}", target.judge_missing));
  if (placement.cpu_operators > 0) {
    std::vector<std::string> nodes;
    for (const Placement::Left& left : placement.left_to_cpu)
      if (nodes.size() < 5)
        nodes.push_back(
            fmt::format("'{}' ({}){}", left.node, left.op_type, left.why.empty() ? "" : ": " + left.why));
    warnings.push_back(
        fmt::format("{} operators stay on the CPU: {}", placement.cpu_operators, fmt::join(nodes, "; ")));
  }
  if (chosen->precision == "fp16")
    warnings.push_back("accuracy was measured in float32; the target computes in float16");
}

}  // namespace

Result<FitResult> FitForTarget(Spec spec, const FitOptions& options, const targets::Profile& target) {
  const Clock::time_point deadline =
      Clock::now() + std::chrono::milliseconds(static_cast<int64_t>(std::min(spec.budget_s, 1e9) * 1000));
  SHOEHORN_TRY(CanQuantizeFor(target));
  SHOEHORN_TRY(CheckOutput(options.out, options.force));
  std::vector<StepTime> steps;
  StepClock clock(steps);
  SHOEHORN_ASSIGN(auto model, formats::LoadOnnx(spec.model));
  SHOEHORN_TRY(MatchModel(spec, *model));
  SHOEHORN_ASSIGN(const auto bench, TestBench::Open(spec, OutputNames(*model)));
  const Referee referee(target, options.interrupted);
  SHOEHORN_ASSIGN(const std::string profile_hash, HashFile(target.file));
  SHOEHORN_ASSIGN(const std::string key, StateKey(spec, options.version + "\n" + target.name + " " +
                                                            profile_hash + " " + referee.version()));
  SHOEHORN_ASSIGN(const auto state, State::Open(options.out, key));
  RemoveLeftovers(options.out);
  if (state->resumed()) options.say("going on where an earlier run of the same fit stopped");
  SHOEHORN_ASSIGN(FitResult result, Begin(spec, options.version));
  result.target = TargetResult{target.name, target.title, referee.version(), referee.missing(), {}};
  clock.Done("import");

  const SearchHooks hooks{options.interrupted, options.say, options.show, deadline};
  const auto stop = [&] { return options.interrupted() || Clock::now() >= deadline; };
  Workshop workshop(spec, *state, stop, options.show, target.accelerator);
  options.show("repairs for " + target.title);
  SHOEHORN_ASSIGN(const Simplified simplified, RepairModel(spec, *model, target, workshop, options));
  options.say(fmt::format("simplified and repaired: {} nodes to {}", simplified.nodes_before,
                          simplified.nodes_after));
  result.nodes_before = simplified.nodes_before;
  result.nodes_after = simplified.nodes_after;
  result.rewrites = simplified.rewrites;
  clock.Done("repair");

  const std::vector<CandidatePlan> plans = PlanForTarget(target);
  SHOEHORN_ASSIGN(SearchOutcome outcome,
                  TargetSearch(spec, plans, *state, workshop, *bench, referee, hooks).Run());
  result.candidates = std::move(outcome.candidates);
  result.budget_exhausted = outcome.budget_exhausted;
  Take(outcome.verdict, result);
  clock.Done("candidates");

  const auto chosen = std::ranges::find_if(
      plans, [&](const CandidatePlan& plan) { return plan.candidate.id == result.chosen; });
  std::optional<Build> build;
  if (!chosen->candidate.original) {
    SHOEHORN_ASSIGN(build, workshop.MakeBuild(*chosen));
    result.quantization = build->quantization;
    options.show("compiling for " + target.title);
    SHOEHORN_ASSIGN(const auto compiled, referee.Compile(build->artifact, build->folder / kCompiledFile));
    if (compiled.first.empty())
      result.warnings.push_back("nothing was compiled for the target: " + compiled.second);
    else
      result.target->compiled = (fs::path("artifact") / compiled.first.filename()).string();
  }
  clock.Done("compile");
  AddTargetWarnings(result, result.warnings);
  AddWarnings(spec, result);
  result.steps = std::move(steps);
  SHOEHORN_TRY(WriteOutput(options, spec, build ? &*build : nullptr, result));
  state->Remove();
  return result;
}

}  // namespace shoehorn::fit
