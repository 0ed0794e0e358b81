// A model of the plan in an engine of this process: the head, or the fallback. Inputs and outputs go by name.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "engines/engine.h"
#include "place/plan.h"

namespace shoehorn::runtime {

using Tensors = std::map<std::string, ir::Tensor, std::less<>>;

class Stage {
 public:
  /// Loads the model and runs it a few times on zeros, so that the first frame finds it warm. Errors: the
  /// engine's; the model wants an input that the plan does not have, or refuses the plan's shapes.
  static Result<std::unique_ptr<Stage>> Load(const place::Stage& stage,
                                             const std::vector<data::InputSpec>& inputs,
                                             const std::filesystem::path& folder);

  /// Inputs that the model does not read are ignored. One run at a time; others wait.
  Result<Tensors> Run(const Tensors& inputs);
  bool Has(std::string_view output) const;
  /// Seconds of the slowest warm run at the start, or the plan's prediction if that is longer.
  double expected_s() const { return expected_s_; }

 private:
  explicit Stage(std::unique_ptr<engines::Session> session) : session_(std::move(session)) {}
  std::unique_ptr<engines::Session> session_;
  std::mutex mutex_;
  double expected_s_ = 0;
};

}  // namespace shoehorn::runtime
