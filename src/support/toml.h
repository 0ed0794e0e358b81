// TOML files with messages that a person can act on: every value knows its key and its line, e.g.
//   error: plate.toml: line 12: metric.blnk: unknown key
//     expected: one of blank, command, ...
//     fix: did you mean 'blank'?
// The parser below recurses on nested input, so size and nesting are bounded before it sees a file.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/result.h"

namespace shoehorn {

/// A value of a parsed file; cheap to copy, keeps the file alive.
class TomlValue {
 public:
  /// Where it stands: "metric.k", "input[0].mean"; empty for the whole file.
  const std::string& key() const { return key_; }
  int line() const;

  Result<std::string> String() const;
  Result<int64_t> Integer() const;
  Result<double> Number() const;  ///< integer or float, finite
  Result<bool> Boolean() const;
  Result<std::vector<TomlValue>> Array() const;
  /// Like Array(), but a value that is no array counts as an array of one.
  Result<std::vector<TomlValue>> OneOrMore() const;
  bool is_string() const;
  bool is_array() const;
  bool is_table() const;

  /// Members of a table in the order of the file. CHECKs is_table().
  std::vector<std::pair<std::string, TomlValue>> Members() const;

  /// A Diagnostic that stands at this value.
  Diagnostic Wrong(std::string found, std::string expected = {}, std::string fix = {}) const;
  /// The same for "unknown key", with "did you mean" among `known`.
  Diagnostic UnknownKey(const std::vector<std::string>& known) const;
  /// Gives `result` of a parser that knows no file (units) this value's file and place.
  template <typename T>
  Result<T> Placed(Result<T> result) const {
    if (result.ok()) return result;
    return Wrong(result.error().found, result.error().expected, result.error().fix);
  }

 private:
  friend Result<TomlValue> ParseToml(std::string_view text, const std::filesystem::path& name);
  struct File;
  TomlValue(std::shared_ptr<const File> file, const void* node, std::string key, std::string last);
  TomlValue Child(const void* node, std::string key, std::string last) const;
  std::string Kind() const;
  std::shared_ptr<const File> file_;
  const void* node_;
  std::string key_, last_;
};

/// Reads a file of at most 1 MiB. Errors: unreadable, too large, nested deeper than 64, syntax (with line and
/// column).
Result<TomlValue> LoadToml(const std::filesystem::path& path);
/// The same for text; `name` is what messages call it.
Result<TomlValue> ParseToml(std::string_view text, const std::filesystem::path& name);

}  // namespace shoehorn
