// The master's side of a worker process: asks, waits, and turns whatever goes wrong over there into a
// Diagnostic that says which model in which engine it was. For the files of this folder only.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "measure/protocol.h"
#include "support/subprocess.h"

namespace shoehorn::measure {

class WorkerClient {
 public:
  struct Limits {
    std::chrono::milliseconds timeout{120'000};  ///< for each line of an answer
    const std::function<bool()>* stop = nullptr;
    const std::function<void(size_t done, size_t of)>* progress = nullptr;
  };

  /// Starts a worker ($SHOEHORN_WORKER, else this program) and lets it load `subject`.
  static Result<std::unique_ptr<WorkerClient>> Load(const Subject& subject, bool profile,
                                                    const Limits& limits);

  /// The answer's `key` (null: the answer as a whole). Errors: what the worker reports, or how it ended.
  Result<Json> Ask(const Json& request, const char* key = nullptr);

  Status Bind(const std::filesystem::path& folder);
  Result<double> Warm(double ms);  ///< the fastest run, in ms
  Result<std::vector<double>> Time(size_t runs, size_t untimed);
  Result<uint64_t> PeakBytes();
  double load_ms() const { return load_ms_; }

 private:
  WorkerClient(Subject subject, Limits limits, std::unique_ptr<Subprocess> process)
      : subject_(std::move(subject)), limits_(limits), process_(std::move(process)) {}
  Diagnostic AboutSubject(Diagnostic diagnostic) const;

  Subject subject_;
  Limits limits_;
  std::unique_ptr<Subprocess> process_;
  double load_ms_ = 0;
};

}  // namespace shoehorn::measure
