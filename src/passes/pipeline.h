// Simplification: every pass in a sensible order until nothing changes. A model goes in, an equal one with
// fewer nodes comes out, and the report says what was done and what it cost.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "passes/runner.h"

namespace shoehorn::passes {

struct SimplifyOptions {
  std::map<std::string, ir::Shape>
      shapes;  ///< graph input -> its shape from now on; -1 leaves a dimension as it is
  std::map<std::string, int64_t> symbols;  ///< named dimension ("batch") -> its size from now on
  ir::TypeInference* types = nullptr;      ///< of the model at hand; must be set
  ir::Evaluator* evaluator = nullptr;      ///< null: nothing but shape arithmetic is folded
  size_t fold_limit = size_t{1} << 20;     ///< bytes; see PassContext
  RunnerOptions runner;
};

struct SimplifyReport {
  std::vector<Rewrite> rewrites;
  std::vector<PassStatistics> passes;
  size_t nodes_before = 0;  ///< inner graphs included, Constant nodes not counted
  size_t nodes_after = 0;
  int rounds = 0;
};

/// Simplifies `model` in place. Errors: an unknown input, symbol or pass (did you mean), a shape that the
/// model contradicts, an operator used against its definition; the model is then in an unspecified but whole
/// state.
Result<SimplifyReport> Simplify(ir::Model& model, const SimplifyOptions& options);

/// Sets the dimensions of graph inputs as `options` ask, forgets what the file said about shapes that follow
/// from them, and infers them anew. True when a dimension changed.
Result<bool> PinShapes(ir::Model& model, const SimplifyOptions& options);

/// Nodes of the graph and of all graphs inside it, Constant nodes not counted.
size_t CountNodes(const ir::Graph& graph);

}  // namespace shoehorn::passes
