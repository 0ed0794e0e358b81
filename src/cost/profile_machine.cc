#include "cost/profile_machine.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <thread>
#include <tuple>

#include "cost/networks.h"
#include "cost/profile_toml.h"
#include "cost/share_out.h"
#include "cost/variants.h"
#include "support/energy_counter.h"
#include "support/interrupt.h"
#include "support/machine.h"

namespace shoehorn::cost {
namespace {

constexpr size_t kIdleOperators = 33;
constexpr int64_t kMemoryBytes = int64_t{96} << 20;  // far above any cache
constexpr std::chrono::milliseconds kPowerTime{1500};
constexpr size_t kFewestLeftOut = 40;  // below, a median says nothing about all others
constexpr size_t kMostSamples = 400;   // of a kind: answering takes time with their number

std::string NameOf(const RunAs& run) {
  return fmt::format("{} {}", run.engine, engines::NameOf(run.precision));
}

/// Keeps kMostSamples, evenly spread over the networks that they come from.
void Thin(std::vector<KernelSample>& samples) {
  if (samples.size() <= kMostSamples) return;
  std::vector<KernelSample> kept;
  for (size_t i = 0; i < kMostSamples; ++i)
    kept.push_back(std::move(samples[i * samples.size() / kMostSamples]));
  samples = std::move(kept);
}

class Profiler {
 public:
  explicit Profiler(const ProfileOptions& options) : options_(options) {}

  Result<MachineProfile> Run() {
    SHOEHORN_TRY(FindRuns());
    total_ = runs_.size() * (options_.networks + 2) + 2;
    SHOEHORN_TRY(MeasureStarts());
    SHOEHORN_TRY(MeasureMemory());
    SHOEHORN_TRY(MeasurePower());
    for (size_t i = 0; i < options_.networks; ++i)
      for (const RunAs& run : runs_)
        networks_[i].emplace_back(run, overheads_.at(NameOf(run)), options_.most_visits);
    // In rounds over all networks, so that visits to one are minutes apart.
    for (bool first = true; !networks_.empty(); first = false) {
      total_ = done_;
      for (const auto& [i, times] : networks_) total_ += times.size() * (first ? 2 : 1);  // at least
      for (auto& [i, times] : networks_) SHOEHORN_TRY(VisitNetwork(i, times));
      std::erase_if(networks_, [](const auto& each) { return each.second.empty(); });
    }
    Finish();
    return std::move(profile_);
  }

 private:
  struct Kept {
    std::vector<size_t> numbers;  // of the networks, as in networks_
    std::vector<RunAs> runs;
    std::vector<NetworkKernels> networks;
  };

  Status FindRuns() {
    const Machine machine = DescribeMachine();
    profile_.kernels.machine = machine.cpu;
    facts_.machine = machine;
    for (const std::string& name : engines::EngineNames()) {
      SHOEHORN_ASSIGN(engines::Engine* const engine, engines::FindEngine(name));
      EngineKernels& kernels = profile_.kernels.engines.emplace_back();
      kernels.engine = name;
      kernels.version = engine->version();
      kernels.threads = options_.threads;
      for (const engines::Precision precision : engine->precisions())
        runs_.push_back({name, precision, options_.threads});
    }
    return Ok();
  }

  Status Next(const std::string& what) {
    if (options_.stop != nullptr && (*options_.stop)()) return StoppedByUser();
    if (options_.show) options_.show(done_, total_, what);
    ++done_;
    return Ok();
  }

  EngineKernels& KernelsFor(const RunAs& run) {
    return *std::ranges::find(profile_.kernels.engines, run.engine, &EngineKernels::engine);
  }

  Result<double> Time(const ir::Model& model, const RunAs& run) {
    SHOEHORN_ASSIGN(const Seconds seconds, SecondsOf(model, run, options_.time_each, options_.stop));
    return seconds.undisturbed;
  }

  // A run of one operator that does nothing, and what each further one adds.
  Status MeasureStarts() {
    const auto one = MakeIdleNetwork(1), many = MakeIdleNetwork(kIdleOperators);
    for (const RunAs& run : runs_) {
      SHOEHORN_TRY(Next(NameOf(run) + ": the start of a run"));
      SHOEHORN_ASSIGN(const double single, Time(*one, run));
      SHOEHORN_TRY(Next(NameOf(run) + ": the start of an operator"));
      SHOEHORN_ASSIGN(const double chain, Time(*many, run));
      const double each = std::max(0.0, (chain - single) / (kIdleOperators - 1));
      const double start = std::max(0.0, single - each);
      KernelsFor(run).start_seconds[std::string(engines::NameOf(run.precision))] = start;
      SHOEHORN_ASSIGN(const double profiled, ProfiledSecondsPerLayer(*many, run, options_.stop));
      overheads_[NameOf(run)] = {start, std::max(0.0, profiled - each)};
      const auto keep_least = [&](std::map<std::string, double>& by_engine, double seconds) {
        const auto [at, added] = by_engine.emplace(run.engine, seconds);
        if (!added) at->second = std::min(at->second, seconds);
      };
      keep_least(facts_.dispatch, start);
      keep_least(facts_.per_operator, each);
    }
    return Ok();
  }

  Status MeasureMemory() {
    SHOEHORN_TRY(Next("memory"));
    const auto model = MakeMemoryNetwork(kMemoryBytes);
    SHOEHORN_ASSIGN(const double seconds, Time(*model, runs_.front()));
    facts_.bandwidth = 2 * static_cast<double>(kMemoryBytes) / seconds;
    return Ok();
  }

  // What the processor's own counter says while one network runs, above what it says while nothing does.
  Status MeasurePower() {
    SHOEHORN_TRY(Next("power"));
    Result<EnergyCounter> counter = EnergyCounter::Open();
    if (!counter.ok()) {
      facts_.energy_note = counter.error().found;
      profile_.notes.push_back("energy is not measured: " + counter.error().found);
      return Ok();
    }
    const auto watts_while = [&](const std::function<Status()>& work) -> Result<double> {
      SHOEHORN_ASSIGN(const double before, counter->Joules());
      const auto start = std::chrono::steady_clock::now();
      SHOEHORN_TRY(work());
      SHOEHORN_ASSIGN(const double after, counter->Joules());
      return (after - before) /
             std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    };
    SHOEHORN_ASSIGN(const double idle, watts_while([] {
                      std::this_thread::sleep_for(kPowerTime);
                      return Ok();
                    }));
    const Network network = MakeNetwork(0);
    SHOEHORN_ASSIGN(const double busy, watts_while([&]() -> Status {
                      SHOEHORN_TRY(SecondsOf(*network.model, runs_.front(), kPowerTime, options_.stop));
                      return Ok();
                    }));
    facts_.busy_power = std::max(0.0, busy - idle);
    return Ok();
  }

  // Those of `times` that are settled, or cannot be had, leave it.
  Status VisitNetwork(size_t i, std::vector<NetworkTimes>& times) {
    const Network network = MakeNetwork(i);
    SHOEHORN_ASSIGN(const auto simplified, Simplified(*network.model, {}));
    std::vector<NetworkTimes> unsettled;
    for (NetworkTimes& each : times) {
      const std::string what = NameOf(each.run()) + ": " + network.name;
      SHOEHORN_TRY(Next(what));
      const Status visited = VisitIn(*simplified, each);
      if (visited.ok()) {
        each.settled() ? Keep(i, each) : unsettled.push_back(std::move(each));
      } else if (visited.error().blame == Blame::kInterrupted) {
        return visited;
      } else if (each.run().precision != engines::Precision::kInt8 || !network.nothing_to_quantize) {
        profile_.notes.push_back(what + ": " + visited.error().found);
      }
    }
    times = std::move(unsettled);
    return Ok();
  }

  Status VisitIn(const ir::Model& simplified, NetworkTimes& times) {
    if (times.run().precision != engines::Precision::kInt8)
      return times.Visit(simplified, options_.time_each, options_.stop);
    SHOEHORN_ASSIGN(const auto quantized, Quantized(simplified, times.run().engine));
    return times.Visit(*quantized, options_.time_each, options_.stop);
  }

  void Keep(size_t i, const NetworkTimes& times) {
    Kept& kept = kept_[times.run().engine];
    kept.numbers.push_back(i);
    kept.runs.push_back(times.run());
    kept.networks.push_back(times.Kernels());
    seconds_ += times.best().undisturbed;
    lost_seconds_ += times.lost() * times.best().undisturbed;
    lost_layers_.insert(times.lost_layers().begin(), times.lost_layers().end());
  }

  // What goes into the profile's rates: operations a second of convolutions and products.
  void Remember(const RunAs& run, const TimedKernel& kernel) {
    const KernelShape& shape = kernel.sample.shape;
    const bool integer = kernel.name.ends_with(" i8"), multiplies = kernel.name.starts_with("Conv") ||
                                                                    kernel.name.starts_with("Gemm") ||
                                                                    kernel.name.starts_with("MatMul");
    if (!multiplies || integer != (run.precision == engines::Precision::kInt8) || shape.operations < 1e6)
      return;
    const double rate = shape.operations / kernel.sample.seconds;
    facts_.rates[std::string(engines::NameOf(run.precision))].push_back(
        {rate, shape.operations, run.engine, kernel.name});
  }

  // By which factor networks that had no part in the fit come out on the median.
  double Bias(const std::string& engine, const Kept& kept, const ReachesByKind& reaches) {
    if (kept.networks.size() < kFewestLeftOut) return 1;
    const LeftOut left_out = PredictLeftOut(kept.networks, kept.numbers, reaches);
    if (left_out.networks < kFewestLeftOut) return 1;
    profile_.notes.push_back(fmt::format(
        "{}: of {} networks, each predicted from the others, {} came out within 10 %, {} within 25 %; "
        "{:+.1f} % on the median, which is taken off",
        engine, left_out.networks, left_out.within_tenth, left_out.within_quarter,
        100 * (left_out.median - 1)));
    return left_out.median;
  }

  void Finish() {
    for (EngineKernels& engine : profile_.kernels.engines) {
      Kept& kept = kept_[engine.engine];
      const ReachesByKind reaches = ShareOut(kept.networks);
      const double bias = Bias(engine.engine, kept, reaches);
      for (size_t i = 0; i < kept.runs.size(); ++i)
        for (const TimedKernel& kernel : kept.networks[i]) Remember(kept.runs[i], kernel);
      for (auto& [name, samples] : SamplesByKind(kept.networks)) {
        Thin(samples);
        for (KernelSample& sample : samples) sample.seconds /= bias;
        KernelSamples& kind = engine.kinds[name];
        kind.reaches = KernelRegression::ChooseReaches(samples);
        kind.samples = std::move(samples);
      }
    }
    if (lost_seconds_ > 0.001 * seconds_)
      profile_.notes.push_back(fmt::format("{:.1f} % of the time was in layers that belong to no kernel: {}",
                                           100 * lost_seconds_ / seconds_, fmt::join(lost_layers_, ", ")));
    profile_.toml = ProfileToml(options_.name, facts_);
  }

  const ProfileOptions& options_;
  std::vector<RunAs> runs_;
  MachineProfile profile_;
  MachineFacts facts_;
  size_t done_ = 0, total_ = 0;
  std::map<std::string, Overheads> overheads_;            // by NameOf(run)
  std::map<size_t, std::vector<NetworkTimes>> networks_;  // not settled yet, by number
  std::map<std::string, Kept> kept_;                      // by engine
  double seconds_ = 0, lost_seconds_ = 0;                 // of all networks' runs
  std::set<std::string> lost_layers_;
};

}  // namespace

Result<MachineProfile> ProfileMachine(const ProfileOptions& options) { return Profiler(options).Run(); }

}  // namespace shoehorn::cost
