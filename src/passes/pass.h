// What a pass is. One rewrite a file: `src/passes/fold_batch_norm.cc` defines FoldBatchNorm, one line in
// passes.def names it with one sentence, one file tests/golden/passes/fold_batch_norm.txt shows it at work.
//
// A pass sees one graph (the runner visits inner graphs too) and says whether it changed anything; false
// means that the graph is untouched. Each rewrite is noted with the user's node and the reason.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "ir/graph.h"
#include "ir/interfaces.h"

namespace shoehorn::passes {

/// One thing that a pass did, for the report: which pass, to which of the user's nodes, and why.
struct Rewrite {
  std::string pass;
  std::string node;
  std::string why;
};

/// What a pass may use beside the graph.
struct PassContext {
  ir::TypeInference* types = nullptr;   ///< never null when run by the runner
  ir::Evaluator* evaluator = nullptr;   ///< null: constant folding is switched off
  std::vector<Rewrite>* log = nullptr;  ///< may be null
  std::string pass;                     ///< name of the pass at work, set by the runner
  /// Tensors that folding would make larger than this many bytes (and larger than what they replace) are not
  /// folded.
  size_t fold_limit = size_t{1} << 20;
  /// First outputs of nodes that the evaluator refused, so that no later round asks again.
  std::unordered_set<std::string> unfoldable;
  /// Which nodes a repair may replace (those that a target refuses); empty: all. Passes that simplify do not
  /// ask.
  std::function<bool(const ir::Node&)> wanted;

  /// True when a repair may replace `node`.
  bool Wants(const ir::Node& node) const { return !wanted || wanted(node); }

  /// Logs one rewrite under the names of the user's nodes behind `node`.
  void Note(const ir::Node& node, std::string why);
  /// Infers the types of `node`'s outputs and, wherever a type changed, of the nodes that read it. To be
  /// called for each node that a pass made or whose inputs or attributes it changed. Errors: those of
  /// TypeInference::InferNode.
  Status InferFrom(ir::Node& node);
  /// InferFrom() for every node that reads `value`.
  Status InferUsers(const ir::Value& value);
};

using PassFunction = Result<bool> (*)(ir::Graph& graph, PassContext& context);

struct Pass {
  const char* name;
  const char* sentence;
  PassFunction run;
  bool repair = false;          ///< runs when a target's rules ask for it, never to simplify
  const char* error = nullptr;  ///< of a repair: how far numbers may move; nullptr: exact (1e-4 relative)
};

/// All passes, in the order of passes.def.
const std::vector<Pass>& AllPasses();
/// The pass of that name, or nullptr.
const Pass* FindPass(std::string_view name);
/// The pass of that name, or a Diagnostic with "did you mean".
Result<const Pass*> RequirePass(std::string_view name);
/// docs/passes.md: a table of every pass and its sentence.
std::string PassesManual();

}  // namespace shoehorn::passes
