// place.json: the places and what they cost, every candidate with its figures or the reason why it is out,
// the choice and how far it holds, the graph with its cut, and the drives over time.
#include <cmath>
#include <nlohmann/json.hpp>

#include "place/court.h"
#include "report/place_report.h"

namespace shoehorn::report {
namespace {

using Json = nlohmann::ordered_json;
using place::Decision;

constexpr size_t kBuckets = 240;

/// JSON has no infinity: what never came is null.
Json Number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json FiguresJson(const place::Figures& figures) {
  Json json = Json::object();
  for (const auto& [measure, value] : figures) json[std::string(NameOf(measure))] = Number(value);
  return json;
}

Json Sites(const Decision& made) {
  Json sites = Json::array();
  for (size_t i = 0; i < made.spec.sites.size(); ++i) {
    const place::Site& site = made.spec.sites[i];
    const place::SiteCosts& costs = made.costs[i];
    const auto own = made.models.find(i);
    sites.push_back({{"name", site.name},
                     {"role", NameOf(site.role)},
                     {"target", site.target},
                     {"title", costs.title},
                     {"seconds", costs.seconds},
                     {"joules", costs.energy_known ? Json(costs.joules) : Json(nullptr)},
                     {"kind", NameOf(costs.kind)},
                     {"basis", costs.basis},
                     {"model", own != made.models.end() ? Json(site.model.string()) : Json(nullptr)},
                     {"accuracy", own != made.models.end() ? Json(own->second.accuracy)
                                  : site.accuracy          ? Json(*site.accuracy)
                                                           : Json(nullptr)},
                     {"price_per_hour", site.price_per_hour},
                     {"price_per_call", site.price_per_call}});
  }
  return sites;
}

Json CandidatesJson(const Decision& made) {
  Json list = Json::array();
  for (const place::Judged& judged : made.choice.judged) {
    const place::Candidate& candidate = made.candidates[judged.candidate];
    Json json = {{"name", candidate.name},
                 {"cut", candidate.cut},
                 {"site", made.spec.sites[candidate.place].name},
                 {"pure", candidate.pure},
                 {"without_link", candidate.without_link},
                 {"packing", NameOf(candidate.packing)},
                 {"compress", candidate.compress}};
    if (candidate.policy.route) {
      json["up_bytes"] = candidate.policy.route->up_bytes;
      json["down_bytes"] = candidate.policy.route->down_bytes;
      json["head_s"] = place::SecondsOf(candidate.policy.route->head);
      json["tail_s"] = candidate.policy.route->tail_s;
    }
    if (candidate.policy.cascade) json["threshold"] = candidate.policy.cascade->threshold;
    if (judged.simulated())
      json["mean"] = FiguresJson(judged.mean);
    else
      json["best_case"] = FiguresJson(judged.best_case);
    Json drives = Json::array();
    for (const place::Figures& figures : judged.drives) drives.push_back(FiguresJson(figures));
    json["drives"] = drives;
    if (judged.out) json["out"] = judged.out->Text();
    list.push_back(std::move(json));
  }
  return list;
}

Json CascadesJson(const Decision& made) {
  Json cascades = Json::array();
  for (const place::SiteCascade& cascade : made.cascades) {
    Json thresholds = Json::array();
    for (const place::CascadeThreshold& each : cascade.thresholds)
      thresholds.push_back({{"threshold", each.point.threshold},
                            {"asked_share", each.point.asked_share},
                            {"accuracy", each.point.accuracy},
                            {"held_out_accuracy", each.held_out_accuracy}});
    cascades.push_back({{"site", made.spec.sites[cascade.site].name},
                        {"output", made.spec.cascade->output},
                        {"basis", cascade.basis},
                        {"samples", cascade.samples.size()},
                        {"device_accuracy", cascade.device_accuracy},
                        {"tail_accuracy", cascade.tail_accuracy},
                        {"given", cascade.given},
                        {"least_accuracy", cascade.given ? Json(nullptr) : Json(cascade.least_accuracy)},
                        {"thresholds", thresholds}});
  }
  return cascades;
}

Json TurnsJson(const Decision& made) {
  Json turns = Json::array();
  for (const place::Turn& turn : made.choice.turns)
    turns.push_back({{"what", turn.what},
                     {"up", turn.up},
                     {"factor", turn.factor ? Json(*turn.factor) : Json(nullptr)},
                     {"to", turn.to ? Json(*turn.to) : Json(nullptr)}});
  return turns;
}

/// The graph as the map draws it: each node with its place and unit, each tensor that crosses with its bytes.
Json MapJson(const Decision& made) {
  const place::Candidate& best = made.best();
  const place::Cut* cut = best.split && best.policy.route ? &*best.split : nullptr;
  const size_t device = made.device();
  const bool elsewhere = !best.split && !best.policy.cascade;
  Json nodes = Json::array(), edges = Json::array();
  for (size_t i = 0; i < made.graph.nodes.size(); ++i) {
    const size_t site = elsewhere || (cut && !cut->head[i]) ? best.place : device;
    const ir::Node& node = *made.graph.nodes[i].node;
    const bool counted = i < made.costs[site].nodes.size();
    nodes.push_back({{"name", node.name.empty() ? node.output()->name() : node.name},
                     {"op", node.op_type},
                     {"site", made.spec.sites[site].name},
                     {"unit", counted ? made.costs[site].nodes[i].unit : ""},
                     {"seconds", counted ? made.costs[site].nodes[i].seconds : 0}});
  }
  for (size_t v = 0; v < made.graph.values.size(); ++v) {
    const place::CutValue& value = made.graph.values[v];
    const bool crosses = cut && std::ranges::find(cut->crossing, v) != cut->crossing.end();
    for (const size_t consumer : value.consumers) {
      Json edge = {{"from", value.producer == place::CutValue::kInput ? Json(nullptr) : Json(value.producer)},
                   {"to", consumer}};
      if (crosses && !cut->head[consumer]) {
        edge["value"] = value.value->name();
        edge["bytes"] = value.BytesAs(best.packing, best.compress);
      }
      edges.push_back(std::move(edge));
    }
  }
  return {{"nodes", nodes}, {"edges", edges}};
}

Json Timeline(const Decision& made, size_t candidate) {
  const place::Judged judged =
      place::JudgeOne(made.candidates, candidate, made.places, made.ground, made.requirements, kBuckets);
  Json drives = Json::array();
  for (size_t d = 0; d < judged.outcomes.size(); ++d) {
    Json buckets = Json::array();
    for (const place::Bucket& bucket : judged.outcomes[d].timeline)
      buckets.push_back({{"t", bucket.start_s},
                         {"frames", bucket.frames},
                         {"by_tail", bucket.by_tail},
                         {"by_fallback", bucket.by_fallback},
                         {"late", bucket.late},
                         {"mean_s", Number(bucket.mean_s)},
                         {"worst_s", Number(bucket.worst_s)},
                         {"up_rate", bucket.up_rate},
                         {"round_trip_s", bucket.round_trip_s}});
    drives.push_back({{"figures", FiguresJson(judged.drives[d])}, {"buckets", buckets}});
  }
  return {{"candidate", candidate}, {"drives", drives}};
}

}  // namespace

std::string PlacementJson(const Decision& made, const std::string& version) {
  Json limits = Json::object();
  for (const auto& [measure, limit] : made.requirements.limits) limits[std::string(NameOf(measure))] = limit;
  Json json = {{"schema", kPlacementSchema},
               {"created_by", "shoehorn " + version},
               {"model", made.spec.fit.model.string()},
               {"spec", made.spec.fit.file.string()},
               {"objective", NameOf(made.requirements.objective)},
               {"limits", limits},
               {"deadline_s", made.requirements.deadline_s},
               {"rate_per_s", made.requirements.rate_per_s},
               {"drives", made.drives},
               {"sites", Sites(made)},
               {"candidates", CandidatesJson(made)},
               {"best", made.choice.best},
               {"runner_up", made.choice.runner_up ? Json(*made.choice.runner_up) : Json(nullptr)},
               {"turns", TurnsJson(made)},
               {"metric", made.metric.value_or("")},
               {"best_accuracy", made.best_accuracy},
               {"cascades", CascadesJson(made)},
               {"decision_s", made.seconds},
               {"warnings", made.warnings}};
  Json wire = Json::array();
  for (size_t i = 0; i < made.wire.size(); ++i) {
    const place::WireTensor& tensor = made.wire[i];
    const place::CutValue& value = made.graph.values[made.best().split->crossing[i]];
    wire.push_back({{"value", tensor.value},
                    {"packing", NameOf(tensor.packing)},
                    {"scale", tensor.scale},
                    {"zero_point", tensor.zero_point},
                    {"packed_bytes", value.BytesAs(tensor.packing)},
                    {"bytes", value.BytesAs(tensor.packing, made.best().compress)}});
  }
  json["wire"] = wire;
  json["compression"] = nullptr;
  if (made.compression)
    json["compression"] = {{"tensors", made.compression->tensors},
                           {"samples", made.compression->samples},
                           {"seconds", made.compression->seconds},
                           {"device_factor", made.compression->device_factor}};
  Json accuracies = Json::array();
  for (const place::PackedAccuracy& each : made.accuracies)
    accuracies.push_back({{"candidate", each.candidate},
                          {"score", each.score},
                          {"original", each.original},
                          {"samples", each.samples}});
  json["packed_accuracy"] = accuracies;
  json["map"] = MapJson(made);
  Json timelines = Json::array();
  timelines.push_back(Timeline(made, made.choice.best));
  for (size_t i = 0; i < made.candidates.size(); ++i)
    if (made.candidates[i].pure && i != made.choice.best) timelines.push_back(Timeline(made, i));
  json["timelines"] = timelines;
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace shoehorn::report
