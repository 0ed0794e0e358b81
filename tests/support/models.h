// The real models that tests run on: those of the shared data and those that the set-up brings, each with
// inputs that it accepts. One list, so that every test sees the same ones.
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "support/numbers.h"

namespace shoehorn::testing {

struct RealModel {
  const char* file;
  InputOptions inputs = {};  ///< shapes of dynamic inputs, limits of integer ones
  /// False: the shapes are for running only; pinned, they contradict a branch that does not run with them.
  bool pinnable = true;

  /// Where it lies; a path that does not exist when the shared data is absent.
  std::filesystem::path path() const;
};

std::span<const RealModel> RealModels();
/// CHECKs that there is one of that name.
const RealModel& FindRealModel(std::string_view file);

/// "magika_standard_v3_3_onnx": a name for a parameterized test.
std::string TestName(std::string_view file);

void PrintTo(const RealModel& model, std::ostream* stream);

}  // namespace shoehorn::testing
