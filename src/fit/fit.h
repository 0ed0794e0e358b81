// The main job: a spec and its model go in, a folder with the fitted artifact and its proof comes out, whole
// or not at all.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fit/result.h"
#include "fit/spec.h"
#include "targets/profile.h"

namespace shoehorn::fit {

struct FitOptions {
  std::filesystem::path out;
  std::optional<targets::Profile> target;  ///< the device that the artifact is for; absent: this machine
  bool force = false;                      ///< replace an `out` that exists
  std::string version;                     ///< of Shoehorn
  std::function<bool()> interrupted = [] { return false; };
  std::function<void(const std::string&)> say = [](const std::string&) {};   ///< a message that stays
  std::function<void(const std::string&)> show = [](const std::string&) {};  ///< a line of progress
  /// The files that go beside `artifact/`: name and content (result.json, plan.json, report.html).
  std::function<std::vector<std::pair<std::string, std::string>>(const FitResult&)> render;
};

/// Fits and writes `options.out`. Errors: everything that is wrong with spec, model, samples, metric or
/// output folder; a stop by the user, after which the same call goes on where it stopped.
Result<FitResult> Fit(Spec spec, const FitOptions& options);

/// What Fit() does for another device: repairs and quantizes the model as the target runs it best, has its
/// compiler judge every candidate, measures accuracy here and no latency. Errors: Fit()'s; a target for which
/// no quantization is known.
Result<FitResult> FitForTarget(Spec spec, const FitOptions& options, const targets::Profile& target);

struct BenchOptions {
  std::filesystem::path subject;           ///< model or artifact to measure
  std::string engine, precision = "fp32";  ///< empty engine: by the file's ending
  std::string version;
  std::function<bool()> interrupted = [] { return false; };
  std::function<void(const std::string&)> show = [](const std::string&) {};
};

/// Measures one model or artifact against the spec at each of its thread counts, without fitting.
Result<FitResult> Bench(Spec spec, const BenchOptions& options);

}  // namespace shoehorn::fit
