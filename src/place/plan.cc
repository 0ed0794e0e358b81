// Each struct's keys are listed once, in Fields(); the same list serves writing, reading and the complaint
// about a key that is not in it.
#include "place/plan.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "support/files.h"

namespace shoehorn::place {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

template <typename E>
using Names = std::vector<std::pair<E, std::string_view>>;

const Names<ir::DataType>& NamesOf(ir::DataType) {
  static const Names<ir::DataType> names = [] {
    Names<ir::DataType> list;
    for (int32_t number = 1; number <= 26; ++number) {
      const auto type = static_cast<ir::DataType>(number);
      if (ir::BitsOf(type) % 8 == 0 && ir::BitsOf(type) > 0) list.emplace_back(type, ir::NameOf(type));
    }
    return list;
  }();
  return names;
}
const Names<Packing>& NamesOf(Packing) {
  static const Names<Packing> names = {
      {Packing::kNone, "none"}, {Packing::kFloat16, "float16"}, {Packing::kInt8, "int8"}};
  return names;
}
const Names<data::Layout>& NamesOf(data::Layout) {
  using enum data::Layout;
  static const Names<data::Layout> names = {{kAsIs, "as_is"}, {kNchw, "nchw"}, {kNhwc, "nhwc"}};
  return names;
}
const Names<data::Color>& NamesOf(data::Color) {
  using enum data::Color;
  static const Names<data::Color> names = {{kRgb, "rgb"}, {kBgr, "bgr"}, {kGray, "gray"}};
  return names;
}
const Names<data::Resize>& NamesOf(data::Resize) {
  using enum data::Resize;
  static const Names<data::Resize> names = {{kNone, "none"},
                                            {kStretch, "stretch"},
                                            {kLetterbox, "letterbox"},
                                            {kLetterboxCenter, "letterbox_center"},
                                            {kCenterCrop, "center_crop"},
                                            {kFitHeight, "fit_height"}};
  return names;
}

template <typename A>
void Fields(A& json, PlanFile& f) {
  json("path", f.path), json("hash", f.hash);
}

template <typename A>
void Fields(A& json, Stage& s) {
  json("model", s.model), json("engine", s.engine), json("precision", s.precision);
  json("threads", s.threads), json("predicted_s", s.predicted_s);
}

template <typename A>
void Fields(A& json, Crossing& c) {
  json("name", c.name), json("type", c.type), json("shape", c.shape);
  json("packing", c.packing), json("scale", c.scale), json("zero_point", c.zero_point);
}

template <typename A>
void Fields(A& json, TailOutput& o) {
  json("name", o.name), json("type", o.type), json("shape", o.shape);
}

template <typename A>
void Fields(A& json, Endpoint& e) {
  json("address", e.address), json("model", e.model), json("version", e.version);
  json("tls", e.tls), json("ca_file", e.ca_file);
  json("token_env", e.token_env), json("token_file", e.token_file);
}

template <typename A>
void Fields(A& json, Tail& t) {
  json("endpoint", t.endpoint), json("inputs", t.inputs), json("outputs", t.outputs);
  json("compress", t.compress), json("predicted_s", t.predicted_s);
}

template <typename A>
void Fields(A& json, Cascade& c) {
  json("output", c.output), json("threshold", c.threshold);
}

template <typename A>
void Fields(A& json, LinkRule& r) {
  json("limit_s", r.limit_s), json("most_open", r.most_open);
  json("memory_s", r.memory_s), json("probe_s", r.probe_s);
}

template <typename A>
void Fields(A& json, EventRule& e) {
  json("output", e.output), json("when", e.when), json("value", e.value);
  json("url", e.url), json("ca_file", e.ca_file);
  json("token_env", e.token_env), json("token_file", e.token_file);
  json("queue", e.queue), json("max_events", e.max_events), json("when_full", e.when_full);
}

template <typename A>
void Fields(A& json, data::InputSpec& i) {
  json("name", i.name), json("type", i.type), json("shape", i.shape);
  json("layout", i.layout), json("color", i.color), json("resize", i.resize);
  json("resize_shorter", i.resize_shorter), json("pad", i.pad), json("mean", i.mean), json("scale", i.scale);
}

template <typename A>
void Fields(A& json, Plan& p) {
  json("choice", p.choice), json("source", p.source), json("inputs", p.inputs);
  json("head", p.head), json("tail", p.tail), json("fallback", p.fallback);
  json("deadline_s", p.deadline_s), json("rate_per_s", p.rate_per_s);
  json("cascade", p.cascade), json("rule", p.rule), json("events", p.events);
}

struct Writer {
  Json json = Json::object();

  template <typename T>
  void operator()(const char* key, T& value) {
    json[key] = Encode(value);
  }
  // The key is there only when the part is.
  template <typename T>
  void operator()(const char* key, std::optional<T>& value) {
    if (value) json[key] = Encode(*value);
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
    } else if constexpr (std::is_enum_v<T>) {
      for (const auto& [known, name] : NamesOf(value))
        if (known == value) return name;
      SHOEHORN_CHECK(false, "a plan with a value that has no name");
    } else {
      return value;
    }
  }
};

// Reading stops at the first fault; `place` is then the key's full name, e.g. tail.inputs[0].shape.
struct Fault {
  std::string place, found, expected, fix;
};

struct Reader {
  const Json& json;
  std::string place;
  std::vector<std::string> known;

  std::string At(const std::string& key) const { return place.empty() ? key : place + "." + key; }

  template <typename T>
  void operator()(const char* key, T& value) {
    known.emplace_back(key);
    if (!json.is_object()) throw Fault{place, Kind(json), "an object", {}};
    const auto found = json.find(key);
    if (found == json.end()) throw Fault{At(key), "the key is missing", {}, {}};
    Decode(*found, At(key), value);
  }
  template <typename T>
  void operator()(const char* key, std::optional<T>& value) {
    known.emplace_back(key);
    if (!json.is_object()) throw Fault{place, Kind(json), "an object", {}};
    if (const auto found = json.find(key); found != json.end()) Decode(*found, At(key), value.emplace());
  }

  void RefuseUnknown() const {
    for (const auto& [key, value] : json.items()) {
      if (std::ranges::find(known, key) != known.end()) continue;
      const std::string near = DidYouMean(key, known);
      throw Fault{At(key), "unknown key", {}, near.empty() ? "" : "did you mean '" + near + "'?"};
    }
  }

  static std::string Kind(const Json& json) {
    return std::string("the value is of type ") + json.type_name();
  }

  static void Decode(const Json& json, const std::string& at, double& value) {
    if (!json.is_number() || !std::isfinite(json.get<double>())) throw Fault{at, Kind(json), "a number", {}};
    value = json.get<double>();
  }
  static void Decode(const Json& json, const std::string& at, bool& value) {
    if (!json.is_boolean()) throw Fault{at, Kind(json), "true or false", {}};
    value = json.get<bool>();
  }
  static void Decode(const Json& json, const std::string& at, std::string& value) {
    if (!json.is_string()) throw Fault{at, Kind(json), "a string", {}};
    value = json.get<std::string>();
  }
  template <typename T>
  static void Decode(const Json& json, const std::string& at, std::vector<T>& list) {
    if (!json.is_array()) throw Fault{at, Kind(json), "an array", {}};
    list.clear();
    for (size_t i = 0; i < json.size(); ++i)
      Decode(json[i], at + "[" + std::to_string(i) + "]", list.emplace_back());
  }
  template <typename T>
  static void Decode(const Json& json, const std::string& at, T& value) {
    if constexpr (std::is_enum_v<T>) {
      std::string word, expected = "one of";
      Decode(json, at, word);
      for (const auto& [known, name] : NamesOf(value)) {
        if (name == word) return void(value = known);
        expected += (expected == "one of" ? " " : ", ") + std::string(name);
      }
      throw Fault{at, "'" + Escaped(word) + "'", expected, {}};
    } else if constexpr (std::is_integral_v<T>) {
      if (!json.is_number_integer() || !std::in_range<T>(json.get<int64_t>()))
        throw Fault{at, Kind(json), "a whole number", {}};
      value = json.get<T>();
    } else {
      Reader reader{json, at, {}};
      Fields(reader, value);
      reader.RefuseUnknown();
    }
  }
};

Result<Plan> ParsePlan(const std::string& text, const std::string& file) {
  Diagnostic diagnostic;
  diagnostic.file = file;
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) {
    diagnostic.found = "not JSON, or cut off";
    return diagnostic;
  }
  try {
    Reader reader{json, "", {}};
    std::string schema;
    reader("schema", schema);
    if (schema != kPlanSchema)
      throw Fault{"schema", "'" + Escaped(schema) + "'", kPlanSchema,
                  "a plan of this kind is made by 'shoehorn place'"};
    Plan plan;
    Fields(reader, plan);
    reader.RefuseUnknown();
    return plan;
  } catch (const Fault& fault) {
    diagnostic.place = fault.place;
    diagnostic.found = fault.found;
    diagnostic.expected = fault.expected;
    diagnostic.fix = fault.fix;
    return diagnostic;
  }
}

Status CheckFile(const fs::path& folder, const PlanFile& file, bool needed) {
  const fs::path path = folder / file.path;
  std::error_code code;
  if (!needed && !fs::exists(path, code)) return Ok();
  SHOEHORN_ASSIGN(const std::string hash, HashModel(path));
  if (hash == file.hash) return Ok();
  Diagnostic diagnostic;
  diagnostic.file = path.string();
  diagnostic.found = "the file has the hash " + hash + ", so the plan was made for another model";
  diagnostic.expected = file.hash;
  diagnostic.fix = "run 'shoehorn place' again, or bring the files that it wrote beside the plan";
  return diagnostic;
}

}  // namespace

std::string_view NameOf(Packing packing) {
  for (const auto& [known, name] : NamesOf(packing))
    if (known == packing) return name;
  SHOEHORN_CHECK(false, "a packing without a name");
}

Result<std::string> HashModel(const fs::path& model) {
  SHOEHORN_ASSIGN(std::string hash, HashFile(model));
  const fs::path weights = model.extension() == ".xml" ? fs::path(model).replace_extension(".bin")
                                                       : fs::path(model.string() + ".data");
  std::error_code code;
  if (fs::exists(weights, code)) {
    SHOEHORN_ASSIGN(const std::string other, HashFile(weights));
    hash = HashText(hash + other);
  }
  return "xxh3:" + hash;
}

Result<Plan> LoadPlan(const fs::path& file) {
  SHOEHORN_ASSIGN(const std::string text, ReadText(file, size_t{4} << 20));
  SHOEHORN_ASSIGN(Plan plan, ParsePlan(text, file.string()));
  SHOEHORN_TRY(CheckPlan(plan, file.string()));
  const fs::path folder = file.parent_path();
  if (plan.head) SHOEHORN_TRY(CheckFile(folder, plan.head->model, true));
  if (plan.fallback) SHOEHORN_TRY(CheckFile(folder, plan.fallback->model, true));
  SHOEHORN_TRY(CheckFile(folder, plan.source, false));
  return plan;
}

std::string PlanJson(const Plan& plan) {
  Writer writer;
  writer.json["schema"] = kPlanSchema;
  Fields(writer, const_cast<Plan&>(plan));  // Fields takes one form for reading and writing; this one reads
  return writer.json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace shoehorn::place
