#include "cost/kernel_table.h"

#include <gtest/gtest.h>

#include "cost/kernels.h"
#include "cost/measured.h"
#include "cost/networks.h"
#include "cost/profile_toml.h"
#include "cost/variants.h"
#include "formats/onnx.h"
#include "support/quantized.h"

namespace shoehorn::cost {
namespace {

KernelTable Sample() {
  KernelTable table;
  table.machine = "A \"fast\" one";
  EngineKernels engine;
  engine.engine = "onnxruntime";
  engine.version = "1.32";
  engine.start_seconds = {{"fp32", 4e-6}, {"int8", 5e-6}};
  engine.kinds["Relu f32"] = {
      {2, 2, 1, 1, 0.5}, {{{{10, 0, 5, 1, 0}, 1024, 8192}, 3e-6}, {{{14, 0, 5, 1, 0}, 16384, 131072}, 2e-5}}};
  table.engines.push_back(engine);
  return table;
}

TEST(KernelTable, ComesBackFromItsFile) {
  const KernelTable table = Sample();
  const auto read = ParseKernelTable(ToJson(table), "t.json");
  ASSERT_TRUE(read.ok()) << read.error().Text();
  EXPECT_EQ(read->machine, table.machine);
  ASSERT_NE(read->Find("onnxruntime"), nullptr);
  EXPECT_EQ(read->Find("openvino"), nullptr);
  const EngineKernels& engine = *read->Find("onnxruntime");
  EXPECT_EQ(engine.version, "1.32");
  EXPECT_EQ(engine.start_seconds.at("int8"), 5e-6);
  const KernelSamples& relu = engine.kinds.at("Relu f32");
  EXPECT_EQ(relu.reaches, table.engines[0].kinds.at("Relu f32").reaches);
  ASSERT_EQ(relu.samples.size(), 2u);
  EXPECT_EQ(relu.samples[1].shape.features, (std::vector<double>{14, 0, 5, 1, 0}));
  EXPECT_NEAR(relu.samples[1].shape.bytes, 131072, 100);
  EXPECT_EQ(relu.samples[1].seconds, 2e-5);
  EXPECT_EQ(ToJson(*read), ToJson(table));
}

std::string ErrorOf(std::string_view text) {
  const auto read = ParseKernelTable(text, "t.json");
  return read.ok() ? "read" : read.error().Text();
}

TEST(KernelTable, WhatIsWrongIsSaidWithItsPlace) {
  constexpr char kFix[] = "\n  fix: measure anew with `shoehorn profile`";
  EXPECT_EQ(ErrorOf("[1"),
            std::string("error: t.json: not a JSON object\n  expected: a table of kernels") + kFix);
  EXPECT_EQ(ErrorOf("{}"), std::string("error: t.json: schema: the key is missing") + kFix);
  EXPECT_EQ(
      ErrorOf(R"({"schema": "shoehorn.kernels/9"})"),
      std::string("error: t.json: schema: 'shoehorn.kernels/9'\n  expected: 'shoehorn.kernels/3'") + kFix);
  const std::string head = R"({"schema": "shoehorn.kernels/3", "machine": "m", "engines": [{"engine": "e",
      "version": "1", "threads": 1, "start_seconds": {}, "kernels": [)";
  EXPECT_EQ(ErrorOf(head + R"({"kind": "Relu f32", "reaches": [1, 1], "samples": [[1, 2, 3]]}]}]})"),
            std::string("error: t.json: engines[0].kernels[0].samples[0]: 3 numbers\n"
                        "  expected: 5: a feature for each reach, operations, bytes, seconds") +
                kFix);
  EXPECT_EQ(ErrorOf(head + R"({"kind": "Relu f32", "reaches": [1], "samples": [[1, 2, 3, -4]]}]}]})"),
            std::string(
                "error: t.json: engines[0].kernels[0].samples[0]: operations, bytes or seconds are negative, "
                "or no time passed\n  expected: measured numbers") +
                kFix);
  EXPECT_EQ(
      ErrorOf(head + R"({"kind": "Relu f32", "reaches": [0], "samples": [[1, 2, 3, 4]]}]}]})"),
      std::string("error: t.json: engines[0].kernels[0].reaches: a reach is 0\n  expected: numbers above 0") +
          kFix);
  EXPECT_EQ(ErrorOf(head + R"({"kind": "Relu f32", "reaches": [1], "samples": []}]}]})"),
            std::string("error: t.json: engines[0].kernels[0]: no sample\n  expected: one at least") + kFix);
  EXPECT_EQ(ErrorOf(head + R"({"kind": 3}]}]})"),
            std::string("error: t.json: engines[0].kernels[0].kind: a number stands there\n"
                        "  expected: a value of another type") +
                kFix);
}

targets::Device Cpu() {
  targets::Unit unit;
  unit.name = "cpu";
  unit.runtime = "onnxruntime";
  unit.peak["fp32"] = {50e9, targets::FactKind::kMeasured, "test"};
  targets::Device device;
  device.units.push_back(unit);
  return device;
}

TEST(MeasuredModel, AddsKernelsAndTheStartOfTheRun) {
  const auto model = testing::ParseGraph(R"(g (float[1,1024] x) => (float[1,1024] y) {
  [first] a = Relu (x)
  [odd] b = LRN <size = 3> (a)
  [last] y = Relu (b)
})",
                                         9, 20);
  const auto types = formats::MakeTypeInference(*model);
  ASSERT_TRUE(types->InferGraph(*model->graph).ok());
  const targets::Device device = Cpu();
  const auto measured = Measured(Sample(), device, device.units[0], "fp32");
  ASSERT_TRUE(measured.ok()) << measured.error().Text();
  double sum = 0;
  for (const ir::Node& node : model->graph->nodes()) sum += (*measured)->Of(node).seconds;
  const Cost relu = (*measured)->Of(*model->graph->first());
  EXPECT_NEAR(relu.seconds, 3e-6, 1.5e-6);
  EXPECT_EQ(relu.kind, targets::FactKind::kMeasured);
  EXPECT_EQ(relu.basis, "measured kernels of onnxruntime");
  EXPECT_FALSE(relu.energy_known);
  const Cost all = (*measured)->OfGraph(*model->graph);
  EXPECT_NEAR(all.seconds, sum + 4e-6, 1e-9);
  EXPECT_EQ(all.kind, targets::FactKind::kInferred);
  EXPECT_NE(all.basis.find("of the time from kernels of kinds that were not measured"), std::string::npos);
}

TEST(MeasuredModel, RefusesWhatWasNotMeasured) {
  targets::Device device = Cpu();
  const auto wrong = Measured(Sample(), device, device.units[0], "int8");
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().Text(), "error: unit 'cpu': it does not compute in int8\n  expected: one of fp32");
  device.units[0].runtime = "qnn";
  const auto foreign = Measured(Sample(), device, device.units[0], "fp32");
  ASSERT_FALSE(foreign.ok());
  EXPECT_EQ(foreign.error().Text(),
            "error: unit 'cpu': no kernels of its runtime 'qnn' were measured\n"
            "  fix: measure them with `shoehorn profile` on that machine");
}

TEST(Networks, AreWholeAndTheSameEachTime) {
  for (size_t i = 0; i < NetworkStyles(); ++i) {
    const Network network = MakeNetwork(i);
    SCOPED_TRACE(network.name);
    EXPECT_TRUE(ir::Verify(*network.model->graph).ok());
    EXPECT_GT(network.model->graph->node_count(), 3u);
    const auto simplified = Simplified(*network.model, {});
    ASSERT_TRUE(simplified.ok()) << simplified.error().Text();
    for (const char* engine : {"onnxruntime", "openvino"})
      for (const Kernel& kernel : KernelsOf(*(*simplified)->graph, engine, "fp32"))
        EXPECT_TRUE(kernel.known) << kernel.name();
    EXPECT_EQ(MakeNetwork(i).model->graph->node_count(), network.model->graph->node_count());
  }
}

}  // namespace
}  // namespace shoehorn::cost
