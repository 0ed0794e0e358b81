#include "cost/kernel_table.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "support/files.h"

namespace shoehorn::cost {
namespace {

using Json = nlohmann::ordered_json;

// Counts up when the features of kernels change: a table with others would be read wrongly.
constexpr char kSchema[] = "shoehorn.kernels/3";

// Four digits are more than any timing holds.
double Rounded(double value) { return std::stod(fmt::format("{:.4g}", value)); }

Json ToJson(const KernelSamples& kind, const std::string& name) {
  Json samples = Json::array();
  for (const KernelSample& sample : kind.samples) {
    Json row = Json::array();
    for (const double feature : sample.shape.features) row.push_back(Rounded(feature));
    for (const double number : {sample.shape.operations, sample.shape.bytes, sample.seconds})
      row.push_back(Rounded(number));
    samples.push_back(std::move(row));
  }
  return {{"kind", name}, {"reaches", kind.reaches}, {"samples", std::move(samples)}};
}

/// Reads a file's JSON piece by piece; what is wrong is said once, with its place.
class Reader {
 public:
  explicit Reader(const std::filesystem::path& name) : name_(name) {}

  Diagnostic Wrong(std::string place, std::string found, std::string expected) const {
    Diagnostic diagnostic;
    diagnostic.file = name_.string();
    diagnostic.place = std::move(place);
    diagnostic.found = std::move(found);
    diagnostic.expected = std::move(expected);
    diagnostic.fix = "measure anew with `shoehorn profile`";
    return diagnostic;
  }

  template <typename T>
  Result<T> Get(const Json& object, const char* key, const std::string& place) const {
    const std::string where = place.empty() ? key : place + "." + key;
    if (!object.is_object() || !object.contains(key)) return Wrong(where, "the key is missing", "");
    try {
      return object.at(key).get<T>();
    } catch (const nlohmann::json::exception&) {
      return Wrong(where, fmt::format("a {} stands there", object.at(key).type_name()),
                   "a value of another type");
    }
  }

  Result<KernelSamples> Samples(const Json& kind, const std::string& place) const {
    KernelSamples samples;
    SHOEHORN_ASSIGN(samples.reaches, Get<std::vector<double>>(kind, "reaches", place));
    SHOEHORN_ASSIGN(const auto rows, Get<std::vector<std::vector<double>>>(kind, "samples", place));
    const size_t features = samples.reaches.size();
    for (const double reach : samples.reaches)
      if (!(reach > 0))
        return Wrong(place + ".reaches", fmt::format("a reach is {}", reach), "numbers above 0");
    for (size_t i = 0; i < rows.size(); ++i) {
      const std::string where = fmt::format("{}.samples[{}]", place, i);
      const std::vector<double>& row = rows[i];
      if (row.size() != features + 3)
        return Wrong(where, fmt::format("{} numbers", row.size()),
                     fmt::format("{}: a feature for each reach, operations, bytes, seconds", features + 3));
      KernelSample sample;
      sample.shape.features.assign(row.begin(), row.begin() + static_cast<long>(features));
      sample.shape.operations = row[features];
      sample.shape.bytes = row[features + 1];
      sample.seconds = row[features + 2];
      if (!(sample.shape.operations >= 0 && sample.shape.bytes >= 0 && sample.seconds > 0))
        return Wrong(where, "operations, bytes or seconds are negative, or no time passed",
                     "measured numbers");
      samples.samples.push_back(std::move(sample));
    }
    if (samples.samples.empty()) return Wrong(place, "no sample", "one at least");
    return samples;
  }

  Result<EngineKernels> Engine(const Json& json, const std::string& place) const {
    EngineKernels engine;
    SHOEHORN_ASSIGN(engine.engine, Get<std::string>(json, "engine", place));
    SHOEHORN_ASSIGN(engine.version, Get<std::string>(json, "version", place));
    SHOEHORN_ASSIGN(engine.threads, Get<int>(json, "threads", place));
    using Seconds = std::map<std::string, double>;
    SHOEHORN_ASSIGN(engine.start_seconds, Get<Seconds>(json, "start_seconds", place));
    SHOEHORN_ASSIGN(const Json kinds, Get<Json>(json, "kernels", place));
    if (!kinds.is_array()) return Wrong(place + ".kernels", "no list", "a list of kinds");
    for (size_t i = 0; i < kinds.size(); ++i) {
      const std::string where = fmt::format("{}.kernels[{}]", place, i);
      SHOEHORN_ASSIGN(const auto kind, Get<std::string>(kinds[i], "kind", where));
      SHOEHORN_ASSIGN(engine.kinds[kind], Samples(kinds[i], where));
    }
    return engine;
  }

 private:
  std::filesystem::path name_;
};

}  // namespace

const EngineKernels* KernelTable::Find(std::string_view engine) const {
  for (const EngineKernels& each : engines)
    if (each.engine == engine) return &each;
  return nullptr;
}

std::filesystem::path KernelTablePath(const std::filesystem::path& profile) {
  return std::filesystem::path(profile).replace_extension(".kernels.json");
}

// One line a kind, so that two measurements can be compared line by line.
std::string ToJson(const KernelTable& table) {
  const auto dump = [](const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
  };
  std::string text =
      fmt::format("{{\"schema\": \"{}\", \"machine\": {}, \"engines\": [", kSchema, dump(table.machine));
  for (const EngineKernels& engine : table.engines) {
    text += fmt::format(
        "{}\n{{\"engine\": {}, \"version\": {}, \"threads\": {}, \"start_seconds\": {}, \"kernels\": [",
        &engine == &table.engines.front() ? "" : ",", dump(engine.engine), dump(engine.version),
        engine.threads, dump(engine.start_seconds));
    bool first = true;
    for (const auto& [name, kind] : engine.kinds) {
      text += (first ? "\n" : ",\n") + dump(ToJson(kind, name));
      first = false;
    }
    text += "]}";
  }
  return text + "]}\n";
}

Result<KernelTable> ParseKernelTable(std::string_view text, const std::filesystem::path& name) {
  const Reader reader(name);
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return reader.Wrong("", "not a JSON object", "a table of kernels");
  SHOEHORN_ASSIGN(const auto schema, reader.Get<std::string>(json, "schema", ""));
  if (schema != kSchema) return reader.Wrong("schema", "'" + schema + "'", std::string("'") + kSchema + "'");
  KernelTable table;
  SHOEHORN_ASSIGN(table.machine, reader.Get<std::string>(json, "machine", ""));
  SHOEHORN_ASSIGN(const Json engines, reader.Get<Json>(json, "engines", ""));
  if (!engines.is_array()) return reader.Wrong("engines", "no list", "a list of engines");
  for (size_t i = 0; i < engines.size(); ++i) {
    SHOEHORN_ASSIGN(EngineKernels engine, reader.Engine(engines[i], fmt::format("engines[{}]", i)));
    table.engines.push_back(std::move(engine));
  }
  return table;
}

Result<KernelTable> LoadKernelTable(const std::filesystem::path& path) {
  SHOEHORN_ASSIGN(const std::string text, ReadText(path));
  return ParseKernelTable(text, path);
}

}  // namespace shoehorn::cost
