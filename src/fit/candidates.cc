#include "fit/candidates.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "fit/verdict.h"
#include "support/units.h"

namespace shoehorn::fit {
namespace {

/// The int8 variants of an engine in the order in which they are tried: ranges first, because they change
/// accuracy and not speed; then more operators in float; then other kernels.
std::vector<quant::QuantizeOptions> VariantsOf(const std::string& engine) {
  using quant::RangeMethod;
  std::vector<quant::QuantizeOptions> variants;
  quant::QuantizeOptions base;
  base.engine = engine;
  base.reduce_range = !quant::HasVnni();
  for (const RangeMethod range :
       {RangeMethod::kMinMax, RangeMethod::kMse, RangeMethod::kPercentile, RangeMethod::kEntropy}) {
    variants.push_back(base);
    variants.back().range = range;
  }
  for (const double least : {26.0, 32.0}) {
    variants.push_back(base);
    variants.back().range = RangeMethod::kMse;
    variants.back().min_sqnr_db = least;
  }
  variants.push_back(base);
  variants.back().signed_activations = true;
  variants.back().symmetric_activations = true;
  variants.push_back(base);
  variants.back().per_channel = false;
  return variants;
}

bool IsStrict(const quant::QuantizeOptions& options) {
  return options.min_sqnr_db > quant::QuantizeOptions{}.min_sqnr_db;
}

std::string IdOf(const quant::QuantizeOptions& options) {
  std::string id = fmt::format("{}-{}-{}", options.per_channel ? "perchannel" : "pertensor",
                               options.signed_activations ? "s8" : "u8", quant::NameOf(options.range));
  if (IsStrict(options)) id += fmt::format("-{:.0f}db", options.min_sqnr_db);
  return id;
}

std::string WordsOf(const quant::QuantizeOptions& options) {
  std::string range(quant::NameOf(options.range));
  std::replace(range.begin(), range.end(), '_', '-');
  std::string words = fmt::format("{}, {}, {}", options.per_channel ? "per channel" : "per tensor",
                                  options.signed_activations ? "signed" : "unsigned", range);
  if (IsStrict(options)) words += fmt::format(", layers below {:.0f} dB in float", options.min_sqnr_db);
  return words;
}

/// Whether two int8 plans run the same kernels, so that what one shows about speed holds for the other.
bool SameKernels(const quant::QuantizeOptions& a, const quant::QuantizeOptions& b) {
  return a.per_channel == b.per_channel && a.signed_activations == b.signed_activations &&
         a.min_sqnr_db == b.min_sqnr_db;
}

const Candidate* ResultOf(const CandidatePlan& plan, const std::vector<Candidate>& done) {
  for (const Candidate& candidate : done)
    if (candidate.id == plan.candidate.id) return &candidate;
  return nullptr;
}

bool HasOriginal(const std::vector<Candidate>& done, int threads) {
  return std::any_of(done.begin(), done.end(),
                     [&](const Candidate& c) { return c.original && c.threads == threads; });
}

/// The fastest so far that may be chosen and meets everything, at `threads`. Null: none but originals.
const Candidate* BestSoFar(const Requirements& required, const std::vector<Candidate>& done, int threads) {
  if (!HasOriginal(done, threads)) return nullptr;
  const Candidate& original = OriginalAt(done, threads);
  const Candidate* best = nullptr;
  for (const Candidate& candidate : done) {
    if (candidate.original || candidate.threads != threads || !MayBeChosen(required, candidate, original))
      continue;
    const auto lines = CheckRequirements(required, candidate, original);
    if (!std::all_of(lines.begin(), lines.end(), [](const auto& line) { return line.met; })) continue;
    if (best == nullptr || candidate.speedup.value > best->speedup.value) best = &candidate;
  }
  return best;
}

CandidatePlan MakePlan(const std::string& engine, engines::Precision precision, int threads,
                       std::optional<quant::QuantizeOptions> quantize = {}) {
  CandidatePlan plan;
  plan.precision = precision;
  plan.quantize = std::move(quantize);
  plan.build = fmt::format("{}-{}", engine, engines::NameOf(precision));
  plan.candidate.engine = engine;
  plan.candidate.precision = std::string(engines::NameOf(precision));
  plan.candidate.threads = threads;
  if (plan.quantize) {
    plan.build += "-" + IdOf(*plan.quantize);
    plan.candidate.variant = WordsOf(*plan.quantize);
  }
  plan.candidate.id = fmt::format("{}-{}t", plan.build, threads);
  return plan;
}

/// The same arithmetic with weights stored as int8.
CandidatePlan Packed(CandidatePlan plan) {
  plan.packed_weights = true;
  plan.build += "-packed";
  plan.candidate.variant = "weights stored as int8";
  plan.candidate.id = fmt::format("{}-{}t", plan.build, plan.candidate.threads);
  return plan;
}

}  // namespace

std::vector<CandidatePlan> PlanCandidates(
    const Spec& spec, const std::map<std::string, std::vector<engines::Precision>>& fast) {
  std::vector<CandidatePlan> plans;
  for (const int threads : spec.threads) {
    CandidatePlan original = MakePlan("onnxruntime", engines::Precision::kFp32, threads);
    original.build.clear();
    original.candidate.original = true;
    original.candidate.id = fmt::format("original-{}t", threads);
    plans.push_back(std::move(original));
  }
  const auto add = [&](const std::string& engine, engines::Precision precision,
                       const std::optional<quant::QuantizeOptions>& quantize) {
    const auto& precisions = fast.at(engine);
    const bool is_fast = std::find(precisions.begin(), precisions.end(), precision) != precisions.end();
    for (const int threads : spec.threads) {
      plans.push_back(MakePlan(engine, precision, threads, quantize));
      if (is_fast) continue;
      plans.back().candidate.state = CandidateState::kPruned;
      plans.back().candidate.reason =
          fmt::format("{} does not run {} fast on this processor", engine, engines::NameOf(precision));
    }
  };
  const auto wanted = [&](const char* name) {
    return std::find(spec.precisions.begin(), spec.precisions.end(), name) != spec.precisions.end();
  };
  using enum engines::Precision;
  for (const auto& [name, precision] : {std::pair{"fp32", kFp32}, {"bf16", kBf16}, {"fp16", kFp16}})
    if (wanted(name))
      for (const std::string& engine : spec.engines) add(engine, precision, {});
  if ((spec.requirements.size_bytes || spec.requirements.size_ratio) && wanted("bf16"))
    for (const std::string& engine : spec.engines)
      if (std::ranges::count(fast.at(engine), kBf16) > 0)
        for (const int threads : spec.threads) plans.push_back(Packed(MakePlan(engine, kBf16, threads)));
  if (!wanted("int8")) return plans;
  for (const std::string& engine : spec.engines) {
    const auto& precisions = fast.at(engine);
    for (const quant::QuantizeOptions& options : VariantsOf(engine)) {
      add(engine, kInt8, options);
      if (std::find(precisions.begin(), precisions.end(), kInt8) == precisions.end())
        break;  // one line says it
    }
  }
  return plans;
}

std::string ReasonToSkip(const CandidatePlan& plan, const Requirements& required,
                         const std::vector<CandidatePlan>& plans, const std::vector<Candidate>& done) {
  const int threads = plan.candidate.threads;
  if (plan.packed_weights) {
    const Candidate* best = BestSoFar(required, done, threads);
    const bool same = best != nullptr && best->engine == plan.candidate.engine &&
                      best->precision == plan.candidate.precision;
    return same ? fmt::format("{} meets the spec, and packed weights only save space", best->id)
                : std::string();
  }
  if (!plan.quantize || !HasOriginal(done, threads)) return {};
  const Candidate& original = OriginalAt(done, threads);
  for (const CandidatePlan& other : plans) {
    if (&other == &plan) break;
    const bool sibling = other.quantize && other.candidate.engine == plan.candidate.engine &&
                         other.candidate.threads == threads;
    const Candidate* result = sibling ? ResultOf(other, done) : nullptr;
    if (result == nullptr || result->state == CandidateState::kFailed) continue;
    if (result->state == CandidateState::kMeasured && AccuracyHolds(required, *result, original))
      return fmt::format("{} is within the bound of accuracy already", result->id);
    if (std::isnan(result->speedup.value)) continue;  // given up before it ran
    if (!plan.quantize->per_channel && other.quantize->per_channel)
      return "weights per channel ran, and weights per tensor are coarser and no faster";
    if (!SameKernels(*plan.quantize, *other.quantize)) continue;
    if (result->state == CandidateState::kPruned)
      return fmt::format("{} runs the same kernels and cannot win", result->id);
  }
  return {};
}

std::string ReasonToStop(const Candidate& probed, const Requirements& required,
                         const std::vector<Candidate>& done) {
  if (probed.speedup.high < 1)
    return fmt::format("slower than the original: {}x", FormatNumber(probed.speedup.value));
  const Candidate* best = BestSoFar(required, done, probed.threads);
  if (best == nullptr) return {};
  if (probed.speedup.high < best->speedup.low)
    return fmt::format("{}x the original's speed, and {} meets the spec with {}x",
                       FormatNumber(probed.speedup.value), best->id, FormatNumber(best->speedup.value));
  return {};
}

}  // namespace shoehorn::fit
