// A small model on the device and a large one elsewhere: the device's answer is kept when it is confident,
// else the other place is asked. How confident is enough is read off labelled samples that both models
// answered:
//   keep from 0.9 on: asks for 31 % of the samples, right on 94 %
#pragma once

#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "place/simulate.h"
#include "support/result.h"

namespace shoehorn::place {

/// What one threshold gives on the samples.
struct CascadePoint {
  double threshold = 0;    ///< kept when the confidence is at least this
  double asked_share = 0;  ///< of the samples
  double accuracy = 0;     ///< mean score of the answers that stand
};

/// A point for each confidence that occurs, and one above all of them (every sample is asked for); ascending
/// in the threshold, so that the first one keeps every answer. CHECKs that there are samples.
std::vector<CascadePoint> CascadeCurve(std::span<const CascadeSample> samples);

struct CascadeChoice {
  CascadePoint point{};
  double device_accuracy = 0, tail_accuracy = 0;  ///< of each model alone
  /// Mean score when the threshold is chosen on one half of the samples and scored on the other, both ways:
  /// what to expect on new data. Samples alternate between the halves.
  double held_out_accuracy = 0;
};

/// The threshold that asks for the fewest samples and still scores `least_accuracy`. Errors: no samples, a
/// figure that is not from 0 to 1 (the place is the sample's number from 1), no threshold scores so well.
Result<CascadeChoice> ChooseThreshold(std::span<const CascadeSample> samples, double least_accuracy);

/// A threshold that is worth a simulation.
struct CascadeThreshold {
  CascadePoint point{};
  /// As of CascadeChoice; for one that asks for more, when the same share is asked for on the other half.
  double held_out_accuracy = 0;
};

/// The one of ChooseThreshold(), and up to three that ask for more and score `least_accuracy`, too: where a
/// link fails, answers of the device stand that the place was asked for, and the others make up for them.
/// Ascending; none above 1, which no confidence reaches: empty when only a place that answers every frame
/// scores so well. Errors: as of ChooseThreshold().
Result<std::vector<CascadeThreshold>> ThresholdsFor(std::span<const CascadeSample> samples,
                                                    double least_accuracy);

/// What a threshold that somebody else chose gives on the samples: all of them are held out. CHECKs that
/// there are samples.
CascadeThreshold ThresholdOnSamples(std::span<const CascadeSample> samples, double threshold);

/// Samples from a CSV file with the columns confidence, device_score and tail_score. Errors: as in a trace,
/// by file, line and column.
Result<std::vector<CascadeSample>> ParseCascadeSamples(std::string_view text,
                                                       const std::filesystem::path& file);

}  // namespace shoehorn::place
