#include "measure/worker_client.h"

#include <cstdlib>

namespace shoehorn::measure {

Result<std::unique_ptr<WorkerClient>> WorkerClient::Load(const Subject& subject, bool profile,
                                                         const Limits& limits) {
  const char* asked = std::getenv("SHOEHORN_WORKER");
  const std::string program = asked != nullptr && *asked != '\0' ? asked : "/proc/self/exe";
  SHOEHORN_ASSIGN(auto process, Subprocess::Start({program, "worker"}));
  std::unique_ptr<WorkerClient> worker(new WorkerClient(subject, limits, std::move(process)));
  SHOEHORN_ASSIGN(const Json answer,
                  worker->Ask({{"do", "load"}, {"subject", subject}, {"profile", profile}}, "ms"));
  worker->load_ms_ = answer.get<double>();
  return worker;
}

Diagnostic WorkerClient::AboutSubject(Diagnostic diagnostic) const {
  const std::string who = subject_.engine + " " + std::string(engines::NameOf(subject_.precision)) + ", " +
                          std::to_string(subject_.threads) + (subject_.threads == 1 ? " thread" : " threads");
  if (diagnostic.file.empty()) diagnostic.file = subject_.artifact.string();
  diagnostic.place = diagnostic.place.empty() ? who : who + ": " + diagnostic.place;
  return diagnostic;
}

Result<Json> WorkerClient::Ask(const Json& request, const char* key) {
  if (const Status sent = process_->WriteLine(request.dump(-1, ' ', false, Json::error_handler_t::replace));
      !sent.ok())
    return AboutSubject(sent.error());
  while (true) {
    const Result<std::string> line = process_->ReadLine(limits_.timeout, limits_.stop);
    if (!line.ok()) {
      Diagnostic diagnostic = line.error();
      if (diagnostic.blame != Blame::kInterrupted)
        diagnostic.found = "while asked to " + request.at("do").get<std::string>() + ", " + diagnostic.found;
      return AboutSubject(std::move(diagnostic));
    }
    const Json answer = Json::parse(*line, nullptr, /*allow_exceptions=*/false);
    const bool known = answer.is_object() && (answer.contains("error") || answer.contains("done") ||
                                              key == nullptr || answer.contains(key));
    if (!known) {
      process_->Kill();
      Diagnostic diagnostic;
      diagnostic.found = "the worker process printed something other than an answer: " + line->substr(0, 100);
      diagnostic.blame = Blame::kFault;
      return AboutSubject(std::move(diagnostic));
    }
    if (answer.contains("error")) return AboutSubject(answer.at("error").get<Diagnostic>());
    if (!answer.contains("done")) return key == nullptr ? answer : answer.at(key);
    if (limits_.progress != nullptr)
      (*limits_.progress)(answer.at("done").get<size_t>(), answer.at("of").get<size_t>());
  }
}

Status WorkerClient::Bind(const std::filesystem::path& folder) {
  SHOEHORN_TRY(Ask({{"do", "bind"}, {"folder", folder}}));
  return Ok();
}

Result<double> WorkerClient::Warm(double ms) {
  SHOEHORN_ASSIGN(const Json answer, Ask({{"do", "warm"}, {"ms", ms}}, "ms"));
  return answer.get<double>();
}

Result<std::vector<double>> WorkerClient::Time(size_t runs, size_t untimed) {
  SHOEHORN_ASSIGN(const Json answer, Ask({{"do", "time"}, {"runs", runs}, {"untimed", untimed}}, "ms"));
  return answer.get<std::vector<double>>();
}

Result<uint64_t> WorkerClient::PeakBytes() {
  SHOEHORN_ASSIGN(const Json answer, Ask({{"do", "peak"}}, "bytes"));
  return answer.get<uint64_t>();
}

}  // namespace shoehorn::measure
