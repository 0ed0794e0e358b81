// A plan with every part, whose models are small files of a scratch folder.
#pragma once

#include "place/plan.h"
#include "support/scratch.h"

namespace shoehorn::testing {

/// Writes "head.onnx" and "fallback.onnx" (no models: their bytes are only hashed) into the folder.
place::Plan SamplePlan(const Scratch& scratch);

}  // namespace shoehorn::testing
