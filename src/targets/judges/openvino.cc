// OpenVINO on the CPU as its own judge. It runs a model whole or not at all: most refusals come while it
// reads the file and concern one node, whose name stands in the message; what it could read is asked node by
// node (query_model) and compiled.
// https://docs.openvino.ai/2026/openvino-workflow/running-inference/inference-devices-and-modes/query-device-properties.html
#include <openvino/openvino.hpp>
#include <sstream>

#include "targets/judges/named_model.h"

namespace shoehorn::targets {
namespace {

constexpr const char* kDevice = "CPU";

/// Its words without its own source lines: "Check '...' failed at src/...", "Exception from src/...",
/// "FrontEnd API failed with ...".
std::string WordsOf(std::string_view what) {
  std::string words;
  std::istringstream lines{std::string(what)};
  for (std::string line; std::getline(lines, line);) {
    const bool noise = line.empty() || line.starts_with("Exception from ") || line.starts_with("Check '") ||
                       line.starts_with("FrontEnd API failed") || line.starts_with("Summary:") ||
                       line.starts_with("Model wasn't fully converted.");
    if (!noise) words += (words.empty() ? "" : "; ") + line;
  }
  return words.empty() ? std::string(what) : words;
}

void NoteRefused(const JudgedNode* node, const std::string& words, Judgement& judgement) {
  if (node == nullptr) return;
  judgement.nodes.push_back(*node);
  judgement.nodes.back().words = words;
}

/// The nodes that a message of read_model names, with what it says of each:
///   -- Conv-15 with a message:
///   While validating ONNX node '<Node(Conv): /decoder/Conv_output_0>': Check ...
///   The input data tensor's rank has to be known (static)
void NoteNamedNodes(const std::string& what, const NamedModel& model, Judgement& judgement) {
  const std::string sections = what.substr(0, what.find("\nSummary:"));
  for (size_t start = sections.find("-- "); start != std::string::npos;) {
    const size_t next = sections.find("\n-- ", start);
    const std::string section = sections.substr(start, next == std::string::npos ? next : next - start);
    constexpr std::string_view kNode = "ONNX node '<Node(";
    const size_t at = section.find(kNode), colon = section.find("): ", at), end = section.find(">'", at);
    if (at != std::string::npos && colon != std::string::npos && end != std::string::npos && colon < end) {
      const std::string name = section.substr(colon + 3, end - colon - 3);
      const JudgedNode* maker = model.FindMaker(name);
      NoteRefused(maker != nullptr ? maker : model.Find(name),
                  WordsOf(section.substr(section.find('\n') + 1)), judgement);
    }
    start = next == std::string::npos ? next : next + 1;
  }
}

/// The nodes of types that it does not know at all:
///   -- No conversion rule found for operations: my.domain.Foo, Det-17
void NoteUnknownTypes(const std::string& what, const NamedModel& model, Judgement& judgement) {
  constexpr std::string_view kStart = "No conversion rule found for operations: ";
  const size_t at = what.find(kStart);
  if (at == std::string::npos) return;
  std::istringstream types(what.substr(at + kStart.size(), what.find('\n', at) - at - kStart.size()));
  for (std::string type; types >> type;) {
    if (type.ends_with(',')) type.pop_back();
    const std::string whole = type;
    type.erase(0, type.rfind('.') + 1);
    type.erase(std::min(type.find('-'), type.size()));
    for (const JudgedNode& node : model.nodes())
      if (node.op_type == type) NoteRefused(&node, std::string(kStart) + whole, judgement);
  }
}

void RefuseAll(const std::string& doing, const std::string& what, const NamedModel& model,
               Judgement& judgement) {
  judgement.words = "OpenVINO " + doing + ": " + WordsOf(what);
  judgement.nodes.clear();
  NoteNamedNodes(what, model, judgement);
  NoteUnknownTypes(what, model, judgement);
  judgement.islands = 0;
  judgement.cpu_operators = model.nodes().size();
}

void NoteQuery(const ov::Core& core, const std::shared_ptr<ov::Model>& read, const NamedModel& model,
               Judgement& judgement) {
  const ov::SupportedOpsMap supported = core.query_model(read, kDevice);
  // One node of the file becomes several of OpenVINO's, the last of which bears its name.
  for (const auto& node : read->get_ordered_ops()) {
    const std::string& alias = node->get_friendly_name();
    const bool accepted = supported.contains(alias);
    const JudgedNode* known = model.Find(alias);
    if (known == nullptr) known = model.FindMaker(alias);  // the last one before an output is named after it
    if (!accepted) ++judgement.cpu_operators;
    if (known == nullptr && accepted) continue;
    JudgedNode judged = known != nullptr ? *known : JudgedNode{};
    if (known == nullptr) {
      judged.name = alias;
      judged.op_type = node->get_type_name();
    }
    judged.accepted = accepted;
    judged.island = accepted ? 0 : -1;
    judgement.nodes.push_back(std::move(judged));
  }
  judgement.islands = supported.empty() ? 0 : 1;
}

class Openvino : public Judge {
 public:
  std::string name() const override { return "openvino"; }

  Result<std::string> Installed() const override {
    return std::string("OpenVINO ") + ov::get_openvino_version().buildNumber;
  }

  Result<Judgement> Ask(const JudgeRequest& request) override {
    if (!request.options.empty()) {
      Diagnostic diagnostic;
      diagnostic.place = "options of the judge openvino";
      diagnostic.found = "unknown option '" + request.options.begin()->first + "'";
      diagnostic.expected = "none";
      return diagnostic;
    }
    Judgement judgement;
    judgement.judge = name();
    SHOEHORN_ASSIGN(judgement.version, Installed());
    SHOEHORN_ASSIGN(const NamedModel model, NamedModel::Load(request.model));
    const char* doing = "does not start";
    try {
      ov::Core core;
      doing = "cannot read the model";
      const std::shared_ptr<ov::Model> read = core.read_model(model.path());
      doing = "cannot say what the CPU takes";
      NoteQuery(core, read, model, judgement);
      doing = "cannot compile the model";
      if (judgement.cpu_operators == 0) core.compile_model(read, kDevice);
      if (!request.artifact.empty() && judgement.cpu_operators == 0) {
        doing = "cannot write its own form of the model";
        ov::save_model(read, request.artifact, /*compress_to_fp16=*/false);
        judgement.artifact = request.artifact;
      }
    } catch (const std::exception& error) {
      RefuseAll(doing, error.what(), model, judgement);
    }
    return judgement;
  }
};

}  // namespace

Judge* OpenvinoJudge() {
  static Openvino judge;
  return &judge;
}

}  // namespace shoehorn::targets
