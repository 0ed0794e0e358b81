// A vendor's own compiler as judge: it gets a model file, runs in a process of its own under a limit of time
// and memory, and says for each node where it would run. A library that crashes, hangs or prints garbage is
// an answer, too. One file a judge in src/targets/judges, one line in judges.def.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/result.h"

namespace shoehorn::targets {

struct JudgeRequest {
  std::filesystem::path model;                 ///< ONNX file
  std::map<std::string, std::string> options;  ///< of the profile: soc_model = "93"
  std::filesystem::path artifact;              ///< where to write what was compiled; empty: do not
};

struct JudgedNode {
  std::string name;  ///< the node's name in the file; its first output's when it has none
  std::string op_type;
  bool accepted = false;
  int island = -1;
  std::string words;  ///< the compiler's own, for a refused node; may be empty
};

struct Judgement {
  std::string judge;    ///< "qnn"
  std::string version;  ///< "onnxruntime-qnn 2.7.0 on ONNX Runtime 1.32.0"; empty when it died
  /// Set when the judge gave no answer: "was killed by signal 11 (SIGSEGV)", "gave no answer within 60000 ms
  /// and was killed", "wanted more than 6.00 GiB of memory and was killed". There are no nodes then.
  std::optional<std::string> died;
  /// Why it refused the model as a whole, in its own words; empty when it did not.
  std::string words;
  /// What it said of single nodes. Not listed: nodes that the runtime's own basic fusions removed, accepted
  /// ones that the runtime made itself, and, where a whole model was refused for a few nodes, the others.
  std::vector<JudgedNode> nodes;
  size_t islands = 0;
  size_t cpu_operators = 0;  ///< after the runtime's fusions; all of them where the whole model was refused
  std::filesystem::path artifact;  ///< what was compiled, when asked for and made
  std::string artifact_words;      ///< why it was not made, when asked for
  double seconds = 0;              ///< wall time, the start of the process included
  uint64_t peak_bytes = 0;         ///< resident memory of the process
};

struct JudgeLimits {
  std::chrono::milliseconds timeout{120'000};
  uint64_t memory_bytes = uint64_t{6} << 30;
  const std::function<bool()>* stop = nullptr;  ///< asked ten times a second; may be null
};

/// A judge: the files of src/targets/judges implement this.
class Judge {
 public:
  virtual ~Judge() = default;
  virtual std::string name() const = 0;
  /// The version of what is installed. Errors: it is missing (what to install), of a wrong version, broken.
  /// Told from files alone: nothing of the vendor's is opened, so it is safe to ask anywhere.
  virtual Result<std::string> Installed() const = 0;
  /// To be called in the worker only. Errors: options that the judge would silently misread (an unknown
  /// soc_model), a file that it cannot read.
  virtual Result<Judgement> Ask(const JudgeRequest& request) = 0;
};

Judge* FindJudge(std::string_view name);
std::vector<std::string> JudgeNames();

/// Asks in a worker process ("<this program> judge-worker"; $SHOEHORN_JUDGE_WORKER in tests). How the worker
/// ended is in Judgement::died. Errors: unknown judge (did you mean), not installed (with what to do), Ctrl-C
/// (blame kInterrupted).
Result<Judgement> AskJudge(std::string_view judge, const JudgeRequest& request,
                           const JudgeLimits& limits = {});

/// The worker's side: reads one request from standard input, answers on standard output; its exit code.
int RunJudgeWorker();

}  // namespace shoehorn::targets
