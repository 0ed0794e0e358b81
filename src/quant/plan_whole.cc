// The plan for engines that run everything in integers or leave it to the CPU: each node of the table joins,
// with all float values that it reads and makes. What is left to decide is how many bits each node works in
// and at which scale each value is held:
//   conv1 (8 bits) -> conv2 (8) -> [converted to 16] -> head (16), because 8 bits leave the head's values
//   noisy
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "quant/plan.h"
#include "quant/sensitivity.h"

namespace shoehorn::quant {
namespace {

constexpr int kNarrow = 8, kWide = 16;

class WholePlanner {
 public:
  WholePlanner(const ir::Graph& graph, const CalibrationTable& table, const QuantizeOptions& options,
               const EngineRules& rules)
      : graph_(graph), table_(table), options_(options), rules_(rules) {}

  Plan Make() {
    ChooseNodes();
    GroupShared();
    FindNoisy();
    ChooseWidths();
    ChooseScales();
    AbsorbRectifiers();
    std::ranges::stable_sort(plan_.sensitivity, {}, [](const auto& entry) { return entry.second; });
    return std::move(plan_);
  }

 private:
  static bool IsActivation(const ir::Value* value) {
    return value != nullptr && value->constant() == nullptr && value->type.element == ir::DataType::kFloat;
  }

  const ActivationRanges* Seen(const ir::Value& value) const {
    const auto found = table_.find(value.name());
    return found == table_.end() ? nullptr : &found->second;
  }

  const Rule& RuleOf(const ir::Node& node) const { return *plan_.integer.at(&node); }

  std::string WhyFloat(const ir::Node& node, const Rule& rule) const {
    if (std::string why = rule.applies(node); !why.empty()) return why;
    if (options_.keep_float.contains(node.name)) return "asked for";
    const bool any_place = rule.part == Part::kFollower || rule.part == Part::kJoin;
    if (!any_place && !IsActivation(node.input(0))) return "its input is no float value";
    for (const size_t i : Operands(node, rule)) {
      const ir::Value& operand = *node.input(i);
      if (operand.constant() != nullptr) {
        const auto values = operand.constant()->As<float>();
        if (!std::ranges::all_of(values, [](float value) { return std::isfinite(value); }))
          return "one of its constants is not finite";
      } else if (Seen(operand) == nullptr) {
        return fmt::format("calibration saw no float values of '{}'", Escaped(operand.name()));
      }
    }
    for (const ir::Value* output : node.outputs())
      if (output != nullptr && IsActivation(output) && Seen(*output) == nullptr)
        return fmt::format("calibration saw no float values of '{}'", Escaped(output->name()));
    return {};
  }

  void ChooseNodes() {
    for (const ir::Node& node : graph_.nodes()) {
      const bool computes = std::ranges::any_of(node.inputs(), IsActivation) ||
                            std::ranges::any_of(node.outputs(), IsActivation);
      if (!computes) continue;  // shapes and indices
      const Rule* rule = rules_.Find(node);
      std::string why = rule == nullptr ? "no integer form of it is known" : WhyFloat(node, *rule);
      if (why.empty())
        plan_.integer.emplace(&node, rule);
      else
        plan_.left_in_float.emplace_back(&node, std::move(why));
    }
  }

  template <typename Visit>
  void ForEachInteger(Visit visit) const {
    for (const ir::Node& node : graph_.nodes())
      if (const auto found = plan_.integer.find(&node); found != plan_.integer.end())
        visit(node, *found->second);
  }

  const ir::Value* Leader(const ir::Value* value) {
    const ir::Value*& above = leaders_.try_emplace(value, value).first->second;
    if (above == value) return value;
    const ir::Value* top = Leader(above);
    return leaders_[value] = top;
  }

  /// Values that movers connect have one scale, their first value's.
  void GroupShared() {
    ForEachInteger([&](const ir::Node& node, const Rule& rule) {
      if (rule.part != Part::kShared) return;
      for (const ir::Value* output : node.outputs())
        if (output != nullptr) leaders_[Leader(output)] = Leader(node.input(0));
    });
  }

  /// Signal-to-noise ratio of the output of a weighted node from the rounding of its input alone.
  double SqnrFromInput(const ir::Node& node, const Rule& rule) const {
    const WeightLayout layout = WeightLayout::Of(node);
    const std::vector<float> step = {Narrow(Seen(*node.input(0))->Of(options_.range)).scale};
    IntegerWeights exact;
    exact.errors.assign(static_cast<size_t>(node.input(1)->constant()->count()), 0);
    return LayerSqnr(node, ChannelsOf(table_, *node.input(0), node, layout.inputs),
                     ChannelsOf(table_, PairedOutput(node, rule), node, layout.outputs), step, exact);
  }

  /// Values that 8 bits serve badly, and how each node fares.
  void FindNoisy() {
    ForEachInteger([&](const ir::Node& node, const Rule& rule) {
      if (rule.part == Part::kShared) return;
      double worst = kLosslessDb;
      const auto look = [&](const ir::Value& value, double sqnr) {
        worst = std::min(worst, sqnr);
        if (sqnr < options_.wide_below_db) noisy_.insert(Leader(&value));
      };
      for (const size_t i : Operands(node, rule))
        if (const ir::Value& operand = *node.input(i); IsActivation(&operand))
          look(operand, Seen(operand)->Of(options_.range).sqnr_db);
      const ir::Value& output = PairedOutput(node, rule);
      if (const ActivationRanges* seen = Seen(output)) look(output, seen->Of(options_.range).sqnr_db);
      if (rule.part == Part::kWeighted && IsActivation(node.input(0)))
        look(*node.input(0), SqnrFromInput(node, rule));
      plan_.sensitivity.emplace_back(&node, worst);
    });
  }

  bool IsWide(const ir::Node& node) const { return plan_.wide.contains(&node); }

  /// Whether `value` is held in 16 bits where it is made, or where it enters.
  bool MadeWide(const ir::Value& value) const {
    if (value.producer() != nullptr && plan_.integer.contains(value.producer()))
      return IsWide(*value.producer());
    return std::ranges::any_of(value.uses(), [&](const ir::Use& use) { return IsWide(*use.node); });
  }

  /// The integer node whose output this Relu or Clip alone reads.
  const ir::Node* RectifiedBy(const ir::Node& node) const {
    const ir::Value* input = node.input(0);
    if (!node.Is("Relu") && !node.Is("Clip")) return nullptr;
    if (input == nullptr || input->producer() == nullptr) return nullptr;
    const auto found = plan_.integer.find(input->producer());
    if (found == plan_.integer.end() || &PairedOutput(*found->first, *found->second) != node.output())
      return nullptr;
    return found->first;
  }

  void ChooseWidths() {
    const std::unordered_set<const ir::Node*> head =
        options_.wide_head ? HeadOf(graph_, rules_) : std::unordered_set<const ir::Node*>();
    // Computing nodes first, so that it is known what enters in 16 bits; then movers follow what they move.
    ForEachInteger([&](const ir::Node& node, const Rule& rule) {
      if (rule.part == Part::kShared) return;
      bool wide = options_.activation_bits == kWide || head.contains(&node) ||
                  noisy_.contains(Leader(&PairedOutput(node, rule)));
      for (const size_t i : Operands(node, rule)) wide |= noisy_.contains(Leader(node.input(i)));
      if (const ir::Node* rectified = RectifiedBy(node)) wide = IsWide(*rectified);
      if (wide) plan_.wide.insert(&node);
    });
    ForEachInteger([&](const ir::Node& node, const Rule& rule) {
      if (rule.part != Part::kShared) return;
      if (options_.activation_bits == kWide || MadeWide(*node.input(0))) plan_.wide.insert(&node);
    });
  }

  ActivationScale At(const Range& range, int bits) const {
    // A value that calibration saw at zero only still gets a scale that engines can compute with.
    const Range some = range.low == 0 && range.high == 0 ? Range{0, 1} : range;
    return ScaleOf(some, options_.signed_activations, options_.symmetric_activations, bits);
  }
  ActivationScale Narrow(const Range& range) const { return At(range, kNarrow); }

  /// All levels over an interval whose upper end is never quite reached: 1/256 for [0, 1].
  ActivationScale At(const Rule::Interval& interval, int bits) const {
    ActivationScale scale = At(Range{interval.low, interval.high}, bits);
    scale.scale = static_cast<float>(std::ldexp(interval.high - interval.low, -bits));
    scale.zero_point = scale.lowest() + static_cast<int>(std::lround(-interval.low / scale.scale));
    return scale;
  }

  void ChooseScales() {
    std::vector<const ir::Value*> values;
    std::unordered_set<const ir::Value*> listed;
    std::unordered_map<const ir::Value*, Range> narrow, wide;  // by leader
    std::unordered_map<const ir::Value*, Rule::Interval> intervals;
    const auto list = [&](const ir::Value* value) {
      const ActivationRanges* seen = IsActivation(value) ? Seen(*value) : nullptr;
      if (seen == nullptr || !listed.insert(value).second) return;
      values.push_back(value);
      const auto include = [&](Range& whole, const Range& own) {
        whole.low = std::min(whole.low, own.low);
        whole.high = std::max(whole.high, own.high);
      };
      include(narrow[Leader(value)], seen->Of(options_.range));
      include(wide[Leader(value)], seen->Of(RangeMethod::kMinMax));
    };
    ForEachInteger([&](const ir::Node& node, const Rule& rule) {
      for (const size_t i : Operands(node, rule)) list(node.input(i));
      for (const ir::Value* output : node.outputs()) list(output);
      if (rule.output_interval) intervals.emplace(node.output(), *rule.output_interval);
    });
    for (const ir::Value* value : values) {
      const ir::Value* leader = Leader(value);
      const auto fixed = intervals.find(leader);
      const bool made_wide = MadeWide(*value);
      const auto at = [&](int bits) {
        if (fixed != intervals.end()) return At(fixed->second, bits);
        // What was made in 8 bits holds no more than its own range afterwards.
        return At(made_wide && bits == kWide ? wide[leader] : narrow[leader], bits);
      };
      plan_.scales.emplace(value, at(made_wide ? kWide : kNarrow));
      const bool other = std::ranges::any_of(value->uses(), [&](const ir::Use& use) {
        return plan_.integer.contains(use.node) && IsWide(*use.node) != made_wide;
      });
      if (other) plan_.converted.emplace(value, at(made_wide ? kNarrow : kWide));
    }
  }

  /// Saturation does the work of a Relu whose output's range begins at zero.
  void AbsorbRectifiers() {
    std::vector<const ir::Node*> gone;
    ForEachInteger([&](const ir::Node& node, const Rule&) {
      const ir::Node* rectified = RectifiedBy(node);
      const auto scale = plan_.scales.find(node.output());
      if (rectified == nullptr || scale == plan_.scales.end()) return;
      if (SaturationReplaces(node, scale->second)) gone.push_back(&node);
    });
    for (const ir::Node* node : gone) {
      plan_.scales.erase(node->input(0));
      plan_.integer.erase(node);
      std::erase_if(plan_.sensitivity, [&](const auto& entry) { return entry.first == node; });
    }
  }

  const ir::Graph& graph_;
  const CalibrationTable& table_;
  const QuantizeOptions& options_;
  const EngineRules& rules_;
  Plan plan_;
  std::unordered_map<const ir::Value*, const ir::Value*> leaders_;
  std::unordered_set<const ir::Value*> noisy_;  // leaders
};

}  // namespace

Plan MakeWholePlan(const ir::Graph& graph, const CalibrationTable& table, const QuantizeOptions& options,
                   const EngineRules& rules) {
  return WholePlanner(graph, table, options, rules).Make();
}

}  // namespace shoehorn::quant
