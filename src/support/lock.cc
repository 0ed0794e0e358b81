#include "support/lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace shoehorn {

Result<std::unique_ptr<FileLock>> FileLock::Acquire(const std::filesystem::path& path) {
  Diagnostic diagnostic;
  diagnostic.file = path.string();
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) {
    diagnostic.found = std::string("cannot write: ") + std::strerror(errno);
    diagnostic.fix = "check the permissions of the folder, or name another one";
    return diagnostic;
  }
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    ::close(descriptor);
    diagnostic.found = "another process is at work on the same output";
    diagnostic.fix = "wait for it, or name another output folder";
    return diagnostic;
  }
  return std::unique_ptr<FileLock>(new FileLock(descriptor));
}

FileLock::~FileLock() { ::close(descriptor_); }

}  // namespace shoehorn
