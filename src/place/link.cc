#include "place/link.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "support/units.h"

namespace shoehorn::place {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();
constexpr double kNothing = 1e-6;      // of a byte: what rounding leaves of a sum
constexpr double kOutage = 100e3 / 8;  // 100 kbit/s, as the recordings' own statistics count

Status Measured(const Trace& trace, const Series& series, const char* column) {
  if (!series.empty()) return Ok();
  return Diagnostic{.file = trace.name,
                    .found = fmt::format("{} was not measured", column),
                    .expected = "a trace that measured it",
                    .fix = "take it from another trace, or declare it"};
}

/// The value that `share` of the time is not above.
double QuantileByTime(const Steps& steps, double share) {
  std::vector<std::pair<double, double>> parts;
  for (size_t i = 0; i < steps.times().size(); ++i) {
    const double end = i + 1 < steps.times().size() ? steps.times()[i + 1] : steps.period();
    parts.emplace_back(steps.values()[i], end - steps.times()[i]);
  }
  std::ranges::sort(parts);
  double time = 0;
  for (const auto& [value, seconds] : parts)
    if ((time += seconds) >= share * steps.period() * (1 - 1e-12)) return value;
  return parts.back().first;
}

RateStatistics StatisticsOf(const Steps& steps) {
  RateStatistics statistics;
  statistics.mean = steps.Amount(0, steps.period()) / steps.period();
  statistics.p50 = QuantileByTime(steps, 0.5);
  statistics.p5 = QuantileByTime(steps, 0.05);
  double run = 0, below = 0;
  for (size_t i = 0; i < steps.times().size(); ++i) {
    const double end = i + 1 < steps.times().size() ? steps.times()[i + 1] : steps.period();
    const double seconds = end - steps.times()[i];
    run = steps.values()[i] < kOutage ? run + seconds : 0;
    below += steps.values()[i] < kOutage ? seconds : 0;
    statistics.longest_below_s = std::max(statistics.longest_below_s, run);
  }
  statistics.below_share = below / steps.period();
  return statistics;
}

}  // namespace

Steps::Steps(Series series, double period)
    : times_(std::move(series.times)), values_(std::move(series.values)), period_(period) {
  SHOEHORN_CHECK(!times_.empty() && times_.size() == values_.size() && times_[0] == 0,
                 "a series begins at 0");
  SHOEHORN_CHECK(times_.back() < period_, "a series ends before its period");
  for (size_t i = 0; i < times_.size(); ++i) {
    until_.push_back(total_);
    total_ += values_[i] * (EndOf(i) - times_[i]);
  }
  guess_.resize(times_.size());
  cell_ = period_ / static_cast<double>(guess_.size());
  for (size_t cell = 0, i = 0; cell < guess_.size(); ++cell) {
    while (i + 1 < times_.size() && times_[i + 1] <= cell_ * static_cast<double>(cell)) ++i;
    guess_[cell] = static_cast<uint32_t>(i);
  }
}

double Steps::Local(double time) const {
  if (time < period_) return time;
  const double local = time - std::floor(time / period_) * period_;
  return local < period_ ? std::max(local, 0.0) : 0;
}

size_t Steps::IndexAt(double local) const {
  size_t i = guess_[std::min(static_cast<size_t>(local / cell_), guess_.size() - 1)];
  while (i > 0 && times_[i] > local) --i;
  while (i + 1 < times_.size() && times_[i + 1] <= local) ++i;
  return i;
}

double Steps::Finish(double start, double amount) const {
  if (amount <= 0) return start;
  if (total_ <= 0) return kNever;
  double local = Local(start), base = start - local;
  // Whole periods at once, but never the last byte: it may pass before an outage that ends the period.
  if (const double whole = std::ceil(amount / total_) - 1; whole > 0) {
    amount -= whole * total_;
    base += whole * period_;
  }
  for (size_t i = IndexAt(local);;) {
    const double end = EndOf(i), part = values_[i] * (end - local);
    if (part + kNothing >= amount)
      return base + (values_[i] > 0 ? std::min(local + amount / values_[i], end) : local);
    amount -= part;
    local = end;
    if (++i == times_.size()) {
      i = 0;
      local = 0;
      base += period_;
    }
  }
}

double Steps::AmountUntil(double time) const {
  const double local = Local(time);
  const size_t i = IndexAt(local);
  return std::round((time - local) / period_) * total_ + until_[i] + values_[i] * (local - times_[i]);
}

double Steps::Amount(double start, double end) const { return AmountUntil(end) - AmountUntil(start); }

Result<Link> Link::Of(const Trace& uplink, const Trace& downlink, const Trace& round_trip) {
  SHOEHORN_TRY(Measured(uplink, uplink.uplink, "the uplink's rate"));
  SHOEHORN_TRY(Measured(downlink, downlink.downlink, "the downlink's rate"));
  SHOEHORN_TRY(Measured(round_trip, round_trip.round_trip, "the round trip"));
  Link link;
  link.up_ = std::make_shared<const Steps>(uplink.uplink, uplink.duration_s);
  link.down_ = std::make_shared<const Steps>(downlink.downlink, downlink.duration_s);
  link.round_trip_ = std::make_shared<const Steps>(round_trip.round_trip, round_trip.duration_s);
  link.duration_s_ = std::max(uplink.duration_s, downlink.duration_s);
  const auto name = [&](const Trace& trace) {
    return trace.duration_s < link.duration_s_
               ? fmt::format("{} (repeated every {})", trace.name, FormatDuration(trace.duration_s))
               : trace.name;
  };
  if (uplink.name == downlink.name && uplink.name == round_trip.name) {
    link.source_ = uplink.name;
  } else if (uplink.name == downlink.name) {
    link.source_ = fmt::format("rates of {}, round trips of {}", name(uplink), name(round_trip));
  } else {
    link.source_ = fmt::format("uplink of {}, downlink of {}, round trips of {}", name(uplink),
                               name(downlink), name(round_trip));
  }
  return link;
}

Link Link::Constant(double up, double down, double round_trip_s, double duration_s) {
  SHOEHORN_CHECK(up >= 0 && down >= 0 && round_trip_s >= 0 && duration_s > 0, "a link's figures");
  Link link;
  const auto steps = [&](double value) {
    return std::make_shared<const Steps>(Series{.times = {0}, .values = {value}}, duration_s);
  };
  link.up_ = steps(up);
  link.down_ = steps(down);
  link.round_trip_ = steps(round_trip_s);
  link.duration_s_ = duration_s;
  link.source_ = "constant";
  return link;
}

Link Link::Scaled(double factor) const {
  SHOEHORN_CHECK(factor > 0, "a link is scaled by more than nothing");
  Link scaled = *this;
  scaled.factor_ *= factor;
  return scaled;
}

LinkStatistics StatisticsOf(const Link& link) {
  LinkStatistics statistics;
  statistics.up = StatisticsOf(link.Of(Direction::kUp));
  statistics.down = StatisticsOf(link.Of(Direction::kDown));
  statistics.round_trip_p50_s = QuantileByTime(link.round_trip(), 0.5);
  statistics.round_trip_p99_s = QuantileByTime(link.round_trip(), 0.99);
  statistics.round_trip_max_s = QuantileByTime(link.round_trip(), 1);
  return statistics;
}

}  // namespace shoehorn::place
