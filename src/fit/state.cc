#include "fit/state.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "fit/result_json.h"
#include "support/files.h"

namespace shoehorn::fit {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// JSON has no NaN: unknown numbers are null.
json NumberOrNull(double value) { return std::isfinite(value) ? json(value) : json(nullptr); }
double NumberOf(const json& value) { return value.is_null() ? kUnknown : value.get<double>(); }

json ToJsonRange(const quant::Range& range) { return {range.low, range.high, range.sqnr_db}; }
quant::Range RangeOf(const json& value) {
  return {value.at(0).get<double>(), value.at(1).get<double>(), value.at(2).get<double>()};
}

Diagnostic Spoiled(const std::string& file, const std::string& what) {
  Diagnostic diagnostic;
  diagnostic.file = file;
  diagnostic.found = "not what a fit stored: " + what;
  diagnostic.fix = "delete the folder and run the fit again";
  return diagnostic;
}

/// Name, size and time of each file below `folder`, in the order of their names.
void AppendListing(const fs::path& folder, std::string& text) {
  std::vector<std::string> lines;
  std::error_code code;
  for (fs::recursive_directory_iterator it(folder, code), end; !code && it != end; it.increment(code)) {
    std::error_code ignored;
    if (!it->is_regular_file(ignored)) continue;
    lines.push_back(fmt::format("{} {} {}", it->path().lexically_relative(folder).string(),
                                it->file_size(ignored),
                                it->last_write_time(ignored).time_since_epoch().count()));
  }
  std::sort(lines.begin(), lines.end());
  for (const std::string& line : lines) text += line + "\n";
}

/// Files beside the model whose names begin with its own (external data), by name, size and time.
void AppendCompanions(const fs::path& model, std::string& text) {
  std::vector<std::string> lines;
  std::error_code code;
  const fs::path folder = model.has_parent_path() ? model.parent_path() : fs::path(".");
  for (fs::directory_iterator it(folder, code), end; !code && it != end; it.increment(code)) {
    const std::string name = it->path().filename().string();
    std::error_code ignored;
    if (!name.starts_with(model.filename().string()) || !it->is_regular_file(ignored)) continue;
    lines.push_back(fmt::format("{} {} {}", name, it->file_size(ignored),
                                it->last_write_time(ignored).time_since_epoch().count()));
  }
  std::sort(lines.begin(), lines.end());
  for (const std::string& line : lines) text += line + "\n";
}

constexpr char kKeyFile[] = "key";
constexpr char kLockFile[] = "lock";

fs::path FolderBeside(const fs::path& out) {
  fs::path folder = out.has_filename() ? out : out.parent_path();
  folder.replace_filename("." + folder.filename().string() + ".fit");
  return folder;
}

}  // namespace

Result<std::string> StateKey(const Spec& spec, const std::string& version) {
  std::string text = version + "\n";
  // The program's own bytes, where the system shows them: two builds of one version may differ.
  if (const auto program = HashFile("/proc/self/exe"); program.ok()) text += *program + "\n";
  for (const fs::path& file : {spec.file, spec.model}) {
    SHOEHORN_ASSIGN(const std::string hash, HashFile(file));
    text += hash + "\n";
  }
  AppendCompanions(spec.model, text);
  for (const data::SamplesSpec* samples : {&spec.calibration, &spec.evaluation}) {
    AppendListing(samples->folder, text);
    if (samples->labels == data::LabelFormat::kNone) continue;
    std::error_code code;
    if (fs::is_directory(samples->labels_path, code)) {
      AppendListing(samples->labels_path, text);
    } else if (const auto hash = HashFile(samples->labels_path); hash.ok()) {
      text += *hash + "\n";  // a missing file is reported by whoever opens the samples
    }
  }
  return HashText(text);
}

State::State(fs::path folder, std::unique_ptr<FileLock> lock, bool resumed)
    : folder_(std::move(folder)), lock_(std::move(lock)), resumed_(resumed) {}

Result<std::unique_ptr<State>> State::Open(const fs::path& out, const std::string& key) {
  const fs::path folder = FolderBeside(out);
  SHOEHORN_TRY(MakeFolder(folder));
  SHOEHORN_ASSIGN(auto lock, FileLock::Acquire(folder / kLockFile));
  bool resumed = false;
  if (const auto stored = ReadText(folder / kKeyFile); stored.ok()) resumed = *stored == key;
  if (!resumed) {
    std::error_code code;
    for (fs::directory_iterator it(folder, code), end; !code && it != end; it.increment(code)) {
      std::error_code ignored;
      if (it->path().filename() != kLockFile) fs::remove_all(it->path(), ignored);
    }
  }
  SHOEHORN_TRY(MakeFolder(folder / "candidates"));
  SHOEHORN_TRY(MakeFolder(folder / "builds"));
  if (!resumed) SHOEHORN_TRY(WriteAtomically(folder / kKeyFile, key));
  return std::unique_ptr<State>(new State(folder, std::move(lock), resumed));
}

bool State::Has(const std::string& name) const {
  std::error_code code;
  return fs::exists(path(name), code);
}

Result<std::optional<std::string>> State::Read(const std::string& name) const {
  if (!Has(name)) return std::optional<std::string>();
  SHOEHORN_ASSIGN(std::string text, ReadText(path(name), size_t{1} << 30));
  return std::optional<std::string>(std::move(text));
}

Status State::Write(const std::string& name, std::string_view text) {
  return WriteAtomically(path(name), text);
}

std::vector<Candidate> State::Candidates() const {
  std::vector<Candidate> candidates;
  std::error_code code;
  for (fs::directory_iterator it(path("candidates"), code), end; !code && it != end; it.increment(code)) {
    if (it->path().extension() != ".json") continue;
    const auto text = ReadText(it->path());
    if (!text.ok()) continue;
    if (auto candidate = CandidateFromJson(*text, it->path().string()); candidate.ok())
      candidates.push_back(std::move(candidate).value());
  }
  return candidates;
}

Status State::Save(const Candidate& candidate) {
  return Write("candidates/" + candidate.id + ".json", ToJson(candidate));
}

Result<std::optional<std::vector<data::Observation>>> State::Rows(const std::string& name) const {
  using Rows = std::optional<std::vector<data::Observation>>;
  SHOEHORN_ASSIGN(const auto text, Read(name));
  if (!text) return Rows();
  try {
    std::vector<data::Observation> rows;
    const json parsed = json::parse(*text);
    for (const json& row : parsed) {
      rows.emplace_back();
      for (const json& value : row) rows.back().push_back(NumberOf(value));
    }
    return Rows(std::move(rows));
  } catch (const json::exception& error) {
    return Spoiled(path(name).string(), error.what());
  }
}

Status State::SaveRows(const std::string& name, const std::vector<data::Observation>& rows) {
  json array = json::array();
  for (const data::Observation& row : rows) {
    json values = json::array();
    for (const double value : row) values.push_back(NumberOrNull(value));
    array.push_back(std::move(values));
  }
  return Write(name, array.dump());
}

void State::Remove() {
  std::error_code ignored;
  fs::remove(folder_ / kKeyFile, ignored);  // a half-deleted state must not be taken up
  fs::remove_all(folder_, ignored);
}

std::string ToJson(const quant::CalibrationTable& table) {
  json array = json::array();
  for (const auto& [name, ranges] : table) {
    json channels = json::array();
    for (const auto& channel : ranges.channels)
      channels.push_back({channel.low, channel.high, channel.mean, channel.power});
    array.push_back({name, ToJsonRange(ranges.min_max), ToJsonRange(ranges.percentile),
                     ToJsonRange(ranges.mse), ToJsonRange(ranges.entropy), channels});
  }
  return array.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<quant::CalibrationTable> CalibrationFromJson(std::string_view text, const std::string& file) {
  try {
    quant::CalibrationTable table;
    const json parsed = json::parse(text);
    for (const json& entry : parsed) {
      quant::ActivationRanges& ranges = table[entry.at(0).get<std::string>()];
      ranges.min_max = RangeOf(entry.at(1));
      ranges.percentile = RangeOf(entry.at(2));
      ranges.mse = RangeOf(entry.at(3));
      ranges.entropy = RangeOf(entry.at(4));
      for (const json& channel : entry.at(5)) {
        const auto at = [&](size_t i) { return static_cast<float>(NumberOf(channel.at(i))); };
        ranges.channels.push_back({at(0), at(1), at(2), at(3)});
      }
    }
    return table;
  } catch (const json::exception& error) {
    return Spoiled(file, error.what());
  }
}

}  // namespace shoehorn::fit
