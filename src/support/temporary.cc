#include "support/temporary.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace shoehorn {

namespace fs = std::filesystem;

Result<std::unique_ptr<TemporaryFolder>> TemporaryFolder::Create() {
  std::error_code code;
  const fs::path root = fs::temp_directory_path(code);
  std::string pattern = ((code ? fs::path("/tmp") : root) / "shoehorn-XXXXXX").string();
  if (::mkdtemp(pattern.data()) != nullptr)
    return std::unique_ptr<TemporaryFolder>(new TemporaryFolder(pattern));
  Diagnostic diagnostic;
  diagnostic.file = pattern;
  diagnostic.found = std::string("cannot create a temporary folder: ") + std::strerror(errno);
  diagnostic.fix = "set TMPDIR to a folder that can be written";
  return diagnostic;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace shoehorn
