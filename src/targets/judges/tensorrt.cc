// NVIDIA's TensorRT, asked through its program trtexec, which comes with TensorRT and needs an NVIDIA GPU. It
// takes a model whole or not at all, and names the first node that it cannot parse:
//   [E] [TRT] ModelImporter.cpp:949: While parsing node number 7 [NonZero -> "index"]:
//   [E] [TRT] ModelImporter.cpp:954: ERROR: ... No importer registered for op: ...
// https://docs.nvidia.com/deeplearning/tensorrt/latest/reference/command-line-programs.html
#include <unistd.h>

#include <cstdlib>
#include <sstream>

#include "support/subprocess.h"
#include "targets/judges/named_model.h"

namespace shoehorn::targets {
namespace {

namespace fs = std::filesystem;

fs::path FindTrtexec() {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    const fs::path program = fs::path(folder) / "trtexec";
    if (!folder.empty() && ::access(program.c_str(), X_OK) == 0) return program;
  }
  return {};
}

std::string Between(const std::string& text, std::string_view start, std::string_view end) {
  const size_t at = text.find(start);
  if (at == std::string::npos) return {};
  const size_t from = at + start.size(), to = text.find(end, from);
  return to == std::string::npos ? "" : text.substr(from, to - from);
}

/// What follows the last of "[E] ", "[TRT] " and "File.cpp:12: ".
std::string WordsOf(const std::string& line) {
  std::string words = line;
  for (const std::string_view mark : {"[E] ", "[TRT] "})
    if (const size_t at = words.find(mark); at != std::string::npos) words = words.substr(at + mark.size());
  if (const size_t at = words.find(".cpp:"); at != std::string::npos)
    if (const size_t colon = words.find(": ", at); colon != std::string::npos)
      words = words.substr(colon + 2);
  return words;
}

/// "101300" as 10.13.0, and "8503", as it was written before version 10, as 8.5.3.
std::string Readable(const std::string& version) {
  const int number = std::atoi(version.c_str()), major = version.size() > 5 ? 10'000 : 1000;
  return std::to_string(number / major) + "." + std::to_string(number % major / 100) + "." +
         std::to_string(number % 100);
}

/// Every message starts so: "[11/24/2026-21:00:00]".
bool HasDate(const std::string& line) { return line.size() > 3 && line[0] == '[' && line[3] == '/'; }

/// Reads trtexec's output line by line.
class Listener {
 public:
  Listener(const NamedModel& model, Judgement& judgement) : model_(model), judgement_(judgement) {}

  void Hear(const std::string& line) {
    if (line.starts_with("&&&& ")) {
      passed_ = passed_ || line.starts_with("&&&& PASSED");
      failed_ = failed_ || line.starts_with("&&&& FAILED");
      if (const std::string version = Between(line, "[TensorRT v", "]"); !version.empty())
        judgement_.version = "TensorRT " + Readable(version);
      in_node_ = false;
    } else if (line.find("While parsing node number ") != std::string::npos) {
      refused_ = model_.FindMaker(Between(line, "-> \"", "\"]"));
      in_node_ = false;
    } else if (line.find("--- Begin node ---") != std::string::npos) {
      in_node_ = true;
    } else if (line.find("--- End node ---") != std::string::npos) {
      in_node_ = false;
    } else if (!in_node_ && line.find("[E] ") != std::string::npos) {
      AddWords(WordsOf(line));
    } else if (!in_node_ && !HasDate(line) && !words_.empty()) {
      AddWords(line);  // a message of several lines
    }
  }

  /// `end`: how trtexec ended.
  void Conclude(const std::string& end) {
    if (!passed_ && !failed_) {
      judgement_.died = "trtexec gave no verdict: " + end;
      return;
    }
    if (passed_) {
      judgement_.islands = 1;
      judgement_.nodes = model_.nodes();
      for (JudgedNode& node : judgement_.nodes) {
        node.accepted = true;
        node.island = 0;
      }
      return;
    }
    judgement_.words = words_.empty() ? "trtexec built no engine and gave no reason" : words_;
    judgement_.cpu_operators = model_.nodes().size();
    if (refused_ == nullptr) return;
    judgement_.nodes.push_back(*refused_);
    judgement_.nodes.back().words = words_;
  }

  bool passed() const { return passed_; }

 private:
  void AddWords(const std::string& words) {
    if (words_.size() < 2000 && !words.empty()) words_ += (words_.empty() ? "" : "; ") + words;
  }

  const NamedModel& model_;
  Judgement& judgement_;
  const JudgedNode* refused_ = nullptr;
  std::string words_;
  bool passed_ = false, failed_ = false, in_node_ = false;
};

class TensorRt : public Judge {
 public:
  std::string name() const override { return "tensorrt"; }

  Result<std::string> Installed() const override {
    const fs::path program = FindTrtexec();
    if (!program.empty()) return "TensorRT, by " + program.string();
    Diagnostic diagnostic;
    diagnostic.file = "trtexec";
    diagnostic.found = "TensorRT is not installed: no such program on the PATH";
    diagnostic.fix = "install TensorRT and put trtexec on the PATH";
    return diagnostic;
  }

  /// Options: "fp16", "int8" with the value "1" allow these precisions.
  Result<Judgement> Ask(const JudgeRequest& request) override {
    Judgement judgement;
    judgement.judge = name();
    SHOEHORN_ASSIGN(judgement.version, Installed());
    SHOEHORN_ASSIGN(const NamedModel model, NamedModel::Load(request.model));
    // Its two outputs joined, so that a reason stands where it was said.
    std::vector<std::string> command = {"/bin/sh",
                                        "-c",
                                        R"(exec "$0" "$@" 2>&1)",
                                        FindTrtexec().string(),
                                        "--onnx=" + model.path().string(),
                                        "--skipInference"};
    for (const auto& [key, value] : request.options) {
      if ((key != "fp16" && key != "int8") || (value != "0" && value != "1")) {
        Diagnostic diagnostic;
        diagnostic.place = "options of the judge tensorrt";
        diagnostic.found = key + " = '" + value + "'";
        diagnostic.expected = "fp16 or int8 with '0' or '1'";
        return diagnostic;
      }
      if (value == "1") command.push_back("--" + key);
    }
    if (!request.artifact.empty()) command.push_back("--saveEngine=" + request.artifact.string());
    SHOEHORN_ASSIGN(const auto trtexec, Subprocess::Start(command));
    Listener listener(model, judgement);
    // Whoever asked watches the time: until trtexec ends.
    auto line = trtexec->ReadLine(std::chrono::hours(24));
    for (; line.ok(); line = trtexec->ReadLine(std::chrono::hours(24))) listener.Hear(*line);
    listener.Conclude(line.error().found);
    if (listener.passed()) judgement.artifact = request.artifact;
    return judgement;
  }
};

}  // namespace

Judge* TensorRtJudge() {
  static TensorRt judge;
  return &judge;
}

}  // namespace shoehorn::targets
