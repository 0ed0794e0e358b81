// Bearer tokens: read from the environment or a file, sent, and never written anywhere.
#pragma once

#include <filesystem>
#include <string>

#include "support/result.h"

namespace shoehorn::runtime {

/// The token that a plan names: of the environment variable `env`, or of `file` (relative to `folder`, its
/// last line break left out); empty when both names are. Errors: it is not there, is empty, or is no text
/// that a header can carry; the message never shows it.
Result<std::string> ReadToken(const std::string& env, const std::string& file,
                              const std::filesystem::path& folder);

}  // namespace shoehorn::runtime
