#include "place/candidates.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "support/units.h"

namespace shoehorn::place {
namespace {

/// Below this share of its time a place that takes longer makes nobody wait for it.
constexpr double kIdleEnough = 0.5;
/// Slower than this no link is worth a cut of its own, bytes a second.
constexpr double kSlowest = 1000;

/// A cut with one packing, compressed or not, as numbers.
struct Option {
  const Cut* cut = nullptr;
  Packing packing = Packing::kNone;
  bool compress = false;
  std::vector<Step> head{};
  double head_s = 0, head_j = 0, up_bytes = 0, down_bytes = 0, tail_s = 0, accuracy = 1;
  bool without_link = false;
};

/// Whatever the link does, `a` is no worse than `b` in anything.
bool Dominates(const Option& a, const Option& b, double rate_per_s) {
  if (a.up_bytes > b.up_bytes || a.down_bytes > b.down_bytes || a.head_s > b.head_s || a.head_j > b.head_j ||
      a.head_s + a.tail_s > b.head_s + b.tail_s || a.accuracy < b.accuracy ||
      (b.without_link && !a.without_link))
    return false;
  return a.tail_s <= b.tail_s || a.tail_s * rate_per_s <= kIdleEnough;
}

std::vector<Option> Undominated(std::vector<Option> options, double rate_per_s) {
  std::vector<Option> kept;
  for (size_t i = 0; i < options.size(); ++i) {
    bool beaten = false;
    for (size_t k = 0; k < options.size() && !beaten; ++k)
      beaten = k != i && Dominates(options[k], options[i], rate_per_s) &&
               (k < i || !Dominates(options[i], options[k], rate_per_s));
    if (!beaten) kept.push_back(std::move(options[i]));
  }
  return kept;
}

/// " (int8, gzip)"; nothing for what crosses as it is.
std::string OnWire(Packing packing, bool compress) {
  if (packing == Packing::kNone) return compress ? " (gzip)" : "";
  return fmt::format(" ({}{})", place::NameOf(packing), compress ? ", gzip" : "");
}

/// Compressing comes after all else that the device does, on the unit that did it.
void AddCompressing(std::vector<Step>& head, const Compressed& compressed, double watts) {
  if (head.empty()) head.push_back({});
  head.back().seconds += compressed.compress_s;
  head.back().joules += compressed.compress_s * watts;
}

/// The prices of a byte that a place's links ask, in seconds.
struct Prices {
  double least = std::numeric_limits<double>::infinity(), most = 0, down_share = 1;
};
Prices PricesOf(const Place& place) {
  Prices prices;
  double up = 0, down = 0;
  for (const Link& link : place.links) {
    for (const double rate : link.Of(Direction::kUp).values()) {
      if (rate <= 0) continue;
      prices.least = std::min(prices.least, 1 / std::max(rate, kSlowest));
      prices.most = std::max(prices.most, 1 / std::max(rate, kSlowest));
    }
    const LinkStatistics statistics = StatisticsOf(link);
    up += statistics.up.mean;
    down += statistics.down.mean;
  }
  if (prices.most == 0) prices.least = prices.most = 1 / kSlowest;
  if (up > 0 && down > 0) prices.down_share = up / down;
  return prices;
}

void AddNew(std::vector<Cut>& cuts, std::vector<Cut> more) {
  for (Cut& cut : more)
    if (!cut.AllOnDevice() && std::ranges::find(cuts, cut) == cuts.end()) cuts.push_back(std::move(cut));
}

class Maker {
 public:
  Maker(const CutGraph& graph, const std::vector<Place>& places, const Radio& radio,
        const CandidateOptions& options)
      : graph_(graph), places_(places), radio_(radio), options_(options), whole_(AllInHead(graph)) {
    forbidden_ = Forbidden(graph, whole_);
    if (!forbidden_) local_ = StepsOf(graph, whole_);
  }

  std::vector<Candidate> Make(std::span<const PlaceCosts> costs) {
    Candidate device{.name = fmt::format("all on {}", places_[options_.device].name),
                     .cut = fmt::format("all on {}", places_[options_.device].name),
                     .place = options_.device,
                     .pure = true,
                     .without_link = true,
                     .forbidden = forbidden_.value_or(""),
                     .split = whole_};
    device.policy.local = StepsOf(graph_, whole_);
    device.policy.local_accuracy = options_.local_accuracy;
    made_.push_back(std::move(device));
    for (const PlaceCosts& place : costs) {
      if (!place.tail_s.empty()) AddParts(place);
      if (place.whole) AddWhole(place);
    }
    return std::move(made_);
  }

 private:
  const std::string& NameOf(const PlaceCosts& costs) const { return places_[costs.place].name; }

  void AddParts(const PlaceCosts& costs) {
    SHOEHORN_CHECK(costs.tail_s.size() == graph_.nodes.size(), "a place has a time for each node");
    CutGraph graph = graph_;
    for (size_t i = 0; i < graph.nodes.size(); ++i) graph.nodes[i].tail_s = costs.tail_s[i];
    for (CutValue& value : graph.values)
      for (Compressed& compressed : value.compressed) compressed.decompress_s *= costs.decompress_factor;

    std::vector<Cut> cuts = {AllInTail(graph)};
    const std::optional<std::string> forbidden = Forbidden(graph, cuts[0]);
    const Prices prices = PricesOf(places_[costs.place]);
    AddNew(cuts, SingleValueCuts(graph));
    // By the device's energy: a byte costs what the radio takes for it.
    const double least_j = radio_.up_j_per_byte + radio_.active_w * prices.least,
                 most_j = radio_.up_j_per_byte + radio_.active_w * prices.most;
    for (const bool compress : Compressions()) {
      CutWeights weights{.down_share = prices.down_share, .compress = compress};
      for (const Packing packing : options_.packings) {
        weights.packing = packing;
        AddNew(cuts, BestCuts(graph, weights, prices.least, prices.most));
      }
      weights.seconds = 0, weights.joules = 1;
      AddNew(cuts, BestCuts(graph, weights, least_j, most_j));
    }

    std::vector<Option> options;
    for (const Cut& cut : cuts) {
      if (&cut == &cuts[0] && forbidden) continue;
      for (const Packing packing : options_.packings)
        if (packing == Packing::kNone || PacksAnything(graph, cut))
          for (const bool compress : Compressions())
            options.push_back(OptionOf(graph, cut, packing, compress, costs));
    }
    // The pure choice as it is stands in every report.
    Candidate pure{.name = fmt::format("all on {}", NameOf(costs)),
                   .cut = fmt::format("all on {}", NameOf(costs)),
                   .place = costs.place,
                   .pure = true,
                   .forbidden = forbidden.value_or(""),
                   .split = cuts[0]};
    pure.policy.route = RouteOf(OptionOf(graph, cuts[0], Packing::kNone, false, costs), costs);
    made_.push_back(std::move(pure));
    for (const Option& option : Undominated(std::move(options), options_.rate_per_s)) {
      const bool whole = option.cut == &cuts[0];
      std::string cut = whole
                            ? fmt::format("all on {}", NameOf(costs))
                            : fmt::format("{}, rest on {}", place::NameOf(graph, *option.cut), NameOf(costs));
      cut += OnWire(option.packing, option.compress);
      Candidate candidate{.name = cut,
                          .cut = cut,
                          .place = costs.place,
                          .without_link = option.without_link,
                          .split = *option.cut,
                          .packing = option.packing,
                          .compress = option.compress};
      candidate.policy.route = RouteOf(option, costs);
      AddRules(std::move(candidate), !whole || option.packing != Packing::kNone || option.compress);
    }
  }

  /// Without compression, and with it when it may be.
  std::vector<bool> Compressions() const {
    return options_.compress ? std::vector<bool>{false, true} : std::vector<bool>{false};
  }

  bool PacksAnything(const CutGraph& graph, const Cut& cut) const {
    return std::ranges::any_of(cut.crossing, [&](size_t v) { return graph.values[v].is_float; });
  }

  Option OptionOf(const CutGraph& graph, const Cut& cut, Packing packing, bool compress,
                  const PlaceCosts& costs) const {
    Option option{.cut = &cut, .packing = packing, .compress = compress};
    option.head = StepsOf(graph, cut);
    if (packing != Packing::kNone && options_.pack_s_per_byte > 0) {
      double bytes = 0;
      for (const size_t v : cut.crossing)
        if (graph.values[v].is_float) bytes += graph.values[v].raw_bytes;
      const double seconds = bytes * options_.pack_s_per_byte;
      // On the unit that made the last of it; packing takes no energy that anybody measured.
      if (option.head.empty()) option.head.push_back({});
      option.head.back().seconds += seconds;
    }
    option.tail_s = cut.tail_s + costs.call_s;
    if (compress) {
      const Compressed compressed = CompressedOf(graph, cut, packing);
      AddCompressing(option.head, compressed, graph.compress_w);
      option.tail_s += compressed.decompress_s;
    }
    option.head_s = SecondsOf(option.head);
    for (const Step& step : option.head) option.head_j += step.joules;
    option.up_bytes = UpBytes(graph, cut, packing, compress);
    option.down_bytes = DownBytes(graph, cut);
    option.accuracy = options_.accuracy ? options_.accuracy(cut, packing) : options_.local_accuracy;
    option.without_link =
        !options_.answers_without_link.empty() && std::ranges::none_of(cut.back, [&](size_t v) {
          return std::ranges::find(options_.answers_without_link, graph.values[v].value->name()) !=
                 options_.answers_without_link.end();
        });
    return option;
  }

  static Route RouteOf(const Option& option, const PlaceCosts& costs) {
    Route route{.head = option.head,
                .up_bytes = option.up_bytes,
                .down_bytes = option.down_bytes,
                .tail_s = option.tail_s,
                .accuracy = option.accuracy};
    if (costs.p99_share > 1) route.tail_p99_s = option.tail_s * costs.p99_share;
    return route;
  }

  void AddWhole(const PlaceCosts& costs) {
    const Whole& whole = *costs.whole;
    const Cut all = AllInTail(graph_);
    Route route{.up_bytes = whole.up_bytes > 0 ? whole.up_bytes : UpBytes(graph_, all, Packing::kNone),
                .down_bytes = whole.down_bytes > 0 ? whole.down_bytes : DownBytes(graph_, all),
                .tail_s = whole.seconds + costs.call_s,
                .tail_p99_s = whole.p99_s,
                .accuracy = whole.accuracy};
    std::string forbidden;
    for (const size_t v : all.crossing)
      if (!graph_.values[v].may_leave)
        forbidden = fmt::format("'{}' must not leave the vehicle", graph_.values[v].value->name());
    std::string cut =
        fmt::format("all on {}{}", NameOf(costs), costs.tail_s.empty() ? "" : " (its own model)");
    made_.push_back({.name = cut,
                     .cut = cut,
                     .place = costs.place,
                     .pure = true,
                     .forbidden = forbidden,
                     .policy = {.route = route}});
    if (!forbidden.empty()) return;
    AddRules(made_.back(), false);
    if (costs.cascade) AddCascades(costs, route, false);
    if (!options_.compress || whole.up_bytes > 0) return;
    const Compressed compressed = CompressedOf(graph_, all, Packing::kNone);
    if (compressed.ratio >= 1) return;
    AddCompressing(route.head, compressed, graph_.compress_w);
    route.up_bytes *= compressed.ratio;
    route.tail_s += compressed.decompress_s * costs.decompress_factor;
    cut += OnWire(Packing::kNone, true);
    AddRules({.name = cut, .cut = cut, .place = costs.place, .compress = true, .policy = {.route = route}},
             true);
    if (costs.cascade) AddCascades(costs, route, true);
  }

  /// `candidate` as it is when `plain`, and with each rule that could suit it.
  void AddRules(Candidate candidate, bool plain) {
    candidate.pure = false;
    candidate.policy.local_accuracy = options_.local_accuracy;
    if (plain) made_.push_back(candidate);
    if (local_.empty()) return;
    candidate.policy.local = local_;
    const double local_s = SecondsOf(local_), deadline_s = options_.deadline_s;
    if (deadline_s > 0 && local_s <= deadline_s) {
      candidate.policy.fallback = true;
      candidate.without_link = true;
      candidate.name = candidate.cut + ", the device past the deadline";
      made_.push_back(candidate);
    }
    candidate.name = candidate.cut;
    AddRule(candidate, local_s);
    if (deadline_s > 0 && deadline_s > local_s) AddRule(candidate, deadline_s);
  }

  void AddRule(Candidate candidate, double limit_s) {
    candidate.policy.rule = LinkRule{.limit_s = limit_s};
    candidate.name += fmt::format(", while it answers within {}", FormatDuration(limit_s));
    made_.push_back(candidate);
    candidate.policy.rule->most_open = 1;
    candidate.name += ", one call at a time";
    made_.push_back(std::move(candidate));
  }

  void AddCascades(const PlaceCosts& costs, const Route& route, bool compress) {
    const CascadeOffer& offer = *costs.cascade;
    for (const double threshold : offer.thresholds) {
      const std::string& device = places_[options_.device].name;
      Candidate candidate{
          .name = fmt::format("{} first, {} below a confidence of {:.{}f}{}", device, NameOf(costs),
                              threshold, threshold < 0.99 ? 3 : 6, OnWire(Packing::kNone, compress)),
          .cut = fmt::format("{} first, {} when it is not sure{}", device, NameOf(costs),
                             OnWire(Packing::kNone, compress)),
          .place = costs.place,
          .compress = compress};
      candidate.policy.local = offer.local;
      candidate.policy.route = route;
      candidate.policy.cascade = CascadePolicy{.threshold = threshold, .samples = offer.samples};
      if (options_.deadline_s > 0) {
        candidate.policy.fallback = true;
        candidate.without_link = true;
        made_.push_back(candidate);
        AddRule(candidate, options_.deadline_s);
      } else {
        made_.push_back(candidate);
      }
    }
  }

  const CutGraph& graph_;
  const std::vector<Place>& places_;
  const Radio& radio_;
  const CandidateOptions& options_;
  Cut whole_;
  std::optional<std::string> forbidden_;
  std::vector<Step> local_;  // empty: the device does not run all of it
  std::vector<Candidate> made_;
};

}  // namespace

std::vector<Step> StepsOf(const CutGraph& graph, const Cut& cut) {
  std::vector<Step> steps;
  for (size_t i = 0; i < cut.head.size(); ++i) {
    if (!cut.head[i]) continue;
    const CutNode& node = graph.nodes[i];
    if (steps.empty() || steps.back().unit != node.unit) steps.push_back({.unit = node.unit});
    steps.back().seconds += node.device_s;
    steps.back().joules += node.device_j;
  }
  return steps;
}

std::vector<Candidate> MakeCandidates(const CutGraph& graph, const std::vector<Place>& places,
                                      std::span<const PlaceCosts> costs, const Radio& radio,
                                      const CandidateOptions& options) {
  return Maker(graph, places, radio, options).Make(costs);
}

}  // namespace shoehorn::place
