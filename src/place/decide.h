// From a spec to a decision: what every node costs at every place, every cut worth a thought, the choice over
// all drives, and the accuracy of what was chosen with its packing in place.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "place/candidates.h"
#include "place/choose.h"
#include "place/compression.h"
#include "place/cuts.h"
#include "place/packing.h"
#include "place/site_cascades.h"
#include "place/site_costs.h"
#include "place/spec.h"

namespace shoehorn::place {

struct DecideHooks {
  std::function<bool()> interrupted;
  std::function<void(const std::string&)> show;  ///< a line of progress
};

/// What was measured of the answers that come over the link.
struct PackedAccuracy {
  size_t candidate = 0;
  double score = 0, original = 0;
  size_t samples = 0;
};

struct Decision {
  PlaceSpec spec;
  std::unique_ptr<ir::Model> model;    ///< pinned and simplified; `graph` points into it
  std::vector<SiteCosts> costs;        ///< by site
  std::map<size_t, SiteModel> models;  ///< of sites that run a model of their own
  std::vector<SiteCascade> cascades;   ///< candidates hold spans of their samples
  CutGraph graph;                      ///< with the device's costs
  std::vector<Place> places;           ///< by site
  std::vector<std::string> drives;     ///< names of the links, by drive
  std::vector<Candidate> candidates;   ///< of place i: the spec's site i
  Ground ground;
  Requirements requirements;
  Choice choice;
  std::optional<std::string> metric;  ///< its name, when accuracy was measured
  /// Of the models that the spec names: its own, those of sites, and of services in a cascade. What
  /// limits.accuracy_drop counts from.
  double best_accuracy = 0;
  std::vector<PackedAccuracy> accuracies;
  std::vector<WireTensor> wire;  ///< packing of what crosses, for the choice, as Cut::crossing
  std::optional<CompressionReport> compression;
  std::vector<std::string> warnings;
  double seconds = 0;  ///< what the decision itself took, without measuring

  const Candidate& best() const { return candidates[choice.best]; }
  /// The cascade behind the choice; null when it is none.
  const SiteCascade* cascade() const;
  /// Index of the site that is the device.
  size_t device() const;
};

/// By node of the main graph: is it in the head? As SplitModel() wants it.
std::vector<bool> HeadNodes(const ir::Model& model, const CutGraph& graph, const Cut& cut);

/// Errors: those of the spec, the model, the profiles, the traces; nothing that meets the limits; Ctrl-C.
Result<std::unique_ptr<Decision>> Decide(PlaceSpec spec, const DecideHooks& hooks);

}  // namespace shoehorn::place
