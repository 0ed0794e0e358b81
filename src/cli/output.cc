#include "cli/output.h"

#include <fmt/format.h>

#include "support/files.h"

namespace shoehorn::cli {

Status RefuseToOverwrite(const std::filesystem::path& path, bool force) {
  std::error_code code;
  if (force || path.empty() || path == "-" || !std::filesystem::exists(path, code)) return Ok();
  Diagnostic diagnostic;
  diagnostic.file = path.string();
  diagnostic.found = "the output exists and is not overwritten without being asked";
  diagnostic.fix = "name another file, or add --force";
  return diagnostic;
}

Status WriteOutput(const std::string& path, std::string_view text) {
  if (path.empty()) return Ok();
  if (path != "-") return WriteAtomically(path, text);
  fmt::print("{}", text);
  return Ok();
}

}  // namespace shoehorn::cli
