#include "support/program.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "support/scratch.h"

namespace shoehorn::testing {
namespace {

std::string Content(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

Ended Run(const std::vector<std::string>& arguments, std::chrono::milliseconds delay, int signal) {
  const Scratch scratch;
  const std::string out = (scratch.path() / "out").string(), err = (scratch.path() / "err").string();
  std::vector<std::string> words = {SHOEHORN_PROGRAM};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDOUT_FILENO);
    ::dup2(::open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  if (signal != 0) {
    std::this_thread::sleep_for(delay);
    ::kill(child, signal);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  Ended ended;
  if (WIFEXITED(status)) ended.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) ended.signal = WTERMSIG(status);
  ended.out = Content(out);
  ended.err = Content(err);
  return ended;
}

}  // namespace

Ended RunProgram(const std::vector<std::string>& arguments) { return Run(arguments, {}, 0); }

Ended RunProgramAndSignal(const std::vector<std::string>& arguments, std::chrono::milliseconds delay,
                          int signal) {
  return Run(arguments, delay, signal);
}

}  // namespace shoehorn::testing
