#include "place/decide.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>

#include "cost/cost.h"
#include "place/accuracy.h"
#include "place/prepare.h"
#include "place/site_links.h"
#include "support/interrupt.h"

namespace shoehorn::place {
namespace {

/// Packings that turn out to cost too much accuracy are given up one by one, at most so often.
constexpr int kMostRounds = 8;

Measure MeasureOf(Goal goal) {
  switch (goal) {
    case Goal::kResponseP50:
      return Measure::kP50;
    case Goal::kResponseP99:
      return Measure::kP99;
    case Goal::kEnergy:
      return Measure::kEnergy;
    case Goal::kMoney:
      return Measure::kMoney;
    case Goal::kBytes:
      return Measure::kBytes;
  }
  return Measure::kP50;
}

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

class Decider {
 public:
  Decider(PlaceSpec spec, const DecideHooks& hooks) : hooks_(hooks), made_(std::make_unique<Decision>()) {
    made_->spec = std::move(spec);
  }

  Result<std::unique_ptr<Decision>> Run() {
    hooks_.show("simplifying " + made_->spec.fit.model.string());
    SHOEHORN_ASSIGN(made_->model, PreparedModel(made_->spec.fit, made_->spec.packings));
    SHOEHORN_ASSIGN(made_->graph, CutGraphOf(*made_->model->graph));
    SHOEHORN_TRY(MarkPrivate());
    hooks_.show("accuracy of the model as it comes");
    SHOEHORN_ASSIGN(bench_, AccuracyBench::Open(made_->spec.fit, *made_->model, hooks_.interrupted));
    made_->metric = bench_->original().metric.name;
    accuracy_ = Goodness(bench_->original());
    SHOEHORN_TRY(Costs());
    SHOEHORN_TRY(Cascades());
    if (made_->spec.compress && made_->spec.sites.size() > 1) SHOEHORN_TRY(Compression());
    const auto start = std::chrono::steady_clock::now();
    SHOEHORN_TRY(Places());
    Wishes();
    SHOEHORN_TRY(Offer());
    SHOEHORN_TRY(Chosen());
    made_->seconds = SecondsSince(start) - measuring_s_;
    return std::move(made_);
  }

 private:
  /// A key of the spec that cannot be.
  Diagnostic Wrong(std::string place, std::string found, std::string expected,
                   const std::string& near = "") const {
    Diagnostic wrong;
    wrong.file = made_->spec.fit.file.string();
    wrong.place = std::move(place);
    wrong.found = std::move(found);
    wrong.expected = std::move(expected);
    if (!near.empty()) wrong.fix = "did you mean '" + Escaped(near) + "'?";
    return wrong;
  }

  Status MarkPrivate() {
    for (const std::string& name : made_->spec.keep_private) {
      const auto value = std::ranges::find(made_->graph.values, name,
                                           [](const CutValue& each) { return each.value->name(); });
      if (value == made_->graph.values.end()) {
        std::vector<std::string> names;
        for (const CutValue& each : made_->graph.values) names.push_back(each.value->name());
        Diagnostic wrong = Wrong("place.private", "the simplified model has no value '" + Escaped(name) + "'",
                                 "an input of the model or the output of a node that simplification keeps",
                                 DidYouMean(name, names));
        if (wrong.fix.empty()) wrong.fix = "`shoehorn simplify` writes the model that is meant";
        return wrong;
      }
      value->may_leave = false;
    }
    // What only moves the elements of a private tensor is as private as the tensor.
    for (CutValue& value : made_->graph.values) {
      if (value.producer == CutValue::kInput) continue;
      const ir::Node& node = *made_->graph.nodes[value.producer].node;
      if (!cost::WorkOf(node, "fp32").moves_only) continue;
      for (const CutValue& read : made_->graph.values)
        if (!read.may_leave && std::ranges::find(node.inputs(), read.value) != node.inputs().end())
          value.may_leave = false;
    }
    return Ok();
  }

  Status Costs() {
    SHOEHORN_ASSIGN(const auto samples,
                    data::OpenSamples(made_->spec.fit.evaluation, made_->spec.fit.inputs));
    SHOEHORN_ASSIGN(const data::Sample sample, samples->Load(0));
    for (const Site& site : made_->spec.sites) {
      if (hooks_.interrupted()) return StoppedByUser();
      hooks_.show(fmt::format("costs at '{}'", site.name));
      if (site.role == PlaceKind::kService) {
        SiteCosts service;
        service.site = site.name;
        service.seconds = site.latency_s.value_or(0);
        service.kind = targets::FactKind::kReported;
        service.basis = "declared in the spec";
        made_->costs.push_back(std::move(service));
        continue;
      }
      if (!site.model.empty()) {
        SHOEHORN_TRY(OwnModel(site));
        continue;
      }
      SHOEHORN_ASSIGN(SiteCosts costs,
                      CostsOf(site, *made_->model, made_->graph, sample.inputs, hooks_.interrupted));
      for (const std::string& remark : costs.remarks) made_->warnings.push_back(site.name + ": " + remark);
      if (site.role == PlaceKind::kDevice) {
        for (size_t i = 0; i < costs.nodes.size(); ++i) {
          made_->graph.nodes[i].device_s = costs.nodes[i].seconds;
          made_->graph.nodes[i].device_j = costs.nodes[i].joules;
        }
        made_->ground.idle_w = costs.idle_w;
        if (!costs.energy_known && (made_->spec.goal == Goal::kEnergy || made_->spec.limits.energy_j)) {
          return Wrong("place.goal or place.limits.energy",
                       fmt::format("nobody says how much power '{}' takes", site.name),
                       "a profile whose units have busy_power");
        }
      }
      made_->costs.push_back(std::move(costs));
    }
    return Ok();
  }

  /// A place that runs another model than the spec's.
  Status OwnModel(const Site& site) {
    SHOEHORN_ASSIGN(SiteModel model, OpenSiteModel(made_->spec, site, *made_->model, hooks_.interrupted));
    for (const std::string& remark : model.costs.remarks)
      made_->warnings.push_back(site.name + ": " + remark);
    if (!model.lacks.empty())
      made_->warnings.push_back(fmt::format("{}: its answers lack '{}' of the spec's model", site.name,
                                            fmt::join(model.lacks, "', '")));
    made_->costs.push_back(model.costs);
    made_->models.emplace(made_->costs.size() - 1, std::move(model));
    return Ok();
  }

  Status Cascades() {
    made_->best_accuracy = accuracy_;
    for (const auto& [site, model] : made_->models)
      made_->best_accuracy = std::max(made_->best_accuracy, model.accuracy);
    if (!made_->spec.cascade) return Ok();
    hooks_.show("confidence of the device's model");
    SHOEHORN_ASSIGN(made_->cascades, CascadesOf(made_->spec, *made_->model, *bench_, made_->models,
                                                hooks_.interrupted, made_->warnings));
    for (const SiteCascade& cascade : made_->cascades)
      made_->best_accuracy = std::max(made_->best_accuracy, cascade.tail_accuracy);
    if (const auto why = Forbidden(made_->graph, AllInHead(made_->graph)))
      made_->warnings.push_back("no cascade: " + *why);
    return Ok();
  }

  Status Compression() {
    hooks_.show("what gzip makes of the tensors that may cross");
    SHOEHORN_ASSIGN(made_->compression,
                    MeasureCompression(made_->spec.fit, *made_->model, made_->spec.packings,
                                       hooks_.interrupted, made_->graph));
    const Site& device = made_->spec.sites[made_->device()];
    SHOEHORN_ASSIGN(const std::string remark, CompressOnDevice(device, made_->graph, *made_->compression));
    if (!remark.empty()) made_->warnings.push_back(device.name + ": " + remark);
    return Ok();
  }

  Status Places() {
    size_t drives = 1;
    for (const Site& site : made_->spec.sites) {
      Place place;
      place.name = site.name;
      place.kind = site.role;
      place.price_per_hour = site.price_per_hour;
      place.price_per_call = site.price_per_call;
      place.servers =
          site.role == PlaceKind::kService ? 0 : static_cast<size_t>(site.instances * site.most_replicas);
      for (const LinkSpec& link : made_->spec.links) {
        if (link.to != site.name) continue;
        SHOEHORN_ASSIGN(Link made, LinkOf(link));
        place.links.push_back(std::move(made));
      }
      drives = std::max(drives, place.links.size());
      made_->places.push_back(std::move(place));
    }
    for (Place& place : made_->places) {
      if (place.links.empty()) continue;
      if (drives % place.links.size() != 0) {
        return Wrong("place.link",
                     fmt::format("{} links lead to '{}', and {} to another place", place.links.size(),
                                 place.name, drives),
                     "as many recorded drives to each place, or a number that divides the others'");
      }
      const size_t own = place.links.size();
      for (size_t i = own; i < drives; ++i) place.links.push_back(place.links[i % own]);
      if (made_->drives.empty())
        for (const Link& link : place.links) made_->drives.push_back(link.source());
    }
    made_->ground.drives = drives;
    return Ok();
  }

  void Wishes() {
    const PlaceSpec& spec = made_->spec;
    Requirements& wishes = made_->requirements;
    wishes.objective = MeasureOf(spec.goal);
    wishes.answers_without_link = spec.without_link;
    wishes.deadline_s = spec.deadline_s;
    wishes.rate_per_s = spec.rate_per_s;
    wishes.hours_per_month = spec.hours_per_month;
    const PlaceLimits& limits = spec.limits;
    const std::pair<Measure, const std::optional<double>&> asked[] = {
        {Measure::kP50, limits.response_p50_s},    {Measure::kP99, limits.response_p99_s},
        {Measure::kEnergy, limits.energy_j},       {Measure::kBytes, limits.bytes_per_month},
        {Measure::kMoney, limits.money_per_month}, {Measure::kLate, limits.missed}};
    for (const auto& [measure, limit] : asked)
      if (limit) wishes.limits[measure] = *limit;
    if (limits.accuracy_drop)
      wishes.limits[Measure::kAccuracy] = made_->best_accuracy - *limits.accuracy_drop;
  }

  Status Offer() {
    std::vector<PlaceCosts> costs;
    for (size_t i = 0; i < made_->spec.sites.size(); ++i) {
      const Site& site = made_->spec.sites[i];
      if (site.role == PlaceKind::kDevice) continue;
      PlaceCosts& place =
          costs.emplace_back(PlaceCosts{.place = i, .decompress_factor = ProcessorFactor(site)});
      if (site.role == PlaceKind::kService)
        place.whole = Whole{.seconds = *site.latency_s, .accuracy = *site.accuracy};
      else if (const auto own = made_->models.find(i); own != made_->models.end())
        place.whole = Whole{.seconds = own->second.costs.seconds,
                            .accuracy = own->second.accuracy,
                            .down_bytes = own->second.down_bytes};
      else
        for (const NodeCost& node : made_->costs[i].nodes) place.tail_s.push_back(node.seconds);
    }
    for (PlaceCosts& place : costs) place.cascade = OfferOf(place.place);
    CandidateOptions options;
    options.device = made_->device();
    options.packings = made_->spec.packings;
    options.local_accuracy = accuracy_;
    options.compress = made_->spec.compress;
    options.deadline_s = made_->spec.deadline_s;
    options.rate_per_s = made_->spec.rate_per_s;
    made_->candidates = MakeCandidates(made_->graph, made_->places, costs, made_->ground.radio, options);
    return Only();
  }

  /// Forbids what the spec's `only` does not name.
  Status Only() {
    const std::vector<std::string>& only = made_->spec.only;
    if (only.empty()) return Ok();
    const auto named = [&](const std::string& name) { return std::ranges::find(only, name) != only.end(); };
    std::vector<std::string> names;
    for (Candidate& candidate : made_->candidates) {
      names.insert(names.end(), {candidate.cut, candidate.name});
      if (candidate.forbidden.empty() && !named(candidate.cut) && !named(candidate.name))
        candidate.forbidden = "place.only leaves it out";
    }
    for (const std::string& name : only)
      if (std::ranges::find(names, name) == names.end())
        return Wrong("place.only", fmt::format("no choice is called '{}'", Escaped(name)),
                     "a `cut` or `name` of the candidates in place.json", DidYouMean(name, names));
    return Ok();
  }

  std::optional<CascadeOffer> OfferOf(size_t site) const {
    const Cut own = AllInHead(made_->graph);
    const auto found = std::ranges::find(made_->cascades, site, &SiteCascade::site);
    if (found == made_->cascades.end() || Forbidden(made_->graph, own)) return std::nullopt;
    CascadeOffer offer{.local = StepsOf(made_->graph, own), .samples = found->samples};
    for (const CascadeThreshold& threshold : found->thresholds)
      offer.thresholds.push_back(threshold.point.threshold);
    return offer;
  }

  /// Chooses; when what is chosen packs, measures what that costs, and chooses again until the accuracy is
  /// known of what is chosen.
  Status Chosen() {
    std::vector<Candidate> known;
    for (int round = 0; round < kMostRounds; ++round) {
      hooks_.show(fmt::format("choosing among {} candidates", made_->candidates.size()));
      SHOEHORN_ASSIGN(made_->choice,
                      Choose(made_->candidates, made_->places, made_->ground, made_->requirements));
      const Candidate best = made_->best();
      made_->wire.clear();
      if (!best.split || best.split->AllOnDevice()) return Ok();
      const auto start = std::chrono::steady_clock::now();
      SHOEHORN_TRY(Wire(best));
      const auto same = [&](const Candidate& each) {
        return each.split == best.split && each.packing == best.packing;
      };
      if (best.packing != Packing::kNone && std::ranges::none_of(known, same)) {
        hooks_.show("accuracy with the packing in place");
        SHOEHORN_ASSIGN(const fit::Candidate scored,
                        bench_->Score(HeadNodes(*made_->model, made_->graph, *best.split), made_->wire));
        made_->accuracies.push_back({made_->choice.best, Goodness(scored), accuracy_, scored.metric.samples});
        known.push_back(best);
        for (Candidate& candidate : made_->candidates)
          if (same(candidate) && candidate.policy.route) candidate.policy.route->accuracy = Goodness(scored);
        measuring_s_ += SecondsSince(start);
        continue;
      }
      measuring_s_ += SecondsSince(start);
      return Ok();
    }
    made_->warnings.push_back(
        fmt::format("after {} choices the accuracy of the chosen packing is still not measured: it counts as "
                    "the model's own",
                    kMostRounds));
    return Ok();
  }

  Status Wire(const Candidate& candidate) {
    std::vector<WireTensor> tensors;
    for (const size_t value : candidate.split->crossing) {
      WireTensor tensor;
      tensor.value = made_->graph.values[value].value->name();
      tensor.packing = made_->graph.values[value].is_float ? candidate.packing : Packing::kNone;
      tensors.push_back(std::move(tensor));
    }
    std::string remark;
    SHOEHORN_ASSIGN(made_->wire, bench_->Scales(std::move(tensors), &remark));
    if (!remark.empty() && std::ranges::find(made_->warnings, remark) == made_->warnings.end())
      made_->warnings.push_back(remark);
    return Ok();
  }

  const DecideHooks& hooks_;
  std::unique_ptr<Decision> made_;
  std::unique_ptr<AccuracyBench> bench_;
  double accuracy_ = 1, measuring_s_ = 0;
};

}  // namespace

const SiteCascade* Decision::cascade() const {
  if (!best().policy.cascade) return nullptr;
  const auto found = std::ranges::find(cascades, best().place, &SiteCascade::site);
  SHOEHORN_CHECK(found != cascades.end(), "a cascade comes from one of the places");
  return &*found;
}

size_t Decision::device() const {
  const auto site =
      std::ranges::find(spec.sites, PlaceKind::kDevice, [](const Site& each) { return each.role; });
  return static_cast<size_t>(site - spec.sites.begin());
}

std::vector<bool> HeadNodes(const ir::Model& model, const CutGraph& graph, const Cut& cut) {
  std::vector<bool> head;
  size_t next = 0;
  for (const ir::Node& node : model.graph->nodes()) {
    const bool counted = next < graph.nodes.size() && graph.nodes[next].node == &node;
    head.push_back(counted ? cut.head[next] : true);
    next += counted;
  }
  return head;
}

Result<std::unique_ptr<Decision>> Decide(PlaceSpec spec, const DecideHooks& hooks) {
  return Decider(std::move(spec), hooks).Run();
}

}  // namespace shoehorn::place
