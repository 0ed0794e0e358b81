#include "support/scratch.h"

#include <stdlib.h>

#include <fstream>

namespace shoehorn::testing {

namespace fs = std::filesystem;

Scratch::Scratch() {
  std::string path = (fs::temp_directory_path() / "shoehorn-test-XXXXXX").string();
  if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error("no temporary folder");
  path_ = path;
}

Scratch::~Scratch() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path Scratch::Write(const std::string& name, std::string_view content) const {
  const fs::path path = path_ / name;
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

std::string Scratch::Masked(std::string text) const {
  for (size_t at = text.find(path_.string()); at != std::string::npos; at = text.find(path_.string()))
    text.replace(at, path_.string().size(), "DIR");
  return text;
}

}  // namespace shoehorn::testing
