// plan.json of `shoehorn place`: all that the agent on the device needs to carry a decision out, and nothing
// about how it was found. Paths are relative to the plan's folder; every file has its hash, so that a plan is
// never run with another model.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "data/samples.h"
#include "ir/tensor.h"
#include "support/result.h"

namespace shoehorn::place {

struct PlanFile {
  std::string path;  ///< relative to the plan
  std::string hash;  ///< "xxh3:..." of its bytes, external data included
};

/// A model, or a part of one, in an engine of this process.
struct Stage {
  PlanFile model;
  std::string engine;     ///< "onnxruntime", "openvino"
  std::string precision;  ///< "fp32", ...
  int threads = 1;
  double predicted_s = 0;
};

/// How a float tensor is written on the wire.
enum class Packing { kNone, kFloat16, kInt8 };
std::string_view NameOf(Packing packing);  ///< "none", "float16", "int8"

/// A tensor that crosses the link, under the name and type that it has on the wire: the head packs it and the
/// tail unpacks it, so that the agent moves bytes.
struct Crossing {
  std::string
      name;  ///< of an output of the head (of an input of the model without one), and of the tail's input
  ir::DataType type = ir::DataType::kFloat;
  std::vector<int64_t> shape;
  Packing packing = Packing::kNone;
  double scale = 1;  ///< int8: real = (stored - zero_point) * scale
  int64_t zero_point = 0;
};

/// The server of the tail: KServe v2 over gRPC.
struct Endpoint {
  std::string address;  ///< "host:port"
  std::string model;    ///< its name there
  std::string version;  ///< may be empty: the server's choice
  bool tls = false;
  std::string ca_file;                ///< PEM; empty: the system's
  std::string token_env, token_file;  ///< where the bearer token stands; both empty: none
};

/// What the tail answers; whatever else comes back is not an answer.
struct TailOutput {
  std::string name;
  ir::DataType type = ir::DataType::kFloat;
  std::vector<int64_t> shape;  ///< -1: open
};

struct Tail {
  Endpoint endpoint;
  std::vector<Crossing> inputs;
  std::vector<TailOutput> outputs;
  bool compress = false;   ///< gzip on the channel
  double predicted_s = 0;  ///< on the server alone
};

/// The device's answer is kept when its greatest softmax probability is at least the threshold; else the tail
/// is asked.
struct Cascade {
  std::string output;
  double threshold = 0;
};

/// Which frames ask the tail: those whose answer is expected in time. Expected is what past calls took from
/// sending to answer, or how long the oldest open call waits already, whichever is longer; nothing before the
/// first call. After an answer that took `seen`, dt after the last one: expected += (1 - exp(-dt / memory_s))
/// * (seen - expected). A call that is given up: expected = max(expected, limit_s), so that only a probe
/// leads back.
struct LinkRule {
  double limit_s = 0;  ///< the tail is asked when head + expected <= limit; else the fallback stage answers
  int64_t most_open = 0;  ///< calls that may be open at once, a frame that finds so many is not asked; 0: any
  double memory_s = 0.5;  ///< how fast what was seen is forgotten
  double probe_s = 1;     ///< with no call open and none ended for so long, the next frame asks the tail, too
};

/// An answer becomes an event when the rule holds for an element of `output`.
struct EventRule {
  std::string output;
  std::string when;  ///< "max_above", "min_below", "argmax_is"
  double value = 0;
  std::string url;  ///< https://...; http only towards loopback
  std::string ca_file, token_env, token_file;
  std::string queue = "events.sqlite";
  int64_t max_events = 100'000;
  std::string when_full = "drop_oldest";  ///< or "drop_newest"
};

struct Plan {
  std::string choice;  ///< "device", "cloud", "split at 'x'", ...
  PlanFile source;     ///< the model that was placed
  std::vector<data::InputSpec> inputs;
  std::optional<Stage> head;      ///< absent: inputs cross as they are
  std::optional<Tail> tail;       ///< absent: everything on the device
  std::optional<Stage> fallback;  ///< answers past the deadline and without the link
  double deadline_s = 0;          ///< from the frame's arrival to its answer
  double rate_per_s = 0;
  std::optional<Cascade> cascade;
  std::optional<LinkRule> rule;  ///< absent: every frame asks the tail
  std::optional<EventRule> events;
};

inline constexpr char kPlanSchema[] = "shoehorn.place/1";

/// "xxh3:..." of a model's bytes and, where they lie beside it, of its weights: model.onnx.data, model.bin of
/// model.xml. Errors: it cannot be read.
Result<std::string> HashModel(const std::filesystem::path& model);

/// Errors: not a plan, a key that is missing, unknown or of a wrong type (named), a value that cannot be,
/// parts that contradict each other (CheckPlan), a file that is missing or whose hash differs ("the plan was
/// made for another model"). The source may be missing: the device does not need it.
Result<Plan> LoadPlan(const std::filesystem::path& file);
/// The keys of docs/place-plan.schema.json, indented, ending in a newline.
std::string PlanJson(const Plan& plan);

/// What holds in every plan, of whatever origin: a stage that answers or a tail, limits above zero, a token
/// only towards TLS or this machine, events over HTTPS. `file` is what messages call it.
Status CheckPlan(const Plan& plan, const std::string& file);

}  // namespace shoehorn::place
