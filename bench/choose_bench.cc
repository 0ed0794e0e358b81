// How long a decision takes: one model, 12 places, 4 recorded drives (bar: 2 s), and its parts. Reads the
// shared data from
// ../shared/data or $SHOEHORN_DATA.
#include <benchmark/benchmark.h>

#include "place_cases.h"

namespace shoehorn::bench {
namespace {

using place::Place;
using place::PlaceKind;

std::filesystem::path Data() {
  const char* data = std::getenv("SHOEHORN_DATA");
  return data != nullptr ? data : "../shared/data";
}

/// A Raspberry Pi 4 in a car: a gateway on board, eight clouds of two speeds and four distances, two
/// services.
struct Decision {
  PlacedModel placed;
  std::vector<Place> places;
  std::vector<place::PlaceCosts> costs;
  place::Radio radio{.active_w = 1.288, .up_j_per_byte = 3.5e-6, .down_j_per_byte = 0.42e-6};
  place::Ground ground;
  place::Requirements requirements;
  place::CandidateOptions options;

  explicit Decision(const char* model) {
    placed = LoadModel(Data() / "models" / model, "raspberry-pi-4", "fp32");
    std::vector<place::Link> links;
    for (const Drive& drive : RecordedDrives(Data()))
      if (links.size() < 4) links.push_back(drive.link);
    ground.drives = links.size();
    requirements.rate_per_s = 10;
    requirements.deadline_s = 0.5;
    requirements.limits[place::Measure::kLate] = 0.05;
    options.deadline_s = requirements.deadline_s;
    options.rate_per_s = requirements.rate_per_s;
    places.push_back({.name = "device", .kind = PlaceKind::kDevice});
    Place gateway{.name = "gateway", .kind = PlaceKind::kGateway};
    for (const place::Link& link : links)
      gateway.links.push_back(place::Link::Constant(12.5e6, 12.5e6, 0.003, link.duration_s()));
    Add(gateway, "jetson-orin-nano", 0);
    for (int i = 0; i < 8; ++i) {
      Place cloud{.name = "cloud-" + std::to_string(i)};
      cloud.links = links;
      cloud.price_per_hour = 0.2 + 0.1 * i;
      Add(cloud, i % 2 ? "nvidia-t4" : "xeon-cloud", 0.002 * i);
    }
    for (int i = 0; i < 2; ++i) {
      Place service{.name = "service-" + std::to_string(i), .kind = PlaceKind::kService};
      service.links = links;
      service.servers = 0;
      service.price_per_call = 0.0005;
      places.push_back(service);
      costs.push_back({.place = places.size() - 1, .whole = place::Whole{.seconds = 0.15, .p99_s = 0.4}});
    }
  }
  void Add(const Place& place, const char* profile, double call_s) {
    places.push_back(place);
    costs.push_back({.place = places.size() - 1,
                     .tail_s = CostsOn(placed.graph, profile, "fp32").seconds,
                     .call_s = call_s});
  }
  std::vector<place::Candidate> Candidates() const {
    return place::MakeCandidates(placed.graph, places, costs, radio, options);
  }
};

void Decide(benchmark::State& state, const char* model, place::Measure objective) {
  Decision decision(model);
  decision.requirements.objective = objective;
  decision.ground.radio = decision.radio;
  double candidates_made = 0, simulated = 0;
  std::string best;
  for (auto _ : state) {
    const auto candidates = decision.Candidates();
    const auto choice =
        OrDie(place::Choose(candidates, decision.places, decision.ground, decision.requirements));
    candidates_made = static_cast<double>(candidates.size());
    simulated = 0;
    for (const place::Judged& judged : choice.judged) simulated += judged.drives.empty() ? 0 : 1;
    best = candidates[choice.best].name;
  }
  state.counters["candidates"] = candidates_made;
  state.counters["simulated"] = simulated;
  state.SetLabel(best);
}
BENCHMARK_CAPTURE(Decide, yolox_mean, "yolox_nano.onnx", place::Measure::kMean)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Decide, yolox_energy, "yolox_nano.onnx", place::Measure::kEnergy)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Decide, efficientnet_p99, "efficientnet_lite0.onnx", place::Measure::kP99)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Decide, lprnet_accuracy, "lprnet.onnx", place::Measure::kAccuracy)
    ->Unit(benchmark::kMillisecond);

void MakeCandidates(benchmark::State& state) {
  const Decision decision("yolox_nano.onnx");
  for (auto _ : state) benchmark::DoNotOptimize(decision.Candidates());
}
BENCHMARK(MakeCandidates)->Unit(benchmark::kMillisecond);

/// 15 minutes at 10 frames a second: 0 the bare route, 1 with a fallback, 2 with the rule.
void Simulate(benchmark::State& state) {
  const place::Link link = RecordedDrives(Data())[0].link;
  const auto arrivals = place::Arrivals(10, 900);
  place::Policy policy;
  policy.route = place::Route{.up_bytes = 8000, .down_bytes = 1000, .tail_s = 0.005};
  policy.route->head = {{0, 0.01, 0.1}};
  policy.local = {{0, 0.06, 0.5}};
  policy.fallback = state.range(0) > 0;
  if (state.range(0) > 1) policy.rule = place::LinkRule{.limit_s = 0.2};
  for (auto _ : state)
    benchmark::DoNotOptimize(
        place::Simulate(policy, {.arrivals = arrivals, .link = &link, .deadline_s = 0.3}));
}
BENCHMARK(Simulate)->DenseRange(0, 2)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace shoehorn::bench

BENCHMARK_MAIN();
