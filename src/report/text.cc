// The summary on the terminal. Three lines answer the question; the tables below them say why:
//   device   AMD EPYC, 2 cores; openvino 2026.4.1, bf16, 1 thread
//   latency  5.70 ms (12.3 ms before, 2.16x faster), 143 MiB peak memory
//   verdict  met
#include <fmt/format.h>

#include <cmath>
#include <tuple>

#include "report/columns.h"
#include "report/report.h"
#include "support/diagnostic.h"
#include "support/units.h"

namespace shoehorn::report {
namespace {

using fit::Candidate;
using fit::CandidateState;
using fit::FitResult;

enum class Paint { kPlain, kBold, kDim, kGood, kBad };

std::string Number(double value) { return std::isnan(value) ? "-" : FormatNumber(value); }
std::string Bytes(double value) { return std::isnan(value) ? "-" : FormatBytes(value); }
std::string Fraction(double value) {
  if (std::isnan(value)) return "-";
  return fmt::format("{:.3f}", std::abs(value) < 0.0005 ? 0 : value);  // never "-0.000"
}

// "200 MiB", "1.80x", "12.3 ms"; without a unit the number is a metric or a ratio.
std::string WithUnit(double value, std::string_view unit) {
  if (unit.empty()) return Fraction(value);
  if (unit == "bytes") return Bytes(value);
  if (unit == "x") return Number(value) + "x";
  return Number(value) + " " + std::string(unit);
}

// "2026.4.1" of "2026.4.1-22982-e213a147257".
std::string Release(const std::string& version) { return version.substr(0, version.find('-')); }

class Summary {
 public:
  Summary(const FitResult& result, const TextStyle& style)
      : result_(result), style_(style), width_(static_cast<size_t>(std::max(80, style.width))) {}

  std::string Text() {
    ThreeLines();
    if (!result_.explanation.empty()) out_ += "\n", Wrapped(result_.explanation, 0);
    Requirements();
    Relaxations();
    Candidates();
    Warnings();
    return std::move(out_);
  }

 private:
  std::string Painted(std::string_view text, Paint paint) const {
    if (!style_.color || paint == Paint::kPlain) return std::string(text);
    const char* code = paint == Paint::kBold   ? "1"
                       : paint == Paint::kDim  ? "2"
                       : paint == Paint::kGood ? "1;32"
                                               : "1;31";
    return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
  }

  // Text folded at spaces, all lines but the first indented by `indent`; the first is expected to start
  // there.
  void Wrapped(std::string_view text, size_t indent, Paint paint = Paint::kPlain) {
    std::string margin;
    for (const std::string& line : Folded(text, width_ - indent)) {
      out_ += margin + Painted(line, paint) + "\n";
      margin.assign(indent, ' ');
    }
  }

  void Heading(std::string_view text) { out_ += "\n" + Painted(text, Paint::kBold) + "\n"; }

  void ThreeLines() {
    const Candidate* chosen = result_.Find(result_.chosen);
    const Candidate* original = result_.Find(result_.original);
    out_ += Painted("device   ", Paint::kDim);
    std::string device = fmt::format("{}, {}", result_.machine.cpu, Plural(result_.machine.cores, "core"));
    if (result_.target) {
      device = result_.target->title;
      if (chosen) device += ", " + chosen->precision;
    } else if (chosen) {
      const auto version = result_.machine.engines.find(chosen->engine);
      device += fmt::format("; {}{}, {}, {}", chosen->engine,
                            version == result_.machine.engines.end() ? "" : " " + Release(version->second),
                            chosen->precision, Plural(chosen->threads, "thread"));
    }
    Wrapped(device, 9);

    out_ += Painted("latency  ", Paint::kDim);
    std::string outcome = "nothing could be measured";
    if (result_.target) {
      outcome = "not measured on this target";
      if (chosen && chosen->placement) outcome += "; " + PlaceOf(*chosen->placement);
    } else if (chosen) {
      outcome = Number(chosen->latency.p50) + " ms";
      if (chosen == original || !original)
        outcome += ", the original as it is";
      else
        outcome += fmt::format(" ({} ms before, {}x faster)", Number(original->latency.p50),
                               Number(chosen->speedup.value));
      outcome += fmt::format(", {} peak memory", Bytes(chosen->peak_memory_bytes));
    }
    Wrapped(outcome, 9);

    out_ += Painted("verdict  ", Paint::kDim) + Verdict(result_.met) + "\n";
  }

  // "1 island, 0 operators on the CPU, judged".
  static std::string PlaceOf(const fit::Placement& placement) {
    return fmt::format("{}, {} on the CPU, {}", Plural(static_cast<int64_t>(placement.islands), "island"),
                       Plural(static_cast<int64_t>(placement.cpu_operators), "operator"),
                       placement.judged ? "judged" : "by rules, not judged");
  }

  std::string Verdict(bool met) const {
    return met ? Painted("met", Paint::kGood) : Painted("not met", Paint::kBad);
  }

  void Requirements() {
    if (result_.requirements.empty()) return;
    Heading(Left("requirement", 25) + Left("required", 20) + "found");
    for (const fit::RequirementResult& r : result_.requirements) {
      std::string found = WithUnit(r.found.value, r.unit);
      if (r.found.low < r.found.high)
        found += fmt::format(" ({} to {})", WithUnit(r.found.low, r.unit), WithUnit(r.found.high, r.unit));
      out_ += Left(Fitted(Escaped(r.name), 24), 25);
      out_ += Left((r.at_least ? "at least " : "at most ") + WithUnit(r.required, r.unit), 20);
      if (!r.measured) {
        out_ += Painted("not measured on this target", Paint::kDim) + "\n";
        continue;
      }
      out_ += Left(found, width_ - 45 - 8) + " " + Verdict(r.met) + "\n";
      if (r.confidence < 0.95)
        out_ += std::string(45, ' ') +
                Painted(fmt::format("{:.0f} % sure", r.confidence * 100), Paint::kDim) + "\n";
    }
  }

  void Relaxations() {
    if (result_.relaxations.empty()) return;
    Heading("any one of these changes of the spec would make it feasible");
    for (const fit::Relaxation& r : result_.relaxations) {
      out_ += "  ";
      Wrapped(fmt::format("{}: {} instead of {}, by {}", r.requirement, WithUnit(r.to, r.unit),
                          WithUnit(r.from, r.unit), r.candidate),
              4);
    }
  }

  std::string NameOf(const Candidate& c) const {
    return c.original ? "original, " + c.engine : c.engine + " " + c.precision;
  }

  void Candidates() {
    std::vector<const Candidate*> measured, others;
    for (const Candidate& c : result_.candidates)
      (c.state == CandidateState::kMeasured ? measured : others).push_back(&c);
    std::stable_sort(measured.begin(), measured.end(),
                     [](const Candidate* a, const Candidate* b) { return a->latency.p50 < b->latency.p50; });

    if (!measured.empty()) {
      const size_t name = width_ - 54;
      const std::string metric = measured.front()->metric.name;
      Heading(Left("  candidate", name) + Right("threads", 7) + Right("p50 ms", 8) + Right("speedup", 9) +
              Right(Fitted(metric, 12), 13) + Right("size", 10) + "  meets");
      for (const Candidate* c : measured) {
        const std::string mark = c->id == result_.chosen ? "> " : "  ";
        out_ += Left(mark + Fitted(Escaped(NameOf(*c)), name - 3), name) +
                Right(std::to_string(c->threads), 7) + Right(Number(c->latency.p50), 8) +
                Right(WithUnit(c->speedup.value, "x"), 9) + Right(Fraction(c->metric.score.value), 13) +
                Right(Bytes(c->size_bytes), 10) + "  " + (c->meets ? Painted("yes", Paint::kGood) : "no") +
                "\n";
        std::string below = c->variant;
        if (c->placement) below += (below.empty() ? "" : "; ") + PlaceOf(*c->placement);
        if (!below.empty()) out_ += "    " + Painted(Fitted(Escaped(below), width_ - 4), Paint::kDim) + "\n";
      }
    }
    NotMeasured(others);
  }

  // Alike ones on one line, failures first, and no more than a screen can bear.
  void NotMeasured(const std::vector<const Candidate*>& candidates) {
    if (candidates.empty()) return;
    Heading(fmt::format("not measured to the end ({})", candidates.size()));
    constexpr size_t kShown = 6;
    constexpr std::tuple<CandidateState, const char*> kOrder[] = {{CandidateState::kFailed, "failed"},
                                                                  {CandidateState::kSkipped, "skipped"},
                                                                  {CandidateState::kPruned, "pruned"}};
    size_t shown = 0, told = 0;
    for (const auto& [state, word] : kOrder) {
      std::vector<std::vector<const Candidate*>> groups;
      for (const Candidate* c : candidates) {
        if (c->state != state) continue;
        const auto alike = [&](const auto& group) {
          return group[0]->engine == c->engine && group[0]->precision == c->precision &&
                 group[0]->threads == c->threads && group[0]->reason == c->reason;
        };
        const auto group = std::find_if(groups.begin(), groups.end(), alike);
        (group == groups.end() ? groups.emplace_back() : *group).push_back(c);
      }
      for (const auto& group : groups) {
        if (shown++ >= kShown) continue;
        told += group.size();
        const Candidate& c = *group[0];
        const std::string which = group.size() > 1    ? fmt::format(", {} variants", group.size())
                                  : c.variant.empty() ? ""
                                                      : ", " + c.variant;
        out_ += "  ";
        Wrapped(fmt::format("{}, {}{}: {}{}{}", NameOf(c), Plural(c.threads, "thread"), which, word,
                            c.reason.empty() ? "" : ": ", c.reason),
                4);
      }
    }
    if (told < candidates.size())
      out_ += fmt::format("  and {} more, in result.json\n", candidates.size() - told);
  }

  void Warnings() {
    for (const std::string& warning : result_.warnings) {
      out_ += "\n" + Painted("warning: ", Paint::kBold);
      Wrapped(warning, 9);
    }
  }

  const FitResult& result_;
  const TextStyle& style_;
  const size_t width_;
  std::string out_;
};

}  // namespace

std::string SummaryText(const FitResult& result, const TextStyle& style) {
  return Summary(result, style).Text();
}

}  // namespace shoehorn::report
