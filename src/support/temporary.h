// A folder under the system's temporary one (TMPDIR) that goes, with all that is in it, when its object does.
#pragma once

#include <filesystem>
#include <memory>

#include "support/result.h"

namespace shoehorn {

class TemporaryFolder {
 public:
  /// Errors: the temporary folder cannot be written.
  static Result<std::unique_ptr<TemporaryFolder>> Create();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

}  // namespace shoehorn
