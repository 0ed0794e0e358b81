// A link between two places over time: when have B bytes crossed that start at t? 30 kB started at 0 over a
// link of 10 kB/s that is out from second 1 to 5 are through at second 7. Made of recorded traces, of which
// each repeats when it ends, or of a trace drawn from declared distributions.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "place/trace.h"

namespace shoehorn::place {

/// A series that repeats with its period; sends by integrating itself.
class Steps {
 public:
  /// `series` is not empty and ends before `period`, seconds.
  Steps(Series series, double period);

  double At(double time) const { return values_[IndexAt(Local(time))]; }
  /// When the integral from `start` reaches `amount`; infinite when it never does.
  double Finish(double start, double amount) const;
  /// The integral from `start` to `end`, start <= end.
  double Amount(double start, double end) const;

  double period() const { return period_; }
  const std::vector<double>& times() const { return times_; }
  const std::vector<double>& values() const { return values_; }

 private:
  double Local(double time) const;
  size_t IndexAt(double local) const;
  double EndOf(size_t i) const { return i + 1 < times_.size() ? times_[i + 1] : period_; }
  double AmountUntil(double time) const;

  std::vector<double> times_, values_;
  std::vector<double> until_;    // the integral from 0 to times_[i]
  std::vector<uint32_t> guess_;  // the step that holds at the start of each of equal cells
  double period_, cell_, total_ = 0;
};

enum class Direction { kUp, kDown };  ///< from the device to the other place, and back

/// Cheap to copy.
class Link {
 public:
  /// Each series from a trace of its own; the same trace may stand in all three places. The longer of the two
  /// rate traces gives the duration. Errors: a trace that did not measure what is taken from it.
  static Result<Link> Of(const Trace& uplink, const Trace& downlink, const Trace& round_trip);
  /// Bytes a second up and down, seconds.
  static Link Constant(double up, double down, double round_trip_s, double duration_s);

  double Rate(Direction direction, double time) const { return Of(direction).At(time) * factor_; }
  double RoundTrip(double time) const { return round_trip_->At(time); }
  /// When `bytes` that start at `time` are through; infinite when the link never carries them.
  double Finish(Direction direction, double time, double bytes) const {
    return Of(direction).Finish(time, bytes / factor_);
  }
  double Bytes(Direction direction, double from, double to) const {
    return Of(direction).Amount(from, to) * factor_;
  }
  /// The same link with both rates times `factor` > 0.
  Link Scaled(double factor) const;

  double duration_s() const { return duration_s_; }
  /// What it is made of: "att-lte-driving", "rates of att-lte-driving, round trips of ucc5g (repeated every
  /// 92 s)".
  const std::string& source() const { return source_; }
  const Steps& Of(Direction direction) const { return direction == Direction::kUp ? *up_ : *down_; }
  const Steps& round_trip() const { return *round_trip_; }

 private:
  Link() = default;
  std::shared_ptr<const Steps> up_, down_, round_trip_;
  double factor_ = 1, duration_s_ = 0;
  std::string source_;
};

/// What a declared link draws from: log-normal with these quantiles, or always `p50` when both are equal.
struct Spread {
  double p50 = 0, p99 = 0;
};

/// A link by its figures. Rates and round trips are drawn anew every `hold_s`; for rates `p99` is the rate
/// that 99 % of the time is exceeded, the bad end, as for round trips. Outages come at random and last at
/// random times (exponential), during which both rates are zero.
struct DeclaredLink {
  std::string name = "declared";
  Spread uplink, downlink;    ///< bytes a second, p99 <= p50
  Spread round_trip;          ///< seconds, p99 >= p50
  double outage_every_s = 0;  ///< mean time from the end of one to the start of the next; 0: none
  double outage_mean_s = 0;
  double hold_s = 1;
  double duration_s = 900;
  uint64_t seed = 1;
};

/// A recording of such a link; the same seed gives the same one on every machine. Errors (the place is the
/// field's name): a rate or time that is not above 0, quantiles in the wrong order, an outage of which only
/// one figure is given.
Result<Trace> DrawTrace(const DeclaredLink& link);

/// By time, not by row.
struct RateStatistics {
  double mean = 0, p50 = 0, p5 = 0;  ///< bytes a second
  double below_share = 0;            ///< of the time under 100 kbit/s
  double longest_below_s = 0;
};
struct LinkStatistics {
  RateStatistics up, down;
  double round_trip_p50_s = 0, round_trip_p99_s = 0, round_trip_max_s = 0;
};
LinkStatistics StatisticsOf(const Link& link);

}  // namespace shoehorn::place
