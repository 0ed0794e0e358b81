#include "support/background.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <thread>

namespace shoehorn::testing {
namespace {

std::string Content(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

Background::Background(const std::vector<std::string>& command, const std::vector<std::string>& environment,
                       uint64_t file_limit) {
  std::vector<std::string> words = command, added = environment;
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const std::string out = (scratch_.path() / "out").string(), err = (scratch_.path() / "err").string();
  child_ = ::fork();
  if (child_ != 0) return;
  ::setpgid(0, 0);  // so that its own children can be ended with it
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::dup2(::open(out.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600), STDOUT_FILENO);
  ::dup2(::open(err.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600), STDERR_FILENO);
  for (std::string& variable : added) ::putenv(variable.data());
  if (file_limit > 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {file_limit, file_limit};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ::execvp(argv[0], argv.data());
  ::_exit(127);
}

Background::~Background() {
  const bool runs = running();
  ::kill(-child_, SIGKILL);
  if (!runs) return;
  ::waitpid(child_, &status_, 0);
}

void Background::Signal(int signal) const { ::kill(child_, signal); }

bool Background::running() {
  if (!ended_) ended_ = ::waitpid(child_, &status_, WNOHANG) == child_;
  return !ended_;
}

Ended Background::Wait(std::chrono::seconds patience) {
  if (!Eventually([this] { return !running(); }, patience)) {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, &status_, 0);
    ended_ = true;
  }
  Ended ended;
  if (WIFEXITED(status_)) ended.exit_code = WEXITSTATUS(status_);
  if (WIFSIGNALED(status_)) ended.signal = WTERMSIG(status_);
  ended.out = out();
  ended.err = err();
  return ended;
}

std::string Background::out() const { return Content(scratch_.path() / "out"); }
std::string Background::err() const { return Content(scratch_.path() / "err"); }

bool Eventually(const std::function<bool()>& question, std::chrono::seconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < until) {
    if (question()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return question();
}

}  // namespace shoehorn::testing
