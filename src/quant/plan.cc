// See plan.h. Four steps: weighted nodes are chosen one by one; followers join where all their activations
// are integers anyway; those that lead to nothing integer leave again; values that must share a scale are
// grouped.
#include "quant/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "quant/sensitivity.h"

namespace shoehorn::quant {
namespace {

class Planner {
 public:
  Planner(const ir::Graph& graph, const CalibrationTable& table, const QuantizeOptions& options,
          const EngineRules& rules)
      : graph_(graph), table_(table), options_(options), rules_(rules) {}

  Plan Make() {
    ChooseWeighted();
    ChooseFollowers();
    DropIdleFollowers();
    GroupScales();
    std::ranges::stable_sort(plan_.sensitivity, {}, [](const auto& entry) { return entry.second; });
    return std::move(plan_);
  }

 private:
  const Range* RangeOf(const ir::Value& value) const {
    const auto found = table_.find(value.name());
    return found == table_.end() ? nullptr : &found->second.Of(options_.range);
  }

  /// Empty when 8 bits serve the value well enough, else why not.
  std::string Unfit(const ir::Value& value, double& worst) const {
    const Range* range = RangeOf(value);
    if (range == nullptr)
      return fmt::format("calibration saw no float values of '{}'", Escaped(value.name()));
    worst = std::min(worst, range->sqnr_db);
    if (range->sqnr_db >= options_.min_sqnr_db) return {};
    return fmt::format("8 bits would leave '{}' a signal-to-noise ratio of {:.1f} dB, below {:.1f}",
                       Escaped(value.name()), range->sqnr_db, options_.min_sqnr_db);
  }

  std::string WhyFloat(const ir::Node& node, const Rule& rule, double& worst) const {
    if (std::string why = rule.applies(node); !why.empty()) return why;
    if (options_.keep_float.contains(node.name)) return "asked for";
    if (std::string why = Unfit(*node.input(0), worst); !why.empty()) return why;
    if (!rule.integer_output) return {};
    const ir::Value& output = PairedOutput(node, rule);
    if (options_.float_head && head_.contains(&node)) return "it makes an output of the model";
    return Unfit(output, worst);
  }

  static bool IsDepthwise(const ir::Node& node) {
    if (!node.Is("Conv") || node.Int("group", 1) == 1) return false;
    return node.input(1)->constant() != nullptr && node.input(1)->constant()->dims()[1] == 1;
  }

  /// One scale a channel of `value`, inside the range of the whole; empty when calibration did not see
  /// channels.
  std::vector<ActivationScale> ChannelScales(const ir::Value& value, const Range& whole) const {
    const auto found = table_.find(value.name());
    if (found == table_.end()) return {};
    std::vector<ActivationScale> scales;
    for (const auto& channel : found->second.channels) {
      Range range{std::max<double>(channel.low, whole.low), std::min<double>(channel.high, whole.high)};
      // A channel that calibration saw still (nearly) gets a share of the whole, in case it wakes up.
      constexpr double kShare = 1.0 / 64;
      range.low = std::min(range.low, whole.low * kShare);
      range.high = std::max(range.high, whole.high * kShare);
      scales.push_back(ScaleOf(range, options_.signed_activations, options_.symmetric_activations));
    }
    return scales;
  }

  double OutputSqnr(const ir::Node& node, const Rule& rule) const {
    const WeightLayout layout = WeightLayout::Of(node);
    const Range& whole = *RangeOf(*node.input(0));
    std::vector<ActivationScale> scales;
    if (rules_.depthwise_channel_scales && IsDepthwise(node)) scales = ChannelScales(*node.input(0), whole);
    if (scales.empty())
      scales = {ScaleOf(whole, options_.signed_activations, options_.symmetric_activations)};
    std::vector<float> steps;
    for (const ActivationScale& scale : scales) steps.push_back(scale.scale);
    const IntegerWeights weights = QuantizeWeights(
        *node.input(1)->constant(), options_.per_channel ? std::optional(layout.output_axis) : std::nullopt,
        options_.reduce_range, {});
    return LayerSqnr(node, ChannelsOf(table_, *node.input(0), node, layout.inputs),
                     ChannelsOf(table_, PairedOutput(node, rule), node, layout.outputs), steps, weights);
  }

  void ChooseWeighted() {
    head_ = HeadOf(graph_, rules_);
    for (const ir::Node& node : graph_.nodes()) {
      const Rule* rule = rules_.Find(node);
      if (rule == nullptr || rule->part != Part::kWeighted) continue;
      double worst = kLosslessDb;
      std::string why = WhyFloat(node, *rule, worst);
      if (why.empty()) {
        const double sqnr = OutputSqnr(node, *rule);
        worst = std::min(worst, sqnr);
        if (sqnr < options_.min_sqnr_db)
          why = fmt::format(
              "in integers its output would have a signal-to-noise ratio of {:.1f} dB, below {:.1f}", sqnr,
              options_.min_sqnr_db);
      }
      if (!why.empty()) {
        plan_.left_in_float.emplace_back(&node, std::move(why));
        continue;
      }
      plan_.integer.emplace(&node, rule);
      plan_.sensitivity.emplace_back(&node, worst);
      integers_.insert(node.input(0));
      makeable_.insert(&PairedOutput(node, *rule));
    }
  }

  void ChooseFollowers() {
    for (const ir::Node& node : graph_.nodes()) {
      const Rule* rule = rules_.Find(node);
      if (rule == nullptr || rule->part == Part::kWeighted || !rule->applies(node).empty()) continue;
      if (options_.float_head && head_.contains(&node)) continue;
      const bool moves = rule->part == Part::kShared;
      const size_t activations = moves ? 1 : node.inputs().size();
      bool all = true;
      for (size_t i = 0; i < activations; ++i) {
        const ir::Value* input = node.input(i);
        if (input != nullptr) all = all && (integers_.contains(input) || makeable_.contains(input));
      }
      if (!all) continue;
      if (options_.keep_float.contains(node.name)) {
        plan_.left_in_float.emplace_back(&node, "asked for");
        continue;
      }
      const ir::Value& output = PairedOutput(node, *rule);
      double worst = kLosslessDb;
      std::string why;
      for (size_t i = 0; i < activations && why.empty() && !moves; ++i)
        if (node.input(i) != nullptr) why = Unfit(*node.input(i), worst);
      if (why.empty() && !moves) why = Unfit(output, worst);
      if (!why.empty()) {
        plan_.left_in_float.emplace_back(&node, std::move(why));
        continue;
      }
      plan_.integer.emplace(&node, rule);
      if (!moves) plan_.sensitivity.emplace_back(&node, worst);
      makeable_.insert(&output);
    }
  }

  bool ReadInIntegers(const ir::Value& value) const {
    return std::ranges::any_of(value.uses(),
                               [&](const ir::Use& use) { return plan_.integer.contains(use.node); });
  }

  bool OnlyDepthwiseReads(const ir::Value& value) const {
    return std::ranges::all_of(value.uses(), [&](const ir::Use& use) {
      return !plan_.integer.contains(use.node) || IsDepthwise(*use.node);
    });
  }

  /// A follower in front of float operators would only cost precision, unless it makes the data smaller.
  void DropIdleFollowers() {
    for (const ir::Node* node = graph_.last(); node != nullptr; node = node->previous()) {
      const auto found = plan_.integer.find(node);
      if (found == plan_.integer.end() || found->second->part == Part::kWeighted) continue;
      const bool shrinks = node->op_type.ends_with("Pool");
      if (shrinks || ReadInIntegers(PairedOutput(*node, *found->second))) continue;
      plan_.integer.erase(found);
      std::erase_if(plan_.sensitivity, [&](const auto& entry) { return entry.first == node; });
    }
  }

  const ir::Value* Leader(const ir::Value* value) {
    const ir::Value*& above = leaders_.try_emplace(value, value).first->second;
    if (above == value) return value;
    const ir::Value* top = Leader(above);
    return leaders_[value] = top;
  }

  static bool Comparable(const Range& part, const Range& whole) {
    return part.high - part.low >= (whole.high - whole.low) / 2;
  }

  void GroupScales() {
    std::vector<const ir::Value*> values;
    std::unordered_set<const ir::Value*> listed;
    const auto list = [&](const ir::Value* value) {
      if (listed.insert(value).second) values.push_back(value);
    };
    std::unordered_map<const ir::Value*, Range> ranges;
    for (const ir::Node& node : graph_.nodes()) {
      const auto found = plan_.integer.find(&node);
      if (found == plan_.integer.end()) continue;
      const Rule& rule = *found->second;
      const ir::Value& output = PairedOutput(node, rule);
      const size_t activations =
          rule.part == Part::kFollower || rule.part == Part::kJoin ? node.inputs().size() : 1;
      for (size_t i = 0; i < activations; ++i)
        if (node.input(i) != nullptr) list(node.input(i));
      if (rule.integer_output || ReadInIntegers(output)) list(&output);
      if (rule.part == Part::kShared) leaders_[Leader(&output)] = Leader(node.input(0));
      if (rule.part == Part::kJoin) {
        const Range* whole = RangeOf(output);
        const bool alike = std::ranges::all_of(node.inputs(), [&](const ir::Value* input) {
          const Range* part = RangeOf(*input);
          return whole != nullptr && part != nullptr && Comparable(*part, *whole);
        });
        if (alike || rules_.join_shares_scale)
          for (const ir::Value* input : node.inputs()) leaders_[Leader(input)] = Leader(&output);
      }
    }
    std::unordered_map<const ir::Value*, int> members;
    for (const ir::Value* value : values) {
      ++members[Leader(value)];
      const Range* own = RangeOf(*value);
      if (own == nullptr) continue;
      Range& range = ranges[Leader(value)];
      range.low = std::min(range.low, own->low);
      range.high = std::max(range.high, own->high);
    }
    for (const ir::Value* value : values) {
      const bool is_signed = options_.signed_activations;
      const Range& range = ranges[Leader(value)];
      plan_.scales.emplace(value, ScaleOf(range, is_signed, options_.symmetric_activations));
      if (!rules_.depthwise_channel_scales || !OnlyDepthwiseReads(*value) || members[Leader(value)] > 1)
        continue;
      if (auto scales = ChannelScales(*value, range); scales.size() > 1)
        plan_.channel_scales.emplace(value, std::move(scales));
    }
  }

  const ir::Graph& graph_;
  const CalibrationTable& table_;
  const QuantizeOptions& options_;
  const EngineRules& rules_;
  Plan plan_;
  std::unordered_set<const ir::Node*> head_;
  std::unordered_set<const ir::Value*> integers_;  // read by a weighted integer node
  std::unordered_set<const ir::Value*> makeable_;  // made by an integer node
  std::unordered_map<const ir::Value*, const ir::Value*> leaders_;
};

}  // namespace

Plan MakePlan(const ir::Graph& graph, const CalibrationTable& table, const QuantizeOptions& options,
              const EngineRules& rules) {
  return Planner(graph, table, options, rules).Make();
}

std::unordered_set<const ir::Node*> HeadOf(const ir::Graph& graph, const EngineRules& rules) {
  std::unordered_set<const ir::Node*> head;
  std::unordered_set<const ir::Node*> open;  // of the head, and what feeds them is too
  for (const ir::Node* node = graph.last(); node != nullptr; node = node->previous()) {
    if (node->removed()) continue;
    const bool leads_out = std::ranges::all_of(node->outputs(), [&](const ir::Value* value) {
      return value == nullptr ||
             std::ranges::all_of(value->uses(), [&](const ir::Use& use) { return open.contains(use.node); });
    });
    if (!leads_out) continue;
    head.insert(node);
    const Rule* rule = rules.Find(*node);
    const bool weighted = rule != nullptr && rule->part == Part::kWeighted && rule->applies(*node).empty();
    if (!weighted) open.insert(node);
  }
  return head;
}

bool SaturationReplaces(const ir::Node& rectifier, const ActivationScale& scale) {
  const auto limit = [&](size_t i, float otherwise) {
    const ir::Value* value = rectifier.input(i);
    if (value == nullptr || value->constant() == nullptr) return otherwise;
    return value->constant()->As<float>()[0];
  };
  const bool relu = rectifier.Is("Relu");
  const float infinity = std::numeric_limits<float>::infinity();
  const float low = relu ? 0 : limit(1, -infinity), high = relu ? infinity : limit(2, infinity);
  return (low == -infinity || scale.Of(low) == scale.lowest()) &&
         (high == infinity || scale.Of(high) == scale.highest());
}

}  // namespace shoehorn::quant
