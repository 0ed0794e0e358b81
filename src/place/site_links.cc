#include "place/site_links.h"

#include "place/trace.h"

namespace shoehorn::place {

Result<Link> LinkOf(const LinkSpec& spec) {
  if (spec.trace.empty()) {
    DeclaredLink declared;
    declared.name = "declared link to " + spec.to;
    declared.uplink = {*spec.uplink, *spec.uplink};
    declared.downlink = {*spec.downlink, *spec.downlink};
    declared.round_trip = {*spec.round_trip_s, *spec.round_trip_s};
    declared.outage_every_s = spec.outage_every_s.value_or(0);
    declared.outage_mean_s = spec.outage_lasts_s.value_or(0);
    declared.seed = static_cast<uint64_t>(spec.seed);
    SHOEHORN_ASSIGN(const Trace trace, DrawTrace(declared));
    return Link::Of(trace, trace, trace);
  }
  SHOEHORN_ASSIGN(Trace rates, LoadTrace(spec.trace));
  const auto constant = [&](double value) { return Series{{0}, {value}}; };
  // What the trace did not measure may be declared beside it.
  if (spec.uplink && rates.uplink.empty()) rates.uplink = constant(*spec.uplink);
  if (spec.downlink && rates.downlink.empty()) rates.downlink = constant(*spec.downlink);
  if (!spec.round_trip_trace.empty()) {
    SHOEHORN_ASSIGN(const Trace round_trips, LoadTrace(spec.round_trip_trace));
    return Link::Of(rates, rates, round_trips);
  }
  if (spec.round_trip_s && rates.round_trip.empty()) rates.round_trip = constant(*spec.round_trip_s);
  return Link::Of(rates, rates, rates);
}

}  // namespace shoehorn::place
