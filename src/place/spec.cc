#include "place/spec.h"

#include <set>

#include "support/toml_read.h"
#include "support/units.h"

namespace shoehorn::place {
namespace {

using namespace read;

/// Bytes a second of "4 Mbit/s".
Result<double> Rate(const TomlValue& value) {
  SHOEHORN_ASSIGN(const std::string text, value.String());
  SHOEHORN_ASSIGN(const double rate, value.Placed(ParseByteRate(text)));
  if (rate > 0) return rate;
  return value.Wrong("'" + text + "'", "a rate above 0");
}
Result<double> Energy(const TomlValue& value) {
  SHOEHORN_ASSIGN(const std::string text, value.String());
  return value.Placed(ParseEnergy(text));
}
Result<double> Money(const TomlValue& value) { return NumberBetween(value, 0, 1e12); }

const std::vector<Key<Site>> kSiteKeys = {
    {"name", [](const TomlValue& v, Site& t) { return Set(t.name, Text(v)); }},
    {"role",
     [](const TomlValue& v, Site& t) {
       using enum PlaceKind;
       return Set(
           t.role,
           read::Choice<PlaceKind>(
               v, {{"device", kDevice}, {"gateway", kGateway}, {"cloud", kCloud}, {"service", kService}}));
     }},
    {"target", [](const TomlValue& v, Site& t) { return Set(t.target, Text(v)); }},
    {"engine",
     [](const TomlValue& v, Site& t) {
       return Set(t.engine, Word(v, {"onnxruntime", "openvino"}));
     }},
    {"precision",
     [](const TomlValue& v, Site& t) {
       return Set(t.precision, Word(v, {"fp32", "bf16", "fp16", "int8"}));
     }},
    {"threads", [](const TomlValue& v, Site& t) { return Set(t.threads, IntFrom(v, 1)); }},
    {"cpu_limit", [](const TomlValue& v, Site& t) { return Set(t.cpu_limit, PositiveNumber(v)); }},
    {"model", [](const TomlValue& v, Site& t) { return Set(t.model, Path(v)); }},
    {"samples", [](const TomlValue& v, Site& t) { return Set(t.samples, Path(v)); }},
    {"price_per_hour", [](const TomlValue& v, Site& t) { return Set(t.price_per_hour, Money(v)); }},
    {"price_per_call", [](const TomlValue& v, Site& t) { return Set(t.price_per_call, Money(v)); }},
    {"latency", [](const TomlValue& v, Site& t) { return Set(t.latency_s, Duration(v)); }},
    {"accuracy", [](const TomlValue& v, Site& t) { return Set(t.accuracy, v.Number()); }},
    {"server", [](const TomlValue& v, Site& t) { return Set(t.server.address, Text(v)); }},
    {"server_model", [](const TomlValue& v, Site& t) { return Set(t.server.model, Text(v)); }},
    {"tls", [](const TomlValue& v, Site& t) { return Set(t.server.tls, v.Boolean()); }},
    {"ca_file", [](const TomlValue& v, Site& t) { return Set(t.server.ca_file, Text(v)); }},
    {"token_env", [](const TomlValue& v, Site& t) { return Set(t.server.token_env, Text(v)); }},
    {"token_file", [](const TomlValue& v, Site& t) { return Set(t.server.token_file, Text(v)); }},
    {"backend",
     [](const TomlValue& v, Site& t) {
       return Set(t.backend, Word(v, {"onnxruntime", "python"}));
     }},
    {"instances", [](const TomlValue& v, Site& t) { return Set(t.instances, IntFrom(v, 1)); }},
    {"least_replicas", [](const TomlValue& v, Site& t) { return Set(t.least_replicas, IntFrom(v, 0)); }},
    {"most_replicas", [](const TomlValue& v, Site& t) { return Set(t.most_replicas, IntFrom(v, 1)); }},
};

const std::vector<Key<LinkSpec>> kLinkKeys = {
    {"to", [](const TomlValue& v, LinkSpec& t) { return Set(t.to, Text(v)); }},
    {"trace", [](const TomlValue& v, LinkSpec& t) { return Set(t.trace, Path(v)); }},
    {"round_trip_trace", [](const TomlValue& v, LinkSpec& t) { return Set(t.round_trip_trace, Path(v)); }},
    {"uplink", [](const TomlValue& v, LinkSpec& t) { return Set(t.uplink, Rate(v)); }},
    {"downlink", [](const TomlValue& v, LinkSpec& t) { return Set(t.downlink, Rate(v)); }},
    {"round_trip", [](const TomlValue& v, LinkSpec& t) { return Set(t.round_trip_s, Duration(v)); }},
    {"outage_every", [](const TomlValue& v, LinkSpec& t) { return Set(t.outage_every_s, Duration(v)); }},
    {"outage_lasts", [](const TomlValue& v, LinkSpec& t) { return Set(t.outage_lasts_s, Duration(v)); }},
    {"seed", [](const TomlValue& v, LinkSpec& t) { return Set(t.seed, IntegerFrom(v, 0)); }},
};

const std::vector<Key<PlaceLimits>> kLimitKeys = {
    {"response_p50", [](const TomlValue& v, PlaceLimits& t) { return Set(t.response_p50_s, Duration(v)); }},
    {"response_p99", [](const TomlValue& v, PlaceLimits& t) { return Set(t.response_p99_s, Duration(v)); }},
    {"energy", [](const TomlValue& v, PlaceLimits& t) { return Set(t.energy_j, Energy(v)); }},
    {"bytes_per_month", [](const TomlValue& v, PlaceLimits& t) { return Set(t.bytes_per_month, Bytes(v)); }},
    {"money_per_month", [](const TomlValue& v, PlaceLimits& t) { return Set(t.money_per_month, Money(v)); }},
    {"accuracy_drop", [](const TomlValue& v, PlaceLimits& t) { return Set(t.accuracy_drop, Fraction(v)); }},
    {"missed", [](const TomlValue& v, PlaceLimits& t) { return Set(t.missed, Fraction(v)); }},
};

const std::vector<Key<CascadeSpec>> kCascadeKeys = {
    {"output", [](const TomlValue& v, CascadeSpec& t) { return Set(t.output, Text(v)); }},
    {"threshold",
     [](const TomlValue& v, CascadeSpec& t) { return Set(t.threshold, NumberBetween(v, 0, 1)); }},
};

const std::vector<Key<EventRule>> kEventKeys = {
    {"output", [](const TomlValue& v, EventRule& t) { return Set(t.output, Text(v)); }},
    {"when",
     [](const TomlValue& v, EventRule& t) {
       return Set(t.when, Word(v, {"max_above", "min_below", "argmax_is"}));
     }},
    {"value", [](const TomlValue& v, EventRule& t) { return Set(t.value, v.Number()); }},
    {"url", [](const TomlValue& v, EventRule& t) { return Set(t.url, Text(v)); }},
    {"ca_file", [](const TomlValue& v, EventRule& t) { return Set(t.ca_file, Text(v)); }},
    {"token_env", [](const TomlValue& v, EventRule& t) { return Set(t.token_env, Text(v)); }},
    {"token_file", [](const TomlValue& v, EventRule& t) { return Set(t.token_file, Text(v)); }},
    {"queue", [](const TomlValue& v, EventRule& t) { return Set(t.queue, Text(v)); }},
    {"max_events", [](const TomlValue& v, EventRule& t) { return Set(t.max_events, IntegerFrom(v, 1)); }},
    {"when_full",
     [](const TomlValue& v, EventRule& t) {
       return Set(t.when_full, Word(v, {"drop_oldest", "drop_newest"}));
     }},
};

const std::vector<Key<PlaceSpec>> kPlaceKeys = {
    {"goal",
     [](const TomlValue& v, PlaceSpec& t) {
       using enum Goal;
       return Set(t.goal, read::Choice<Goal>(v, {{"response_p50", kResponseP50},
                                                 {"response_p99", kResponseP99},
                                                 {"energy", kEnergy},
                                                 {"money", kMoney},
                                                 {"bytes", kBytes}}));
     }},
    {"deadline", [](const TomlValue& v, PlaceSpec& t) { return Set(t.deadline_s, Duration(v)); }},
    {"rate", [](const TomlValue& v, PlaceSpec& t) { return Set(t.rate_per_s, PositiveNumber(v)); }},
    {"hours_per_month",
     [](const TomlValue& v, PlaceSpec& t) { return Set(t.hours_per_month, NumberBetween(v, 0, 744)); }},
    {"packing",
     [](const TomlValue& v, PlaceSpec& t) {
       return Set(
           t.packings, List<Packing>(v, [](const TomlValue& e) {
             using enum Packing;
             return read::Choice<Packing>(e, {{"none", kNone}, {"float16", kFloat16}, {"int8", kInt8}});
           }));
     }},
    {"compress", [](const TomlValue& v, PlaceSpec& t) { return Set(t.compress, v.Boolean()); }},
    {"private",
     [](const TomlValue& v, PlaceSpec& t) { return Set(t.keep_private, List<std::string>(v, Text)); }},
    {"only", [](const TomlValue& v, PlaceSpec& t) { return Set(t.only, List<std::string>(v, Text)); }},
    {"without_link", [](const TomlValue& v, PlaceSpec& t) { return Set(t.without_link, v.Boolean()); }},
    {"site", [](const TomlValue& v, PlaceSpec& t) { return Tables(v, kSiteKeys, t.sites); }},
    {"link", [](const TomlValue& v, PlaceSpec& t) { return Tables(v, kLinkKeys, t.links); }},
    {"limits", [](const TomlValue& v, PlaceSpec& t) { return Table(v, kLimitKeys, t.limits); }},
    {"cascade", [](const TomlValue& v, PlaceSpec& t) { return Table(v, kCascadeKeys, t.cascade.emplace()); }},
    {"events", [](const TomlValue& v, PlaceSpec& t) { return Table(v, kEventKeys, t.events.emplace()); }},
};

Status CheckSites(const PlaceSpec& spec, const TomlValue& place) {
  std::set<std::string> names;
  size_t devices = 0;
  for (const Site& site : spec.sites) {
    const std::string where = fmt::format("the place '{}'", Escaped(site.name));
    if (site.name.empty())
      return place.Wrong("a place has no name", "name = \"camera\" in each [[place.site]]");
    if (!names.insert(site.name).second) return place.Wrong(where + " a second time", "names that differ");
    devices += site.role == PlaceKind::kDevice;
    if (site.role == PlaceKind::kService && (!site.latency_s || !site.accuracy))
      return place.Wrong(where + " is a service without latency or accuracy",
                         "latency = \"300 ms\" and accuracy = 0.95, as its vendor declares or you measured");
    if (site.role != PlaceKind::kService && site.target.empty())
      return place.Wrong(where + " has no target",
                         "target = \"...\", a name that `shoehorn targets` lists, or a profile's path");
    if (site.cpu_limit && site.target != kThisMachine)
      return place.Wrong(where + " has a cpu_limit and is not this machine",
                         "cpu_limit where target = \"this-machine\": a profile says itself how fast it is");
    if (!site.model.empty() && site.role != PlaceKind::kGateway && site.role != PlaceKind::kCloud)
      return place.Wrong(
          fmt::format("{} has a model of its own and the role \"{}\"", where, NameOf(site.role)),
          "the role \"gateway\" or \"cloud\"",
          site.role == PlaceKind::kDevice ? "the device runs the spec's own model"
                                          : "a service declares latency and accuracy");
    if (!site.samples.empty() && (site.role != PlaceKind::kService || !spec.cascade))
      return place.Wrong(
          where + " has samples", "them of a service in a spec with [place.cascade] alone",
          site.role == PlaceKind::kService
              ? "a section [place.cascade] says which output of the device's model is looked at"
              : "of a place with a model the evaluation samples are asked");
    if (site.least_replicas > site.most_replicas)
      return place.Wrong(fmt::format("{} has least_replicas {} above most_replicas {}", where,
                                     site.least_replicas, site.most_replicas));
  }
  if (devices != 1)
    return place.Wrong(fmt::format("{} places have the role \"device\"", devices), "exactly one");
  return Ok();
}

Status CheckLinks(const PlaceSpec& spec, const TomlValue& place) {
  std::vector<std::string> names;
  for (const Site& site : spec.sites)
    if (site.role != PlaceKind::kDevice) names.push_back(site.name);
  std::set<std::string> linked;
  for (const LinkSpec& link : spec.links) {
    const std::string where = fmt::format("the link to '{}'", Escaped(link.to));
    if (std::ranges::find(names, link.to) == names.end()) {
      const std::string near = DidYouMean(link.to, names);
      return place.Wrong(where + " leads to no place",
                         names.empty() ? std::string("a place that is not the device")
                                       : fmt::format("one of {}", fmt::join(names, ", ")),
                         near.empty() ? "" : fmt::format("did you mean '{}'?", near));
    }
    linked.insert(link.to);
    const bool declared = link.uplink && link.downlink && link.round_trip_s;
    if (link.trace.empty() && !declared)
      return place.Wrong(where + " has neither a trace nor uplink, downlink and round_trip",
                         "trace = \"drive.csv\", or the three of them");
    if (link.outage_every_s.has_value() != link.outage_lasts_s.has_value())
      return place.Wrong(where + " has only one of outage_every and outage_lasts", "both, or neither");
  }
  for (const std::string& name : names)
    if (!linked.contains(name))
      return place.Wrong(fmt::format("no link leads to the place '{}'", Escaped(name)),
                         "a section [[place.link]] with to = \"" + Escaped(name) + "\"");
  return Ok();
}

Status CheckCascade(const PlaceSpec& spec, const TomlValue& place) {
  if (!spec.cascade) return Ok();
  if (spec.cascade->output.empty())
    return place.Wrong("[place.cascade] has no output", "a key 'output': class scores of the spec's model");
  if (std::ranges::none_of(spec.sites,
                           [](const Site& site) { return !site.model.empty() || !site.samples.empty(); }))
    return place.Wrong(
        "[place.cascade] has nobody to ask when the device is not sure",
        "a gateway or cloud with model = \"large.onnx\", or a service with samples = \"both.csv\"");
  return Ok();
}

Status CheckEvents(const PlaceSpec& spec, const TomlValue& place) {
  if (!spec.events) return Ok();
  for (const auto& [key, value] :
       {std::pair("output", spec.events->output), {"when", spec.events->when}, {"url", spec.events->url}})
    if (value.empty())
      return place.Wrong(fmt::format("[place.events] has no {}", key), "a key '" + std::string(key) + "'");
  return Ok();
}

}  // namespace

std::string_view NameOf(Goal goal) {
  constexpr std::string_view kNames[] = {"response_p50", "response_p99", "energy", "money", "bytes"};
  return kNames[static_cast<size_t>(goal)];
}

Result<PlaceSpec> LoadPlaceSpec(const std::filesystem::path& path) {
  PlaceSpec spec;
  SHOEHORN_ASSIGN(spec.fit, fit::LoadSpec(path));
  SHOEHORN_ASSIGN(const TomlValue root, LoadToml(path));
  if (!spec.fit.place) return root.Wrong("has no section [place]", "[place] with places and links");
  const TomlValue& place = *spec.fit.place;
  SHOEHORN_TRY(Table(place, kPlaceKeys, spec));
  if (spec.deadline_s == 0) return place.Wrong("has no deadline", "deadline = \"100 ms\"");
  if (spec.rate_per_s == 0) return place.Wrong("has no rate", "rate = 10, frames a second");
  SHOEHORN_TRY(CheckSites(spec, place));
  SHOEHORN_TRY(CheckLinks(spec, place));
  SHOEHORN_TRY(CheckCascade(spec, place));
  SHOEHORN_TRY(CheckEvents(spec, place));
  const std::filesystem::path folder = path.parent_path();
  const auto resolve = [&](std::filesystem::path& relative) {
    if (!relative.empty() && relative.is_relative()) relative = folder / relative;
  };
  for (LinkSpec& link : spec.links) {
    resolve(link.trace);
    resolve(link.round_trip_trace);
  }
  for (Site& site : spec.sites) {
    resolve(site.model);
    resolve(site.samples);
    if (site.target.ends_with(".toml") && std::filesystem::path(site.target).is_relative())
      site.target = (folder / site.target).string();
  }
  return spec;
}

std::vector<std::string> PlaceSpecKeys() {
  std::vector<std::string> keys = Names("place", kPlaceKeys);
  for (auto& section :
       {Names("place.site", kSiteKeys), Names("place.link", kLinkKeys), Names("place.limits", kLimitKeys),
        Names("place.cascade", kCascadeKeys), Names("place.events", kEventKeys)})
    keys.insert(keys.end(), section.begin(), section.end());
  return keys;
}

}  // namespace shoehorn::place
