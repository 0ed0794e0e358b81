// Seeded inputs for a graph, and the comparison of outputs that every rewrite is held to.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "ir/graph.h"

namespace shoehorn::testing {

struct InputOptions {
  std::map<std::string, ir::Shape> shapes;  ///< of inputs, by name; the rest by what follows
  std::map<std::string, int64_t> sizes;     ///< of named dimensions
  int64_t other_size = 2;                   ///< of all other dynamic dimensions
  int64_t lowest_int = 0, highest_int = 1;
  uint32_t seed = 1;
};

/// One tensor for each graph input that has no initializer. Floats lie in [-2, 2].
std::vector<ir::Tensor> RandomInputs(const ir::Graph& graph, const InputOptions& options);

/// Equal types and shapes; floats within 1e-4 relative to the tensor's largest magnitude (and 1e-6 absolute);
/// the rest equal.
::testing::AssertionResult Near(const ir::Tensor& found, const ir::Tensor& expected, double relative = 1e-4);

/// Runs both models in ONNX Runtime on the same inputs and compares all outputs. Inputs are those of
/// `original`.
::testing::AssertionResult SameNumbers(const ir::Model& original, const ir::Model& rewritten,
                                       const InputOptions& options);

}  // namespace shoehorn::testing
