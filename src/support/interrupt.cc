#include "support/interrupt.h"

#include <csignal>

namespace shoehorn {
namespace {

volatile std::sig_atomic_t interrupted = 0;

void Note(int) { interrupted = 1; }

}  // namespace

void WatchInterrupts() {
  struct sigaction action {};
  action.sa_handler = Note;
  ::sigemptyset(&action.sa_mask);
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // the second one has its usual effect
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

bool Interrupted() { return interrupted != 0; }

Diagnostic StoppedByUser() {
  Diagnostic diagnostic;
  diagnostic.found = "stopped before the end";
  diagnostic.fix = "run the same command again: it goes on where it stopped";
  diagnostic.blame = Blame::kInterrupted;
  return diagnostic;
}

}  // namespace shoehorn
