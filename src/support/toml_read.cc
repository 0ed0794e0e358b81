#include "support/toml_read.h"

#include "support/units.h"

namespace shoehorn::read {

Result<int64_t> IntegerFrom(const TomlValue& value, int64_t least, int64_t most) {
  SHOEHORN_ASSIGN(const int64_t integer, value.Integer());
  if (integer >= least && integer <= most) return integer;
  return value.Wrong(fmt::format("the integer {}", integer),
                     fmt::format("an integer from {} to {}", least, most));
}
Result<int> IntFrom(const TomlValue& value, int least) {
  SHOEHORN_ASSIGN(const int64_t integer, IntegerFrom(value, least));
  return static_cast<int>(integer);
}
Result<size_t> CountFrom(const TomlValue& value) {
  SHOEHORN_ASSIGN(const int64_t integer, IntegerFrom(value, 0));
  return static_cast<size_t>(integer);
}
Result<double> NumberBetween(const TomlValue& value, double least, double most) {
  SHOEHORN_ASSIGN(const double number, value.Number());
  if (number >= least && number <= most) return number;
  return value.Wrong(fmt::format("the number {}", number),
                     fmt::format("a number from {} to {}", least, most));
}
Result<double> PositiveNumber(const TomlValue& value) {
  SHOEHORN_ASSIGN(const double number, value.Number());
  if (number > 0) return number;
  return value.Wrong(fmt::format("the number {}", number), "a number above 0");
}
Result<double> Duration(const TomlValue& value) {
  SHOEHORN_ASSIGN(const std::string text, value.String());
  SHOEHORN_ASSIGN(const double seconds, value.Placed(ParseDuration(text)));
  if (seconds > 0) return seconds;
  return value.Wrong(fmt::format("'{}'", text), "a duration above 0");
}
Result<double> Milliseconds(const TomlValue& value) {
  SHOEHORN_ASSIGN(const double seconds, Duration(value));
  return seconds * 1000;
}
Result<double> Bytes(const TomlValue& value) {
  SHOEHORN_ASSIGN(const std::string text, value.String());
  SHOEHORN_ASSIGN(const double bytes, value.Placed(ParseBytes(text)));
  if (bytes > 0) return bytes;
  return value.Wrong(fmt::format("'{}'", text), "a size above 0");
}
Result<double> Fraction(const TomlValue& value) {
  if (!value.is_string()) return NumberBetween(value, 0, std::numeric_limits<double>::max());
  SHOEHORN_ASSIGN(const std::string text, value.String());
  return value.Placed(ParseFraction(text));
}
Result<std::string> Text(const TomlValue& value) {
  SHOEHORN_ASSIGN(std::string text, value.String());
  if (text.empty()) return value.Wrong("an empty string");
  return text;
}
Result<std::filesystem::path> Path(const TomlValue& value) {
  SHOEHORN_ASSIGN(const std::string text, Text(value));
  if (text.find('\0') != std::string::npos) return value.Wrong("a path with a zero byte");
  return std::filesystem::path(text);
}

Result<std::string> Word(const TomlValue& value, std::initializer_list<const char*> words) {
  std::vector<std::pair<std::string, std::string>> choices;
  for (const char* word : words) choices.emplace_back(word, word);
  return Choice<std::string>(value, choices);
}

}  // namespace shoehorn::read
