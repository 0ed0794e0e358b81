// A JSON object written straight into its text. The tree of a JSON library is a dozen allocations, which cost
// a frame more than all that is decided about it; reading JSON, and writing it once a run, is the library's.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <concepts>
#include <string>
#include <string_view>
#include <vector>

namespace shoehorn::runtime {

/// In quotes, with the escapes of RFC 8259; what is no UTF-8 becomes U+FFFD.
std::string QuotedJson(std::string_view text);

class JsonObject {
 public:
  /// Text, a number, a truth or a list of numbers; infinities and NaN, which JSON lacks, are null.
  template <typename T>
  JsonObject& Add(std::string_view key, const T& value) {
    Key(key);
    Append(value);
    return *this;
  }
  /// `json` is JSON already.
  JsonObject& AddJson(std::string_view key, std::string_view json) {
    Key(key);
    text_ += json;
    return *this;
  }
  std::string Text() && { return std::move(text_ += '}'); }

 private:
  void Key(std::string_view key) {
    if (text_.size() > 1) text_ += ',';
    text_ += QuotedJson(key);
    text_ += ':';
  }
  template <typename T>
  void Append(const T& value) {
    if constexpr (std::convertible_to<T, std::string_view>) {
      text_ += QuotedJson(value);
    } else if constexpr (std::floating_point<T>) {
      text_ += std::isfinite(value) ? fmt::format("{}", value) : "null";
    } else {
      text_ += fmt::format("{}", value);
    }
  }
  template <typename T>
  void Append(const std::vector<T>& values) {
    text_ += '[';
    for (const T& value : values) {
      if (&value != &values.front()) text_ += ',';
      Append(value);
    }
    text_ += ']';
  }

  std::string text_ = "{";
};

}  // namespace shoehorn::runtime
