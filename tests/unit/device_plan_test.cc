// Placing a model on the units of a device that is made for the purpose: a cpu that takes everything and an
// npu with the rules of a real accelerator; costs are set by operator.
#include "place/device_plan.h"

#include <gmock/gmock.h>

#include <map>

#include "formats/onnx.h"

namespace shoehorn::place {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::unique_ptr<ir::Model> Parse(const std::string& body,
                                 const std::string& signature = "(float[1,250] x) => (float[1,250] y)") {
  auto model = formats::ParseText("<ir_version: 8, opset_import: [\"\" : 17, \"acme\" : 1]>\ng " + signature +
                                  " {\n" + body + "}");
  SHOEHORN_CHECK(model.ok(), model.error().Text());
  const auto inferred = formats::MakeTypeInference(**model)->InferGraph(*(*model)->graph);
  SHOEHORN_CHECK(inferred.ok(), inferred.error().Text());
  return std::move(model).value();
}

targets::Fact Reported(double value) { return {value, targets::FactKind::kReported, "the data sheet"}; }

targets::Unit MakeUnit(const std::string& name, targets::UnitKind kind, const std::string& accelerator,
                       double dispatch, double watts) {
  targets::Unit unit;
  unit.name = name;
  unit.kind = kind;
  unit.accelerator = accelerator;
  unit.runtime = "onnxruntime";
  unit.peak["fp32"] = Reported(1e9);
  unit.bandwidth = Reported(1e9);
  unit.dispatch = Reported(dispatch);
  unit.busy_power = Reported(watts);
  return unit;
}

/// A cpu of 2 W that starts at once, an npu of 1 W that takes 200 us to start; 1,000 bytes cross in 11 us.
targets::Profile Board() {
  targets::Profile board;
  board.name = "board";
  board.file = "targets/board.toml";
  board.accelerator = "qnn_htp";
  board.precision = "fp32";
  targets::Device device;
  device.units = {MakeUnit("cpu", targets::UnitKind::kCpu, "", 0, 2),
                  MakeUnit("npu", targets::UnitKind::kNpu, "qnn_htp", 200e-6, 1)};
  device.copies = {{"cpu", "npu", Reported(1e9), Reported(10e-6)}};
  board.device = device;
  return board;
}

/// Milliseconds by operator; watts times that are its energy.
class Set : public cost::Model {
 public:
  Set(std::map<std::string, double> milliseconds, const targets::Unit& unit)
      : milliseconds_(std::move(milliseconds)), unit_(unit) {}
  cost::Cost Of(const ir::Node& node) const override {
    cost::Cost cost;
    cost.seconds = 1e-3 * milliseconds_.at(node.op_type);
    cost.joules = unit_.busy_power ? cost.seconds * unit_.busy_power->value : 0;
    cost.energy_known = unit_.busy_power.has_value();
    cost.kind = targets::FactKind::kMeasured;
    cost.basis = "set by the test";
    return cost;
  }
  cost::Cost OfGraph(const ir::Graph&) const override { return {}; }

 private:
  std::map<std::string, double> milliseconds_;
  const targets::Unit& unit_;
};

using Costs = std::map<std::string, std::map<std::string, double>>;  // by unit and operator

DeviceOptions With(Costs costs, double latency_share = 1) {
  DeviceOptions options;
  options.objective.latency_share = latency_share;
  options.models = [costs = std::move(costs)](const targets::Device&, const targets::Unit& unit,
                                              const std::string&) -> Result<std::unique_ptr<cost::Model>> {
    return std::unique_ptr<cost::Model>(std::make_unique<Set>(costs.at(unit.name), unit));
  };
  return options;
}

DevicePlan Placed(const ir::Model& model, const targets::Profile& profile, const DeviceOptions& options) {
  auto plan = PlaceOnDevice(model, profile, options);
  SHOEHORN_CHECK(plan.ok(), plan.error().Text());
  return std::move(plan).value();
}

/// The least objective over all placements that nobody refuses.
double LeastByTrying(const DeviceProblem& problem) {
  double best = std::numeric_limits<double>::infinity();
  std::vector<size_t> unit(problem.operators().size(), 0);
  while (true) {
    bool taken = true;
    for (size_t i = 0; i < unit.size(); ++i) taken = taken && problem.On(i, unit[i]).refusal == nullptr;
    if (taken) best = std::min(best, Priced(problem, unit).objective);
    size_t at = 0;
    while (at < unit.size() && ++unit[at] == problem.units().size()) unit[at++] = 0;
    if (at == unit.size()) return best;
  }
}

constexpr double kTiny = 1e-12;

TEST(DevicePlan, TheAcceleratorIsRefusedWhereItsStartCostsMoreThanItSaves) {
  const auto model = Parse("[relu] y = Relu (x)\n");
  const targets::Profile board = Board();
  const DevicePlan plan = Placed(*model, board, With({{"cpu", {{"Relu", 0.3}}}, {"npu", {{"Relu", 0.1}}}}));
  EXPECT_THAT(plan.chosen.unit, ElementsAre(0));
  EXPECT_TRUE(plan.optimal);
  EXPECT_EQ(plan.method, "minimum cut");
  EXPECT_NEAR(plan.chosen.total.seconds, 0.3e-3, kTiny);
  EXPECT_NEAR(plan.chosen.total.joules, 0.6e-3, kTiny);
  EXPECT_EQ(plan.chosen.total.kind, targets::FactKind::kReported);
  // In and out: 11 us each; started once.
  EXPECT_NEAR(plan.greedy->total.seconds, 0.1e-3 + 200e-6 + 22e-6, kTiny);
  EXPECT_NEAR(plan.host_only->total.seconds, plan.chosen.total.seconds, kTiny);
  ASSERT_EQ(plan.fallbacks.size(), 1u);
  EXPECT_EQ(plan.fallbacks[0].cause, Fallback::Cause::kCheaper);
  // The copies are the cpu's work, 2 W: 0.1 + 0.2 + 0.044 instead of 0.6 mJ.
  EXPECT_EQ(plan.fallbacks[0].reason, "npu takes it; moved there alone: +0.0220 ms, -0.256 mJ");
  EXPECT_EQ(plan.fallbacks[0].rule, "");
}

TEST(DevicePlan, ItIsTakenWhereItSavesMore) {
  const auto model = Parse("[relu] y = Relu (x)\n");
  const targets::Profile board = Board();
  const DevicePlan plan = Placed(*model, board, With({{"cpu", {{"Relu", 0.4}}}, {"npu", {{"Relu", 0.1}}}}));
  EXPECT_THAT(plan.chosen.unit, ElementsAre(1));
  EXPECT_THAT(plan.fallbacks, IsEmpty());
  EXPECT_THAT(plan.notes, IsEmpty());
  EXPECT_EQ(plan.shares[1].nodes, 1u);
  EXPECT_EQ(plan.shares[1].starts, 1u);
  EXPECT_EQ(plan.shares[0].islands, 0u);
}

constexpr char kRefusedInTheMiddle[] =
    "[first] a = Relu (x)\n[middle] b = Mod <fmod = 1> (a, a)\n[last] y = Relu (b)\n";

TEST(DevicePlan, ARefusedNodeInTheMiddleIsListedWithReasonCostAndBoundary) {
  const auto model = Parse(kRefusedInTheMiddle);
  const targets::Profile board = Board();
  const DevicePlan plan = Placed(
      *model, board, With({{"cpu", {{"Relu", 2}, {"Mod", 0.5}}}, {"npu", {{"Relu", 0.1}, {"Mod", 0.1}}}}));
  EXPECT_THAT(plan.chosen.unit, ElementsAre(1, 0, 1));
  EXPECT_THAT(plan.island, ElementsAre(0, 1, 2));
  EXPECT_EQ(plan.chosen.crossings.size(), 4u);
  EXPECT_NEAR(plan.chosen.total.seconds, 0.7e-3 + 4 * 11e-6 + 2 * 200e-6, kTiny);
  EXPECT_EQ(plan.shares[1].refused, 1u);
  EXPECT_EQ(plan.shares[1].islands, 2u);
  EXPECT_EQ(plan.shares[1].starts, 2u);
  ASSERT_EQ(plan.fallbacks.size(), 1u);
  const Fallback& fallback = plan.fallbacks[0];
  EXPECT_EQ(fallback.cause, Fallback::Cause::kRefused);
  EXPECT_EQ(fallback.node, 1u);
  EXPECT_EQ(fallback.rule, "qnn_htp.Mod.fmod");
  EXPECT_THAT(fallback.reason, HasSubstr("node 'middle' (Mod): fmod is 1; accepted: "));
  EXPECT_NEAR(fallback.cost.seconds, 0.5e-3, kTiny);
  EXPECT_NEAR(fallback.cost.joules, 1e-3, kTiny);
  EXPECT_EQ(fallback.boundary_bytes, 2000);
  EXPECT_NEAR(fallback.boundary.seconds, 22e-6 + 200e-6, kTiny);
  EXPECT_NEAR(plan.greedy->total.seconds, plan.chosen.total.seconds, kTiny);
  EXPECT_NEAR(plan.host_only->total.seconds, 4.5e-3, kTiny);
}

TEST(DevicePlan, TwoStartsMayCostMoreThanTheNodesBehindARefusedOneSave) {
  const auto model =
      Parse("[first] a = Sigmoid (x)\n[middle] b = Mod <fmod = 1> (a, a)\n[last] y = Relu (b)\n");
  const targets::Profile board = Board();
  const DevicePlan plan = Placed(*model, board,
                                 With({{"cpu", {{"Sigmoid", 1}, {"Relu", 0.27}, {"Mod", 0.1}}},
                                       {"npu", {{"Sigmoid", 0.05}, {"Relu", 0.05}, {"Mod", 0}}}}));
  EXPECT_THAT(plan.chosen.unit, ElementsAre(1, 0, 0));
  EXPECT_GT(plan.greedy->total.seconds, plan.chosen.total.seconds);
  EXPECT_GT(plan.host_only->total.seconds, plan.chosen.total.seconds);
  ASSERT_EQ(plan.fallbacks.size(), 2u);
  EXPECT_EQ(plan.fallbacks[1].cause, Fallback::Cause::kCheaper);
}

TEST(DevicePlan, WhatNobodyKnowsIsNotTakenAndListedAsUnknown) {
  const auto model = Parse("[odd] a = acme.Frobnicate (x)\n[relu] y = Relu (a)\n",
                           "(float[1,250] x) => (float[1,250] y) <float[1,250] a>");
  const targets::Profile board = Board();
  const DevicePlan plan =
      Placed(*model, board,
             With({{"cpu", {{"Relu", 9}, {"Frobnicate", 9}}}, {"npu", {{"Relu", 0}, {"Frobnicate", 0}}}}));
  EXPECT_THAT(plan.chosen.unit, ElementsAre(0, 1));
  ASSERT_EQ(plan.fallbacks.size(), 1u);
  EXPECT_EQ(plan.fallbacks[0].cause, Fallback::Cause::kUnknown);
  EXPECT_EQ(plan.shares[1].unknown, 1u);
  EXPECT_EQ(plan.shares[1].refused, 0u);
  EXPECT_THAT(plan.notes,
              ElementsAre("1 operator has an open shape, number of rounds or cost: the figures are lower "
                          "bounds (--shape, --symbol)"));
}

TEST(DevicePlan, EnergyAndLatencyMayChooseDifferently) {
  const auto model = Parse("[relu] y = Relu (x)\n");
  const targets::Profile board = Board();
  // On the npu: 0.5 + 0.2 + 0.022 ms; 0.5 + 0.2 mJ of its own and 0.044 mJ of the copies. On the cpu: 0.6
  // ms, 1.2 mJ.
  const Costs costs = {{"cpu", {{"Relu", 0.6}}}, {"npu", {{"Relu", 0.5}}}};
  EXPECT_THAT(Placed(*model, board, With(costs, 1)).chosen.unit, ElementsAre(0));
  const DevicePlan energy = Placed(*model, board, With(costs, 0));
  EXPECT_THAT(energy.chosen.unit, ElementsAre(1));
  EXPECT_NEAR(energy.chosen.total.joules, 0.744e-3, kTiny);
  EXPECT_NEAR(energy.chosen.objective, 0.744, kTiny);
  // w x 0.722 + (1 - w) x 0.744 against w x 0.6 + (1 - w) x 1.2: even at w = 0.456 / 0.578 = 0.789.
  EXPECT_THAT(Placed(*model, board, With(costs, 0.78)).chosen.unit, ElementsAre(1));
  EXPECT_THAT(Placed(*model, board, With(costs, 0.80)).chosen.unit, ElementsAre(0));
}

TEST(DevicePlan, ATensorIsCopiedOnceForAllOfItsReadersOnAUnit) {
  const auto model = Parse(
      "[shared] a = Mod <fmod = 1> (x, x)\n[left] b = Relu (a)\n[right] c = Relu (a)\n[join] y = Add (b, "
      "c)\n");
  const targets::Profile board = Board();
  const DevicePlan plan = Placed(*model, board,
                                 With({{"cpu", {{"Relu", 1}, {"Add", 1}, {"Mod", 1}}},
                                       {"npu", {{"Relu", 0.1}, {"Add", 0.1}, {"Mod", 0.1}}}}));
  EXPECT_THAT(plan.chosen.unit, ElementsAre(0, 1, 1, 1));
  EXPECT_NEAR(plan.chosen.total.seconds, 1e-3 + 0.3e-3 + 2 * 11e-6 + 200e-6, kTiny);
  EXPECT_EQ(plan.shares[1].islands, 1u);
}

TEST(DevicePlan, AnIslandThatTwoTensorsEnterIsCountedTwiceAndSaysSo) {
  const auto model = Parse("[add] y = Add (x, z)\n", "(float[1,250] x, float[1,250] z) => (float[1,250] y)");
  const targets::Profile board = Board();
  const DevicePlan plan = Placed(*model, board, With({{"cpu", {{"Add", 9}}}, {"npu", {{"Add", 1}}}}));
  EXPECT_THAT(plan.chosen.unit, ElementsAre(1));
  EXPECT_NEAR(plan.chosen.total.seconds, 1e-3 + 3 * 11e-6 + 2 * 200e-6, kTiny);
  EXPECT_THAT(
      plan.notes,
      ElementsAre("npu is started for each tensor that enters it, 2 times for 1 island: an upper bound"));
}

TEST(DevicePlan, PrecisionAndLayoutAreConvertedByTheReceiver) {
  const auto model = Parse("[relu] y = Relu (x)\n", "(float[1,10,5,5] x) => (float[1,10,5,5] y)");
  targets::Profile board = Board();
  board.precision = "int8";
  board.facts["fp16"] = {0, targets::FactKind::kMeasured, "the compiler"};
  targets::Unit& npu = board.device->units[1];
  npu.runtime = "qnn";
  npu.peak = {{"int8", Reported(1e12)}};
  const DevicePlan plan = Placed(*model, board, With({{"cpu", {{"Relu", 9}}}, {"npu", {{"Relu", 1}}}}));
  EXPECT_EQ(plan.problem->units()[0].precision, "fp32");
  EXPECT_EQ(plan.problem->units()[1].precision, "int8");
  EXPECT_THAT(plan.chosen.unit, ElementsAre(1));
  ASSERT_EQ(plan.chosen.crossings.size(), 2u);
  const CopyParts &in = plan.chosen.crossings[0].parts, &out = plan.chosen.crossings[1].parts;
  EXPECT_EQ(in.bytes, 1000);  // floats, as the caller gives them
  EXPECT_NEAR(in.transfer.seconds, 10e-6 + 1e-6, kTiny);
  EXPECT_NEAR(in.conversion.seconds, 1.25e-6, kTiny);  // 1,000 bytes read, 250 written at 1 GB/s
  EXPECT_NEAR(in.start.seconds, 200e-6, kTiny);
  EXPECT_EQ(out.bytes, 250);
  EXPECT_NEAR(out.conversion.seconds, 1.25e-6, kTiny);
  EXPECT_EQ(out.start.seconds, 0);
  EXPECT_EQ(in.conversion.kind, targets::FactKind::kInferred);
  EXPECT_THAT(plan.notes,
              ElementsAre("the model is float, and npu computes in int8: the figures are those of the "
                          "quantized model (shoehorn fit --target board)"));
}

TEST(DevicePlan, WhatIsInsideAnIfCountsForItAsAWhole) {
  const auto model = Parse(R"(
    [first] a = Relu (x)
    [choice] y = If (c) <then_branch = g1 () => (float[1,250] p) { p = Mod <fmod = 1> (a, a) },
                         else_branch = g2 () => (float[1,250] q) { q = Relu (a) }>
  )",
                           "(float[1,250] x, bool c) => (float[1,250] y)");
  const targets::Profile board = Board();
  const DevicePlan plan =
      Placed(*model, board, With({{"cpu", {{"Relu", 5}, {"If", 5}}}, {"npu", {{"Relu", 0.1}, {"If", 0.1}}}}));
  EXPECT_THAT(plan.chosen.unit, ElementsAre(1, 0));
  ASSERT_EQ(plan.fallbacks.size(), 1u);
  EXPECT_NE(plan.fallbacks[0].reason, "");
  // The input enters, and what the branches read of it leaves; the choice itself stays where the caller is.
  ASSERT_EQ(plan.chosen.crossings.size(), 2u);
  EXPECT_EQ(plan.problem->tensor(plan.chosen.crossings[1].tensor).value->name(), "a");
}

TEST(DevicePlan, WeightsThatDoNotFitComeOverTheCopy) {
  const auto model = Parse("[one] a = MatMul (x, w)\n[two] b = MatMul (a, w)\n[three] y = MatMul (b, w)\n",
                           "(float[1,250] x, float[250,250] w) => (float[1,250] y)");
  std::vector<float> weights(250 * 250, 0.5F);
  ir::Value* w = model->graph->FindValue("w");
  ASSERT_NE(w, nullptr);
  model->graph->SetInitializer(*w, ir::Tensor::Of<float>({250, 250}, weights));
  model->graph->DropInput(*w);
  targets::Profile board = Board();
  board.device->units[1].memory = Reported(300'000);  // 250 kB each
  for (const double cpu : {0.2, 0.3, 1.0}) {
    const DevicePlan plan =
        Placed(*model, board, With({{"cpu", {{"MatMul", cpu}}}, {"npu", {{"MatMul", 0.05}}}}));
    const double least = LeastByTrying(*plan.problem);
    EXPECT_LE(plan.lower_bound, least * (1 + 1e-9)) << cpu;
    EXPECT_GE(plan.chosen.objective, least * (1 - 1e-9)) << cpu;
    if (plan.optimal) {
      EXPECT_NEAR(plan.chosen.objective, least, 1e-9) << cpu;
    }
  }
  const DevicePlan all = Placed(*model, board, With({{"cpu", {{"MatMul", 9}}}, {"npu", {{"MatMul", 0.05}}}}));
  EXPECT_THAT(all.chosen.unit, ElementsAre(1, 1, 1));
  EXPECT_TRUE(all.optimal);
  ASSERT_EQ(all.chosen.overflows.size(), 1u);
  EXPECT_NEAR(all.chosen.overflows[0].cost.seconds, 450'000e-9, kTiny);
  EXPECT_THAT(all.notes,
              ElementsAre("weights of 732 KiB do not fit the 293 KiB of npu: the rest comes over the copy "
                          "in every run, 450 us"));
}

TEST(DevicePlan, TheAnswerIsTheLeastOfAllPlacements) {
  const auto model = Parse(
      "[a] a = Relu (x)\n[b] b = Mod <fmod = 1> (a, x)\n[c] c = Sigmoid (a)\n[d] d = Add (b, c)\n"
      "[e] e = Tan (d)\n[f] f = Relu (e)\n[g] g = Add (f, a)\n[h] y = Sigmoid (g)\n");
  targets::Profile board = Board();
  board.device->units.push_back(MakeUnit("gpu", targets::UnitKind::kGpu, "tensorrt", 40e-6, 5));
  board.device->copies.push_back({"cpu", "gpu", Reported(2e9), Reported(5e-6)});
  board.device->copies.push_back({"npu", "gpu", Reported(4e9), Reported(25e-6)});
  uint64_t state = 1;
  const auto number = [&state] {
    state = state * 6364136223846793005 + 1442695040888963407;
    return static_cast<double>(state >> 40) / (1 << 24);
  };
  for (int round = 0; round < 15; ++round) {
    Costs costs;
    for (const auto& [unit, speed] : std::map<std::string, double>{{"cpu", 0.6}, {"npu", 0.1}, {"gpu", 0.3}})
      for (const char* op : {"Relu", "Mod", "Sigmoid", "Add", "Tan"}) costs[unit][op] = speed * number();
    for (const double share : {1.0, 0.5, 0.0}) {
      const DevicePlan plan = Placed(*model, board, With(costs, share));
      EXPECT_TRUE(plan.optimal);
      EXPECT_NEAR(plan.chosen.objective, LeastByTrying(*plan.problem), 1e-9) << round;
      EXPECT_LE(plan.chosen.objective, plan.host_only->objective + 1e-9);
      EXPECT_LE(plan.chosen.objective, plan.greedy->objective + 1e-9);
    }
  }
}

TEST(DevicePlan, AProfileWithoutUnitsIsBadInput) {
  const auto model = Parse("[relu] y = Relu (x)\n");
  targets::Profile board = Board();
  board.device.reset();
  EXPECT_EQ(PlaceOnDevice(*model, board, {}).error().Text(),
            "error: targets/board.toml: target 'board': its profile has no compute units, so nothing can be "
            "placed on "
            "them\n  expected: [[unit]] with peak, bandwidth and dispatch (docs/profiles.md)");
}

TEST(DevicePlan, EnergyThatNobodyKnowsCannotBeMinimized) {
  const auto model = Parse("[relu] y = Relu (x)\n");
  targets::Profile board = Board();
  board.device->units[1].busy_power.reset();
  const Costs costs = {{"cpu", {{"Relu", 9}}}, {"npu", {{"Relu", 0.1}}}};
  EXPECT_EQ(PlaceOnDevice(*model, board, With(costs, 0.5)).error().Text(),
            "error: targets/board.toml: unit 'npu': it has no busy_power, so nobody can count its energy\n"
            "  expected: watts above the idle power\n"
            "  fix: add busy_power, or ask for --objective latency");
  const DevicePlan plan = Placed(*model, board, With(costs, 1));
  EXPECT_FALSE(plan.chosen.total.energy_known);
  EXPECT_THAT(plan.notes, ElementsAre("the energy of a unit is not known: no busy_power in the profile"));
}

TEST(DevicePlan, AnOperatorThatEveryUnitRefusesIsNamed) {
  const auto model = Parse(kRefusedInTheMiddle);
  targets::Profile board = Board();
  board.device->units[0].accelerator = "qnn_htp";
  const Costs costs = {{"cpu", {{"Relu", 9}, {"Mod", 9}}}, {"npu", {{"Relu", 1}, {"Mod", 1}}}};
  EXPECT_EQ(PlaceOnDevice(*model, board, With(costs)).error().Text(),
            "error: node 'middle' (Mod): every unit refuses it\n"
            "  expected: one that runs it\n"
            "  fix: a CPU takes every operator: leave `accelerator` out of the unit that should run it");
}

}  // namespace
}  // namespace shoehorn::place
