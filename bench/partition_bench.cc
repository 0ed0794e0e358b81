// SolvePartition() of 10,000 nodes over 4 units, in the shapes that models have: what must stay below 1 s and
// 500 MB (docs/placement.md). `gap` is 0 where the answer is proven; `peak_MiB` is of the process so far.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <cstdlib>
#include <limits>
#include <random>

#include "place/partition.h"

namespace shoehorn::place {
namespace {

constexpr size_t kUnits = 4;

/// A model under construction; costs as of a CPU, a GPU, an NPU and a DSP, the last three refusing 3 % of
/// nodes each.
class Builder {
 public:
  explicit Builder(size_t nodes) : most_(nodes) { problem_.units = kUnits; }

  bool Full() const { return problem_.nodes.size() >= most_; }

  size_t Add(const std::vector<size_t>& inputs) {
    const size_t id = problem_.nodes.size();
    const double work = Number(0.1, 2);
    PartitionNode node{"node", {}};
    for (const double speed : {1.0, 2.5, 6.0, 1.5})
      node.cost.push_back(speed > 1 && Number(0, 1) < 0.03 ? std::numeric_limits<double>::infinity()
                                                           : work / speed * Number(0.5, 1.5));
    problem_.nodes.push_back(std::move(node));
    PartitionValue value{id, {}, {}};
    const double bytes = Number(0.05, 0.5);
    for (size_t from = 0; from < kUnits; ++from)
      for (size_t to = 0; to < kUnits; ++to)
        value.copy.push_back(from == to ? 0 : 0.1 + bytes * static_cast<double>(1 + (from + 2 * to) % 3));
    problem_.values.push_back(std::move(value));
    for (const size_t input : inputs) problem_.values[input].readers.push_back(id);
    return id;
  }
  size_t Chain(size_t from, size_t length) {
    for (size_t i = 0; i < length; ++i) from = Add({from});
    return from;
  }
  PartitionProblem Take() { return std::move(problem_); }

 private:
  double Number(double low, double high) {
    return low + (high - low) * static_cast<double>(random_()) / static_cast<double>(random_.max());
  }
  size_t most_;
  std::mt19937_64 random_{1};
  PartitionProblem problem_;
};

PartitionProblem Chain(size_t nodes) {
  Builder builder(nodes);
  builder.Chain(builder.Add({}), nodes - 1);
  return builder.Take();
}

/// Residual blocks, and three levels of features that meet again far away, as in a detector: one detector
/// after the other.
PartitionProblem Detector(size_t nodes) {
  Builder builder(nodes);
  size_t x = builder.Add({});
  while (!builder.Full()) {
    std::vector<size_t> features;
    for (int level = 0; level < 3; ++level) {
      for (int block = 0; block < 6; ++block) x = builder.Add({x, builder.Chain(x, 4)});
      features.push_back(x = builder.Chain(x, 2));
    }
    size_t up = features[2];
    std::vector<size_t> heads = {up};
    for (const size_t level : {1, 0})
      heads.push_back(up = builder.Chain(builder.Add({features[level], up}), 5));
    std::vector<size_t> ends;
    for (const size_t head : heads) {
      const size_t stem = builder.Chain(head, 2);
      ends.push_back(builder.Add({builder.Chain(stem, 4), builder.Chain(stem, 4), stem}));
    }
    x = builder.Add(ends);
  }
  return builder.Take();
}

PartitionProblem Inception(size_t nodes, size_t wide) {
  Builder builder(nodes);
  size_t x = builder.Add({});
  while (!builder.Full()) {
    std::vector<size_t> ends;
    for (size_t i = 0; i < wide; ++i) ends.push_back(builder.Chain(x, 1 + i % 4));
    x = builder.Add(ends);
  }
  return builder.Take();
}

PartitionProblem Transformer(size_t nodes) {
  Builder builder(nodes);
  size_t x = builder.Add({});
  while (!builder.Full()) {
    const size_t norm = builder.Chain(x, 4);
    const size_t q = builder.Chain(norm, 3), k = builder.Chain(norm, 3), v = builder.Chain(norm, 3);
    const size_t product = builder.Add({builder.Chain(builder.Add({q, k}), 3), v});
    x = builder.Add({x, builder.Chain(product, 3)});
    x = builder.Add({x, builder.Chain(x, 8)});
  }
  return builder.Take();
}

/// Blocks in which each layer reads all layers before it.
PartitionProblem Dense(size_t nodes, size_t layers) {
  Builder builder(nodes);
  size_t x = builder.Add({});
  while (!builder.Full()) {
    std::vector<size_t> made = {x};
    for (size_t i = 0; i < layers; ++i) made.push_back(builder.Chain(builder.Add(made), 3));
    x = builder.Add(made);
  }
  return builder.Take();
}

/// Layers of nodes that read three of the layer before: wider than any model, to see what is still proven.
PartitionProblem Woven(size_t nodes, size_t wide) {
  Builder builder(nodes);
  std::mt19937_64 random(2);
  std::vector<size_t> layer;
  for (size_t i = 0; i < wide; ++i) layer.push_back(builder.Add({}));
  while (!builder.Full()) {
    std::vector<size_t> next;
    for (size_t i = 0; i < wide; ++i)
      next.push_back(builder.Add({layer[i], layer[random() % wide], layer[random() % wide]}));
    layer = next;
  }
  return builder.Take();
}

void Solve(benchmark::State& state, const PartitionProblem& problem) {
  PartitionAnswer last;
  for ([[maybe_unused]] auto _ : state) {
    auto answer = SolvePartition(problem);
    if (!answer.ok()) std::abort();
    last = std::move(answer).value();
  }
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  state.counters["nodes"] = static_cast<double>(problem.nodes.size());
  state.counters["gap"] = (last.cost - last.lower_bound) / last.cost;
  state.counters["peak_MiB"] = static_cast<double>(usage.ru_maxrss) / 1024;
  state.SetLabel(last.method + (last.optimal ? "" : ", not proven"));
}

#define SHAPE(name, problem)                                          \
  void name##10k(benchmark::State & state) { Solve(state, problem); } \
  BENCHMARK(name##10k)->Unit(benchmark::kMillisecond)->UseRealTime()
SHAPE(Chain, Chain(10'000));
SHAPE(Detector, Detector(10'000));
SHAPE(Inception20, Inception(10'000, 20));
SHAPE(Transformer, Transformer(10'000));
SHAPE(Dense6, Dense(10'000, 6));
SHAPE(Dense24, Dense(10'000, 24));
SHAPE(Woven4, Woven(10'000, 4));
SHAPE(Woven20, Woven(10'000, 20));

}  // namespace
}  // namespace shoehorn::place

BENCHMARK_MAIN();
