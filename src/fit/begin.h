// What every fit begins and ends with, on this machine or for a target: the facts that a result states before
// anything is tried, the times of its steps, the verdict and what a reader of it should know.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "fit/result.h"
#include "fit/spec.h"
#include "fit/verdict.h"

namespace shoehorn::fit {

/// Adds up what each step took.
class StepClock {
 public:
  explicit StepClock(std::vector<StepTime>& steps) : steps_(steps) {}
  void Done(std::string name);

 private:
  using Clock = std::chrono::steady_clock;
  std::vector<StepTime>& steps_;
  Clock::time_point last_ = Clock::now();
};

std::vector<std::string> OutputNames(const ir::Model& model);

/// What a result says before anything is measured. Errors: a file that cannot be read.
Result<FitResult> Begin(const Spec& spec, const std::string& version);

void Take(const Verdict& verdict, FitResult& result);

/// Things that a reader of the verdict should know.
void AddWarnings(const Spec& spec, FitResult& result);

}  // namespace shoehorn::fit
