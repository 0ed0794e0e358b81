// The choice among candidates: objective and limits, why the others are out, what would turn it; and the
// candidates of a model, held against all of its cuts.
#include "place/choose.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "place/candidates.h"

namespace shoehorn::place {
namespace {

/// A device (100 ms, 1 J a frame), a gateway and a cloud: each candidate is 20 kB up, 1 kB down.
struct World3 {
  std::vector<Place> places;
  std::vector<Candidate> candidates;
  Ground ground{.drives = 1};
  Requirements requirements{.objective = Measure::kP50, .rate_per_s = 5};

  World3() {
    places.push_back({.name = "device", .kind = PlaceKind::kDevice});
    places.push_back(
        {.name = "gateway", .kind = PlaceKind::kGateway, .links = {Link::Constant(10e6, 10e6, 0.002, 60)}});
    places.push_back({.name = "cloud",
                      .kind = PlaceKind::kCloud,
                      .links = {Link::Constant(1e6, 1e6, 0.03, 60)},
                      .price_per_hour = 0.5});
    Candidate device{
        .name = "all on device", .cut = "all on device", .place = 0, .pure = true, .without_link = true};
    device.policy.local = {{0, 0.1, 1}};
    device.policy.local_accuracy = 0.9;
    candidates.push_back(device);
    Add("gateway", 1, 0.06, 0.9);  // 2.1 + 2 + 60 = 64.1 ms
    Add("cloud", 2, 0.01, 0.95);   // 21 + 30 + 10 = 61 ms
  }
  void Add(const std::string& name, size_t place, double tail_s, double accuracy) {
    Candidate candidate{.name = "all on " + name, .cut = "all on " + name, .place = place, .pure = true};
    candidate.policy.route =
        Route{.up_bytes = 20e3, .down_bytes = 1e3, .tail_s = tail_s, .accuracy = accuracy};
    candidates.push_back(candidate);
  }
  Result<Choice> Choose() const { return place::Choose(candidates, places, ground, requirements); }
  const Turn& TurnOf(const Choice& choice, std::string_view what, bool up) const {
    return *std::ranges::find_if(choice.turns, [&](const Turn& t) { return t.what == what && t.up == up; });
  }
};

TEST(ChooseTest, TheObjectiveDecides) {
  World3 world;
  auto choice = world.Choose();
  ASSERT_TRUE(choice.ok());
  EXPECT_EQ(choice->best, 2);
  EXPECT_EQ(choice->runner_up, 1);
  EXPECT_NEAR(choice->judged[2].mean.at(Measure::kP50), 0.061, 1e-9);
  EXPECT_NEAR(choice->judged[2].mean.at(Measure::kMoney), 0.5 * 730, 1e-6);
  EXPECT_NEAR(choice->judged[2].mean.at(Measure::kBytes), 21e3 * 5 * 3600 * 730, 1);
  EXPECT_NEAR(choice->judged[0].mean.at(Measure::kEnergy), 1, 1e-9);
  world.requirements.objective = Measure::kMoney;
  EXPECT_EQ(world.Choose()->best, 1) << "free as the device is, and faster";
  world.requirements.objective = Measure::kAccuracy;
  EXPECT_EQ(world.Choose()->best, 2);
  world.requirements.objective = Measure::kBytes;
  EXPECT_EQ(world.Choose()->best, 0);
}

TEST(ChooseTest, NeverIsWorseThanLate) {
  World3 world;
  world.places[1].links[0] = Link::Constant(0, 0, 0.1, 60);
  world.places[2].links[0] = Link::Constant(0, 0, 0.1, 60);
  for (const Measure objective : {Measure::kMean, Measure::kP99, Measure::kP50}) {
    world.requirements.objective = objective;
    const auto choice = world.Choose();
    ASSERT_TRUE(choice.ok());
    EXPECT_EQ(choice->best, 0);
    EXPECT_EQ(FormatMeasure(objective, choice->judged[2].mean.at(objective)), "never");
  }
}

TEST(ChooseTest, WithoutALinkADriveIsAMinute) {
  World3 world;
  world.places.resize(1);
  world.candidates.resize(1);
  const auto choice = world.Choose();
  ASSERT_TRUE(choice.ok());
  EXPECT_EQ(choice->judged[0].outcomes[0].frames, 300);
}

TEST(ChooseTest, LimitsExcludeAndSayWhy) {
  World3 world;
  world.requirements.limits[Measure::kMoney] = 100;
  world.requirements.limits[Measure::kP99] = 0.08;
  const auto choice = world.Choose();
  ASSERT_TRUE(choice.ok());
  EXPECT_EQ(choice->best, 1);
  EXPECT_EQ(choice->runner_up, std::nullopt);
  EXPECT_EQ(choice->judged[0].out->Text(), "p99 is 100 ms, the limit 80.0 ms");
  EXPECT_EQ(choice->judged[2].out->Text(), "money is 365.00 a month, the limit 100.00 a month");
  EXPECT_TRUE(choice->judged[2].simulated()) << "pure choices are shown whatever excludes them";
  EXPECT_FALSE(choice->judged[1].out);
}

TEST(ChooseTest, SaysWhichLimitsNobodyMeets) {
  World3 world;
  world.requirements.limits[Measure::kMoney] = 100;
  world.requirements.limits[Measure::kP99] = 0.05;
  world.requirements.limits[Measure::kAccuracy] = 0.93;
  EXPECT_EQ(world.Choose().error().Text(),
            "error: limits: none of 3 choices meets them: money of at most 100.00 a month excludes 1, p99 of "
            "at most "
            "50.0 ms excludes 2\n"
            "  expected: limits that one choice meets on every drive\n"
            "  fix: nearest is all on gateway: p99 is 64.1 ms, the limit 50.0 ms");
}

TEST(ChooseTest, ForbiddenAndLinkboundChoicesAreOut) {
  World3 world;
  world.candidates[2].forbidden = "'image' must not leave the vehicle";
  auto choice = world.Choose();
  ASSERT_TRUE(choice.ok());
  EXPECT_EQ(choice->best, 1);
  EXPECT_EQ(choice->judged[2].out->Text(), "'image' must not leave the vehicle");
  EXPECT_FALSE(choice->judged[2].simulated());
  world.requirements.answers_without_link = true;
  choice = world.Choose();
  ASSERT_TRUE(choice.ok());
  EXPECT_EQ(choice->best, 0);
  EXPECT_EQ(choice->judged[1].out->Text(), "it does not answer without the link");
}

TEST(ChooseTest, LimitsHoldOnEveryDriveAndNameTheOneThatBreaksThem) {
  World3 world;
  Trace slow{.name = "slow-drive",
             .duration_s = 60,
             .uplink = {{0}, {2e5}},
             .downlink = {{0}, {1e6}},
             .round_trip = {{0}, {0.03}}};
  world.ground.drives = 2;
  world.places[1].links.push_back(world.places[1].links[0]);
  world.places[2].links.push_back(*Link::Of(slow, slow, slow));
  world.requirements.limits[Measure::kP99] = 0.12;
  const auto choice = world.Choose();
  ASSERT_TRUE(choice.ok());
  EXPECT_EQ(choice->best, 1);
  EXPECT_EQ(choice->judged[2].out->Text(), "p99 is 141 ms on slow-drive, the limit 120 ms");
  EXPECT_NEAR(choice->judged[2].mean.at(Measure::kP50), (0.061 + 0.141) / 2, 1e-9)
      << "the mean over the drives";
}

TEST(ChooseTest, FindsWhatTurnsTheChoice) {
  World3 world;
  const auto choice = world.Choose();
  ASSERT_TRUE(choice.ok());
  // The cloud's 61 ms hold 21 ms of transfer, the gateway's 64.1 ms 2.1 ms: equal at 40 + 21 / f = 62 + 2.1 /
  // f.
  const Turn& slower = world.TurnOf(*choice, "link rate", false);
  ASSERT_TRUE(slower.factor);
  EXPECT_NEAR(*slower.factor, 18.9 / 22, 0.05);
  EXPECT_EQ(slower.to, 1);
  EXPECT_FALSE(world.TurnOf(*choice, "link rate", true).factor) << "a faster link only favours the cloud";
  EXPECT_FALSE(world.TurnOf(*choice, "price", true).factor) << "nothing limits the price";
  const Turn& faster = world.TurnOf(*choice, "device speed", true);
  ASSERT_TRUE(faster.factor);
  EXPECT_NEAR(*faster.factor, 100 / 61.0, 0.05 * 1.64);
  EXPECT_EQ(faster.to, 0);
  world.requirements.limits[Measure::kMoney] = 700;
  const auto limited = world.Choose();
  const Turn& dearer = world.TurnOf(*limited, "price", true);
  ASSERT_TRUE(dearer.factor);
  EXPECT_NEAR(*dearer.factor, 700 / 365.0, 0.05 * 1.92);
  EXPECT_EQ(dearer.to, 1);
}

TEST(ChooseTest, SaysWhenAChangeLeavesNobody) {
  World3 world;
  world.candidates.resize(1);
  world.requirements.limits[Measure::kP99] = 0.12;
  const auto choice = world.Choose();
  ASSERT_TRUE(choice.ok());
  const Turn& slower = world.TurnOf(*choice, "device speed", false);
  ASSERT_TRUE(slower.factor);
  EXPECT_NEAR(*slower.factor, 100.0 / 120, 0.05);
  EXPECT_EQ(slower.to, std::nullopt);
}

// ---- The candidates of a model.

ir::Type Floats(int64_t count) {
  ir::Type type;
  type.element = ir::DataType::kFloat;
  type.has_rank = true;
  type.dims.push_back({count, {}});
  return type;
}

/// A chain of layers: 30,000 values in, halved by each layer; each takes 10 ms on the device, 1 ms in the
/// cloud.
struct Chain {
  ir::Model model;
  CutGraph graph;
  std::vector<Place> places;
  std::vector<PlaceCosts> costs;
  CandidateOptions options;
  Radio radio;
  Ground ground{.drives = 1};
  Requirements requirements{.objective = Measure::kMean, .rate_per_s = 5};

  explicit Chain(double up_rate) {
    ir::Value* value = &model.graph->AddInput("input", Floats(30000));
    for (int64_t i = 0, count = 15000; i < 6; ++i, count /= 2) {
      value = model.graph->AddNode("Op", "layer" + std::to_string(i), {value}).output();
      value->type = Floats(count);
    }
    model.graph->AddOutput(*value);
    graph = *CutGraphOf(*model.graph);
    for (CutNode& node : graph.nodes) node.device_s = 0.01, node.device_j = 0.05;
    places.push_back({.name = "device", .kind = PlaceKind::kDevice});
    places.push_back({.name = "cloud", .links = {Link::Constant(up_rate, up_rate, 0.02, 60)}});
    costs.push_back({.place = 1, .tail_s = std::vector<double>(6, 0.001)});
    options.rate_per_s = requirements.rate_per_s;
  }
  std::vector<Candidate> Make() { return MakeCandidates(graph, places, costs, radio, options); }
};

TEST(PlaceCandidatesTest, NoDominatedCutAndNoneForgotten) {
  Chain chain(1e6);
  chain.options.packings = {Packing::kNone};
  const auto candidates = chain.Make();
  EXPECT_EQ(candidates[0].name, "all on device");
  EXPECT_EQ(candidates[1].name, "all on cloud");
  EXPECT_TRUE(candidates[1].pure);
  // Each cut holds fewer bytes than the ones before it, so none dominates.
  std::vector<std::string> cuts;
  for (const Candidate& candidate : candidates)
    if (std::ranges::find(cuts, candidate.cut) == cuts.end()) cuts.push_back(candidate.cut);
  EXPECT_EQ(cuts.size(), 2 + 5);
  // Where a layer does not shrink its tensor, the cut after it is worse in everything.
  chain.graph.values[1].raw_bytes = chain.graph.values[0].raw_bytes;
  chain.graph.values[1].elements = chain.graph.values[0].elements;
  const std::string worse = "split at '" + chain.graph.values[1].value->name() + "'";
  EXPECT_EQ(std::ranges::count_if(candidates, [&](const Candidate& c) { return c.cut.starts_with(worse); }),
            3)
      << "as it is, and with each rule";
  for (const Candidate& candidate : chain.Make())
    EXPECT_FALSE(candidate.cut.starts_with(worse)) << candidate.cut;
}

/// gzip halves everything, and takes 0.4 s a megabyte on the device and 0.1 in the cloud.
void Compressible(Chain& chain) {
  for (CutValue& value : chain.graph.values)
    for (const Packing packing : {Packing::kNone, Packing::kFloat16, Packing::kInt8}) {
      const double bytes = value.BytesAs(packing);
      value.compressed[static_cast<size_t>(packing)] = {0.5, 4e-7 * bytes, 1e-7 * bytes};
    }
  chain.options.compress = true;
}

TEST(PlaceCandidatesTest, ASlowLinkTakesCompressionAndAFastOneDoesNot) {
  for (const double rate : {7e5, 8e5, 2e6, 1e8}) {
    Chain chain(rate);
    Compressible(chain);
    // All in the cloud, and as it is: else a smaller tensor crosses.
    for (CutNode& node : chain.graph.nodes) node.device_s = 5;
    chain.options.packings = {Packing::kNone};
    const auto candidates = chain.Make();
    const auto choice = Choose(candidates, chain.places, chain.ground, chain.requirements);
    ASSERT_TRUE(choice.ok());
    const Candidate& best = candidates[choice->best];
    // A byte saved is worth half a second a rate, and costs half a microsecond.
    EXPECT_EQ(best.compress, rate < 1e6) << rate;
    EXPECT_EQ(best.cut, rate < 1e6 ? "all on cloud (gzip)" : "all on cloud") << rate;
    EXPECT_DOUBLE_EQ(best.policy.route->up_bytes, rate < 1e6 ? 60e3 : 120e3);
    EXPECT_DOUBLE_EQ(SecondsOf(best.policy.route->head), rate < 1e6 ? 0.048 : 0);
    EXPECT_DOUBLE_EQ(best.policy.route->tail_s, rate < 1e6 ? 0.006 + 0.012 : 0.006);
  }
}

TEST(PlaceCandidatesTest, ASlowDeviceDoesNotCompress) {
  Chain chain(8e5);
  Compressible(chain);
  for (CutNode& node : chain.graph.nodes) node.device_s = 5;
  for (CutValue& value : chain.graph.values)
    for (Compressed& compressed : value.compressed) compressed.compress_s *= 10;
  const auto candidates = chain.Make();
  const auto choice = Choose(candidates, chain.places, chain.ground, chain.requirements);
  ASSERT_TRUE(choice.ok());
  EXPECT_EQ(candidates[choice->best].cut, "all on cloud (int8)");
}

TEST(PlaceCandidatesTest, CompressionTakesTheDevicesPowerAndThePlacesTime) {
  Chain chain(2e5);
  Compressible(chain);
  chain.graph.compress_w = 2;
  chain.costs[0].decompress_factor = 3;
  for (const Candidate& candidate : chain.Make()) {
    if (candidate.name != "all on cloud (int8, gzip)") continue;
    ASSERT_EQ(candidate.policy.route->head.size(), 1u);
    EXPECT_DOUBLE_EQ(candidate.policy.route->head[0].seconds, 0.012);
    EXPECT_DOUBLE_EQ(candidate.policy.route->head[0].joules, 0.024);
    EXPECT_DOUBLE_EQ(candidate.policy.route->tail_s, 0.006 + 3 * 0.003);
    return;
  }
  FAIL() << "no candidate is compressed";
}

TEST(PlaceCandidatesTest, TheChoiceIsNoWorseThanAnyCutByHand) {
  for (const double rate : {2e4, 1e5, 5e5, 1e6, 4e6, 2e7, 1e8}) {
    Chain chain(rate);
    Compressible(chain);
    const auto candidates = chain.Make();
    const auto choice = Choose(candidates, chain.places, chain.ground, chain.requirements);
    ASSERT_TRUE(choice.ok());
    const double found = choice->judged[choice->best].mean.at(Measure::kMean);
    for (size_t head = 0; head <= 6; ++head)
      for (const auto& [packing, compress] :
           {std::pair(Packing::kNone, false), std::pair(Packing::kFloat16, false),
            std::pair(Packing::kInt8, false), std::pair(Packing::kNone, true),
            std::pair(Packing::kFloat16, true), std::pair(Packing::kInt8, true)}) {
        std::vector<bool> bits(6);
        for (size_t i = 0; i < head; ++i) bits[i] = true;
        const Cut cut = CutOf(chain.graph, bits);
        Candidate hand{.name = "by hand", .cut = "by hand", .place = 1};
        hand.policy.route = Route{.head = StepsOf(chain.graph, cut),
                                  .up_bytes = UpBytes(chain.graph, cut, packing, compress),
                                  .down_bytes = DownBytes(chain.graph, cut),
                                  .tail_s = 0.001 * static_cast<double>(6 - head)};
        if (compress) {
          const Compressed compressed = CompressedOf(chain.graph, cut, packing);
          hand.policy.route->head.push_back({.seconds = compressed.compress_s});
          hand.policy.route->tail_s += compressed.decompress_s;
        }
        if (head == 6) hand = candidates[0];
        const Judged judged = JudgeOne({hand}, 0, chain.places, chain.ground, chain.requirements, 0);
        EXPECT_LE(found, judged.mean.at(Measure::kMean) + 1e-9) << rate << " " << head;
      }
  }
}

TEST(PlaceCandidatesTest, PrivacyKeepsTheInputAtHome) {
  Chain chain(1e8);
  chain.graph.values[0].may_leave = false;
  const auto candidates = chain.Make();
  const auto choice = Choose(candidates, chain.places, chain.ground, chain.requirements);
  ASSERT_TRUE(choice.ok());
  EXPECT_EQ(candidates[choice->best].split->crossing, (std::vector<size_t>{1}));
  EXPECT_EQ(choice->judged[1].out->Text(), "'input' must not leave the vehicle");
}

TEST(PlaceCandidatesTest, AServiceIsAPlaceLikeAnyOther) {
  Chain chain(1e6);
  chain.places.push_back({.name = "service",
                          .kind = PlaceKind::kService,
                          .links = {Link::Constant(1e6, 1e6, 0.02, 60)},
                          .servers = 0,
                          .price_per_call = 0.001});
  chain.costs.push_back({.place = 2, .whole = Whole{.seconds = 0.3, .p99_s = 0.9, .accuracy = 0.99}});
  chain.options.local_accuracy = 0.8;
  chain.options.deadline_s = chain.requirements.deadline_s = 2;
  chain.requirements.objective = Measure::kAccuracy;
  const auto candidates = chain.Make();
  const auto choice = Choose(candidates, chain.places, chain.ground, chain.requirements);
  ASSERT_TRUE(choice.ok());
  EXPECT_EQ(candidates[choice->best].cut, "all on service");
  const Figures& figures = choice->judged[choice->best].mean;
  EXPECT_GT(figures.at(Measure::kAccuracy), 0.98);
  EXPECT_NEAR(figures.at(Measure::kMoney), 0.001 * 5 * 3600 * 730, 200);

  Compressible(chain);
  const auto compressed = chain.Make();
  const auto found = std::ranges::find(compressed, "all on service (gzip)", &Candidate::name);
  ASSERT_NE(found, compressed.end());
  EXPECT_TRUE(found->compress);
  EXPECT_FALSE(found->pure);
  EXPECT_DOUBLE_EQ(found->policy.route->up_bytes, 60e3);
  EXPECT_DOUBLE_EQ(found->policy.route->tail_s, 0.3 + 0.012);
}

TEST(PlaceCandidatesTest, ACascadeKeepsTheAccuracyForFewerCalls) {
  Chain chain(1e6);
  chain.places.push_back({.name = "service",
                          .kind = PlaceKind::kService,
                          .links = {Link::Constant(1e6, 1e6, 0.02, 60)},
                          .servers = 0,
                          .price_per_call = 0.001});
  chain.costs.push_back({.place = 2, .whole = Whole{.seconds = 0.3, .accuracy = 0.95}});
  std::vector<CascadeSample> samples;
  for (int i = 0; i < 100; ++i) samples.push_back({0.01 * i, i >= 30 ? 1.0 : 0.0, i % 20 ? 1.0 : 0.0});
  chain.costs.back().cascade =
      CascadeOffer{.local = {{0, 0.02, 0.1}}, .samples = samples, .thresholds = {0.2, 0.3, 0.9}};
  chain.options.local_accuracy = 0.7;
  chain.options.deadline_s = chain.requirements.deadline_s = 1;
  chain.requirements.objective = Measure::kMoney;
  chain.requirements.limits[Measure::kAccuracy] = 0.95;
  const auto candidates = chain.Make();
  const auto choice = Choose(candidates, chain.places, chain.ground, chain.requirements);
  ASSERT_TRUE(choice.ok()) << choice.error().Text();
  EXPECT_EQ(candidates[choice->best].name, "device first, service below a confidence of 0.300");
  EXPECT_EQ(candidates[choice->best].cut, "device first, service when it is not sure");
  EXPECT_DOUBLE_EQ(choice->judged[choice->best].mean.at(Measure::kAccuracy), 0.98)
      << "which samples were drawn is luck";
  EXPECT_NEAR(choice->judged[choice->best].outcomes[0].calls / 300, 0.3, 0.06);

  chain.places.back().links = {Link::Constant(2e5, 2e5, 0.02, 60)};
  chain.requirements.objective = Measure::kMean;
  Compressible(chain);
  const auto compressed = chain.Make();
  const auto slow = Choose(compressed, chain.places, chain.ground, chain.requirements);
  ASSERT_TRUE(slow.ok()) << slow.error().Text();
  EXPECT_EQ(compressed[slow->best].cut, "device first, service when it is not sure (gzip)");
}

}  // namespace
}  // namespace shoehorn::place
