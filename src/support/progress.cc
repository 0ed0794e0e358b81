#include "support/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>

#include "support/diagnostic.h"

namespace shoehorn {
namespace {

/// The first `width` columns of UTF-8 text, counting every code point as one.
std::string_view Cut(std::string_view text, size_t width) {
  size_t columns = 0, i = 0;
  for (; i < text.size(); ++i) {
    const bool starts = (static_cast<unsigned char>(text[i]) & 0xc0) != 0x80;
    if (starts && columns++ == width) break;
  }
  return text.substr(0, i);
}

size_t TerminalWidth() {
  struct winsize size {};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1u : 79u;
}

}  // namespace

Progress::Progress() : terminal_(::isatty(STDERR_FILENO) == 1) {}
Progress::~Progress() { Clear(); }

void Progress::Show(std::string_view text) {
  if (!terminal_) return;
  const std::string line = Escaped(text);
  std::fprintf(stderr, "\r\x1b[K%s", std::string(Cut(line, TerminalWidth())).c_str());
  std::fflush(stderr);
  shown_ = true;
}

void Progress::Say(std::string_view message) {
  Clear();
  std::fprintf(stderr, "%s\n", Escaped(message).c_str());
}

void Progress::Clear() {
  if (!shown_) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  shown_ = false;
}

}  // namespace shoehorn
