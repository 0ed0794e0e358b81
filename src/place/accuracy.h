// The accuracy of a model whose crossing tensors are packed, measured on the spec's samples with the packing
// in place.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "fit/test_bench.h"
#include "place/packing.h"
#include "support/temporary.h"

namespace shoehorn::place {

/// The metric, so turned that more is better: an error rate counts as the share without errors.
double Goodness(const fit::Candidate& candidate);

class AccuracyBench {
 public:
  /// Scores the model as it comes. Errors: samples or a metric that do not fit.
  static Result<std::unique_ptr<AccuracyBench>> Open(const fit::Spec& spec, const ir::Model& model,
                                                     const std::function<bool()>& stop);

  /// How 8 bits are spent on each value, from the smallest and greatest number met on the calibration samples
  /// (else on the evaluation samples, which `remark` then says). Values whose packing is not int8 pass
  /// through.
  Result<std::vector<WireTensor>> Scales(std::vector<WireTensor> tensors, std::string* remark) const;

  /// The metric with these tensors packed between the nodes of `in_head` and the others.
  Result<fit::Candidate> Score(const std::vector<bool>& in_head,
                               const std::vector<WireTensor>& tensors) const;

  const fit::Candidate& original() const { return original_; }
  /// What the model as it comes scores on each sample, turned as Goodness() is. Empty for a metric that is
  /// not one of data::MetricsBySample().
  std::vector<double> SampleScores() const;

 private:
  AccuracyBench(const fit::Spec& spec, const ir::Model& model, std::function<bool()> stop)
      : spec_(spec), model_(model), stop_(std::move(stop)) {}
  const fit::Spec& spec_;
  const ir::Model& model_;
  std::function<bool()> stop_;
  std::unique_ptr<TemporaryFolder> folder_;
  std::unique_ptr<fit::TestBench> bench_;
  fit::Candidate original_;
  std::vector<data::Observation> rows_;  // of the original
};

}  // namespace shoehorn::place
