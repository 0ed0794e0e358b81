// Constant folding's calculator: ONNX Runtime with its own optimizations off, opened only when first needed.
#pragma once

#include <memory>

#include "ir/interfaces.h"

namespace shoehorn::engines {

std::unique_ptr<ir::Evaluator> MakeEvaluator();

/// Runs `model` on `inputs` (in the order of its graph inputs) in ONNX Runtime without optimizations: the
/// numbers that passes are held against.
Result<std::vector<ir::Tensor>> RunReference(const ir::Model& model, std::span<const ir::Tensor> inputs);

}  // namespace shoehorn::engines
