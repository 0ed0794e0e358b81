// A folder for one test's files, gone with the object.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace shoehorn::testing {

class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// Writes a file below the folder, making the folders between; gives its path.
  std::filesystem::path Write(const std::string& name, std::string_view content) const;
  /// `text` with the folder's own path written as DIR, so that messages can be compared.
  std::string Masked(std::string text) const;

 private:
  std::filesystem::path path_;
};

}  // namespace shoehorn::testing
