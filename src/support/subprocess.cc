#include "support/subprocess.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

namespace shoehorn {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kLastWords = 2000;  // bytes of standard error that are kept for a message
constexpr int kExecFailed = 127;

// In the child, between fork and exec: only calls that are safe after a fork of a process with threads.
[[noreturn]] void Become(char* const* arguments, pid_t parent, int input, int output, int errors,
                         int failure) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kExecFailed);  // it died before the line above
  ::setpgid(0, 0);
  ::dup2(input, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(errors, STDERR_FILENO);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int signal : {SIGINT, SIGTERM, SIGPIPE, SIGHUP}) ::signal(signal, SIG_DFL);
  ::execvp(arguments[0], arguments);
  const int code = errno;
  [[maybe_unused]] const ssize_t told = ::write(failure, &code, sizeof code);
  ::_exit(kExecFailed);
}

Diagnostic CannotStart(const std::string& program, int code) {
  Diagnostic diagnostic;
  diagnostic.file = program;
  diagnostic.found = std::string("cannot start the program: ") + std::strerror(code);
  return diagnostic;
}

// A line of /proc/PROCESS/status that counts in kB.
uint64_t BytesInStatus(const std::string& process, const char* pattern) {
  std::FILE* file = std::fopen(("/proc/" + process + "/status").c_str(), "re");
  if (file == nullptr) return 0;
  uint64_t kilobytes = 0;
  char line[256];
  while (std::fgets(line, sizeof line, file) != nullptr) {
    unsigned long long value = 0;
    if (std::sscanf(line, pattern, &value) == 1) kilobytes = value;
  }
  std::fclose(file);
  return kilobytes * 1024;
}

}  // namespace

Subprocess::Subprocess(pid_t pid, int input, int output, int errors)
    : pid_(pid), input_(input), output_(output), errors_(errors) {}

Result<std::unique_ptr<Subprocess>> Subprocess::Start(const std::vector<std::string>& command) {
  SHOEHORN_CHECK(!command.empty(), "a command without a program");
  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  // Standard input is a socket, because only a socket can be written to without a SIGPIPE when the child is
  // gone.
  int input[2] = {-1, -1}, output[2] = {-1, -1}, errors[2] = {-1, -1}, failure[2] = {-1, -1};
  const auto close_all = [&] {
    for (int* pair : {input, output, errors, failure})
      for (int i = 0; i < 2; ++i)
        if (pair[i] >= 0) ::close(std::exchange(pair[i], -1));
  };
  const bool piped = ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, input) == 0 &&
                     ::pipe2(output, O_CLOEXEC) == 0 && ::pipe2(errors, O_CLOEXEC) == 0 &&
                     ::pipe2(failure, O_CLOEXEC) == 0;
  const pid_t parent = ::getpid();
  const pid_t pid = piped ? ::fork() : -1;
  if (pid < 0) {
    const int code = errno;
    close_all();
    return CannotStart(command[0], code);
  }
  if (pid == 0) Become(arguments.data(), parent, input[1], output[1], errors[1], failure[1]);
  for (int* pair : {input, output, errors, failure}) ::close(std::exchange(pair[1], -1));
  int code = 0;
  const bool failed = ::read(failure[0], &code, sizeof code) == sizeof code;  // closed by a successful exec
  ::close(std::exchange(failure[0], -1));
  if (failed) {
    ::waitpid(pid, nullptr, 0);
    close_all();
    return CannotStart(command[0], code);
  }
  for (const int descriptor : {output[0], errors[0]}) ::fcntl(descriptor, F_SETFL, O_NONBLOCK);
  return std::unique_ptr<Subprocess>(new Subprocess(pid, input[0], output[0], errors[0]));
}

Subprocess::~Subprocess() {
  Kill();
  for (const int descriptor : {input_, output_, errors_}) ::close(descriptor);
}

void Subprocess::Kill() {
  if (reaped_) return;
  ::kill(-pid_, SIGKILL);  // its group: its own children, too
  while (::waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
  }
  reaped_ = true;
}

Diagnostic Subprocess::Ended() {
  while (!reaped_ && ::waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
  }
  reaped_ = true;
  Drain();
  Diagnostic diagnostic;
  diagnostic.found = "the process " + DescribeExit(status_);
  if (WIFSIGNALED(status_) && WTERMSIG(status_) == SIGKILL)
    diagnostic.found += ", perhaps for want of memory";
  std::string words = last_words_;
  while (!words.empty() && std::isspace(static_cast<unsigned char>(words.back())) != 0) words.pop_back();
  std::ranges::replace(words, '\n', ' ');
  if (!words.empty()) diagnostic.found += "; its last words: " + words;
  return diagnostic;
}

void Subprocess::Drain() {
  char chunk[4096];
  for (ssize_t n; (n = ::read(errors_, chunk, sizeof chunk)) > 0;) {
    last_words_.append(chunk, static_cast<size_t>(n));
    if (last_words_.size() > kLastWords) last_words_.erase(0, last_words_.size() - kLastWords);
  }
}

Status Subprocess::WriteLine(std::string_view line) {
  std::string text(line);
  text += '\n';
  for (std::string_view rest = text; !rest.empty();) {
    const ssize_t n = ::send(input_, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Ended();
    rest.remove_prefix(static_cast<size_t>(n));
  }
  return Ok();
}

Result<std::string> Subprocess::ReadLine(std::chrono::milliseconds timeout,
                                         const std::function<bool()>* stop) {
  const auto deadline = Clock::now() + timeout;
  size_t searched = 0;
  while (true) {
    if (const size_t end = buffer_.find('\n', searched); end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    searched = buffer_.size();
    Diagnostic diagnostic;
    if (stop != nullptr && (*stop)()) {
      Kill();
      diagnostic.found = "asked to stop";
      diagnostic.blame = Blame::kInterrupted;
      return diagnostic;
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) {
      Kill();
      diagnostic.found =
          "the process gave no answer within " + std::to_string(timeout.count()) + " ms and was killed";
      return diagnostic;
    }
    const auto wait = stop != nullptr ? std::min(left, std::chrono::milliseconds(100)) : left;
    pollfd polled[] = {{output_, POLLIN, 0}, {errors_, POLLIN, 0}};
    if (::poll(polled, 2, static_cast<int>(std::min<int64_t>(wait.count() + 1, 1 << 30))) < 0 &&
        errno != EINTR)
      SHOEHORN_CHECK(false, "poll failed");
    if (polled[1].revents != 0) Drain();
    if (polled[0].revents == 0) {
      if (polled[1].revents == POLLHUP) ::usleep(1000);  // it closed its standard error and goes on
      continue;
    }
    char chunk[1 << 16];
    const ssize_t n = ::read(output_, chunk, sizeof chunk);
    if (n > 0) {
      buffer_.append(chunk, static_cast<size_t>(n));
    } else if (n == 0) {
      return Ended();
    }
  }
}

std::string DescribeExit(int status) {
  if (!WIFSIGNALED(status)) return "ended with exit code " + std::to_string(WEXITSTATUS(status));
  const int signal = WTERMSIG(status);
  const char* name = ::sigabbrev_np(signal);
  return "was killed by signal " + std::to_string(signal) +
         (name == nullptr ? "" : " (SIG" + std::string(name) + ")");
}

uint64_t PeakResidentBytes() { return BytesInStatus("self", "VmHWM: %llu"); }

uint64_t ResidentBytes(pid_t pid) {
  const std::string process = std::to_string(pid);
  uint64_t bytes = BytesInStatus(process, "VmRSS: %llu");
  std::FILE* children = std::fopen(("/proc/" + process + "/task/" + process + "/children").c_str(), "re");
  if (children == nullptr) return bytes;
  for (int child = 0; std::fscanf(children, "%d", &child) == 1;) bytes += ResidentBytes(child);
  std::fclose(children);
  return bytes;
}

}  // namespace shoehorn
