#include "support/isolate.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace shoehorn {
namespace {

Diagnostic Broken(std::string found) {
  Diagnostic diagnostic;
  diagnostic.found = std::move(found);
  diagnostic.blame = Blame::kFault;
  return diagnostic;
}

[[noreturn]] void RunChild(int pipe, const std::function<std::string()>& work) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (const int signal : {SIGSEGV, SIGFPE, SIGABRT, SIGILL, SIGBUS}) ::signal(signal, SIG_DFL);
  std::string answer;
  try {
    answer = work();
  } catch (...) {
    ::_exit(1);
  }
  for (size_t sent = 0; sent < answer.size();) {
    const ssize_t n = ::write(pipe, answer.data() + sent, answer.size() - sent);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) ::_exit(1);
    sent += static_cast<size_t>(n);
  }
  ::_exit(0);
}

}  // namespace

Result<std::string> RunIsolated(const std::function<std::string()>& work) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return Broken(std::string("no pipe: ") + std::strerror(errno));
  const pid_t child = ::fork();
  if (child < 0) {
    ::close(ends[0]);
    ::close(ends[1]);
    return Broken(std::string("no process: ") + std::strerror(errno));
  }
  if (child == 0) RunChild(ends[1], work);
  ::close(ends[1]);
  std::string answer;
  char buffer[1 << 16];
  for (;;) {
    const ssize_t n = ::read(ends[0], buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    answer.append(buffer, static_cast<size_t>(n));
  }
  ::close(ends[0]);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return answer;
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    const char* name = ::sigabbrev_np(signal);
    return Broken(std::string("killed by SIG") + (name != nullptr ? name : "?") + " (" + ::strsignal(signal) +
                  ")");
  }
  return Broken("ended with exit code " + std::to_string(WEXITSTATUS(status)));
}

}  // namespace shoehorn
