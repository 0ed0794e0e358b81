// One process at a time in a folder: `out/` of two fits that run at once would be a mixture of both. The lock
// goes with the process, so a kill leaves none behind.
#pragma once

#include <filesystem>
#include <memory>

#include "support/result.h"

namespace shoehorn {

class FileLock {
 public:
  /// Creates `path` if need be and locks it. Errors: another process holds it; the file cannot be made.
  static Result<std::unique_ptr<FileLock>> Acquire(const std::filesystem::path& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace shoehorn
