// What a fit has done so far, kept beside its output (`out/` has `.out.fit/`): each finished step is one file
// that appears whole, so that after kill -9 the same command goes on behind the last one. A state is only
// taken up when the spec, the model, the samples and the program are the same.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/metric.h"
#include "fit/result.h"
#include "fit/spec.h"
#include "quant/quantize.h"
#include "support/lock.h"

namespace shoehorn::fit {

/// Names all that the results depend on: bytes of spec, model and labels, names, sizes and times of the
/// samples, the program.
Result<std::string> StateKey(const Spec& spec, const std::string& version);

class State {
 public:
  /// The state beside `out`: taken up when its key is `key`, else begun anew. Errors: a folder that cannot be
  /// written, another fit at work on the same output.
  static Result<std::unique_ptr<State>> Open(const std::filesystem::path& out, const std::string& key);

  bool resumed() const { return resumed_; }
  std::filesystem::path path(const std::string& name) const { return folder_ / name; }
  bool Has(const std::string& name) const;

  /// The text stored under `name`, or nothing.
  Result<std::optional<std::string>> Read(const std::string& name) const;
  Status Write(const std::string& name, std::string_view text);

  /// Candidates that were finished, in no promised order; a file that a crash of the disk spoiled is left
  /// out.
  std::vector<Candidate> Candidates() const;
  Status Save(const Candidate& candidate);

  Result<std::optional<std::vector<data::Observation>>> Rows(const std::string& name) const;
  Status SaveRows(const std::string& name, const std::vector<data::Observation>& rows);

  /// Deletes everything, the lock last: the fit is done.
  void Remove();

 private:
  State(std::filesystem::path folder, std::unique_ptr<FileLock> lock, bool resumed);
  std::filesystem::path folder_;
  std::unique_ptr<FileLock> lock_;
  bool resumed_;
};

std::string ToJson(const quant::CalibrationTable& table);
Result<quant::CalibrationTable> CalibrationFromJson(std::string_view text, const std::string& file);

}  // namespace shoehorn::fit
