// Judges candidates: simulates them over all drives, in the world as it is or with one thing changed, and
// holds them against the limits. Choose() and the search for turns share it.
#pragma once

#include "place/choose.h"

namespace shoehorn::place {

/// What is multiplied by what, to see how far a choice holds.
struct World {
  double link_rate = 1, price = 1, device_speed = 1;
  bool operator==(const World&) const = default;
};

class Court {
 public:
  /// All must outlive it.
  Court(const std::vector<Candidate>& candidates, const std::vector<Place>& places, const Ground& ground,
        const Requirements& requirements);

  /// Simulates; stops after the first drive that excludes the candidate unless `all_drives`.
  Judged Judge(size_t candidate, const World& world, bool all_drives, size_t timeline = 0) const;
  /// Figures of outcomes in a world where prices are others.
  Judged Reprice(const Judged& judged, double price) const;
  /// Without simulating: what is known from the candidate alone, its best case and what that excludes.
  /// Candidates of one cut are fastest asked for in a row.
  Judged Glance(size_t candidate);

  /// By the objective; among equals by late frames, p99, energy and money.
  bool Better(const Figures& a, const Figures& b) const;
  /// How many times over the worst limit, of all drives; 0 when inside all.
  double Excess(const Judged& judged) const;

  const std::vector<Candidate>& candidates() const { return candidates_; }
  const Requirements& requirements() const { return requirements_; }

 private:
  const Place& PlaceOf(size_t candidate) const { return places_[candidates_[candidate].place]; }
  std::string DriveName(size_t candidate, size_t drive) const;
  /// Sets `judged.out` to the limit that `figures` miss by most, when that is more than what stands there.
  void HoldAgainstLimits(Judged& judged, const Figures& figures, bool at_least,
                         const std::string& drive) const;
  void Average(Judged& judged) const;
  Figures BestCase(size_t candidate, size_t drive);

  const std::vector<Candidate>& candidates_;
  const std::vector<Place>& places_;
  const Ground& ground_;
  const Requirements& requirements_;
  std::vector<std::vector<double>> arrivals_;  // by drive
  // Responses without queues of the cut that was asked for last, by drive.
  std::string cached_cut_;
  size_t cached_place_ = 0;
  std::vector<std::vector<double>> cached_;
};

}  // namespace shoehorn::place
