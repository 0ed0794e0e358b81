#include "support/append_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace shoehorn {
namespace {

Diagnostic Failed(const std::filesystem::path& path, const char* what) {
  Diagnostic diagnostic;
  diagnostic.file = path == "-" ? "standard output" : path.string();
  diagnostic.found = std::string(what) + ": " + std::strerror(errno);
  return diagnostic;
}

}  // namespace

Result<std::unique_ptr<AppendFile>> AppendFile::Open(const std::filesystem::path& path) {
  if (path == "-") return std::unique_ptr<AppendFile>(new AppendFile(path, STDOUT_FILENO));
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (descriptor < 0) return Failed(path, "cannot be opened for writing");
  return std::unique_ptr<AppendFile>(new AppendFile(path, descriptor));
}

AppendFile::~AppendFile() {
  if (descriptor_ != STDOUT_FILENO) ::close(descriptor_);
}

Status AppendFile::Append(std::string_view line) {
  const std::string apart = torn_ ? "\n" + std::string(line) : "";
  std::string_view left = torn_ ? std::string_view(apart) : line;
  while (!left.empty()) {
    const ssize_t written = ::write(descriptor_, left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      torn_ = torn_ || left.size() < line.size();
      return Failed(path_, "cannot be written");
    }
    left.remove_prefix(static_cast<size_t>(written));
  }
  torn_ = false;
  return Ok();
}

}  // namespace shoehorn
