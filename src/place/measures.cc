#include <fmt/format.h>

#include <cmath>

#include "place/choose.h"
#include "support/units.h"

namespace shoehorn::place {

std::string_view NameOf(PlaceKind kind) {
  switch (kind) {
    case PlaceKind::kDevice:
      return "device";
    case PlaceKind::kGateway:
      return "gateway";
    case PlaceKind::kCloud:
      return "cloud";
    case PlaceKind::kService:
      return "service";
  }
  return "";
}

std::string_view NameOf(Measure measure) {
  switch (measure) {
    case Measure::kP50:
      return "p50";
    case Measure::kP99:
      return "p99";
    case Measure::kMean:
      return "mean";
    case Measure::kLate:
      return "late";
    case Measure::kEnergy:
      return "energy";
    case Measure::kBytes:
      return "bytes";
    case Measure::kMoney:
      return "money";
    case Measure::kAccuracy:
      return "accuracy";
  }
  return "";
}

std::string FormatMeasure(Measure measure, double value) {
  switch (measure) {
    case Measure::kP50:
    case Measure::kP99:
    case Measure::kMean:
      return std::isinf(value) ? "never" : FormatDuration(value);
    case Measure::kLate:
      return fmt::format("{:.2f} %", value * 100);
    case Measure::kEnergy:
      return fmt::format("{} J", FormatNumber(value));
    case Measure::kBytes:
      return fmt::format("{} a month", FormatBytes(value));
    case Measure::kMoney:
      return fmt::format("{:.2f} a month", value);
    case Measure::kAccuracy:
      return fmt::format("{:.4f}", value);
  }
  return "";
}

std::string Exclusion::Text() const {
  if (!limit) return why;
  const bool accuracy = *limit == Measure::kAccuracy;
  return fmt::format("{} is {}{}{}, the limit {}", NameOf(*limit),
                     at_least ? accuracy ? "at most " : "at least " : "", FormatMeasure(*limit, found),
                     drive.empty() ? "" : fmt::format(" on {}", drive), FormatMeasure(*limit, allowed));
}

Figures FiguresOf(const Outcome& outcome, const Candidate& candidate, const Place& place,
                  const Requirements& requirements) {
  const double frames = static_cast<double>(std::max<size_t>(outcome.frames, 1));
  const double a_month = requirements.rate_per_s * 3600 * requirements.hours_per_month / frames;
  const double bytes = (outcome.up_bytes + outcome.down_bytes) * a_month;
  const double rent = candidate.policy.route ? place.price_per_hour * requirements.hours_per_month : 0;
  return {
      {Measure::kP50, outcome.p50_s},
      {Measure::kP99, outcome.p99_s},
      {Measure::kMean, outcome.mean_s},
      {Measure::kLate, static_cast<double>(outcome.late) / frames},
      {Measure::kEnergy, outcome.energy_j},
      {Measure::kBytes, bytes},
      {Measure::kMoney, rent + outcome.calls * a_month * place.price_per_call + bytes * place.price_per_byte},
      {Measure::kAccuracy, outcome.accuracy}};
}

}  // namespace shoehorn::place
