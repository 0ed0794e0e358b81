#include "support/toml.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cmath>

#include "support/files.h"

namespace shoehorn {
namespace {

constexpr size_t kLargestFile = size_t{1} << 20;
constexpr int kDeepest = 64;
constexpr int kMostDots = 32;

Diagnostic At(const std::filesystem::path& name, int64_t line, std::string found) {
  Diagnostic diagnostic;
  diagnostic.file = name.string();
  if (line > 0) diagnostic.place = fmt::format("line {}", line);
  diagnostic.found = std::move(found);
  return diagnostic;
}

// Skips the string that begins at `i` (a quote) and gives the position after it; a string that the line ends
// is left to the parser, which stops there.
size_t SkipString(std::string_view text, size_t i, int64_t& line) {
  const char quote = text[i];
  const std::string_view three = text.substr(i, 3);
  const bool multi = three.size() == 3 && three[1] == quote && three[2] == quote;
  i += multi ? 3 : 1;
  while (i < text.size()) {
    if (text[i] == '\n') {
      if (!multi) return i;
      ++line;
    }
    if (text[i] == '\\' && quote == '"') {
      if (i + 1 < text.size() && text[i + 1] == '\n') ++line;
      i += 2;
      continue;
    }
    if (text[i] == quote) {
      if (!multi) return i + 1;
      if (text.substr(i, 3) == three) {
        i += 3;
        for (int extra = 0; extra < 2 && i < text.size() && text[i] == quote; ++extra)
          ++i;  // """" ends with a quote
        return i;
      }
    }
    ++i;
  }
  return text.size();
}

// Bounds brackets and dotted keys, on both of which the parser recurses.
Status CheckNesting(std::string_view text, const std::filesystem::path& name) {
  int depth = 0, dots = 0;
  int64_t line = 1;
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '"' || c == '\'') {
      i = SkipString(text, i, line);
      continue;
    }
    if (c == '#') {
      while (i < text.size() && text[i] != '\n') ++i;
      continue;
    }
    if (c == '\n') ++line;
    if (c == '[' || c == '{') ++depth;
    if ((c == ']' || c == '}') && depth > 0) --depth;
    if (c == '.') ++dots;
    if (c == '\n' || c == '=' || c == ',' || c == '[' || c == ']' || c == '{' || c == '}') dots = 0;
    if (depth > kDeepest) return At(name, line, fmt::format("nested deeper than {} brackets", kDeepest));
    if (dots > kMostDots) return At(name, line, fmt::format("a key of more than {} dots", kMostDots));
    ++i;
  }
  return Ok();
}

}  // namespace

struct TomlValue::File {
  std::filesystem::path name;
  toml::table root;
};

namespace {
const toml::node& Node(const void* node) { return *static_cast<const toml::node*>(node); }
}  // namespace

TomlValue::TomlValue(std::shared_ptr<const File> file, const void* node, std::string key, std::string last)
    : file_(std::move(file)), node_(node), key_(std::move(key)), last_(std::move(last)) {}

TomlValue TomlValue::Child(const void* node, std::string key, std::string last) const {
  return {file_, node, std::move(key), std::move(last)};
}

int TomlValue::line() const { return static_cast<int>(Node(node_).source().begin.line); }
bool TomlValue::is_string() const { return Node(node_).is_string(); }
bool TomlValue::is_array() const { return Node(node_).is_array(); }
bool TomlValue::is_table() const { return Node(node_).is_table(); }

std::string TomlValue::Kind() const {
  switch (Node(node_).type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "an array";
    case toml::node_type::string:
      return fmt::format("the string \"{}\"", Node(node_).as_string()->get());
    case toml::node_type::integer:
      return fmt::format("the integer {}", Node(node_).as_integer()->get());
    case toml::node_type::floating_point:
      return fmt::format("the number {}", Node(node_).as_floating_point()->get());
    case toml::node_type::boolean:
      return Node(node_).as_boolean()->get() ? "true" : "false";
    default:
      return "a date or time";
  }
}

Diagnostic TomlValue::Wrong(std::string found, std::string expected, std::string fix) const {
  Diagnostic diagnostic;
  diagnostic.file = file_->name.string();
  diagnostic.place = fmt::format("line {}", line());
  if (!key_.empty()) diagnostic.place += ": " + key_;
  diagnostic.found = std::move(found);
  diagnostic.expected = std::move(expected);
  diagnostic.fix = std::move(fix);
  return diagnostic;
}

Diagnostic TomlValue::UnknownKey(const std::vector<std::string>& known) const {
  const std::string near = DidYouMean(last_, known);
  return Wrong("unknown key", fmt::format("one of {}", fmt::join(known, ", ")),
               near.empty() ? "" : fmt::format("did you mean '{}'?", near));
}

Result<std::string> TomlValue::String() const {
  if (const auto* value = Node(node_).as_string()) return value->get();
  return Wrong(Kind(), "a string in quotes");
}

Result<int64_t> TomlValue::Integer() const {
  if (const auto* value = Node(node_).as_integer()) return value->get();
  return Wrong(Kind(), "an integer");
}

Result<double> TomlValue::Number() const {
  if (const auto* value = Node(node_).as_integer()) return static_cast<double>(value->get());
  if (const auto* value = Node(node_).as_floating_point(); value != nullptr && std::isfinite(value->get()))
    return value->get();
  return Wrong(Kind(), "a number");
}

Result<bool> TomlValue::Boolean() const {
  if (const auto* value = Node(node_).as_boolean()) return value->get();
  return Wrong(Kind(), "true or false");
}

Result<std::vector<TomlValue>> TomlValue::Array() const {
  const auto* array = Node(node_).as_array();
  if (array == nullptr) return Wrong(Kind(), "an array in brackets");
  std::vector<TomlValue> values;
  for (size_t i = 0; i < array->size(); ++i)
    values.push_back(
        Child(static_cast<const toml::node*>(array->get(i)), fmt::format("{}[{}]", key_, i), last_));
  return values;
}

Result<std::vector<TomlValue>> TomlValue::OneOrMore() const {
  if (is_array()) return Array();
  return std::vector<TomlValue>{*this};
}

std::vector<std::pair<std::string, TomlValue>> TomlValue::Members() const {
  SHOEHORN_CHECK(is_table(), "members of a value that is no table");
  std::vector<std::pair<std::string, TomlValue>> members;
  for (const auto& [key, node] : *Node(node_).as_table()) {
    const std::string name(key.str());
    members.emplace_back(
        name, Child(static_cast<const toml::node*>(&node), key_.empty() ? name : key_ + "." + name, name));
  }
  std::stable_sort(members.begin(), members.end(),
                   [](const auto& a, const auto& b) { return a.second.line() < b.second.line(); });
  return members;
}

Result<TomlValue> LoadToml(const std::filesystem::path& path) {
  SHOEHORN_ASSIGN(const std::string text, ReadText(path, kLargestFile));
  return ParseToml(text, path);
}

Result<TomlValue> ParseToml(std::string_view text, const std::filesystem::path& name) {
  SHOEHORN_TRY(CheckNesting(text, name));
  auto file = std::make_shared<TomlValue::File>();
  file->name = name;
  try {
    file->root = toml::parse(text, std::string_view(name.native()));
  } catch (const toml::parse_error& error) {
    Diagnostic diagnostic =
        At(name, static_cast<int64_t>(error.source().begin.line), std::string(error.description()));
    diagnostic.place += fmt::format(", column {}", error.source().begin.column);
    diagnostic.fix = "see https://toml.io for the syntax of TOML";
    return diagnostic;
  }
  const void* root = static_cast<const toml::node*>(&file->root);
  return TomlValue(std::move(file), root, "", "");
}

}  // namespace shoehorn
