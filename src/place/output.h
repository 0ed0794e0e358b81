// What a decision leaves behind: the plan for the device with its models, and what hosts the tail.
//   out/plan.json  out/head.onnx  out/device.onnx  out/repository/NAME/...  out/kserve.yaml
#pragma once

#include <filesystem>

#include "place/decide.h"

namespace shoehorn::place {

/// Writes into `folder`, which exists. Errors: a full disk; a tail that the protocol cannot carry.
Result<Plan> WriteDecision(const Decision& decision, const std::filesystem::path& folder);

}  // namespace shoehorn::place
