// The worker: a process that loads one model in one engine and does what it is told, so that a crash, a leak
// or a peak of memory is this model's alone. See protocol.h for what is said.
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <iostream>
#include <new>

#include "measure/protocol.h"
#include "support/files.h"
#include "support/subprocess.h"

namespace shoehorn::measure {
namespace {

using Clock = std::chrono::steady_clock;

double MillisecondsSince(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

class Worker {
 public:
  explicit Worker(int output) : output_(output) {}

  void Say(const Json& line) {
    const std::string text = line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
    for (std::string_view rest = text; !rest.empty();) {
      const ssize_t n = ::write(output_, rest.data(), rest.size());
      if (n < 0) ::_exit(1);  // the master is gone
      rest.remove_prefix(static_cast<size_t>(n));
    }
  }

  Result<Json> Answer(const Json& request) {
    const auto what = request.at("do").get<std::string>();
    if (what == "load") return Load(request);
    if (session_ == nullptr) return Misunderstood("'" + what + "' before 'load'");
    if (what == "bind") return Bind(request);
    if (what == "warm") return Warm(request);
    if (what == "time") return Time(request);
    if (what == "peak") return Json{{"bytes", PeakResidentBytes()}};
    if (what == "layers") return Layers();
    if (what == "evaluate") return Evaluate(request);
    if (what == "record") return Record(request);
    return Misunderstood("unknown request '" + what + "'");
  }

 private:
  static Diagnostic Misunderstood(std::string found) {
    Diagnostic diagnostic;
    diagnostic.place = "worker";
    diagnostic.found = std::move(found);
    diagnostic.blame = Blame::kFault;
    return diagnostic;
  }

  // The time that a device needs from start to the first run: the engine's library and the model.
  Result<Json> Load(const Json& request) {
    const auto subject = request.at("subject").get<Subject>();
    const auto start = Clock::now();
    SHOEHORN_ASSIGN(engines::Engine * engine, engines::FindEngine(subject.engine));
    engines::SessionOptions options;
    options.threads = subject.threads;
    options.precision = subject.precision;
    options.engine_defaults = subject.engine_defaults;
    options.pairs_as_written = subject.pairs_as_written;
    options.profile = request.at("profile").get<bool>();
    SHOEHORN_ASSIGN(session_, engine->Load(subject.artifact, options));
    return Json{{"ms", MillisecondsSince(start)}};
  }

  Result<Json> Bind(const Json& request) {
    SHOEHORN_ASSIGN(const auto inputs,
                    ReadTensors(request.at("folder").get<std::filesystem::path>(), "input"));
    SHOEHORN_TRY(session_->Bind(inputs));
    return Json::object();
  }

  // Runs for `ms` milliseconds and three runs at least; tells the time of the fastest.
  Result<Json> Warm(const Json& request) {
    const double wanted = request.at("ms").get<double>();
    const auto start = Clock::now();
    double fastest = 0;
    for (int runs = 0; runs < 3 || MillisecondsSince(start) < wanted; ++runs) {
      const auto run = Clock::now();
      SHOEHORN_TRY(session_->RunBound());
      const double ms = MillisecondsSince(run);
      fastest = runs == 0 ? ms : std::min(fastest, ms);
    }
    return Json{{"ms", fastest}};
  }

  // `untimed` runs first, to have caches and threads back after the other process ran.
  Result<Json> Time(const Json& request) {
    const auto runs = request.at("runs").get<size_t>(), untimed = request.at("untimed").get<size_t>();
    for (size_t i = 0; i < untimed; ++i) SHOEHORN_TRY(session_->RunBound());
    std::vector<double> times(runs);
    for (double& ms : times) {
      const auto start = Clock::now();
      SHOEHORN_TRY(session_->RunBound());
      ms = MillisecondsSince(start);
    }
    return Json{{"ms", times}};
  }

  Result<Json> Layers() {
    SHOEHORN_ASSIGN(const auto layers, session_->Layers());
    return Json{{"layers", layers}};
  }

  /// Loads each sample, runs it and hands it on; says every fifth of a second how far it is.
  template <typename Use>
  Status ForEachSample(const Json& request, Use use) {
    const auto inputs = request.at("inputs").get<std::vector<data::InputSpec>>();
    SHOEHORN_ASSIGN(const auto samples,
                    data::OpenSamples(request.at("samples").get<data::SamplesSpec>(), inputs));
    SHOEHORN_ASSIGN(const std::vector<size_t> order, OrderOf(inputs));
    auto said = Clock::now();
    for (size_t i = 0; i < samples->size(); ++i) {
      SHOEHORN_ASSIGN(const data::Sample sample, samples->Load(i));
      std::vector<ir::Tensor> tensors;
      for (const size_t input : order) tensors.push_back(sample.inputs[input]);
      auto outputs = session_->Run(tensors);
      if (!outputs.ok()) {
        Diagnostic diagnostic = outputs.error();
        if (diagnostic.file.empty()) diagnostic.file = sample.id;
        return diagnostic;
      }
      SHOEHORN_TRY(use(i, sample, *outputs));
      if (MillisecondsSince(said) > 200) {
        Say({{"done", i + 1}, {"of", samples->size()}});
        said = Clock::now();
      }
    }
    return Ok();
  }

  // Which of the spec's inputs each of the session's inputs is: by name, or by place where the names differ.
  Result<std::vector<size_t>> OrderOf(const std::vector<data::InputSpec>& specs) const {
    std::vector<size_t> by_name, by_place;
    for (const engines::Port& port : session_->inputs()) {
      by_place.push_back(by_place.size());
      const auto at = std::ranges::find(specs, port.name, &data::InputSpec::name);
      if (at != specs.end()) by_name.push_back(static_cast<size_t>(at - specs.begin()));
    }
    if (by_name.size() == by_place.size()) return by_name;
    if (by_place.size() == specs.size()) return by_place;
    Diagnostic diagnostic;
    diagnostic.found = "the samples give " + std::to_string(specs.size()) + " inputs";
    diagnostic.expected = "the model's " + std::to_string(by_place.size()) + ":";
    for (const engines::Port& port : session_->inputs()) diagnostic.expected += " '" + port.name + "'";
    return diagnostic;
  }

  Result<Json> Evaluate(const Json& request) {
    std::vector<std::string> names;
    for (const engines::Port& port : session_->outputs()) names.push_back(port.name);
    SHOEHORN_ASSIGN(const auto metric, data::MakeMetric(request.at("metric").get<data::MetricSpec>(), names));
    const auto reference_folder = request.at("reference").get<std::filesystem::path>();
    Json rows = Json::array();
    SHOEHORN_TRY(ForEachSample(
        request, [&](size_t i, const data::Sample& sample, const std::vector<ir::Tensor>& outputs) -> Status {
          std::vector<ir::Tensor> reference;
          if (metric->needs_reference()) {
            SHOEHORN_ASSIGN(reference, ReadTensors(reference_folder, std::to_string(i) + "."));
          }
          SHOEHORN_ASSIGN(const data::Observation row, metric->Observe(sample, outputs, reference));
          rows.push_back(ToJson(row));
          return Ok();
        }));
    return Json{{"rows", std::move(rows)}};
  }

  Result<Json> Record(const Json& request) {
    const auto folder = request.at("folder").get<std::filesystem::path>();
    SHOEHORN_TRY(MakeFolder(folder));
    SHOEHORN_TRY(
        ForEachSample(request, [&](size_t i, const data::Sample&, const std::vector<ir::Tensor>& outputs) {
          return WriteTensors(outputs, folder, std::to_string(i) + ".");
        }));
    return Json::object();
  }

  int output_;
  std::unique_ptr<engines::Session> session_;
};

}  // namespace

int WorkerMain() {
  // Answers go to the real standard output; whatever a library prints goes to standard error.
  const int output = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  if (output < 0 || ::dup2(STDERR_FILENO, STDOUT_FILENO) < 0) return 1;
  Worker worker(output);
  for (std::string line; std::getline(std::cin, line);) {
    try {
      const Result<Json> answer = worker.Answer(Json::parse(line));
      worker.Say(answer.ok() ? *answer : Json{{"error", answer.error()}});
    } catch (const std::bad_alloc&) {
      worker.Say(
          {{"error",
            Diagnostic{.file = "", .place = "worker", .found = "out of memory", .expected = "", .fix = ""}}});
    } catch (const std::exception& error) {
      worker.Say({{"error", Diagnostic{.file = "",
                                       .place = "worker",
                                       .found = error.what(),
                                       .expected = "",
                                       .fix = "",
                                       .blame = Blame::kFault}}});
    }
  }
  return 0;
}

}  // namespace shoehorn::measure
