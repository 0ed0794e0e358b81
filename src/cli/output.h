// Where results go: a file that is never overwritten unasked and appears whole, or standard output.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "support/result.h"

namespace shoehorn::cli {

/// Errors: `path` exists and `force` is not set. An empty path and "-" are fine.
Status RefuseToOverwrite(const std::filesystem::path& path, bool force);

/// Writes `text` to the file, or to standard output when it is called "-"; nothing when `path` is empty.
Status WriteOutput(const std::string& path, std::string_view text);

}  // namespace shoehorn::cli
