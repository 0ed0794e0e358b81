// All ways to run one model that are worth a simulation: cuts x places x packings x rules, without those that
// another one beats whatever the link does. Costs are plain numbers in the cut graph; where they come from is
// the caller's business.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "place/choose.h"
#include "place/cuts.h"

namespace shoehorn::place {

/// What an external service, or a larger model in the cloud, does with the model's own inputs.
struct Whole {
  double seconds = 0;
  double p99_s = 0;  ///< log-normal; 0: always `seconds`
  double accuracy = 1;
  double up_bytes = 0;    ///< 0: the model's inputs as they are
  double down_bytes = 0;  ///< 0: the model's outputs as they are
};

/// A small model on the device that asks a place with a model of its own when it is not sure.
struct CascadeOffer {
  std::vector<Step> local{};  ///< the small model
  std::span<const CascadeSample> samples{};
  std::vector<double> thresholds{};
};

/// What runs at one place, besides the device.
struct PlaceCosts {
  size_t place = 0;
  std::vector<double> tail_s{};           ///< by node of the cut graph; empty: takes no part of the model
  double call_s = 0;                      ///< added to every tail: unpacking, dispatch
  double decompress_factor = 1;           ///< its time to decompress over CutValue::compressed's
  double p99_share = 0;                   ///< a tail's p99 over its median; 0: always the same
  std::optional<Whole> whole{};           ///< a model of its own
  std::optional<CascadeOffer> cascade{};  ///< needs `whole`
};

struct CandidateOptions {
  size_t device = 0;  ///< index of the device's own place
  std::vector<Packing> packings = {Packing::kNone, Packing::kFloat16, Packing::kInt8};
  /// Of the model cut so and packed so; absent: `local_accuracy`, whatever is cut.
  std::function<double(const Cut&, Packing)> accuracy{};
  double local_accuracy = 1;
  bool compress = false;       ///< make each choice once more with what crosses compressed
  double pack_s_per_byte = 0;  ///< on the device, for each byte that is packed, counted before packing
  double deadline_s = 0;       ///< 0: no fallback
  double rate_per_s = 1;
  std::vector<std::string> answers_without_link{};  ///< outputs of the model
};

/// The device's side of a cut as steps: one for each run of nodes on one unit.
std::vector<Step> StepsOf(const CutGraph& graph, const Cut& cut);

/// In order: all on the device, then place by place its pure choice, its splits and its cascades; candidates
/// of one cut stand in a row. A pure choice that privacy or the device forbids is there, too, with the
/// reason.
std::vector<Candidate> MakeCandidates(const CutGraph& graph, const std::vector<Place>& places,
                                      std::span<const PlaceCosts> costs, const Radio& radio,
                                      const CandidateOptions& options);

}  // namespace shoehorn::place
