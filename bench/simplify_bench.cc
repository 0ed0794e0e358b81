// Import + simplify + export of a synthetic graph of 1,000, 10,000 and 100,000 nodes, where most nodes give
// some pass something to do: what must stay linear. Times of the passes are printed as counters
// (milliseconds, the slowest five).
#include <benchmark/benchmark.h>

#include <algorithm>
#include <filesystem>

#include "engines/evaluator.h"
#include "formats/onnx.h"
#include "passes/pipeline.h"

namespace shoehorn {
namespace {

using ir::Graph;
using ir::Tensor;
using ir::Value;

constexpr int64_t kChannels = 4;

/// Twenty nodes that keep the shape [1, 4, 8, 8].
Value* AddBlock(Graph& graph, Value* x) {
  const auto constant = [&](ir::Shape dims, float number) {
    std::vector<float> numbers(static_cast<size_t>(ir::ElementCount(dims)), number);
    return &graph.AddConstant("c", Tensor::Of<float>(std::move(dims), numbers));
  };
  const auto ints = [&](std::vector<int64_t> numbers) {
    return &graph.AddConstant("i", Tensor::Ints(numbers));
  };
  const auto node = [&](const char* op_type, std::vector<Value*> inputs) {
    return graph.AddNode(op_type, op_type, std::move(inputs)).output();
  };
  const auto transpose = [&](Value* value, std::vector<int64_t> perm) {
    Value* out = node("Transpose", {value});
    out->producer()->Set("perm", std::move(perm));
    return out;
  };
  Value* y = node("Conv", {x, constant({kChannels, kChannels, 1, 1}, 0.25F)});
  y = node("BatchNormalization", {y, constant({kChannels}, 1.5F), constant({kChannels}, 0.1F),
                                  constant({kChannels}, 0.2F), constant({kChannels}, 1.0F)});
  y = node("Identity", {node("Relu", {y})});
  y = node("Clip", {y, constant({}, 0.0F), constant({}, 6.0F)});
  y = transpose(node("Sigmoid", {transpose(y, {0, 2, 3, 1})}), {0, 3, 1, 2});
  y = node("Squeeze", {node("Unsqueeze", {y, ints({0})}), ints({0})});
  y = node("Add",
           {node("Mul", {node("Mul", {y, constant({}, 2.0F)}), constant({}, 3.0F)}), constant({}, 1.0F)});
  y = node("Pad", {y, ints({0, 0, 0, 0, 0, 0, 0, 0})});
  Value* flat = node("Reshape", {y, ints({1, kChannels, 64})});
  y = node("Reshape", {flat, node("Concat", {ints({1, kChannels}), ints({8, 8})})});
  y->producer()->input(1)->producer()->Set("axis", int64_t{0});
  Value* twin = node("Tanh", {y});
  Value* same = node("Tanh", {y});
  return node("Add", {x, node("Add", {twin, same})});
}

std::filesystem::path Synthetic(int64_t nodes) {
  ir::Model model;
  model.ir_version = 8;
  model.opsets.push_back({"", 17});
  ir::Type type;
  type.element = ir::DataType::kFloat;
  type.has_rank = true;
  for (const int64_t dim : {int64_t{1}, kChannels, int64_t{8}, int64_t{8}}) type.dims.push_back({dim, {}});
  Graph& graph = *model.graph;
  graph.name = "synthetic";
  Value* x = &graph.AddInput("x", type);
  while (static_cast<int64_t>(graph.node_count()) < nodes) x = AddBlock(graph, x);
  x->type = type;
  graph.AddOutput(*x);
  const auto path =
      std::filesystem::temp_directory_path() / ("shoehorn_synthetic_" + std::to_string(nodes) + ".onnx");
  if (const Status saved = formats::SaveOnnx(model, path); !saved.ok())
    throw std::runtime_error(saved.error().Text());
  return path;
}

void Simplify(benchmark::State& state) {
  const std::filesystem::path path = Synthetic(state.range(0));
  std::filesystem::path out = path;
  out += ".simplified";
  passes::SimplifyReport report;
  for (auto _ : state) {
    auto model = formats::LoadOnnx(path).value();
    const auto types = formats::MakeTypeInference(*model);
    const auto evaluator = engines::MakeEvaluator();
    passes::SimplifyOptions options;
    options.types = types.get();
    options.evaluator = evaluator.get();
    auto result = passes::Simplify(*model, options);
    if (!result.ok())
      state.SkipWithError(result.error().Text().c_str());
    else
      report = std::move(*result);
    if (!formats::SaveOnnx(*model, out).ok()) state.SkipWithError("cannot write");
  }
  std::ranges::sort(report.passes, std::greater(), &passes::PassStatistics::milliseconds);
  for (size_t i = 0; i < std::min<size_t>(5, report.passes.size()); ++i)
    state.counters[std::string(report.passes[i].pass) + "_ms"] = report.passes[i].milliseconds;
  state.counters["nodes_after"] = static_cast<double>(report.nodes_after);
  state.counters["rounds"] = report.rounds;
  state.SetComplexityN(state.range(0));
  std::filesystem::remove(path);
  std::filesystem::remove(out);
}
BENCHMARK(Simplify)
    ->Arg(1000)
    ->Arg(10000)
    ->Arg(100000)
    ->Unit(benchmark::kMillisecond)
    ->Complexity(benchmark::oN);

}  // namespace
}  // namespace shoehorn

BENCHMARK_MAIN();
