#include "runtime/secret.h"

#include <cstdlib>

#include "support/files.h"

namespace shoehorn::runtime {
namespace {

constexpr size_t kLongest = size_t{64} << 10;

bool IsHeaderText(const std::string& token) {
  return std::ranges::all_of(token, [](char letter) { return letter > ' ' && letter < 0x7f; });
}

}  // namespace

Result<std::string> ReadToken(const std::string& env, const std::string& file,
                              const std::filesystem::path& folder) {
  std::string token;
  Diagnostic diagnostic;
  if (!env.empty()) {
    diagnostic.place = "environment variable " + Escaped(env);
    const char* value = std::getenv(env.c_str());
    diagnostic.found = "the token is not there";
    diagnostic.fix = "set it before the agent starts";
    if (value == nullptr) return diagnostic;
    token = value;
  } else if (!file.empty()) {
    SHOEHORN_ASSIGN(token, ReadText(folder / file, kLongest));
    diagnostic.file = (folder / file).string();
    while (token.ends_with('\n') || token.ends_with('\r')) token.pop_back();
  } else {
    return token;
  }
  diagnostic.found = token.empty() ? "the token is empty" : "the token has characters that no header carries";
  diagnostic.expected = "one line of visible ASCII characters without spaces";
  diagnostic.fix.clear();
  if (token.empty() || !IsHeaderText(token)) return diagnostic;
  return token;
}

}  // namespace shoehorn::runtime
