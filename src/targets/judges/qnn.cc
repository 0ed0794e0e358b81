// Qualcomm's compiler for the Snapdragon HTP, reached through ONNX Runtime's plug-in interface: the package
// onnxruntime-qnn brings it for x86-64. It takes whole islands of nodes; what it leaves runs on the CPU. Its
// reasons stand in ONNX Runtime's most talkative log only:
//   Validation FAILED for 1 nodes in OrtNodeUnit (MaxPool) :
//     Operator type: MaxPool Node name: MaxPool_5 Node index: 4
//     REASON : QNN NPU does not support PoolMax3d!
// https://onnxruntime.ai/docs/execution-providers/QNN-ExecutionProvider.html
#include <mutex>
#include <sstream>

#include "engines/onnxruntime_api.h"
#include "targets/judges/named_model.h"
#include "targets/judges/vendor.h"

namespace shoehorn::targets {
namespace {

namespace fs = std::filesystem;
using engines::OpenOnnxRuntimeLibrary;

constexpr const char* kLibrary = "libonnxruntime_providers_qnn.so";

// For a number of a chip that the compiler does not know it takes no node and warns in its log only, with
// this name in the chip's place (measured with 2.7.0).
constexpr std::string_view kUnknownChip = "UNKNOWN_SDM";

Diagnostic WrongChip(std::string found) {
  Diagnostic diagnostic;
  diagnostic.place = "options of the judge qnn";
  diagnostic.found = std::move(found);
  diagnostic.expected =
      "a number of QNN's that this compiler knows: 30 (SM8350), 35 (SM7325), 36 (SM8450), 43 (SM8550), 57 "
      "(SM8650), "
      "60 (SC8380XP), 69 (SM8750), 77 (QCS9075), 87 (SM8850), 93 (QCS6490) and others";
  return diagnostic;
}

Status CheckOptions(const std::map<std::string, std::string>& options) {
  for (const auto& [key, value] : options) {
    if (key == "soc_model" || (key == "fp16" && (value == "0" || value == "1"))) continue;
    Diagnostic diagnostic;
    diagnostic.place = "options of the judge qnn";
    diagnostic.found = key == "fp16" ? "fp16 = '" + value + "'" : "unknown option '" + key + "'";
    diagnostic.expected = key == "fp16" ? "'0' or '1'" : "one of fp16, soc_model";
    return diagnostic;
  }
  const auto soc = options.find("soc_model");
  if (soc == options.end()) return WrongChip("no soc_model");
  const std::string& number = soc->second;
  if (number.empty() || number.size() > 6 || number[0] == '0' ||
      number.find_first_not_of("0123456789") != std::string::npos)
    return WrongChip("soc_model = '" + number + "'");
  return Ok();
}

/// Hears ONNX Runtime's log and keeps what the compiler says about nodes.
class Words {
 public:
  explicit Words(const NamedModel& model) : model_(model) {}

  static void ORT_API_CALL Hear(void* self, OrtLoggingLevel, const char*, const char*, const char*,
                                const char* message) {
    static_cast<Words*>(self)->Note(message);
  }

  /// Why `node`, or the runtime's own node of that type, was refused; empty when nothing was said.
  std::string About(const JudgedNode* node, const std::string& op_type) const {
    const std::lock_guard lock(mutex_);
    if (node != nullptr) {
      const auto found = by_node_.find(node);
      return found == by_node_.end() ? "" : found->second;
    }
    const auto found = by_type_.find(op_type);
    return found == by_type_.end() ? "" : found->second;
  }
  bool chip_is_unknown() const {
    const std::lock_guard lock(mutex_);
    return chip_is_unknown_;
  }
  /// The reason of the last refusal.
  std::string Last() const {
    const std::lock_guard lock(mutex_);
    return last_;
  }

 private:
  void Note(std::string_view message) {
    const std::lock_guard lock(mutex_);
    if (message.starts_with(" <E> ")) {
      NoteError(OneLine(message.substr(5)));
    } else if (message.starts_with(" <W> ")) {
      chip_is_unknown_ = chip_is_unknown_ || message.find(kUnknownChip) != std::string_view::npos;
    } else if (message.find("Validation PASSED") != std::string_view::npos) {
      errors_.clear();
    } else if (message.find("Validation FAILED") != std::string_view::npos) {
      NoteRefusal(message);
      errors_.clear();
    }
  }

  void NoteError(const std::string& error) {
    // Two that only repeat that something failed, and one that comes with every graph.
    for (const char* said :
         {"QnnBackend_validateOpConfig failed", "Failed to validate op", "unexpected GraphHtpSettings"})
      if (error.starts_with(said)) return;
    if (errors_.find(error) == std::string::npos) errors_ += (errors_.empty() ? "" : "; ") + error;
  }

  void NoteRefusal(std::string_view message) {
    last_ = OneLine(After(message, "REASON : ", ""));
    if (last_ == "Failed to add node." && !errors_.empty()) last_ = errors_;  // the cause, said before
    for (size_t at = 0; (at = message.find("Operator type: ", at)) != std::string_view::npos; ++at) {
      const std::string_view line = message.substr(at, message.find('\n', at) - at);
      if (const JudgedNode* node = model_.Find(After(line, "Node name: ", " Node index:")); node != nullptr)
        by_node_[node] = last_;
      by_type_[After(line, "Operator type: ", " Node name:")] = last_;
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

  // Every run of white space as one blank.
  static std::string OneLine(std::string_view text) {
    std::string words;
    std::istringstream parts{std::string(text)};
    for (std::string part; parts >> part;) words += (words.empty() ? "" : " ") + part;
    return words;
  }

  const NamedModel& model_;
  mutable std::mutex mutex_;
  bool chip_is_unknown_ = false;
  std::string errors_, last_;
  std::unordered_map<const JudgedNode*, std::string> by_node_;
  std::unordered_map<std::string, std::string> by_type_;
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
    SHOEHORN_ASSIGN(NamedModel loaded, NamedModel::Load(request.model));
    // Both live until the process ends, because the environment does and speaks to them.
    const NamedModel& model = *new NamedModel(std::move(loaded));
    auto* words = new Words(model);
    try {
      auto* env = new Ort::Env(ORT_LOGGING_LEVEL_VERBOSE, "judge", &Words::Hear, words);
      SHOEHORN_ASSIGN(const Ort::ConstEpDevice device, OpenLibrary(*env, package.library));
      Place(*env, device, request, model, *words, judgement);
      if (words->chip_is_unknown())
        return WrongChip("unknown soc_model '" + request.options.at("soc_model") + "'");
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
          if (!accepted) node.words = words.About(known, node.op_type);
          judgement.nodes.push_back(std::move(node));
        }
      }
    } catch (const Ort::Exception& error) {
      judgement.islands = 0;
      judgement.cpu_operators = model.nodes().size();
      judgement.nodes.clear();
      RefuseAll(error.what(), model, words, judgement);
    }
  }

  /// ONNX Runtime could not read the model, or the compiler gave up on the whole of it instead of leaving
  /// nodes to the CPU.
  static void RefuseAll(std::string what, const NamedModel& model, const Words& words, Judgement& judgement) {
    constexpr std::string_view kLoad = "Load model from ", kFailed = " failed:";
    if (const size_t at = what.find(kFailed); what.starts_with(kLoad) && at != std::string::npos) {
      judgement.words = "ONNX Runtime cannot read the model: " + what.substr(at + kFailed.size());
      // "Fatal error: my.domain:Foo(-1) is not a registered function/op"
      for (const JudgedNode& node : model.nodes()) {
        if (what.find(":" + node.op_type + "(") == std::string::npos) continue;
        judgement.nodes.push_back(node);
        judgement.nodes.back().words = judgement.words;
      }
      return;
    }
    const std::string cause = words.Last();
    judgement.words = cause + (cause.empty() ? "" : "; ") + what;
    for (const JudgedNode& node : model.nodes()) {
      const std::string own = words.About(&node, node.op_type);
      judgement.nodes.push_back(node);
      judgement.nodes.back().words = own.empty() ? judgement.words : own;
    }
  }

  static void Compile(Ort::Env& env, const Ort::ConstEpDevice& device, const JudgeRequest& request,
                      const NamedModel& model, Judgement& judgement) {
    if (judgement.islands == 0) {
      judgement.artifact_words = "there is nothing to compile: no node was accepted";
      return;
    }
    try {
      Ort::SessionOptions options = OptionsOf(env, device, request);
      options.AddConfigEntry("ep.context_enable", "1");
      options.AddConfigEntry("ep.context_embed_mode", "0");
      options.AddConfigEntry("ep.context_file_path", request.artifact.c_str());
      const Ort::Session session(env, model.path().c_str(), options);
      judgement.artifact = request.artifact;
    } catch (const Ort::Exception& error) {
      judgement.artifact_words = error.what();
    }
  }
};

}  // namespace

Judge* QnnJudge() {
  static SnapdragonHtp judge;
  return &judge;
}

}  // namespace shoehorn::targets
