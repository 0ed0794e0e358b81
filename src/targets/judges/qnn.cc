// Qualcomm's compiler for the Snapdragon HTP, reached through ONNX Runtime's plug-in interface: the package
// onnxruntime-qnn brings it for x86-64. It takes whole islands of nodes; what it leaves runs on the CPU. Its
// reasons stand in ONNX Runtime's most talkative log only:
//   Validation FAILED for 1 nodes in OrtNodeUnit (MaxPool) :
//     Operator type: MaxPool Node name: MaxPool_5 Node index: 4
//     REASON : QNN NPU does not support PoolMax3d!
// https://onnxruntime.ai/docs/execution-providers/QNN-ExecutionProvider.html
#include <charconv>
#include <cstring>
#include <mutex>

#include "engines/onnxruntime_api.h"
#include "targets/judges/named_model.h"
#include "targets/judges/vendor.h"

namespace shoehorn::targets {
namespace {

namespace fs = std::filesystem;
using engines::OpenOnnxRuntimeLibrary;

constexpr const char* kLibrary = "libonnxruntime_providers_qnn.so";

// Numbers of soc_model that the compiler knows; for any other it takes no node and says nothing.
struct Soc {
  const char* model;
  const char* chip;
};
constexpr Soc kSocs[] = {
    {"30", "SM8350"},  {"35", "SM7325"}, {"36", "SM8450"},   {"39", "SA8295"},
    {"43", "SM8550"},  {"57", "SM8650"}, {"60", "SC8380XP"}, {"69", "SM8750"},
    {"77", "QCS9075"}, {"87", "SM8850"}, {"93", "QCM6490"},
};

Status CheckOptions(const std::map<std::string, std::string>& options) {
  Diagnostic diagnostic;
  diagnostic.place = "options of the judge qnn";
  for (const auto& [key, value] : options) {
    if (key == "soc_model") continue;
    if (key == "fp16" && (value == "0" || value == "1")) continue;
    diagnostic.found = key == "fp16" ? "fp16 = '" + value + "'" : "unknown option '" + key + "'";
    diagnostic.expected = key == "fp16" ? "'0' or '1'" : "one of fp16, soc_model";
    return diagnostic;
  }
  const auto soc = options.find("soc_model");
  if (soc != options.end() &&
      std::ranges::any_of(kSocs, [&](const Soc& known) { return soc->second == known.model; }))
    return Ok();
  diagnostic.found = soc == options.end() ? "no soc_model" : "unknown soc_model '" + soc->second + "'";
  diagnostic.expected = "one of";
  for (const Soc& known : kSocs)
    diagnostic.expected += std::string(&known == kSocs ? " " : ", ") + known.model + " (" + known.chip + ")";
  return diagnostic;
}

/// Hears ONNX Runtime's log and keeps what the compiler says about nodes.
class Words {
 public:
  static void ORT_API_CALL Hear(void* self, OrtLoggingLevel, const char*, const char*, const char*,
                                const char* message) {
    static_cast<Words*>(self)->Note(message);
  }

  /// Why the node was refused; empty when nothing was said.
  std::string About(const std::string& node, const std::string& op_type) const {
    const std::lock_guard lock(mutex_);
    auto found = by_node_.find(node);
    if (found == by_node_.end()) found = by_type_.find(op_type);
    return found == by_node_.end() || found == by_type_.end() ? "" : found->second;
  }
  /// Its last message of an error.
  std::string LastError() const {
    const std::lock_guard lock(mutex_);
    return error_;
  }

 private:
  void Note(std::string_view message) {
    const std::lock_guard lock(mutex_);
    if (const size_t at = message.find("<E> "); at != std::string_view::npos) {
      error_ = Trimmed(message.substr(at + 4));
    } else if (message.find("Validation PASSED") != std::string_view::npos) {
      error_.clear();
    } else if (message.find("Validation FAILED") != std::string_view::npos) {
      NoteRefusal(message);
      error_.clear();
    }
  }

  void NoteRefusal(std::string_view message) {
    std::string reason = After(message, "REASON : ", "");
    // What went wrong is then in the message before.
    if (!error_.empty() && reason.find(error_) == std::string::npos)
      reason += (reason.empty() ? "" : " ") + error_;
    for (size_t at = 0; (at = message.find("Operator type: ", at)) != std::string_view::npos; ++at) {
      const std::string_view line = message.substr(at, message.find('\n', at) - at);
      const std::string name = After(line, "Node name: ", " Node index:");
      (name.empty() ? by_type_[After(line, "Operator type: ", " Node name:")] : by_node_[name]) = reason;
    }
  }

  static std::string After(std::string_view text, std::string_view start, std::string_view end) {
    const size_t at = text.find(start);
    if (at == std::string_view::npos) return {};
    text.remove_prefix(at + start.size());
    return Trimmed(end.empty() ? text : text.substr(0, text.rfind(end)));
  }

  static std::string Trimmed(std::string_view text) {
    const size_t first = text.find_first_not_of(" \t\n"), last = text.find_last_not_of(" \t\n");
    return first == std::string_view::npos ? "" : std::string(text.substr(first, last - first + 1));
  }

  mutable std::mutex mutex_;
  std::string error_;
  std::map<std::string, std::string> by_node_, by_type_;
};

class SnapdragonHtp : public Judge {
 public:
  std::string name() const override { return "qnn"; }

  Result<std::string> Installed() const override {
    SHOEHORN_ASSIGN(const VendorPackage package, FindPackage());
    SHOEHORN_ASSIGN(const std::string runtime, OpenOnnxRuntimeLibrary());
    return "onnxruntime-qnn " + package.version + " on ONNX Runtime " + runtime;
  }

  Result<Judgement> Ask(const JudgeRequest& request) override {
    SHOEHORN_TRY(CheckOptions(request.options));
    Judgement judgement;
    judgement.judge = name();
    SHOEHORN_ASSIGN(judgement.version, Installed());
    SHOEHORN_ASSIGN(const VendorPackage package, FindPackage());
    SHOEHORN_ASSIGN(const NamedModel model, NamedModel::Load(request.model));
    auto* words = new Words;  // the environment speaks to it until the process ends
    try {
      auto* env = new Ort::Env(ORT_LOGGING_LEVEL_VERBOSE, "judge", &Words::Hear, words);
      SHOEHORN_ASSIGN(const Ort::ConstEpDevice device, OpenLibrary(*env, package.library));
      Place(*env, device, request, model, *words, judgement);
      if (!request.artifact.empty()) Compile(*env, device, request, model, judgement);
    } catch (const Ort::Exception& error) {
      Diagnostic diagnostic = engines::OrtError("start", error);
      diagnostic.file = package.library.string();
      return diagnostic;
    }
    return judgement;
  }

 private:
  static Result<VendorPackage> FindPackage() {
    return FindVendorPackage({.environment = "SHOEHORN_QNN",
                              .package = "onnxruntime-qnn",
                              .folder = "onnxruntime_qnn",
                              .library = kLibrary,
                              .oldest = "2.7"});
  }

  static Result<Ort::ConstEpDevice> OpenLibrary(Ort::Env& env, const fs::path& library) {
    Diagnostic diagnostic;
    diagnostic.file = library.string();
    diagnostic.fix = "run 'make vendors', or set SHOEHORN_QNN to the folder of onnxruntime-qnn";
    try {
      env.RegisterExecutionProviderLibrary("QNN", library.string());
    } catch (const Ort::Exception& error) {
      diagnostic.found = std::string("ONNX Runtime cannot use Qualcomm's library: ") + error.what();
      return diagnostic;
    }
    for (const Ort::ConstEpDevice& device : env.GetEpDevices())
      if (std::string_view(device.EpName()) == "QNN") return device;
    diagnostic.found = "Qualcomm's library offers no device of the name QNN";
    return diagnostic;
  }

  static Ort::SessionOptions OptionsOf(Ort::Env& env, const Ort::ConstEpDevice& device,
                                       const JudgeRequest& request) {
    Ort::SessionOptions options;
    options.SetIntraOpNumThreads(1);
    options.AddConfigEntry("session.record_ep_graph_assignment_info", "1");
    const auto fp16 = request.options.find("fp16");
    options.AppendExecutionProvider_V2(
        env, {device},
        std::unordered_map<std::string, std::string>{
            {"backend_type", "htp"},
            {"soc_model", request.options.at("soc_model")},
            {"enable_htp_fp16_precision", fp16 == request.options.end() ? "1" : fp16->second},
            // Quantize and Dequantize at the graph's edges go to the NPU as well.
            {"offload_graph_io_quantization", "0"}});
    return options;
  }

  static void Place(Ort::Env& env, const Ort::ConstEpDevice& device, const JudgeRequest& request,
                    const NamedModel& model, const Words& words, Judgement& judgement) {
    try {
      const Ort::Session session(env, model.path().c_str(), OptionsOf(env, device, request));
      for (const auto& group : session.GetEpGraphAssignmentInfo()) {
        const bool accepted = group.GetEpName() == "QNN";
        const int island = accepted ? static_cast<int>(judgement.islands++) : -1;
        for (const auto& assigned : group.GetNodes()) {
          const std::string alias = assigned.GetName();
          if (!accepted) ++judgement.cpu_operators;
          const JudgedNode* known = model.Find(alias);
          if (known == nullptr && accepted) continue;
          JudgedNode node = known != nullptr ? *known : JudgedNode{};
          if (known == nullptr) node.name = alias;
          node.op_type = assigned.GetOperatorType();
          node.accepted = accepted;
          node.island = island;
          if (!accepted) node.words = words.About(alias, node.op_type);
          judgement.nodes.push_back(std::move(node));
        }
      }
    } catch (const Ort::Exception& error) {
      // It refuses the whole model instead of leaving nodes to the CPU.
      judgement.words = error.what();
      if (const std::string last = words.LastError(); !last.empty()) judgement.words += "; " + last;
      judgement.nodes = model.nodes();
      for (JudgedNode& node : judgement.nodes) node.words = judgement.words;
      judgement.islands = 0;
      judgement.cpu_operators = judgement.nodes.size();
    }
  }

  static void Compile(Ort::Env& env, const Ort::ConstEpDevice& device, const JudgeRequest& request,
                      const NamedModel& model, Judgement& judgement) {
    if (judgement.islands == 0) return;
    try {
      Ort::SessionOptions options = OptionsOf(env, device, request);
      options.AddConfigEntry("ep.context_enable", "1");
      options.AddConfigEntry("ep.context_embed_mode", "0");
      options.AddConfigEntry("ep.context_file_path", request.artifact.c_str());
      const Ort::Session session(env, model.path().c_str(), options);
      judgement.artifact = request.artifact;
    } catch (const Ort::Exception& error) {
      judgement.words = std::string("writes no compiled model: ") + error.what();
    }
  }
};

}  // namespace

Judge* QnnJudge() {
  static SnapdragonHtp judge;
  return &judge;
}

}  // namespace shoehorn::targets
