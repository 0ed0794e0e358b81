// The readable order of simplification. Each pass stands where the passes before it give it the most to do,
// so that one round does nearly everything and a second finds little or nothing.
#include "passes/pipeline.h"

namespace shoehorn::passes {
namespace {

/// Once, before types are inferred: what files spell in several ways is put into one form.
constexpr const char* kPreparation[] = {
    "drop_initializer_inputs",
    "lift_constants",
    "eliminate_dead",
};

/// Again and again until a round changes nothing.
constexpr const char* kRound[] = {
    // What is known is computed, and what cannot run goes.
    "fold_shape",
    "eliminate_dead",
    "fold_constants",
    "inline_if",
    // Nodes that do nothing.
    "eliminate_identity",
    "merge_casts",
    "eliminate_noop",
    // Operators spelled out in smaller ones, before their parts go elsewhere.
    "merge_clips",
    "fuse_hard_swish",
    "fuse_hard_sigmoid",
    "fuse_gelu",
    "fuse_layer_norm",
    "fuse_reduce",
    // Changes of shape and place.
    "cancel_transposes",
    "sink_transposes",
    "cancel_transposes",
    "sink_reshapes",
    "merge_reshapes",
    "merge_slices",
    "merge_concats",
    // Arithmetic into its neighbours.
    "fold_pad",
    "fold_batch_norm",
    "merge_arithmetic",
    "fold_scale",
    "fold_bias",
    "fuse_gemm",
    // Equal things once, unused things never.
    "eliminate_common_subexpressions",
    "eliminate_dead",
};

/// A rewrite that undoes another's work would turn for ever; far above what real models need (two or three).
constexpr int kMostRounds = 20;

Status KnownPasses(const std::vector<std::string>& names) {
  for (const std::string& name : names) SHOEHORN_TRY(RequirePass(name));
  return Ok();
}

/// Names of dimensions that the file gives to anything but its inputs are labels, not facts (two outputs of
/// different lengths are often both called "dim"): they are taken away, so that two dimensions of one name
/// are equal, and put back on the outputs in the end where inference knows no number.
class DeclaredSymbols {
 public:
  explicit DeclaredSymbols(ir::Graph& graph) : graph_(graph) {
    for (const ir::Value* output : graph.outputs()) declared_.push_back(output->type.dims);
    ir::ForEachGraph(graph, [](ir::Graph& each) {
      for (const auto& value : each.values())
        if (each.owner() != nullptr || !value->is_input())
          for (ir::Dim& dim : value->type.dims) dim.symbol.clear();
    });
  }

  void Restore() const {
    for (size_t i = 0; i < declared_.size(); ++i) {
      std::vector<ir::Dim>& dims = graph_.outputs()[i]->type.dims;
      if (dims.size() != declared_[i].size() || graph_.outputs()[i]->is_input()) continue;
      for (size_t k = 0; k < dims.size(); ++k)
        if (!dims[k].known() && !declared_[i][k].known()) dims[k].symbol = declared_[i][k].symbol;
    }
  }

 private:
  ir::Graph& graph_;
  std::vector<std::vector<ir::Dim>> declared_;
};

}  // namespace

size_t CountNodes(const ir::Graph& graph) {
  size_t count = 0;
  for (const ir::Node& node : graph.nodes()) {
    count += node.Is("Constant") ? 0 : 1;
    for (const ir::Graph* inner : node.Subgraphs()) count += CountNodes(*inner);
  }
  return count;
}

Result<SimplifyReport> Simplify(ir::Model& model, const SimplifyOptions& options) {
  SHOEHORN_TRY(KnownPasses(options.runner.disabled));
  ir::Graph& graph = *model.graph;
  SimplifyReport report;
  report.nodes_before = CountNodes(graph);
  PassContext context;
  context.types = options.types;
  context.evaluator = options.evaluator;
  context.fold_limit = options.fold_limit;
  context.log = &report.rewrites;
  Runner runner(context, options.runner);

  const DeclaredSymbols declared(graph);
  for (const char* name : kPreparation) SHOEHORN_TRY(runner.Run(*FindPass(name), graph));
  SHOEHORN_TRY(PinShapes(model, options));
  SHOEHORN_TRY(context.types->InferGraph(graph));
  for (bool changed = true; changed && report.rounds < kMostRounds; ++report.rounds) {
    changed = false;
    for (const char* name : kRound) {
      SHOEHORN_ASSIGN(const bool by_pass, runner.Run(*FindPass(name), graph));
      changed |= by_pass;
    }
  }
  declared.Restore();
  report.passes = runner.statistics();
  report.nodes_after = CountNodes(graph);
  return report;
}

}  // namespace shoehorn::passes
