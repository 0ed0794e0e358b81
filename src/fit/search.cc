#include "fit/search.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "support/interrupt.h"
#include "support/units.h"

namespace shoehorn::fit {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kProbeTime{300}, kFullTime{1500}, kFinalTime{4000};
/// Candidates within this factor of the fastest are measured again, at most so many.
constexpr double kClose = 1.10;
constexpr size_t kMostInFinal = 4;
/// Kept from the budget for the final round.
constexpr double kFinalShare = 0.15, kLongestFinal = 60;

class Search {
 public:
  Search(const Spec& spec, const std::vector<CandidatePlan>& plans, State& state, Workshop& workshop,
         TestBench& bench, const SearchHooks& hooks)
      : spec_(spec), plans_(plans), state_(state), workshop_(workshop), bench_(bench), hooks_(hooks) {
    for (Candidate& candidate : state_.Candidates()) stored_.emplace(candidate.id, std::move(candidate));
    stop_ = [this] { return hooks_.interrupted() || Clock::now() >= hooks_.deadline; };
  }

  Result<SearchOutcome> Run() {
    SHOEHORN_TRY(MeasureOriginals());
    SayPlan();
    for (size_t i = 0; i < plans_.size(); ++i) {
      if (plans_[i].candidate.original) continue;
      SHOEHORN_TRY(Try(i));
    }
    SHOEHORN_TRY(FinalRound());
    ShowOriginalBesideChosen();
    outcome_.candidates = std::move(done_);
    return std::move(outcome_);
  }

 private:
  const Candidate* Stored(const std::string& id) const {
    const auto found = stored_.find(id);
    return found == stored_.end() ? nullptr : &found->second;
  }

  /// The originals are needed for everything else, so the budget does not stop them.
  Status MeasureOriginals() {
    SHOEHORN_ASSIGN(const auto rows, bench_.ScoreOriginalOnce(state_, hooks_.show, hooks_.interrupted));
    for (const CandidatePlan& plan : plans_) {
      if (!plan.candidate.original) continue;
      if (const Candidate* stored = Stored(plan.candidate.id)) {
        done_.push_back(*stored);
        continue;
      }
      Candidate original = plan.candidate;
      hooks_.show(fmt::format("{}: latency", original.id));
      SHOEHORN_TRY(bench_.MeasureOriginal(original, kFullTime, hooks_.interrupted));
      bench_.FillMetric(rows, original);
      original.state = CandidateState::kMeasured;
      SHOEHORN_TRY(state_.Save(original));
      done_.push_back(std::move(original));
    }
    return Ok();
  }

  /// Says how many candidates there are and about how long they can take at most.
  void SayPlan() const {
    size_t open = 0, known = 0;
    double seconds = 0;
    std::set<std::string> builds;
    for (const CandidatePlan& plan : plans_) {
      if (plan.candidate.original || plan.candidate.state == CandidateState::kPruned) continue;
      if (Stored(plan.candidate.id) != nullptr) {
        ++known;
        continue;
      }
      ++open;
      const double run_s = OriginalAt(done_, plan.candidate.threads).latency.p50 / 1000;
      const double round_s = std::max(run_s * 8, 0.6);
      seconds += 2 * (round_s + std::max(round_s, 1.5)) + 2.0;
      if (builds.insert(plan.build).second) seconds += 1.5 + run_s * static_cast<double>(bench_.samples());
    }
    const double left = std::chrono::duration<double>(hooks_.deadline - Clock::now()).count();
    hooks_.say(fmt::format("{} candidates{}, at most about {}, budget {}", open,
                           known > 0 ? fmt::format(" ({} more done before)", known) : "",
                           FormatDuration(std::min(seconds, std::max(left, 0.0))),
                           FormatDuration(spec_.budget_s)));
  }

  /// A failure of the surroundings ends the search; one of the candidate is its result.
  Status Fail(Candidate& candidate, const Diagnostic& diagnostic) {
    if (diagnostic.blame == Blame::kInterrupted) {
      if (hooks_.interrupted()) return StoppedByUser();
      candidate.state = CandidateState::kSkipped;
      candidate.reason = "the budget ended";
      outcome_.budget_exhausted = true;
      return Ok();
    }
    candidate.state = CandidateState::kFailed;
    candidate.reason =
        diagnostic.place.empty() ? diagnostic.found : diagnostic.place + ": " + diagnostic.found;
    return Ok();
  }

  Status Try(size_t index) {
    const CandidatePlan& plan = plans_[index];
    if (const Candidate* stored = Stored(plan.candidate.id)) {
      done_.push_back(*stored);
      return Ok();
    }
    Candidate candidate = plan.candidate;
    if (hooks_.interrupted()) return StoppedByUser();
    if (candidate.state == CandidateState::kPruned) {
      hooks_.say(Line(candidate));
      done_.push_back(std::move(candidate));
      return Ok();
    }
    if (Clock::now() >= hooks_.deadline) {
      candidate.reason = "the budget ended before its turn";
      outcome_.budget_exhausted = true;
    } else if (std::string reason = ReasonToSkip(plan, spec_.requirements, plans_, done_); !reason.empty()) {
      candidate.state = CandidateState::kPruned;
      candidate.reason = std::move(reason);
    } else {
      position_ = fmt::format("[{}/{}] {}", index + 1, plans_.size(), candidate.id);
      if (const Status status = Work(plan, candidate); !status.ok())
        SHOEHORN_TRY(Fail(candidate, status.error()));
      hooks_.say(Line(candidate));
    }
    if (candidate.state != CandidateState::kSkipped) SHOEHORN_TRY(state_.Save(candidate));
    done_.push_back(std::move(candidate));
    return Ok();
  }

  Status Work(const CandidatePlan& plan, Candidate& candidate) {
    hooks_.show(position_ + ": build");
    SHOEHORN_ASSIGN(const Build build, workshop_.MakeBuild(plan));
    const measure::Subject subject = SubjectOf(plan, build);
    hooks_.show(position_ + ": short measurement");
    SHOEHORN_TRY(bench_.Measure(subject, candidate, kProbeTime, stop_));
    if (std::string reason = ReasonToStop(candidate, spec_.requirements, done_); !reason.empty()) {
      candidate.state = CandidateState::kPruned;
      candidate.reason = std::move(reason);
      return Ok();
    }
    const std::string rows_file = "rows-" + plan.build + ".json";
    SHOEHORN_ASSIGN(auto rows, state_.Rows(rows_file));
    if (!rows) {
      hooks_.show(fmt::format("{}: accuracy on {} samples", position_, bench_.samples()));
      SHOEHORN_ASSIGN(rows, bench_.Score(subject, stop_));
      SHOEHORN_TRY(state_.SaveRows(rows_file, *rows));
    }
    bench_.FillMetric(*rows, candidate);
    if (AccuracyHolds(spec_.requirements, candidate, OriginalAt(done_, candidate.threads))) {
      hooks_.show(position_ + ": measurement");
      SHOEHORN_TRY(bench_.Measure(subject, candidate, kFullTime, stop_));
    }
    candidate.state = CandidateState::kMeasured;
    return Ok();
  }

  static std::string Line(const Candidate& candidate) {
    switch (candidate.state) {
      case CandidateState::kMeasured:
        return fmt::format("{}: {} ms, {}x, {} {}", candidate.id, FormatNumber(candidate.latency.p50),
                           FormatNumber(candidate.speedup.value), candidate.metric.name,
                           FormatNumber(candidate.metric.score.value));
      case CandidateState::kPruned:
        return fmt::format("{}: given up, {}", candidate.id, candidate.reason);
      case CandidateState::kFailed:
        return fmt::format("{}: failed, {}", candidate.id, candidate.reason);
      case CandidateState::kSkipped:
        break;
    }
    return fmt::format("{}: skipped, {}", candidate.id, candidate.reason);
  }

  /// Those close to the chosen one, the chosen one first.
  std::vector<size_t> CloseToBest(const Verdict& verdict) const {
    const auto latency = [&](const Candidate& c) {
      return DriftFreeLatency(c, OriginalAt(done_, c.threads));
    };
    std::vector<size_t> close;
    const auto chosen =
        std::find_if(done_.begin(), done_.end(), [&](const auto& c) { return c.id == verdict.chosen; });
    if (chosen->original) return close;
    for (size_t i = 0; i < done_.size(); ++i) {
      const Candidate& candidate = done_[i];
      if (candidate.original || candidate.meets != chosen->meets) continue;
      if (!MayBeChosen(spec_.requirements, candidate, OriginalAt(done_, candidate.threads))) continue;
      if (latency(candidate) <= kClose * latency(*chosen)) close.push_back(i);
    }
    std::sort(close.begin(), close.end(),
              [&](size_t a, size_t b) { return latency(done_[a]) < latency(done_[b]); });
    if (close.size() > kMostInFinal) close.resize(kMostInFinal);
    return close;
  }

  /// Who is fastest among equals, and whether it is faster than the original, is decided on longer
  /// measurements.
  Status FinalRound() {
    std::set<std::string> measured;
    while (true) {
      outcome_.verdict = Judge(spec_.requirements, done_);
      const std::vector<size_t> close = CloseToBest(outcome_.verdict);
      const bool settled =
          std::all_of(close.begin(), close.end(), [&](size_t i) { return measured.contains(done_[i].id); });
      if (settled || measured.contains(outcome_.verdict.chosen)) return Ok();
      for (const size_t i : close) {
        Candidate& candidate = done_[i];
        if (!measured.insert(candidate.id).second) continue;
        const CandidatePlan& plan = *std::find_if(plans_.begin(), plans_.end(), [&](const CandidatePlan& p) {
          return p.candidate.id == candidate.id;
        });
        hooks_.show(fmt::format("final round: {}", candidate.id));
        SHOEHORN_ASSIGN(const Build build, workshop_.MakeBuild(plan));
        const auto original =
            bench_.Measure(SubjectOf(plan, build), candidate, kFinalTime, hooks_.interrupted);
        if (original.ok()) {
          beside_[candidate.id] = *original;
          continue;
        }
        if (hooks_.interrupted()) return StoppedByUser();
        candidate.state = CandidateState::kFailed;
        candidate.reason = original.error().found;
        outcome_.warnings.push_back(
            fmt::format("{} failed in the final round: {}", candidate.id, candidate.reason));
      }
    }
  }

  /// The original's latency is the one of the rounds in which the chosen one ran, so that before and after
  /// compare.
  void ShowOriginalBesideChosen() {
    const auto latency = beside_.find(outcome_.verdict.chosen);
    if (latency == beside_.end()) return;
    for (Candidate& candidate : done_)
      if (candidate.id == outcome_.verdict.original) candidate.latency = latency->second;
  }

  const Spec& spec_;
  const std::vector<CandidatePlan>& plans_;
  State& state_;
  Workshop& workshop_;
  TestBench& bench_;
  const SearchHooks& hooks_;
  std::map<std::string, Candidate> stored_;
  std::function<bool()> stop_;
  std::string position_;
  std::map<std::string, LatencyResult> beside_;  // the original's, in the final round of each candidate
  std::vector<Candidate> done_;
  SearchOutcome outcome_;
};

}  // namespace

measure::Subject SubjectOf(const CandidatePlan& plan, const Build& build) {
  measure::Subject subject;
  subject.engine = plan.candidate.engine;
  subject.precision = plan.precision;
  subject.threads = plan.candidate.threads;
  subject.artifact = build.artifact;
  return subject;
}

Result<SearchOutcome> RunSearch(const Spec& spec, const std::vector<CandidatePlan>& plans, State& state,
                                Workshop& workshop, TestBench& bench, const SearchHooks& hooks) {
  SearchHooks within = hooks;
  const double final_s = std::min(kLongestFinal, kFinalShare * spec.budget_s);
  within.deadline -= std::chrono::milliseconds(static_cast<int64_t>(final_s * 1000));
  return Search(spec, plans, state, workshop, bench, within).Run();
}

}  // namespace shoehorn::fit
