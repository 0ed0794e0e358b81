#include "targets/judge.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <new>
#include <nlohmann/json.hpp>

#include "support/files.h"
#include "support/subprocess.h"
#include "support/units.h"

namespace shoehorn {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Diagnostic, file, place, found, expected, fix, blame)

namespace targets {

#define JUDGE(name, function) Judge* function();
#include "targets/judges.def"
#undef JUDGE

using Json = nlohmann::json;

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(JudgeRequest, model, options, artifact)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(JudgedNode, name, op_type, accepted, island, words)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Judgement, judge, version, words, nodes, islands, cpu_operators, artifact,
                                   artifact_words, seconds, peak_bytes)

namespace {

using Clock = std::chrono::steady_clock;

std::vector<Judge*> AllJudges() {
  return {
#define JUDGE(name, function) function(),
#include "targets/judges.def"
#undef JUDGE
  };
}

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string Line(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Diagnostic UnknownJudge(std::string_view name) {
  Diagnostic diagnostic;
  diagnostic.found = "unknown judge '" + std::string(name) + "'";
  for (const std::string& known : JudgeNames())
    diagnostic.expected += (diagnostic.expected.empty() ? "one of " : ", ") + known;
  if (const std::string near = DidYouMean(name, JudgeNames()); !near.empty())
    diagnostic.fix = "did you mean '" + near + "'?";
  return diagnostic;
}

/// The worker's answer, or how it ended instead.
class Conversation {
 public:
  Conversation(std::string_view judge, const JudgeLimits& limits) : limits_(limits) {
    judgement_.judge = judge;
  }

  Result<Judgement> Ask(const JudgeRequest& request) {
    const char* asked = std::getenv("SHOEHORN_JUDGE_WORKER");
    const std::string program = asked != nullptr && *asked != '\0' ? asked : "/proc/self/exe";
    const auto start = Clock::now();
    SHOEHORN_ASSIGN(const auto worker, Subprocess::Start({program, "judge-worker"}));
    Result<std::string> line = Exchange(*worker, request);
    if (!line.ok()) {
      if (line.error().blame == Blame::kInterrupted && !greedy_) return line.error();
      judgement_.died = greedy_
                            ? "wanted more than " + FormatBytes(static_cast<double>(limits_.memory_bytes)) +
                                  " of memory and was killed"
                            : WithoutSubject(line.error().found);
    } else {
      const Json answer = Json::parse(*line, nullptr, /*allow_exceptions=*/false);
      try {
        if (answer.is_object() && answer.contains("error")) return answer.at("error").get<Diagnostic>();
        judgement_ = answer.get<Judgement>();
        if (answer.contains("died")) judgement_.died = answer.at("died").get<std::string>();
      } catch (const Json::exception&) {
        judgement_.died = "printed something other than an answer: " + Escaped(line->substr(0, 100));
      }
    }
    judgement_.seconds = SecondsSince(start);
    judgement_.peak_bytes = std::max(judgement_.peak_bytes, peak_);
    return std::move(judgement_);
  }

 private:
  Result<std::string> Exchange(Subprocess& worker, const JudgeRequest& request) {
    SHOEHORN_TRY(worker.WriteLine(Line({{"judge", judgement_.judge}, {"request", request}})));
    // A limit of the address space would be wrong for libraries that map much and use little, so what is
    // resident is watched from here, as often as ReadLine asks.
    const std::function<bool()> stop = [&] {
      const uint64_t bytes = ResidentBytes(worker.pid());
      peak_ = std::max(peak_, bytes);
      greedy_ = bytes > limits_.memory_bytes;
      return greedy_ || (limits_.stop != nullptr && (*limits_.stop)());
    };
    return worker.ReadLine(limits_.timeout, &stop);
  }

  static std::string WithoutSubject(const std::string& found) {
    constexpr std::string_view kSubject = "the process ";
    return found.starts_with(kSubject) ? found.substr(kSubject.size()) : found;
  }

  const JudgeLimits& limits_;
  Judgement judgement_;
  uint64_t peak_ = 0;
  bool greedy_ = false;
};

Json Answer(const std::string& line) {
  try {
    const Json asked = Json::parse(line);
    const auto name = asked.at("judge").get<std::string>();
    Judge* judge = FindJudge(name);
    if (judge == nullptr) return {{"error", UnknownJudge(name)}};
    Result<Judgement> judgement = judge->Ask(asked.at("request").get<JudgeRequest>());
    if (!judgement.ok()) return {{"error", judgement.error()}};
    judgement->peak_bytes = PeakResidentBytes();
    Json answer = *judgement;
    if (judgement->died.has_value()) answer["died"] = *judgement->died;
    return answer;
  } catch (const std::exception& error) {
    Diagnostic diagnostic;
    diagnostic.place = "judge-worker";
    diagnostic.found = error.what();
    diagnostic.blame = Blame::kFault;
    return {{"error", diagnostic}};
  }
}

}  // namespace

Judge* FindJudge(std::string_view name) {
  for (Judge* judge : AllJudges())
    if (judge->name() == name) return judge;
  return nullptr;
}

std::vector<std::string> JudgeNames() {
  std::vector<std::string> names;
  for (const Judge* judge : AllJudges()) names.push_back(judge->name());
  return names;
}

Result<Judgement> AskJudge(std::string_view judge, const JudgeRequest& request, const JudgeLimits& limits) {
  if (FindJudge(judge) == nullptr) return UnknownJudge(judge);
  return Conversation(judge, limits).Ask(request);
}

int RunJudgeWorker() {
  // The answer goes to the real standard output; whatever a vendor's library prints goes to standard error.
  const int output = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  if (output < 0 || ::dup2(STDERR_FILENO, STDOUT_FILENO) < 0) return 1;
  std::string line;
  std::getline(std::cin, line);
  const std::string answer = Line(Answer(line)) + "\n";
  for (std::string_view rest = answer; !rest.empty();) {
    const ssize_t n = ::write(output, rest.data(), rest.size());
    if (n < 0) ::_exit(1);  // nobody is there to hear it
    rest.remove_prefix(static_cast<size_t>(n));
  }
  ::_exit(0);  // a vendor's library may hang or crash while it is taken down, with the answer already given
}

}  // namespace targets
}  // namespace shoehorn
