// What the IR needs from others, as interfaces, so that neither passes nor engines know each other or
// libonnx: types and shapes of values (implemented by formats, with libonnx's schemas) and values of constant
// sub-graphs (implemented by an engine).
#pragma once

#include <memory>
#include <vector>

#include "ir/graph.h"

namespace shoehorn::ir {

/// Fills in types and shapes from the operators' definitions.
class TypeInference {
 public:
  virtual ~TypeInference() = default;
  /// Sets the types of `node`'s outputs from its inputs; never makes a known dimension unknown. True when a
  /// type changed. A node that contradicts its operator's definition is a Diagnostic that names it.
  virtual Result<bool> InferNode(Node& node) = 0;
  /// All nodes of `graph` in order, inner graphs too. Forgets nothing that the file said.
  virtual Result<bool> InferGraph(Graph& graph) = 0;
};

/// Computes constants.
class Evaluator {
 public:
  virtual ~Evaluator() = default;
  /// Runs `model`, which has no inputs, and gives its outputs in order.
  virtual Result<std::vector<Tensor>> Evaluate(const Model& model) = 0;
};

}  // namespace shoehorn::ir
