// A child process that is spoken to line by line over pipes, and about which one can always say how it ended:
//   SHOEHORN_ASSIGN(auto child, Subprocess::Start({"/proc/self/exe", "worker"}));
//   SHOEHORN_TRY(child->WriteLine("ping"));
//   SHOEHORN_ASSIGN(std::string answer, child->ReadLine(std::chrono::seconds(5)));
// It dies with its parent, also when the parent is killed, and a terminal's Ctrl-C goes to the parent alone.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "support/result.h"

namespace shoehorn {

class Subprocess {
 public:
  /// Starts `command`: a program's path (or a name to look up in PATH) and its arguments.
  /// The thread that calls this must live as long as the child is wanted. Errors: no such program, no process
  /// to be had.
  static Result<std::unique_ptr<Subprocess>> Start(const std::vector<std::string>& command);
  /// Kills the child if it still runs.
  ~Subprocess();
  Subprocess(const Subprocess&) = delete;
  Subprocess& operator=(const Subprocess&) = delete;

  /// Writes `line` and a newline to the child's standard input. Errors: the child has ended, and how.
  Status WriteLine(std::string_view line);
  /// The next line of its standard output, without the newline. `stop` (may be null) is asked ten times a
  /// second. Errors: the child ended (how, and its last words on standard error), no line within `timeout`,
  /// `stop` said so (blame kInterrupted); in every case the child is killed.
  Result<std::string> ReadLine(std::chrono::milliseconds timeout,
                               const std::function<bool()>* stop = nullptr);

  void Kill();
  pid_t pid() const { return pid_; }

 private:
  Subprocess(pid_t pid, int input, int output, int errors);
  Diagnostic Ended();  // waits for it
  void Drain();        // standard error, as far as it can be read without waiting

  pid_t pid_;
  int input_, output_, errors_;
  bool reaped_ = false;
  int status_ = 0;
  std::string buffer_, last_words_;
};

/// "ended with exit code 3", "was killed by signal 11 (SIGSEGV)", for a status of waitpid.
std::string DescribeExit(int status);

/// The largest resident memory that this process ever had (VmHWM); unlike getrusage's figure not its
/// parent's.
uint64_t PeakResidentBytes();
/// What a process and its children hold in memory now (VmRSS); 0 when there is no such process.
uint64_t ResidentBytes(pid_t pid);

}  // namespace shoehorn
