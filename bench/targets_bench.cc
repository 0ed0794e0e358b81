// Check() of one synthetic model of 1,000 and of 100,000 nodes against every target: what must stay below 50
// ms and 1 s (targets/check.h). The model is of the kind that targets quarrel about: convolutions, pools,
// resizes, attention-like products, shape arithmetic.
#include <benchmark/benchmark.h>

#include <cstdlib>

#include "formats/onnx.h"
#include "targets/check.h"
#include "targets/profile.h"

namespace shoehorn::targets {
namespace {

using ir::Graph;
using ir::Tensor;
using ir::Value;

/// Ten nodes that keep the shape [1, 8, 16, 16].
Value* AddBlock(Graph& graph, Value* x) {
  const auto constant = [&](ir::Shape dims, float number) {
    std::vector<float> numbers(static_cast<size_t>(ir::ElementCount(dims)), number);
    return &graph.AddConstant("c", Tensor::Of<float>(std::move(dims), numbers));
  };
  const auto node = [&](const char* op_type, std::vector<Value*> inputs) {
    return graph.AddNode(op_type, op_type, std::move(inputs)).output();
  };
  Value* y = node("Conv", {x, constant({8, 8, 3, 3}, 0.1F), constant({8}, 0.0F)});
  y->producer()->Set("pads", std::vector<int64_t>{1, 1, 1, 1});
  y = node("HardSwish", {y});
  Value* pooled = node("MaxPool", {y});
  pooled->producer()->Set("kernel_shape", std::vector<int64_t>{2, 2});
  pooled->producer()->Set("strides", std::vector<int64_t>{2, 2});
  Value* grown = node(
      "Resize",
      {pooled, nullptr, &graph.AddConstant("s", Tensor::Of<float>({4}, std::vector<float>{1, 1, 2, 2}))});
  Value* turned = node("Transpose", {grown});
  turned->producer()->Set("perm", std::vector<int64_t>{0, 2, 3, 1});
  Value* soft = node("Softmax", {turned});
  soft->producer()->Set("axis", int64_t{-1});
  Value* back = node("Transpose", {soft});
  back->producer()->Set("perm", std::vector<int64_t>{0, 3, 1, 2});
  Value* clipped = node("Clip", {back, constant({}, 0.0F), constant({}, 6.0F)});
  return node("Add", {x, node("Mul", {clipped, constant({1, 8, 1, 1}, 0.5F)})});
}

std::unique_ptr<ir::Model> Synthetic(int64_t nodes) {
  auto model = std::make_unique<ir::Model>();
  model->ir_version = 8;
  model->opsets.push_back({"", 17});
  ir::Type type;
  type.element = ir::DataType::kFloat;
  type.has_rank = true;
  for (const int64_t size : {1, 8, 16, 16}) type.dims.push_back({size, {}});
  Value* x = &model->graph->AddInput("x", type);
  for (int64_t made = 0; made < nodes; made += 10) x = AddBlock(*model->graph, x);
  model->graph->AddOutput(*x);
  const auto types = formats::MakeTypeInference(*model);
  if (const auto inferred = types->InferGraph(*model->graph); !inferred.ok()) std::abort();
  return model;
}

void CheckAgainstAll(benchmark::State& state) {
  const std::unique_ptr<ir::Model> model = Synthetic(state.range(0));
  const auto profiles = LoadProfiles();
  if (!profiles.ok()) std::abort();
  size_t answers = 0;
  for ([[maybe_unused]] auto _ : state)
    for (const CheckResult& result : CheckAll(*model, *profiles)) answers += result.nodes.size();
  state.counters["targets"] = static_cast<double>(profiles->size());
  state.counters["answers"] = static_cast<double>(answers) / static_cast<double>(state.iterations());
}
BENCHMARK(CheckAgainstAll)->Arg(1'000)->Arg(100'000)->Unit(benchmark::kMillisecond)->UseRealTime();

/// By one target, to see which table is slow.
void CheckAgainstOne(benchmark::State& state) {
  const std::unique_ptr<ir::Model> model = Synthetic(100'000);
  const auto profiles = LoadProfiles();
  const Profile& profile = (*profiles)[static_cast<size_t>(state.range(0)) % profiles->size()];
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(Check(*model, profile));
  state.SetLabel(profile.name);
}
BENCHMARK(CheckAgainstOne)->DenseRange(0, 15)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace shoehorn::targets

BENCHMARK_MAIN();
