// The file that an engine runs a model from in a given precision, made the way a fit makes it: shapes pinned,
// simplified, and for int8 quantized to the engine's liking. Ranges come from one run on random numbers:
// right for speed, not for accuracy.
#pragma once

#include <memory>
#include <string>

#include "ir/graph.h"
#include "passes/pipeline.h"

namespace shoehorn::cost {

/// `model` simplified with its dynamic dimensions pinned as `shapes` says; those that remain become 1. Types
/// are inferred. Errors: those of passes::Simplify().
Result<std::unique_ptr<ir::Model>> Simplified(const ir::Model& model, const passes::SimplifyOptions& shapes);

/// Random numbers for each input that has no initializer: floats in [0, 1], integers 0 or 1, except that one
/// of rank 0 is a 16000 (the rate of sampling that models of speech ask for). Errors: an input whose shape is
/// open.
Result<std::vector<ir::Tensor>> RandomInputs(const ir::Graph& graph);

/// A copy of a simplified model with its float operators quantized for `engine`. Errors: no operator can be,
/// opset conversion, the model does not run.
Result<std::unique_ptr<ir::Model>> Quantized(const ir::Model& simplified, const std::string& engine);

}  // namespace shoehorn::cost
