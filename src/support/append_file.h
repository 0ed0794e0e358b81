// Lines that are added to a file, or to standard output when it is called "-": one write a line, never
// buffered, so that a reader that follows the file and a kill both find whole lines.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "support/result.h"

namespace shoehorn {

class AppendFile {
 public:
  /// Errors: the file cannot be opened or made.
  static Result<std::unique_ptr<AppendFile>> Open(const std::filesystem::path& path);
  ~AppendFile();
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;

  /// `line` ends in a newline. Errors: a full disk, a reader that is gone; the next line then starts on a
  /// line of its own.
  Status Append(std::string_view line);

 private:
  AppendFile(std::filesystem::path path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}
  std::filesystem::path path_;
  int descriptor_;
  bool torn_ = false;  // the last line is there in part
};

}  // namespace shoehorn
