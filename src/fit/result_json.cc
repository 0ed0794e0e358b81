// Each struct's keys are listed once, in Fields(); the same list serves writing and reading, so that the two
// cannot drift apart.
#include "fit/result_json.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <type_traits>

namespace shoehorn::fit {
namespace {

using Json = nlohmann::ordered_json;

struct Writer;
struct Reader;

template <typename A>
void Fields(A& json, Estimate& e) {
  json("value", e.value), json("low", e.low), json("high", e.high);
}

template <typename A>
void Fields(A& json, RequirementResult& r) {
  json("name", r.name), json("unit", r.unit);
  json("at_least", r.at_least), json("required", r.required);
  json("found", r.found.value), json("low", r.found.low), json("high", r.found.high);
  json("met", r.met), json("confidence", r.confidence);
  json.State(r);
}

template <typename A>
void Fields(A& json, LatencyResult& l) {
  json("p50", l.p50), json("p90", l.p90), json("p99", l.p99);
  json("low", l.low), json("high", l.high);
  json("p99_trusted", l.p99_trusted), json("runs", l.runs);
}

template <typename A>
void Fields(A& json, MetricResult& m) {
  json("name", m.name), json("higher_is_better", m.higher_is_better);
  json("value", m.score.value), json("low", m.score.low), json("high", m.score.high);
  json("samples", m.samples), json("difference", m.difference);
}

template <typename A>
void Fields(A& json, Placement::Left& l) {
  json("node", l.node), json("op_type", l.op_type), json("why", l.why);
}

template <typename A>
void Fields(A& json, Placement& p) {
  json("judged", p.judged), json("islands", p.islands), json("cpu_operators", p.cpu_operators);
  json("left_to_cpu", p.left_to_cpu), json("died", p.died);
}

template <typename A>
void Fields(A& json, TargetResult& t) {
  json("name", t.name), json("title", t.title);
  json("judge", t.judge), json("judge_missing", t.judge_missing), json("compiled", t.compiled);
}

template <typename A>
void Fields(A& json, Candidate& c) {
  json("id", c.id), json("engine", c.engine), json("precision", c.precision), json("variant", c.variant);
  json("threads", c.threads), json("original", c.original);
  json("state", c.state), json("reason", c.reason);
  json("latency_ms", c.latency);
  json("speedup", c.speedup.value), json("speedup_low", c.speedup.low), json("speedup_high", c.speedup.high);
  json("metric", c.metric), json("meets", c.meets);
  json("size_bytes", c.size_bytes), json("peak_memory_bytes", c.peak_memory_bytes),
      json("load_ms", c.load_ms);
  json("artifact", c.artifact);
  json.Optional("placement", c.placement);
}

template <typename A>
void Fields(A& json, Relaxation& r) {
  json("requirement", r.requirement), json("unit", r.unit);
  json("from", r.from), json("to", r.to), json("candidate", r.candidate);
}

template <typename A>
void Fields(A& json, RewriteResult& r) {
  json("pass", r.pass), json("node", r.node), json("why", r.why);
}

template <typename A>
void Fields(A& json, LayerResult& l) {
  json("name", l.name), json("type", l.type), json("precision", l.precision);
  json("time_ms", l.time_ms), json("origins", l.origins);
}

template <typename A>
void Fields(A& json, QuantizationResult::Left& l) {
  json("node", l.node), json("why", l.why);
}

template <typename A>
void Fields(A& json, QuantizationResult& q) {
  json("variant", q.variant), json("calibration_samples", q.calibration_samples);
  json("quantized_nodes", q.quantized_nodes), json("float_nodes", q.float_nodes);
  json("left_in_float", q.left_in_float);
}

template <typename A>
void Fields(A& json, Machine& m) {
  json("cpu", m.cpu), json("architecture", m.architecture), json("cores", m.cores), json("flags", m.flags);
  json("memory_bytes", m.memory_bytes), json("os", m.os), json("kernel", m.kernel);
  json("governor", m.governor), json("engines", m.engines);
}

template <typename A>
void Fields(A& json, InputFile& f) {
  json("path", f.path), json("hash", f.hash), json("size_bytes", f.size_bytes);
}

template <typename A>
void Fields(A& json, InputPlan& i) {
  json("name", i.name), json("type", i.type), json("shape", i.shape);
  json("layout", i.layout), json("color", i.color), json("resize", i.resize);
  json("resize_shorter", i.resize_shorter), json("pad", i.pad), json("mean", i.mean), json("scale", i.scale);
}

template <typename A>
void Fields(A& json, StepTime& s) {
  json("name", s.name), json("seconds", s.seconds);
}

template <typename A>
void Fields(A& json, FitResult& r) {
  json("version", r.version), json("created", r.created), json("name", r.name);
  json("explanation", r.explanation);
  json("requirements", r.requirements);
  json.Chosen("original", r.original, r), json.Chosen("chosen", r.chosen, r);
  json("candidates", r.candidates);
  json("relaxations", r.relaxations);
  json.Optional("target", r.target);
  json("spec", r.spec), json("model", r.model), json("inputs", r.inputs);
  json("budget_s", r.budget_s), json("budget_exhausted", r.budget_exhausted), json("steps", r.steps);
  json("nodes_before", r.nodes_before), json("nodes_after", r.nodes_after), json("rewrites", r.rewrites);
  json("quantization", r.quantization);
  json("layers", r.layers);
  json("machine", r.machine);
  json("warnings", r.warnings);
}

constexpr std::pair<CandidateState, std::string_view> kStates[] = {{CandidateState::kMeasured, "measured"},
                                                                   {CandidateState::kPruned, "pruned"},
                                                                   {CandidateState::kFailed, "failed"},
                                                                   {CandidateState::kSkipped, "skipped"}};

struct Writer {
  Json json = Json::object();

  template <typename T>
  void operator()(const char* key, T& value) {
    json[key] = Encode(value);
  }

  // The whole candidate behind an id, or null.
  void Chosen(const char* key, const std::string& id, FitResult& result) {
    const Candidate* candidate = result.Find(id);
    json[key] = candidate ? Encode(const_cast<Candidate&>(*candidate)) : Json();
  }

  // The key is there only when there is something to say.
  template <typename T>
  void Optional(const char* key, std::optional<T>& value) {
    if (value) json[key] = Encode(*value);
  }

  void State(const RequirementResult& r) {
    json["state"] = !r.measured ? "not measured" : r.met ? "met" : "not met";
  }

  static Json Encode(double value) {
    if (!std::isfinite(value)) return nullptr;
    if (value == std::floor(value) && std::abs(value) < 1e15) return static_cast<int64_t>(value);
    return value;
  }
  static Json Encode(CandidateState state) {
    for (const auto& [known, name] : kStates)
      if (known == state) return name;
    return nullptr;
  }
  template <typename T>
  static Json Encode(std::vector<T>& list) {
    Json array = Json::array();
    for (T& item : list) array.push_back(Encode(item));
    return array;
  }
  template <typename T>
  static Json Encode(T& value) {
    if constexpr (requires(Writer & w) { Fields(w, value); }) {
      Writer writer;
      Fields(writer, value);
      return std::move(writer.json);
    } else {
      return value;
    }
  }
};

// Reading stops at the first fault; `place` is then the key's full name, e.g. candidates[2].latency_ms.p50.
struct Fault {
  std::string place, found, expected;
};

struct Reader {
  const Json& json;
  std::string place;

  template <typename T>
  void operator()(const char* key, T& value) {
    const std::string at = place.empty() ? key : place + "." + key;
    if (!json.is_object()) throw Fault{place, json.type_name(), "an object"};
    const auto found = json.find(key);
    if (found == json.end()) throw Fault{at, "the key is missing", ""};
    Decode(*found, at, value);
  }

  void Chosen(const char* key, std::string& id, FitResult&) {
    const auto found = json.find(key);
    if (found == json.end()) throw Fault{key, "the key is missing", ""};
    if (found->is_null()) return;
    Candidate candidate;
    Decode(*found, key, candidate);
    id = candidate.id;
  }

  template <typename T>
  void Optional(const char* key, std::optional<T>& value) {
    if (const auto found = json.find(key); found != json.end())
      Decode(*found, place.empty() ? key : place + "." + key, value.emplace());
  }

  void State(RequirementResult& r) {
    r.measured = !json.contains("state") || json["state"] != "not measured";
  }

  static void Decode(const Json& json, const std::string& at, double& value) {
    if (json.is_null())
      value = kUnknown;
    else if (json.is_number())
      value = json.get<double>();
    else
      throw Fault{at, json.type_name(), "a number or null"};
  }
  static void Decode(const Json& json, const std::string& at, bool& value) {
    if (!json.is_boolean()) throw Fault{at, json.type_name(), "true or false"};
    value = json.get<bool>();
  }
  static void Decode(const Json& json, const std::string& at, std::string& value) {
    if (!json.is_string()) throw Fault{at, json.type_name(), "a string"};
    value = json.get<std::string>();
  }
  static void Decode(const Json& json, const std::string& at, CandidateState& value) {
    std::string word;
    Decode(json, at, word);
    for (const auto& [state, name] : kStates)
      if (name == word) return void(value = state);
    throw Fault{at, "'" + Escaped(word) + "'", "measured, pruned, failed or skipped"};
  }
  static void Decode(const Json& json, const std::string& at, std::map<std::string, std::string>& value) {
    if (!json.is_object()) throw Fault{at, json.type_name(), "an object"};
    for (const auto& [key, item] : json.items()) Decode(item, at + "." + key, value[key]);
  }
  template <typename T>
  static void Decode(const Json& json, const std::string& at, std::vector<T>& list) {
    if (!json.is_array()) throw Fault{at, json.type_name(), "an array"};
    list.clear();
    for (size_t i = 0; i < json.size(); ++i)
      Decode(json[i], at + "[" + std::to_string(i) + "]", list.emplace_back());
  }
  template <typename T>
  static void Decode(const Json& json, const std::string& at, T& value) {
    if constexpr (std::is_integral_v<T>) {
      if (!json.is_number_integer() || (std::is_unsigned_v<T> && json < 0))
        throw Fault{at, json.type_name(), "a whole number"};
      value = json.get<T>();
    } else {
      Reader reader{json, at};
      Fields(reader, value);
    }
  }
};

std::string Dump(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

template <typename Read>
auto Parsed(std::string_view text, const std::string& file, const Read& read)
    -> Result<decltype(read(std::declval<const Json&>()))> {
  Diagnostic diagnostic;
  diagnostic.file = file;
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) {
    diagnostic.found = "not JSON, or cut off";
    return diagnostic;
  }
  try {
    return read(json);
  } catch (const Fault& fault) {
    diagnostic.place = fault.place;
    diagnostic.found = fault.found;
    diagnostic.expected = fault.expected;
    return diagnostic;
  }
}

}  // namespace

std::string ToJson(const FitResult& result) {
  Writer writer;
  writer.json["schema"] = kResultSchema;
  writer.json["verdict"] = result.met ? "met" : "not met";
  Fields(writer,
         const_cast<FitResult&>(result));  // Fields takes one form for reading and writing; this one reads
  return Dump(writer.json, 2) + "\n";
}

std::string ToJson(const Candidate& candidate) {
  return Dump(Writer::Encode(const_cast<Candidate&>(candidate)), -1);
}

Result<FitResult> ResultFromJson(std::string_view text, const std::string& file) {
  return Parsed(text, file, [](const Json& json) {
    FitResult result;
    Reader reader{json, ""};
    std::string schema, verdict;
    reader("schema", schema);
    if (schema != kResultSchema)
      throw Fault{"schema", "'" + Escaped(schema) + "'", std::string(kResultSchema)};
    reader("verdict", verdict);
    if (verdict != "met" && verdict != "not met")
      throw Fault{"verdict", "'" + Escaped(verdict) + "'", "met or not met"};
    result.met = verdict == "met";
    Fields(reader, result);
    return result;
  });
}

Result<Candidate> CandidateFromJson(std::string_view text, const std::string& file) {
  return Parsed(text, file, [](const Json& json) {
    Candidate candidate;
    Reader::Decode(json, "", candidate);
    return candidate;
  });
}

}  // namespace shoehorn::fit
