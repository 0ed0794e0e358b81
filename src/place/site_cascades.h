// The section [place.cascade]: for each place that brings a model of its own, the samples that the device's
// model and that one answered both, and the thresholds of confidence that are worth a simulation.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "place/cascade.h"
#include "place/site_models.h"

namespace shoehorn::place {

struct SiteCascade {
  size_t site = 0;
  std::string basis;                              ///< "333 evaluation samples", "both.csv"
  std::vector<CascadeSample> samples;             ///< the scores as of Goodness()
  double device_accuracy = 0, tail_accuracy = 0;  ///< of each model alone on the samples
  bool given = false;                             ///< the threshold stands in the spec
  double least_accuracy = 0;                      ///< that chose the thresholds, when it does not
  std::vector<CascadeThreshold> thresholds;
};

/// For a spec with a cascade: by place, with what a reader should know in `warnings`. The thresholds keep
/// limits.accuracy_drop (0 without it) against the better of the two models. `own` is the spec's model as it
/// is placed, `bench` has scored it. Errors: no such output, or one without classes; a metric that gives no
/// score to each sample, with those that do; samples of a service that cannot be read.
Result<std::vector<SiteCascade>> CascadesOf(const PlaceSpec& spec, const ir::Model& own,
                                            const AccuracyBench& bench,
                                            const std::map<size_t, SiteModel>& models,
                                            const std::function<bool()>& stop,
                                            std::vector<std::string>& warnings);

}  // namespace shoehorn::place
