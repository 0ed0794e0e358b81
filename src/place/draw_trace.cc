#include <fmt/format.h>

#include <boost/random/exponential_distribution.hpp>
#include <boost/random/mersenne_twister.hpp>
#include <boost/random/normal_distribution.hpp>
#include <cmath>

#include "place/link.h"

namespace shoehorn::place {
namespace {

/// The standard normal distribution's quantile of 0.99.
constexpr double kNormal99 = 2.3263478740408408;

Diagnostic At(const DeclaredLink& link, const char* place, std::string found, std::string expected) {
  return {.file = link.name, .place = place, .found = std::move(found), .expected = std::move(expected)};
}

Status Above0(const DeclaredLink& link, const char* place, double value) {
  if (std::isfinite(value) && value > 0) return Ok();
  return At(link, place, fmt::format("{}", value), "a number above 0");
}

Status CheckSpread(const DeclaredLink& link, const char* place, const Spread& spread, bool less_is_bad) {
  SHOEHORN_TRY(Above0(link, place, spread.p50));
  SHOEHORN_TRY(Above0(link, place, spread.p99));
  if (less_is_bad ? spread.p99 > spread.p50 : spread.p99 < spread.p50)
    return At(
        link, place, fmt::format("p99 {} and p50 {}", spread.p99, spread.p50),
        less_is_bad ? "a p99 of at most p50: 99 % of the time the rate is higher" : "a p99 of at least p50");
  return Ok();
}

Status Check(const DeclaredLink& link) {
  SHOEHORN_TRY(CheckSpread(link, "uplink", link.uplink, true));
  SHOEHORN_TRY(CheckSpread(link, "downlink", link.downlink, true));
  SHOEHORN_TRY(CheckSpread(link, "round_trip", link.round_trip, false));
  SHOEHORN_TRY(Above0(link, "hold", link.hold_s));
  SHOEHORN_TRY(Above0(link, "duration", link.duration_s));
  if (link.duration_s / link.hold_s > 1e6)
    return At(link, "hold", fmt::format("{} draws", link.duration_s / link.hold_s), "at most a million");
  if (link.outage_every_s == 0 && link.outage_mean_s == 0) return Ok();
  SHOEHORN_TRY(Above0(link, "outage.every", link.outage_every_s));
  return Above0(link, "outage.mean", link.outage_mean_s);
}

double Draw(boost::random::mt19937_64& random, const Spread& spread) {
  const double sigma = std::log(spread.p99 / spread.p50) / kNormal99;
  return spread.p50 * std::exp(sigma * boost::random::normal_distribution<double>()(random));
}

/// `rate`, but zero from `starts[i]` to `ends[i]`.
Series WithOutages(const Series& rate, const Series& out) {
  Series result;
  const auto add = [&](double time, double value) {
    if (!result.empty() && result.times.back() == time) {
      result.values.back() = value;
    } else {
      result.times.push_back(time);
      result.values.push_back(value);
    }
  };
  for (size_t r = 0, o = 0; r < rate.times.size() || o < out.times.size();) {
    const bool rate_next = o == out.times.size() || (r < rate.times.size() && rate.times[r] <= out.times[o]);
    const double time = rate_next ? rate.times[r++] : out.times[o++];
    const bool is_out = o > 0 && out.values[o - 1] > 0;
    add(time, is_out ? 0 : rate.values[r - 1]);
  }
  return result;
}

}  // namespace

Result<Trace> DrawTrace(const DeclaredLink& link) {
  SHOEHORN_TRY(Check(link));
  // Four streams, so that one figure more or less does not change what is drawn for the others.
  boost::random::mt19937_64 up(link.seed * 4), down(link.seed * 4 + 1), trip(link.seed * 4 + 2),
      outage(link.seed * 4 + 3);
  Trace trace;
  trace.name = link.name;
  trace.duration_s = link.duration_s;
  const auto add = [](Series& series, double time, double value) {
    series.times.push_back(time);
    series.values.push_back(value);
  };
  for (int64_t i = 0; static_cast<double>(i) * link.hold_s < link.duration_s; ++i) {
    const double time = static_cast<double>(i) * link.hold_s;
    add(trace.uplink, time, Draw(up, link.uplink));
    add(trace.downlink, time, Draw(down, link.downlink));
    add(trace.round_trip, time, Draw(trip, link.round_trip));
  }
  if (link.outage_every_s == 0) return trace;

  Series out;  // 1 from the start of an outage, 0 from its end
  boost::random::exponential_distribution<double> pause(1 / link.outage_every_s),
      length(1 / link.outage_mean_s);
  for (double time = pause(outage); time < link.duration_s;) {
    add(out, time, 1);
    time += length(outage);
    if (time < link.duration_s) add(out, time, 0);
    time += pause(outage);
  }
  trace.uplink = WithOutages(trace.uplink, out);
  trace.downlink = WithOutages(trace.downlink, out);
  return trace;
}

}  // namespace shoehorn::place
