// Cuts of a model between two places: what crosses, which cuts are best for every price of a byte. Minimum
// cuts are held against every head of small random graphs.
#include "place/cuts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>

namespace shoehorn::place {
namespace {

ir::Type Floats(int64_t count, ir::DataType element = ir::DataType::kFloat) {
  ir::Type type;
  type.element = element;
  type.has_rank = true;
  type.dims.push_back({count, {}});
  return type;
}

/// x -> conv -> relu -+-> pool -> gemm -> y
///                    +-> mean ----^
struct Example {
  ir::Model model;
  ir::Node *conv, *relu, *pool, *mean, *gemm;
  Example() {
    ir::Graph& graph = *model.graph;
    ir::Value* x = &graph.AddInput("x", Floats(300));
    ir::Value* weights = &graph.AddConstant("w", ir::Tensor::Ints({1, 2}));
    const auto node = [&](const char* op, std::vector<ir::Value*> inputs, const char* out, int64_t count) {
      ir::Node& made = graph.AddNode(op, out, std::move(inputs));
      graph.Rename(*made.output(), out);
      made.output()->type = Floats(count);
      return &made;
    };
    conv = node("Conv", {x, weights}, "conv_out", 1000);
    relu = node("Relu", {conv->output()}, "relu_out", 1000);
    pool = node("MaxPool", {relu->output()}, "pool_out", 50);
    mean = node("ReduceMean", {relu->output()}, "mean_out", 10);
    gemm = node("Gemm", {pool->output(), mean->output(), weights}, "y", 5);
    graph.AddOutput(*gemm->output());
  }
};

TEST(CutsTest, ReadsTheGraphWithoutConstants) {
  Example example;
  const auto graph = CutGraphOf(*example.model.graph);
  ASSERT_TRUE(graph.ok()) << graph.error().Text();
  ASSERT_EQ(graph->nodes.size(), 5);
  ASSERT_EQ(graph->values.size(), 6);
  EXPECT_EQ(graph->values[0].value->name(), "x");
  EXPECT_EQ(graph->values[0].producer, CutValue::kInput);
  EXPECT_EQ(graph->values[2].consumers, (std::vector<size_t>{2, 3}));
  EXPECT_TRUE(graph->values[5].is_output);
  EXPECT_EQ(graph->values[0].BytesAs(Packing::kNone), 1200);
  EXPECT_EQ(graph->values[0].BytesAs(Packing::kFloat16), 600);
  EXPECT_EQ(graph->values[0].BytesAs(Packing::kInt8), 300);
}

TEST(CutsTest, CountsWhatCrossesOnce) {
  Example example;
  CutGraph graph = *CutGraphOf(*example.model.graph);
  for (size_t i = 0; i < 5; ++i) graph.nodes[i].device_s = 1, graph.nodes[i].tail_s = 0.1;
  const Cut after_relu = CutOf(graph, {true, true, false, false, false});
  EXPECT_EQ(after_relu.crossing, (std::vector<size_t>{2})) << "read twice, sent once";
  EXPECT_EQ(after_relu.back, (std::vector<size_t>{5}));
  EXPECT_EQ(UpBytes(graph, after_relu, Packing::kInt8), 1000);
  EXPECT_EQ(DownBytes(graph, after_relu), 20);
  EXPECT_DOUBLE_EQ(after_relu.device_s, 2);
  EXPECT_DOUBLE_EQ(after_relu.tail_s, 0.3);
  EXPECT_EQ(NameOf(graph, after_relu), "split at 'relu_out'");
  EXPECT_EQ(NameOf(graph, CutOf(graph, {true, true, true, true, false})), "split at 'pool_out' and 1 more");
  EXPECT_EQ(NameOf(graph, AllInHead(graph)), "all on the device");
  EXPECT_EQ(NameOf(graph, AllInTail(graph)), "all in the other place");
  EXPECT_EQ(AllInTail(graph).crossing, (std::vector<size_t>{0}));
  EXPECT_TRUE(AllInHead(graph).AllOnDevice());
}

TEST(CutsTest, CompressionAndIntegersCount) {
  Example example;
  CutGraph graph = *CutGraphOf(*example.model.graph);
  graph.values[0].compressed = {{{0.9, 3, 1}, {0.8, 2, 1}, {0.5, 1, 0.5}}};
  EXPECT_DOUBLE_EQ(graph.values[0].BytesAs(Packing::kNone, true), 1080);
  EXPECT_DOUBLE_EQ(graph.values[0].BytesAs(Packing::kInt8, true), 150);
  EXPECT_DOUBLE_EQ(graph.values[0].BytesAs(Packing::kInt8), 300) << "it need not be compressed";
  graph.values[0].is_float = false;  // integers are not packed
  EXPECT_DOUBLE_EQ(graph.values[0].BytesAs(Packing::kInt8, true), 1080);
  EXPECT_DOUBLE_EQ(graph.values[0].CompressedAs(Packing::kInt8).seconds(), 4);
  graph.values[5].compressed[0].ratio = 0.1;
  EXPECT_EQ(DownBytes(graph, AllInTail(graph)), 20) << "answers come back as they are";
}

TEST(CutsTest, WhatCrossesIsCompressedTogether) {
  Example example;
  CutGraph graph = *CutGraphOf(*example.model.graph);
  const Cut cut = CutOf(graph, {true, true, true, true, false});
  ASSERT_EQ(cut.crossing, (std::vector<size_t>{3, 4}));  // 50 and 10 values
  graph.values[3].compressed[0] = {0.5, 3, 1};
  graph.values[4].compressed[0] = {1, 2, 0.5};
  const Compressed all = CompressedOf(graph, cut, Packing::kNone);
  EXPECT_DOUBLE_EQ(all.ratio, (100.0 + 40) / 240);
  EXPECT_DOUBLE_EQ(all.compress_s, 5);
  EXPECT_DOUBLE_EQ(all.decompress_s, 1.5);
  EXPECT_DOUBLE_EQ(UpBytes(graph, cut, Packing::kNone, true), 140);
  EXPECT_EQ(CompressedOf(graph, AllInHead(graph), Packing::kNone).ratio, 1) << "nothing crosses";
}

TEST(CutsTest, FindsEverySingleValueCut) {
  Example example;
  const CutGraph graph = *CutGraphOf(*example.model.graph);
  std::vector<std::string> names;
  for (const Cut& cut : SingleValueCuts(graph)) names.push_back(NameOf(graph, cut));
  EXPECT_EQ(names, (std::vector<std::string>{"all in the other place", "split at 'conv_out'",
                                             "split at 'relu_out'"}));
}

TEST(CutsTest, SaysWhatIsForbidden) {
  Example example;
  CutGraph graph = *CutGraphOf(*example.model.graph);
  graph.values[0].may_leave = false;
  EXPECT_EQ(Forbidden(graph, AllInTail(graph)), "'x' must not leave the vehicle");
  EXPECT_EQ(Forbidden(graph, AllInHead(graph)), std::nullopt);
  EXPECT_EQ(SingleValueCuts(graph).size(), 2);
  graph.nodes[2].on_device = true;
  EXPECT_EQ(Forbidden(graph, CutOf(graph, {true, false, false, false, false})),
            "node 'pool_out' (MaxPool) must run on the device");
  graph.nodes[4].off_device = true;
  EXPECT_EQ(Forbidden(graph, AllInHead(graph)), "the device does not run node 'y' (Gemm)");
  graph.nodes[3].node->output()->type = {};
  EXPECT_TRUE(CutGraphOf(*example.model.graph).ok()) << "an inner size that nobody knows is never cut";
  example.gemm->output()->type = {};
  EXPECT_EQ(CutGraphOf(*example.model.graph).error().Text(),
            "error: output 'y': its size is not known\n"
            "  expected: a static shape\n"
            "  fix: pin the shapes: --shape NAME=1x3x224x224");
}

TEST(CutsTest, AnUnknownSizeNeverCrosses) {
  Example example;
  example.relu->output()->type = {};
  const CutGraph graph = *CutGraphOf(*example.model.graph);
  EXPECT_EQ(Forbidden(graph, CutOf(graph, {true, true, false, false, false})),
            "the size of 'relu_out' is not known");
  for (const Cut& cut : BestCuts(graph, {}, 0, 1)) EXPECT_EQ(Forbidden(graph, cut), std::nullopt);
}

TEST(CutsTest, BestCutsFollowThePriceOfAByte) {
  Example example;
  CutGraph graph = *CutGraphOf(*example.model.graph);
  for (size_t i = 0; i < 5; ++i) graph.nodes[i].device_s = 1, graph.nodes[i].tail_s = 0.1;
  graph.nodes[4].device_s = 3;
  std::vector<std::string> names;
  for (const Cut& cut : BestCuts(graph, {}, 1e-6, 1)) names.push_back(NameOf(graph, cut));
  // 1200 + 20 bytes and 0.5 s; 200 + 40 + 20 bytes and 4.1 s; nothing and 7 s.
  EXPECT_EQ(names, (std::vector<std::string>{"all in the other place", "split at 'pool_out' and 1 more",
                                             "all on the device"}));
  EXPECT_EQ(NameOf(graph, *BestCut(graph, {}, 3.6 / 960 - 1e-5)), "all in the other place");
  EXPECT_EQ(NameOf(graph, *BestCut(graph, {}, 3.6 / 960 + 1e-5)), "split at 'pool_out' and 1 more");
  EXPECT_EQ(NameOf(graph, *BestCut(graph, {}, 2.9 / 260 + 1e-5)), "all on the device");
}

/// A random graph whose nodes read any earlier values, with random costs and pins.
struct RandomCase {
  ir::Model model;
  CutGraph graph;
  explicit RandomCase(uint32_t seed) {
    std::mt19937 random(seed);
    const auto below = [&](uint32_t n) { return static_cast<size_t>(random() % n); };
    std::vector<ir::Value*> values = {&model.graph->AddInput("a", Floats(1 + below(50))),
                                      &model.graph->AddInput("b", Floats(1 + below(50)))};
    const size_t count = 3 + below(8);
    for (size_t i = 0; i < count; ++i) {
      std::vector<ir::Value*> inputs;
      for (size_t k = 0; k < 1 + below(3); ++k)
        inputs.push_back(values[below(2) ? values.size() - 1 : below(static_cast<uint32_t>(values.size()))]);
      ir::Node& node = model.graph->AddNode("Op", "n" + std::to_string(i), inputs, 1 + below(2));
      for (ir::Value* output : node.outputs()) {
        output->type = Floats(1 + below(100), below(4) ? ir::DataType::kFloat : ir::DataType::kInt64);
        values.push_back(output);
      }
    }
    model.graph->AddOutput(*values.back());
    if (below(2)) model.graph->AddOutput(*values[2 + below(static_cast<uint32_t>(values.size() - 2))]);
    graph = *CutGraphOf(*model.graph);
    for (CutNode& node : graph.nodes) {
      node.device_s = static_cast<double>(below(20));
      node.tail_s = static_cast<double>(below(5));
      node.device_j = static_cast<double>(below(9));
      node.on_device = below(12) == 0;
      node.off_device = below(14) == 0;
    }
    for (CutValue& value : graph.values) {
      value.may_leave = below(7) != 0;
      for (Compressed& compressed : value.compressed)
        compressed = {0.1 * static_cast<double>(1 + below(10)), static_cast<double>(below(4)),
                      static_cast<double>(below(2))};
    }
    graph.compress_w = 2;
  }

  template <typename Visit>
  void ForEachHead(Visit visit) const {
    for (uint32_t bits = 0; bits < 1U << graph.nodes.size(); ++bits) {
      std::vector<bool> head(graph.nodes.size());
      for (size_t i = 0; i < head.size(); ++i) head[i] = bits >> i & 1;
      const bool whole = std::ranges::all_of(graph.values, [&](const CutValue& value) {
        return value.producer == CutValue::kInput || head[value.producer] ||
               std::ranges::none_of(value.consumers, [&](size_t c) { return head[c]; });
      });
      if (!whole) continue;
      const Cut cut = CutOf(graph, head);
      if (!Forbidden(graph, cut)) visit(cut);
    }
  }
};

double CostOf(const CutGraph& graph, const Cut& cut, const CutWeights& weights, double price) {
  double cost = weights.seconds * (cut.device_s + cut.tail_s) + weights.joules * cut.device_j;
  for (const size_t v : cut.crossing) {
    const Compressed& compressed = graph.values[v].CompressedAs(weights.packing);
    if (weights.compress)
      cost += weights.seconds * (compressed.compress_s + compressed.decompress_s) +
              weights.joules * compressed.compress_s * graph.compress_w;
    cost += price * graph.values[v].BytesAs(weights.packing) * (weights.compress ? compressed.ratio : 1);
  }
  return cost + price * weights.down_share * DownBytes(graph, cut);
}

TEST(CutsTest, BestCutsEqualBruteForceOnRandomGraphs) {
  size_t infeasible = 0, several = 0;
  for (uint32_t seed = 0; seed < 300; ++seed) {
    const RandomCase test(seed);
    CutWeights weights;
    weights.joules = seed % 3 == 0 ? 1 : 0;
    weights.down_share = seed % 2 ? 0.25 : 1;
    weights.packing = static_cast<Packing>(seed % 3);
    weights.compress = seed % 4 < 2;
    const std::vector<Cut> envelope = BestCuts(test.graph, weights, 1e-4, 10);
    several += envelope.size() > 2;
    for (const double price : {1e-4, 1e-3, 0.01, 0.03, 0.1, 0.3, 1.0, 10.0}) {
      double least = std::numeric_limits<double>::infinity();
      test.ForEachHead(
          [&](const Cut& cut) { least = std::min(least, CostOf(test.graph, cut, weights, price)); });
      const std::optional<Cut> best = BestCut(test.graph, weights, price);
      if (std::isinf(least)) {
        EXPECT_FALSE(best) << seed;
        EXPECT_TRUE(envelope.empty()) << seed;
        ++infeasible;
        continue;
      }
      ASSERT_TRUE(best) << seed;
      EXPECT_EQ(Forbidden(test.graph, *best), std::nullopt) << seed;
      EXPECT_NEAR(CostOf(test.graph, *best, weights, price), least, 1e-6) << seed << " at " << price;
      double from_envelope = std::numeric_limits<double>::infinity();
      for (const Cut& cut : envelope)
        from_envelope = std::min(from_envelope, CostOf(test.graph, cut, weights, price));
      EXPECT_NEAR(from_envelope, least, 1e-6) << seed << " at " << price;
    }
  }
  EXPECT_GT(infeasible, 5);
  EXPECT_GT(several, 50);
}

TEST(CutsTest, SingleValueCutsEqualBruteForceOnRandomGraphs) {
  for (uint32_t seed = 0; seed < 200; ++seed) {
    const RandomCase test(seed);
    std::vector<size_t> expected, found;
    test.ForEachHead([&](const Cut& cut) {
      if (cut.crossing.size() != 1) return;
      const CutValue& value = test.graph.values[cut.crossing[0]];
      if (std::ranges::none_of(value.consumers, [&](size_t c) { return cut.head[c]; }))
        expected.push_back(cut.crossing[0]);
    });
    for (const Cut& cut : SingleValueCuts(test.graph)) found.push_back(cut.crossing[0]);
    std::ranges::sort(expected);
    std::ranges::sort(found);
    EXPECT_EQ(found, expected) << seed;
  }
}

}  // namespace
}  // namespace shoehorn::place
