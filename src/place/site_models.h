// A place that runs a model of its own on the spec's inputs, usually a larger one: `model` in a section
// [[place.site]]. It is held against the spec's model, timed like it and scored on the same samples by the
// same metric.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "place/accuracy.h"
#include "place/site_costs.h"
#include "place/spec.h"

namespace shoehorn::place {

struct SiteModel {
  std::unique_ptr<ir::Model> model;  ///< as PreparedModel() gives it
  SiteCosts costs;                   ///< of all of it; without `nodes`, which would be the spec's model's
  double accuracy = 0;               ///< Goodness() on the evaluation samples
  std::vector<double> scores;        ///< AccuracyBench::SampleScores()
  double down_bytes = 0;             ///< of its outputs
  std::vector<std::string> lacks;    ///< outputs of the spec's model that it does not give
};

/// Errors, with the file of the model and what differs from `own`, the spec's model as it is placed: an input
/// that is not there, is one more, or has another type or shape; the same of an output that the metric or the
/// events read. A metric that compares with the spec's own model. What CostsOf() and AccuracyBench say.
Result<SiteModel> OpenSiteModel(const PlaceSpec& spec, const Site& site, const ir::Model& own,
                                const std::function<bool()>& stop);

}  // namespace shoehorn::place
