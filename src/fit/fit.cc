// The order of work of a fit; each step is a file of its own in this folder. A fit for another device is in
// fit_target.cc.
#include "fit/fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "engines/engine.h"
#include "fit/begin.h"
#include "fit/candidates.h"
#include "fit/output.h"
#include "fit/prepare.h"
#include "fit/search.h"
#include "fit/state.h"
#include "fit/test_bench.h"
#include "formats/onnx.h"
#include "support/temporary.h"

namespace shoehorn::fit {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

Result<std::map<std::string, std::vector<engines::Precision>>> FastPrecisions(const Spec& spec) {
  std::map<std::string, std::vector<engines::Precision>> fast;
  for (const std::string& name : spec.engines) {
    const auto engine = engines::FindEngine(name);
    if (!engine.ok()) {
      Diagnostic diagnostic = engine.error();
      if (diagnostic.file.empty()) diagnostic.file = spec.file.string();
      if (diagnostic.place.empty()) diagnostic.place = "engines";
      return diagnostic;
    }
    fast[name] = (*engine)->precisions();
  }
  return fast;
}

}  // namespace

Result<FitResult> Fit(Spec spec, const FitOptions& options) {
  if (options.target) return FitForTarget(std::move(spec), options, *options.target);
  const Clock::time_point deadline =
      Clock::now() + std::chrono::milliseconds(static_cast<int64_t>(std::min(spec.budget_s, 1e9) * 1000));
  SHOEHORN_TRY(CheckOutput(options.out, options.force));
  std::vector<StepTime> steps;
  StepClock clock(steps);
  SHOEHORN_ASSIGN(auto model, formats::LoadOnnx(spec.model));
  SHOEHORN_TRY(MatchModel(spec, *model));
  SHOEHORN_ASSIGN(const auto fast, FastPrecisions(spec));
  SHOEHORN_ASSIGN(const auto bench, TestBench::Open(spec, OutputNames(*model)));
  const std::vector<CandidatePlan> plans = PlanCandidates(spec, fast);
  SHOEHORN_ASSIGN(const std::string key, StateKey(spec, options.version));
  SHOEHORN_ASSIGN(const auto state, State::Open(options.out, key));
  RemoveLeftovers(options.out);
  if (state->resumed()) options.say("going on where an earlier run of the same fit stopped");
  SHOEHORN_ASSIGN(FitResult result, Begin(spec, options.version));
  clock.Done("import");

  const SearchHooks hooks{options.interrupted, options.say, options.show, deadline};
  const auto stop = [&] { return options.interrupted() || Clock::now() >= deadline; };
  Workshop workshop(spec, *state, stop, options.show);
  SHOEHORN_ASSIGN(const Simplified simplified, workshop.Simplify(std::move(model)));
  options.say(fmt::format("simplified: {} nodes to {}", simplified.nodes_before, simplified.nodes_after));
  result.nodes_before = simplified.nodes_before;
  result.nodes_after = simplified.nodes_after;
  result.rewrites = simplified.rewrites;
  clock.Done("simplify");

  SHOEHORN_ASSIGN(SearchOutcome outcome, RunSearch(spec, plans, *state, workshop, *bench, hooks));
  result.candidates = std::move(outcome.candidates);
  result.warnings = std::move(outcome.warnings);
  result.budget_exhausted = outcome.budget_exhausted;
  Take(outcome.verdict, result);
  clock.Done("candidates");

  const auto chosen = std::find_if(plans.begin(), plans.end(), [&](const CandidatePlan& plan) {
    return plan.candidate.id == result.chosen;
  });
  std::optional<Build> build;
  measure::Subject subject = OriginalSubject(spec, chosen->candidate.threads);
  if (!chosen->candidate.original) {
    SHOEHORN_ASSIGN(build, workshop.MakeBuild(*chosen));
    result.quantization = build->quantization;
    subject = SubjectOf(*chosen, *build);
  }
  options.show("layers of the chosen model");
  if (auto layers = bench->Layers(subject, options.interrupted); layers.ok())
    result.layers = std::move(layers).value();
  else
    result.warnings.push_back("no times of layers: " + layers.error().found);
  clock.Done("layers");
  AddWarnings(spec, result);
  result.steps = std::move(steps);
  SHOEHORN_TRY(WriteOutput(options, spec, build ? &*build : nullptr, result));
  state->Remove();
  return result;
}

Result<FitResult> Bench(Spec spec, const BenchOptions& options) {
  SHOEHORN_ASSIGN(const auto model, formats::LoadOnnx(spec.model));
  SHOEHORN_TRY(MatchModel(spec, *model));
  SHOEHORN_ASSIGN(const auto bench, TestBench::Open(spec, OutputNames(*model)));
  measure::Subject subject;
  subject.artifact = options.subject;
  subject.engine = !options.engine.empty()                 ? options.engine
                   : options.subject.extension() == ".xml" ? "openvino"
                                                           : "onnxruntime";
  if (const auto engine = engines::FindEngine(subject.engine); !engine.ok()) return engine.error();
  SHOEHORN_ASSIGN(subject.precision, engines::ParsePrecision(options.precision));
  SHOEHORN_ASSIGN(FitResult result, Begin(spec, options.version));
  StepClock clock(result.steps);
  SHOEHORN_ASSIGN(const auto folder, TemporaryFolder::Create());
  options.show("original: accuracy");
  SHOEHORN_ASSIGN(const auto rows, bench->ScoreOriginal(folder->path() / "reference", options.interrupted));
  subject.threads = spec.threads.back();
  options.show("accuracy");
  SHOEHORN_ASSIGN(const auto subject_rows, bench->Score(subject, options.interrupted));
  std::vector<Candidate> subjects;
  for (const int threads : spec.threads) {
    Candidate original;
    original.id = fmt::format("original-{}t", threads);
    original.engine = "onnxruntime";
    original.precision = "fp32";
    original.threads = threads;
    original.original = true;
    options.show(original.id + ": measurement");
    SHOEHORN_TRY(bench->MeasureOriginal(original, std::chrono::milliseconds(1500), options.interrupted));
    bench->FillMetric(rows, original);
    original.state = CandidateState::kMeasured;
    result.candidates.push_back(std::move(original));
    Candidate candidate;
    candidate.id = fmt::format("{}-{}-{}t", subject.engine, options.precision, threads);
    candidate.engine = subject.engine;
    candidate.precision = options.precision;
    candidate.threads = threads;
    candidate.artifact = options.subject.string();
    subject.threads = threads;
    options.show(candidate.id + ": measurement");
    SHOEHORN_TRY(bench->Measure(subject, candidate, std::chrono::milliseconds(3000), options.interrupted));
    bench->FillMetric(subject_rows, candidate);
    candidate.state = CandidateState::kMeasured;
    subjects.push_back(std::move(candidate));
  }
  clock.Done("measure");
  result.candidates.insert(result.candidates.end(), subjects.begin(), subjects.end());
  Take(JudgeSubjects(spec.requirements, result.candidates), result);
  AddWarnings(spec, result);
  return result;
}

}  // namespace shoehorn::fit
