// Which of all ways to run a model is best: each candidate is simulated over every recorded drive, limits
// exclude, the objective decides. The choice comes with all that a reader needs to trust it: the runner-up,
// the pure choices beside it, why each excluded one is out, and how much the world must change for the choice
// to change.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "place/cuts.h"
#include "place/simulate.h"

namespace shoehorn::place {

enum class PlaceKind { kDevice, kGateway, kCloud, kService };
std::string_view NameOf(PlaceKind kind);  ///< "device", "gateway", "cloud", "service"

/// Where a tail, or all of the model, can run. An external AI service is a place like any other.
struct Place {
  std::string name;
  PlaceKind kind = PlaceKind::kCloud;
  std::vector<Link> links{};  ///< from the device, one a drive; empty for the device
  size_t servers = 1;         ///< 0: as many as needed
  double price_per_hour = 0;  ///< as long as the device is on
  double price_per_call = 0;
  double price_per_byte = 0;  ///< of the link, both directions
  double loss = 0;            ///< share of calls that vanish
  double retry_after_s = 0;
  int retries = 0;
};

/// One way to run the model. Candidates of one `cut` differ only in their rules.
struct Candidate {
  std::string name;            ///< "split at 'relu_3', rest on cloud (int8), the device past the deadline"
  std::string cut;             ///< what runs where, without the rules
  size_t place = 0;            ///< of the tail; the device's own index for none
  bool pure = false;           ///< everything in one place, no rules
  bool without_link = false;   ///< the answers that must come without the link do
  std::string forbidden{};     ///< why it may not be taken, whatever it gives (privacy); empty: it may
  std::optional<Cut> split{};  ///< of the cut graph; absent: the place runs a model of its own
  Packing packing = Packing::kNone;
  bool compress = false;  ///< what crosses, with gzip
  Policy policy{};
};

enum class Measure { kP50, kP99, kMean, kLate, kEnergy, kBytes, kMoney, kAccuracy };
/// "p50", "p99", "mean", "late", "energy", "bytes", "money", "accuracy".
std::string_view NameOf(Measure measure);
/// "142 ms", "3.10 %", "0.250 J", "1.10 GiB a month", "38.0 a month".
std::string FormatMeasure(Measure measure, double value);

struct Requirements {
  Measure objective = Measure::kP50;   ///< the least mean over the drives; of accuracy the greatest
  std::map<Measure, double> limits{};  ///< hold on every drive: at most, for accuracy at least
  bool answers_without_link = false;   ///< candidates that are not `without_link` are out
  double deadline_s = 0;               ///< 0: none
  double rate_per_s = 1;               ///< of frames
  double hours_per_month = 730;        ///< that the device is on
};

/// The device's side of every simulation.
struct Ground {
  size_t units = 1;
  double idle_w = 0;
  Radio radio{};
  size_t drives = 1;
  double duration_s = 0;  ///< at least; a drive lasts as long as its longest link, a minute without any
  uint64_t seed = 1;
};

using Figures = std::map<Measure, double>;
/// The outcome of one drive in the units of requirements; bytes and money a month.
Figures FiguresOf(const Outcome& outcome, const Candidate& candidate, const Place& place,
                  const Requirements& requirements);

/// Why a candidate is out.
struct Exclusion {
  std::optional<Measure> limit{};  ///< absent: `why`
  std::string why{};               ///< "'input' must not leave the vehicle"
  double found = 0, allowed = 0;
  bool at_least = false;     ///< `found` is of the best case (it was not simulated): it is at least so bad
  std::string drive{};       ///< the link on which it was found; empty: on every one
  std::string Text() const;  ///< "p99 is 412 ms on att-lte-driving, the limit 150 ms"
};

/// What became of a candidate. One that cannot win any more is not simulated, one that a drive excludes not
/// further.
struct Judged {
  size_t candidate = 0;
  std::vector<Figures> drives{};    ///< of the drives that were simulated
  std::vector<Outcome> outcomes{};  ///< of the same
  Figures mean{};                   ///< over all drives; empty when not all were simulated
  Figures best_case{};              ///< with no queue anywhere: what a simulation would give at best
  std::optional<Exclusion> out{};
  bool simulated() const { return !mean.empty(); }
};

/// How far one thing must change before another choice is better.
struct Turn {
  std::string what;                ///< "link rate", "price", "device speed"
  bool up = true;                  ///< more of it, or less
  std::optional<double> factor{};  ///< nearest to 1 that changes the choice, to 5 %; absent: none to 16 times
  std::optional<size_t>
      to{};  ///< the candidate that is best then; absent with a factor: none meets the limits
};

struct Choice {
  size_t best = 0;  ///< indices of candidates
  std::optional<size_t>
      runner_up;               ///< the best one with another cut or place; absent: no other meets the limits
  std::vector<Judged> judged;  ///< by candidate
  std::vector<Turn> turns;
};

/// Errors: no candidate meets the limits; the message says how many each limit excludes, and which is
/// nearest. CHECKs that there are candidates, and one link a drive for each other place.
Result<Choice> Choose(const std::vector<Candidate>& candidates, const std::vector<Place>& places,
                      const Ground& ground, const Requirements& requirements);

/// One candidate over all drives, with `timeline` buckets in its outcomes: for the report.
Judged JudgeOne(const std::vector<Candidate>& candidates, size_t candidate, const std::vector<Place>& places,
                const Ground& ground, const Requirements& requirements, size_t timeline);

}  // namespace shoehorn::place
