// From the user's file to artifacts that engines load: import, pin, simplify, calibrate once, quantize once a
// variant. Every product goes into the fit's state, so that nothing is done twice after a kill.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fit/candidates.h"
#include "fit/result.h"
#include "fit/spec.h"
#include "fit/state.h"

namespace shoehorn::fit {

/// A model on disk as an engine wants it, and what quantization did to it (empty when it did nothing).
struct Build {
  std::filesystem::path artifact;  ///< the main file inside `folder`
  std::filesystem::path folder;
  QuantizationResult quantization;
};

/// What is known of the model after simplification.
struct Simplified {
  uint64_t nodes_before = 0, nodes_after = 0;
  std::vector<RewriteResult> rewrites;
};

class Workshop {
 public:
  /// `spec` must match `model` (MatchModel). `stop` is asked during calibration; `show` gets a line of
  /// progress. `integers` names whose integers calibration is for (quant::FindEngineRules); empty: the
  /// engines here.
  Workshop(const Spec& spec, State& state, std::function<bool()> stop,
           std::function<void(const std::string&)> show, std::string integers = {});
  ~Workshop();

  /// Simplifies `model` and stores it, or reads back that it was done.
  Result<Simplified> Simplify(std::unique_ptr<ir::Model> model);
  /// What an earlier Simplify() or Adopt() stored; nothing when neither was done.
  Result<std::optional<Simplified>> Stored() const;
  /// Stores a model that was simplified elsewhere.
  Status Adopt(const ir::Model& model, const Simplified& simplified);
  /// The artifact of a candidate; made, or found from before. Errors: the quantizer's or the engine's own; a
  /// model in which no operator can be quantized.
  Result<Build> MakeBuild(const CandidatePlan& plan);

 private:
  Status Calibrate();
  /// The simplified model with weights stored as int8.
  Status WritePacked(const std::filesystem::path& path) const;
  Result<QuantizationResult> WriteQuantized(const CandidatePlan& plan, const std::filesystem::path& path);
  Result<Build> FindBuild(const std::string& name) const;

  const Spec& spec_;
  State& state_;
  std::function<bool()> stop_;
  std::function<void(const std::string&)> show_;
  std::string integers_;
  std::unique_ptr<ir::Model> quantizable_;
  quant::CalibrationTable table_;
  uint64_t calibration_samples_ = 0;
};

}  // namespace shoehorn::fit
