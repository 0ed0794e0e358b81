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

/// A pass, and the operators of which at least one must be there for it to find anything (empty: it always
/// runs).
struct Step {
  const char* pass;
  std::vector<std::string_view> needs = {};
};

/// Again and again until a round changes nothing.
const std::vector<Step>& Round() {
  static const std::vector<Step> round = {
      // What is known is computed, and what cannot run goes.
      {"fold_shape"},
      {"eliminate_dead"},
      {"fold_movement"},
      {"eliminate_common_subexpressions"},  // equal constants are computed once
      {"fold_constants"},
      {"inline_if", {"If"}},
      // Nodes that do nothing.
      {"eliminate_identity", {"Identity", "Dropout"}},
      {"merge_casts", {"Cast"}},
      {"eliminate_noop"},
      // Operators spelled out in smaller ones, before their parts go elsewhere.
      {"merge_clips", {"Clip", "Relu", "Min", "Max"}},
      {"fuse_hard_swish", {"Clip", "HardSigmoid"}},
      {"fuse_hard_sigmoid", {"Clip"}},
      {"fuse_gelu", {"Erf", "Tanh"}},
      {"fuse_layer_norm", {"Div"}},
      {"fuse_reduce", {"Squeeze", "Unsqueeze", "ReduceMean"}},
      // Changes of shape and place.
      {"cancel_transposes", {"Transpose"}},
      {"sink_transposes", {"Transpose"}},
      {"cancel_transposes", {"Transpose"}},
      {"sink_reshapes", {"Reshape", "Flatten", "Squeeze", "Unsqueeze"}},
      {"merge_reshapes", {"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose"}},
      {"merge_slices", {"Slice"}},
      {"merge_concats", {"Concat"}},
      {"flatten_pool", {"MaxPool", "AveragePool"}},
      // Arithmetic into its neighbours.
      {"fold_pad", {"Pad"}},
      {"fold_batch_norm", {"BatchNormalization"}},
      {"merge_arithmetic", {"Mul", "Div", "Add", "Sub"}},
      {"fold_scale", {"Mul", "Div", "Neg"}},
      {"fold_bias", {"Add", "Sub"}},
      {"fuse_gemm", {"MatMul", "Gemm"}},
      // Equal things once, unused things never.
      {"eliminate_common_subexpressions"},
      {"eliminate_dead"},
  };
  return round;
}

/// A rewrite that undoes another's work would turn for ever; far above what real models need (two or three).
constexpr int kMostRounds = 20;

Status KnownPasses(const std::vector<std::string>& names) {
  for (const std::string& name : names) SHOEHORN_TRY(RequirePass(name));
  return Ok();
}

/// Runs passes that may find something: the operators that they need were there when the round began, and
/// something changed since they last ran. Passes are functions of the graph, so that a skipped one would have
/// found nothing.
class Schedule {
 public:
  Schedule(Runner& runner, ir::Graph& graph) : runner_(runner), graph_(graph) {}

  Status Run(const char* pass) {
    const auto last = seen_.find(pass);
    if (last != seen_.end() && last->second == changes_) return Ok();
    SHOEHORN_ASSIGN(const bool changed, runner_.Run(*FindPass(pass), graph_));
    changes_ += changed ? 1 : 0;
    seen_[pass] = changed ? changes_ - 1 : changes_;
    return Ok();
  }

  /// True when the round changed something.
  Result<bool> RunRound() {
    const int before = changes_;
    const std::unordered_set<std::string> operators = Operators();
    for (const Step& step : Round()) {
      const auto there = [&](std::string_view op_type) { return operators.contains(std::string(op_type)); };
      if (step.needs.empty() || std::ranges::any_of(step.needs, there)) SHOEHORN_TRY(Run(step.pass));
    }
    return changes_ > before;
  }

 private:
  std::unordered_set<std::string> Operators() const {
    std::unordered_set<std::string> operators;
    ir::ForEachGraph(graph_, [&](ir::Graph& each) {
      for (const ir::Node& node : each.nodes()) operators.insert(node.op_type);
    });
    return operators;
  }

  Runner& runner_;
  ir::Graph& graph_;
  int changes_ = 0;
  std::unordered_map<std::string_view, int> seen_;  // pass -> changes_ when it last looked
};

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
  Schedule schedule(runner, graph);
  for (const char* pass : kPreparation) SHOEHORN_TRY(schedule.Run(pass));
  SHOEHORN_TRY(PinShapes(model, options));
  SHOEHORN_TRY(context.types->InferGraph(graph));
  for (bool changed = true; changed && report.rounds < kMostRounds; ++report.rounds) {
    SHOEHORN_ASSIGN(changed, schedule.RunRound());
  }
  declared.Restore();
  report.passes = runner.statistics();
  report.nodes_after = CountNodes(graph);
  return report;
}

}  // namespace shoehorn::passes
