#include "ir/graph.h"

#include <gmock/gmock.h>

#include "formats/onnx.h"
#include "ir/statistics.h"

namespace shoehorn::ir {
namespace {

using ::testing::HasSubstr;

constexpr const char* kChain = R"(<ir_version: 8, opset_import: ["" : 17]>
g (float[2,3] x) => (float[2,3] y)
{
  a = Relu(x)
  b = Neg(a)
  y = Abs(b)
})";

std::unique_ptr<Model> Parse(const char* text) {
  auto model = formats::ParseText(text);
  EXPECT_TRUE(model.ok()) << model.error().Text();
  return std::move(model).value();
}

std::vector<std::string> Operators(const Graph& graph) {
  std::vector<std::string> out;
  for (const Node& node : graph.nodes()) out.push_back(node.op_type);
  return out;
}

TEST(Graph, ReplacingAnOutputKeepsItsName) {
  const auto model = Parse(kChain);
  Graph& graph = *model->graph;
  Node& relu = *graph.first();
  graph.ReplaceValue(*graph.last()->output(), *relu.output());
  graph.RemoveDead();
  EXPECT_EQ(Operators(graph), (std::vector<std::string>{"Relu"}));
  ASSERT_EQ(graph.outputs().size(), 1u);
  EXPECT_EQ(graph.outputs()[0]->name(), "y");
  EXPECT_EQ(graph.outputs()[0], relu.output());
  EXPECT_TRUE(Verify(graph).ok());
}

TEST(Graph, ReplacingAnOutputByAnInputNeedsAnIdentity) {
  const auto model = Parse(kChain);
  Graph& graph = *model->graph;
  graph.ReplaceValue(*graph.last()->output(), *graph.inputs()[0]);
  graph.RemoveDead();
  EXPECT_EQ(Operators(graph), (std::vector<std::string>{"Identity"}));
  EXPECT_EQ(graph.outputs()[0]->name(), "y");
  EXPECT_TRUE(Verify(graph).ok());
}

TEST(Graph, NodesMayBeRemovedWhileIterating) {
  const auto model = Parse(kChain);
  Graph& graph = *model->graph;
  std::vector<std::string> seen;
  for (Node& node : graph.nodes()) {
    seen.push_back(node.op_type);
    if (node.op_type != "Relu") continue;
    Node* neg = node.next();
    graph.ReplaceValue(*neg->output(), *node.output());
    graph.RemoveNode(*neg);
    graph.ReplaceValue(*node.output(), *graph.inputs()[0]);
    graph.RemoveNode(node);
  }
  graph.CollectGarbage();
  EXPECT_EQ(seen, (std::vector<std::string>{"Relu", "Abs"}));
  EXPECT_EQ(Operators(graph), (std::vector<std::string>{"Abs"}));
  EXPECT_TRUE(Verify(graph).ok());
}

TEST(Graph, UseListsFollowEveryChange) {
  const auto model = Parse(kChain);
  Graph& graph = *model->graph;
  Value& x = *graph.inputs()[0];
  Node& add = graph.AddNode("Add", "sum", {&x, &x}, 1, graph.last());
  EXPECT_EQ(x.uses().size(), 3u);
  add.SetInput(1, graph.first()->output());
  EXPECT_EQ(x.uses().size(), 2u);
  add.TruncateInputs(0);
  EXPECT_EQ(x.uses().size(), 1u);
  EXPECT_TRUE(Verify(graph).ok());
}

TEST(Graph, NewNamesNeverClash) {
  const auto model = Parse(kChain);
  EXPECT_THAT(model->graph->AddConstant("a", Tensor::Scalar(1.0f)).name(), HasSubstr("a_"));
}

TEST(Graph, SortKeepsAnOrderedGraphAndFindsCycles) {
  const auto model = Parse(kChain);
  Graph& graph = *model->graph;
  const std::vector<std::string> ordered = {"Relu", "Neg", "Abs"};
  EXPECT_TRUE(graph.SortTopologically());
  EXPECT_EQ(Operators(graph), ordered);
  graph.MoveNode(*graph.first(), nullptr);
  EXPECT_FALSE(Verify(graph).ok());
  EXPECT_TRUE(graph.SortTopologically());
  EXPECT_EQ(Operators(graph), ordered);
  graph.first()->SetInput(0, graph.last()->output());
  EXPECT_FALSE(graph.SortTopologically());
}

TEST(Graph, SplicingABranchKeepsTheOutputsName) {
  const auto model = Parse(R"(<ir_version: 8, opset_import: ["" : 17]>
g (bool c, float[2] x) => (float[2] y)
{
  y = If(c) <then_branch = t () => (float[2] r) { r = Relu(x) }, else_branch = e () => (float[2] r) { r = Neg(x) }>
})");
  Graph& graph = *model->graph;
  Node& branch = *graph.first();
  const std::vector<Value*> outputs = graph.Splice(*branch.Subgraphs()[0], &branch);
  ASSERT_EQ(outputs.size(), 1u);
  graph.ReplaceValue(*branch.output(), *outputs[0]);
  graph.RemoveNode(branch);
  EXPECT_EQ(Operators(graph), (std::vector<std::string>{"Relu"}));
  EXPECT_EQ(graph.outputs()[0]->name(), "y");
  EXPECT_TRUE(Verify(graph).ok());
}

TEST(Graph, ACloneIsEqualAndApart) {
  const auto model = Parse(kChain);
  const auto copy = Clone(*model);
  EXPECT_EQ(formats::PrintText(*copy), formats::PrintText(*model));
  copy->graph->first()->op_type = "Sigmoid";
  EXPECT_EQ(model->graph->first()->op_type, "Relu");
}

TEST(Statistics, CountsAConvolutionAsByHand) {
  // 4 filters x 8x8 output pixels x 2 input channels x 3x3 kernel.
  const auto model = Parse(R"(<ir_version: 8, opset_import: ["" : 17]>
g (float[1,2,10,10] x, float[4,2,3,3] w) => (float[1,4,8,8] y) { y = Conv(x, w) })");
  const auto types = formats::MakeTypeInference(*model);
  ASSERT_TRUE(types->InferGraph(*model->graph).ok());
  const Statistics statistics = Measure(*model);
  EXPECT_EQ(statistics.macs, 4 * 8 * 8 * 2 * 3 * 3);
  EXPECT_EQ(statistics.nodes, 1);
  EXPECT_EQ(statistics.activation_peak_bytes, 4 * (200 + 72 + 256));
}

TEST(Tensor, HalfPrecisionRoundsToEvenAndBack) {
  for (int bits = 0; bits < 0x7c00; ++bits)
    ASSERT_EQ(FloatToHalf(HalfToFloat(static_cast<uint16_t>(bits))), bits);
  EXPECT_EQ(FloatToHalf(65504.0f), 0x7bff);
  EXPECT_EQ(FloatToHalf(65520.0f), 0x7c00);
  EXPECT_EQ(FloatToBfloat(1.00390625f), 0x3f80);  // halfway between two: the even one
  EXPECT_EQ(BfloatToFloat(0x3fc0), 1.5f);
}

}  // namespace
}  // namespace shoehorn::ir
