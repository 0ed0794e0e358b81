// Heads and tails: every cut of small graphs computes what the whole does, with and without packing.
#include <gmock/gmock.h>

#include "engines/evaluator.h"
#include "formats/onnx.h"
#include "place/extract.h"
#include "place/packing.h"
#include "support/numbers.h"
#include "support/quantized.h"

namespace shoehorn::place {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A residual block: the cut after `c` lets two values cross, the one after `r` lets one.
constexpr char kGraph[] =
    R"(g (float[1,2,4,4] x, float[1,2,4,4] extra) => (float[1,2,4,4] y, float[1,2,4,4] early)
<float[2,2,1,1] w = {1, 0.5, -0.5, 2}>
{
  a = Conv(x, w)
  early = Relu(a)
  c = Conv(early, w)
  r = Add(c, early)
  s = Mul(r, extra)
  y = Sigmoid(s)
})";

std::unique_ptr<ir::Model> Parsed(const char* text) {
  auto model = testing::ParseGraph(text, 8, 17);
  const auto types = formats::MakeTypeInference(*model);
  EXPECT_TRUE(types->InferGraph(*model->graph).ok());
  return model;
}

std::vector<std::string> Names(const std::vector<ir::Value*>& values) {
  std::vector<std::string> names;
  for (const ir::Value* value : values) names.push_back(value->name());
  return names;
}

/// Outputs by name of a model that gets what it asks for from `known`, and adds to it.
void RunInto(const ir::Model& model, std::map<std::string, ir::Tensor>& known) {
  std::vector<ir::Tensor> inputs;
  for (const ir::Value* input : model.graph->inputs()) inputs.push_back(known.at(input->name()));
  const auto outputs = engines::RunReference(model, inputs);
  ASSERT_TRUE(outputs.ok()) << outputs.error().Text();
  for (size_t i = 0; i < outputs->size(); ++i) known[model.graph->outputs()[i]->name()] = (*outputs)[i];
}

std::map<std::string, ir::Tensor> Inputs(const ir::Model& model) {
  const auto tensors = testing::RandomInputs(*model.graph, {});
  std::map<std::string, ir::Tensor> known;
  for (size_t i = 0; i < tensors.size(); ++i) known[model.graph->inputs()[i]->name()] = tensors[i];
  return known;
}

std::vector<bool> FirstNodes(size_t count, size_t of) {
  std::vector<bool> head(of, false);
  std::fill_n(head.begin(), count, true);
  return head;
}

TEST(SplitModelTest, EveryPrefixComputesTheSame) {
  const auto model = Parsed(kGraph);
  const size_t nodes = model->graph->node_count();
  auto whole = Inputs(*model);
  RunInto(*model, whole);
  for (size_t count = 0; count <= nodes; ++count) {
    SCOPED_TRACE(count);
    const auto halves = SplitModel(*model, FirstNodes(count, nodes));
    ASSERT_TRUE(halves.ok()) << halves.error().Text();
    EXPECT_EQ(halves->head == nullptr, count == 0);
    EXPECT_EQ(halves->tail == nullptr, count == nodes);
    auto known = Inputs(*model);
    for (const auto* half : {halves->head.get(), halves->tail.get()}) {
      if (half == nullptr) continue;
      ASSERT_TRUE(ir::Verify(*half->graph).ok());
      RunInto(*half, known);
    }
    for (const char* output : {"y", "early"})
      EXPECT_TRUE(testing::Near(known.at(output), whole.at(output), 0));
  }
}

TEST(SplitModelTest, NamesWhatCrosses) {
  const auto model = Parsed(kGraph);
  const auto halves = SplitModel(*model, FirstNodes(3, 6));
  ASSERT_TRUE(halves.ok());
  EXPECT_THAT(halves->crossing, ElementsAre("c", "early", "extra"));
  EXPECT_THAT(halves->head_answers, ElementsAre("early"));
  EXPECT_THAT(Names(halves->head->graph->inputs()), ElementsAre("x"));
  EXPECT_THAT(Names(halves->head->graph->outputs()), ElementsAre("early", "c"));
  EXPECT_THAT(Names(halves->tail->graph->inputs()), ::testing::UnorderedElementsAre("c", "early", "extra"));
  EXPECT_THAT(Names(halves->tail->graph->outputs()), ElementsAre("y"));
}

TEST(SplitModelTest, WhatDoesNotDependOnInputsIsOnBothSides) {
  const auto model = Parsed(R"(g (float[2] x) => (float[2] y)
<int64[1] two = {2}>
{
  zeros = ConstantOfShape(two)
  a = Add(x, zeros)
  y = Mul(a, zeros)
})");
  const auto halves = SplitModel(*model, {true, true, false});
  ASSERT_TRUE(halves.ok());
  EXPECT_THAT(halves->crossing, ElementsAre("a"));
  EXPECT_EQ(halves->head->graph->node_count(), 2u);
  EXPECT_EQ(halves->tail->graph->node_count(), 2u);
}

TEST(SplitModelTest, ValuesReadInsideABranchCross) {
  const auto model = Parsed(R"(g (bool[1] on, float[2] x) => (float[2] y)
{
  a = Relu(x)
  y = If(on) <then_branch = t () => (float[2] p) { p = Identity(a) }, else_branch = e () => (float[2] q) { q = Neg(a) }>
})");
  const auto halves = SplitModel(*model, {true, false});
  ASSERT_TRUE(halves.ok());
  EXPECT_THAT(halves->crossing, ::testing::UnorderedElementsAre("a", "on"));
}

TEST(SplitModelTest, AHeadThatReadsTheTailIsOurMistake) {
  const auto model = Parsed(kGraph);
  const auto halves = SplitModel(*model, {false, true, true, true, true, true});
  ASSERT_FALSE(halves.ok());
  EXPECT_EQ(halves.error().found, "the node is in the head and reads 'a', which the tail makes");
  EXPECT_EQ(halves.error().blame, Blame::kFault);
}

class PackingTest : public ::testing::TestWithParam<Packing> {};

TEST_P(PackingTest, IsUndoneByTheTail) {
  const auto model = Parsed(kGraph);
  auto whole = Inputs(*model);
  RunInto(*model, whole);
  for (const size_t count : {size_t{0}, size_t{1}, size_t{3}, size_t{5}}) {
    SCOPED_TRACE(count);
    const std::vector<bool> head = FirstNodes(count, 6);
    auto halves = SplitModel(*model, head);
    ASSERT_TRUE(halves.ok());
    std::vector<WireTensor> wire;
    for (const std::string& name : halves->crossing) wire.push_back({name, GetParam(), 12.0 / 255, 128});
    ASSERT_TRUE(Pack(*halves, wire).ok());
    for (const ir::Value* input : halves->tail->graph->inputs())
      EXPECT_EQ(input->type.element,
                GetParam() == Packing::kInt8 ? ir::DataType::kUint8 : ir::DataType::kFloat16);
    EXPECT_THAT(Names(halves->tail->graph->inputs()), ::testing::UnorderedElementsAreArray(halves->crossing));
    auto known = Inputs(*model);
    for (const auto* half : {halves->head.get(), halves->tail.get()}) {
      ASSERT_TRUE(ir::Verify(*half->graph).ok());
      RunInto(*half, known);
    }
    EXPECT_TRUE(testing::Near(known.at("y"), whole.at("y"), GetParam() == Packing::kInt8 ? 0.1 : 2e-3));
    // The whole with the packing in place gives exactly what the two halves give.
    const auto packed = WithPacking(*model, head, wire);
    ASSERT_TRUE(packed.ok());
    auto beside = Inputs(*model);
    RunInto(**packed, beside);
    EXPECT_TRUE(testing::Near(beside.at("y"), known.at("y"), 1e-6));
  }
}

INSTANTIATE_TEST_SUITE_P(All, PackingTest, ::testing::Values(Packing::kFloat16, Packing::kInt8),
                         [](const auto& info) { return std::string(NameOf(info.param)); });

TEST(PackingTextTest, AnOldOpsetHasNoQuantizeLinear) {
  const auto model = testing::ParseGraph("g (float[2] x) => (float[2] y) { a = Relu(x) y = Neg(a) }", 3, 9);
  ASSERT_TRUE(formats::MakeTypeInference(*model)->InferGraph(*model->graph).ok());
  model->source = "old.onnx";
  auto halves = SplitModel(*model, {true, false});
  ASSERT_TRUE(halves.ok());
  const Status packed = Pack(*halves, {{"a", Packing::kInt8, 1, 0}});
  ASSERT_FALSE(packed.ok());
  EXPECT_EQ(packed.error().Text(),
            "error: old.onnx: the model has opset 9\n"
            "  expected: opset 10 or newer, which has QuantizeLinear, to pack as int8\n"
            "  fix: leave \"int8\" out of place.packing, or export the model with a newer opset");
}

TEST(PackingTextTest, BytesOnTheWire) {
  EXPECT_EQ(BytesOnWire(Packing::kNone, ir::DataType::kFloat), 4);
  EXPECT_EQ(BytesOnWire(Packing::kFloat16, ir::DataType::kFloat), 2);
  EXPECT_EQ(BytesOnWire(Packing::kInt8, ir::DataType::kFloat), 1);
  EXPECT_EQ(BytesOnWire(Packing::kInt8, ir::DataType::kInt64), 8);
}

}  // namespace
}  // namespace shoehorn::place
