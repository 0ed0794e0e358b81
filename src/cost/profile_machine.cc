#include "cost/profile_machine.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <thread>

#include "cost/networks.h"
#include "cost/profile_toml.h"
#include "cost/variants.h"
#include "support/energy_counter.h"
#include "support/interrupt.h"
#include "support/machine.h"

namespace shoehorn::cost {
namespace {

constexpr size_t kIdleOperators = 33;
constexpr int64_t kMemoryBytes = int64_t{96} << 20;  // far above any cache
constexpr std::chrono::milliseconds kPowerTime{1500};
constexpr size_t kMostSamples = 400;  // of a kind: answering takes time with their number

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
    total_ = runs_.size() * (2 * options_.networks + 2) + 2;
    SHOEHORN_TRY(MeasureStarts());
    SHOEHORN_TRY(MeasureMemory());
    SHOEHORN_TRY(MeasurePower());
    for (size_t i = 0; i < options_.networks; ++i) SHOEHORN_TRY(MeasureNetwork(i));
    for (Measured& measured : measured_) SHOEHORN_TRY(TimeAgain(measured));
    Finish();
    return std::move(profile_);
  }

 private:
  struct Measured {
    size_t network = 0;
    const RunAs* run = nullptr;
    TimedNetwork timed;
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

  Status MeasureNetwork(size_t i) {
    const Network network = MakeNetwork(i);
    SHOEHORN_ASSIGN(const auto simplified, Simplified(*network.model, {}));
    for (const RunAs& run : runs_) {
      SHOEHORN_TRY(Next(fmt::format("{}: {}", NameOf(run), network.name)));
      Result<TimedNetwork> timed = TimeIn(*simplified, run);
      if (!timed.ok()) {
        if (timed.error().blame == Blame::kInterrupted) return timed.error();
        if (run.precision == engines::Precision::kInt8 && network.nothing_to_quantize) continue;
        profile_.notes.push_back(fmt::format("{} in {}: {}", network.name, NameOf(run), timed.error().found));
        continue;
      }
      measured_.push_back({i, &run, std::move(*timed)});
    }
    return Ok();
  }

  Result<TimedNetwork> TimeIn(const ir::Model& simplified, const RunAs& run) {
    const Overheads overheads = overheads_.at(NameOf(run));
    if (run.precision != engines::Precision::kInt8)
      return TimeKernels(simplified, run, overheads, options_.time_each, options_.stop);
    SHOEHORN_ASSIGN(const auto quantized, Quantized(simplified, run.engine));
    return TimeKernels(*quantized, run, overheads, options_.time_each, options_.stop);
  }

  // Once more, minutes later: whoever was at work on this processor then may rest now. The faster of the two
  // counts.
  Status TimeAgain(Measured& measured) {
    const Network network = MakeNetwork(measured.network);
    const RunAs& run = *measured.run;
    SHOEHORN_TRY(Next(fmt::format("{}: {} again", NameOf(run), network.name)));
    SHOEHORN_ASSIGN(auto model, Simplified(*network.model, {}));
    if (run.precision == engines::Precision::kInt8) {
      SHOEHORN_ASSIGN(model, Quantized(*model, run.engine));
    }
    SHOEHORN_ASSIGN(const double seconds, Time(*model, run));
    const double start = overheads_.at(NameOf(run)).start_seconds;
    const double before = measured.timed.seconds - start, now = seconds - start;
    if (before <= 0 || now <= 0 || now >= before) return Ok();
    for (TimedKernel& kernel : measured.timed.kernels) kernel.sample.seconds *= now / before;
    measured.timed.seconds = seconds;
    return Ok();
  }

  // What goes into the profile's rates: operations a second of whatever computes.
  void Remember(const RunAs& run, const TimedKernel& kernel) {
    const KernelShape& shape = kernel.sample.shape;
    const bool integer = kernel.name.ends_with(" i8");
    if (integer != (run.precision == engines::Precision::kInt8) || shape.operations < 1e6) return;
    const double rate = shape.operations / kernel.sample.seconds;
    facts_.rates[std::string(engines::NameOf(run.precision))].push_back(
        {rate, shape.operations, run.engine, kernel.name});
  }

  void Finish() {
    double sum = 0, lost = 0;
    std::set<std::string> lost_layers;
    for (Measured& measured : measured_) {
      TimedNetwork& timed = measured.timed;
      for (TimedKernel& kernel : timed.kernels) {
        Remember(*measured.run, kernel);
        KernelsFor(*measured.run).kinds[kernel.name].samples.push_back(std::move(kernel.sample));
      }
      sum += timed.seconds;
      lost += timed.lost * timed.seconds;
      lost_layers.insert(timed.lost_layers.begin(), timed.lost_layers.end());
    }
    for (EngineKernels& engine : profile_.kernels.engines) {
      for (auto& [name, kind] : engine.kinds) {
        Thin(kind.samples);
        kind.reaches = KernelRegression::ChooseReaches(kind.samples);
      }
    }
    if (lost > 0.001 * sum)
      profile_.notes.push_back(fmt::format("{:.1f} % of the time was in layers that belong to no kernel: {}",
                                           100 * lost / sum, fmt::join(lost_layers, ", ")));
    profile_.toml = ProfileToml(options_.name, facts_);
  }

  const ProfileOptions& options_;
  std::vector<RunAs> runs_;
  MachineProfile profile_;
  MachineFacts facts_;
  size_t done_ = 0, total_ = 0;
  std::map<std::string, Overheads> overheads_;  // by NameOf(run)
  std::vector<Measured> measured_;
};

}  // namespace

Result<MachineProfile> ProfileMachine(const ProfileOptions& options) { return Profiler(options).Run(); }

}  // namespace shoehorn::cost
