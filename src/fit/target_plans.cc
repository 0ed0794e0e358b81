#include "fit/target_plans.h"

#include <fmt/format.h>

#include <algorithm>

#include "fit/verdict.h"

namespace shoehorn::fit {
namespace {

CandidatePlan Plan(const targets::Profile& target, std::string precision, const std::string& short_name,
                   std::string words, std::optional<quant::QuantizeOptions> quantize) {
  CandidatePlan plan;
  plan.precision = quantize ? engines::Precision::kInt8 : engines::Precision::kFp32;
  plan.quantize = std::move(quantize);
  plan.build = fmt::format("{}-{}", target.name, short_name);
  plan.candidate.id = plan.build;
  plan.candidate.engine = "onnxruntime";
  plan.candidate.precision = std::move(precision);
  plan.candidate.variant = std::move(words);
  return plan;
}

std::string Words(quant::RangeMethod range) {
  std::string words(quant::NameOf(range));
  std::ranges::replace(words, '_', '-');
  return words;
}

}  // namespace

std::vector<CandidatePlan> PlanForTarget(const targets::Profile& target) {
  using quant::RangeMethod;
  std::vector<CandidatePlan> plans(1);
  plans[0].candidate.id = "original";
  plans[0].candidate.engine = "onnxruntime";
  plans[0].candidate.precision = "fp32";
  plans[0].candidate.original = true;

  quant::QuantizeOptions base;
  base.engine = target.accelerator;
  base.float_head = false;
  for (const RangeMethod range :
       {RangeMethod::kMinMax, RangeMethod::kMse, RangeMethod::kPercentile, RangeMethod::kEntropy}) {
    quant::QuantizeOptions options = base;
    options.range = range;
    plans.push_back(Plan(target, "int8", fmt::format("int8-u8-{}", quant::NameOf(range)),
                         fmt::format("per channel, unsigned, {}", Words(range)), options));
  }
  base.range = RangeMethod::kMse;
  for (const double below : {0.0, 25.0, 35.0}) {
    quant::QuantizeOptions options = base;
    options.wide_head = true;
    options.wide_below_db = below;
    const std::string where = below == 0 ? "head" : fmt::format("head and layers below {:.0f} dB", below);
    plans.push_back(Plan(target, "int8+int16",
                         below == 0 ? "int8-int16-head" : fmt::format("int8-int16-{:.0f}db", below),
                         fmt::format("per channel, unsigned, {} in 16 bits, else 8 by mse", where), options));
  }
  base.activation_bits = 16;
  plans.push_back(
      Plan(target, "int16", "int16", "weights int8 per channel, activations unsigned 16 bits", base));
  if (target.Has("fp16")) plans.push_back(Plan(target, "fp16", "fp16", "", {}));
  return plans;
}

std::string ReasonToSkipForTarget(const CandidatePlan& plan, const Requirements& required,
                                  const std::vector<Candidate>& done) {
  for (const Candidate& other : done) {
    if (other.original || other.state != CandidateState::kMeasured || !other.placement) continue;
    const bool whole = other.placement->cpu_operators == 0 && other.placement->islands <= 1;
    if (!whole || CostOf(other.precision) >= CostOf(plan.candidate.precision)) continue;
    if (AccuracyHolds(required, other, done.front()))
      return fmt::format("{} costs less, is within the bound of accuracy and runs whole on the target",
                         other.id);
  }
  return {};
}

}  // namespace shoehorn::fit
