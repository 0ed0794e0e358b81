// Reads the values of a TOML file as the quantities that people mean, each with a message that says what
// would be right. A table of keys drives the reading of a section, "unknown key" with its suggestion, and the
// test that the documentation lists each of them:
//   const std::vector<read::Key<Limits>> kKeys = {
//       {"energy", [](const TomlValue& v, Limits& t) { return read::Set(t.energy_j, read::Energy(v)); }}};
//   SHOEHORN_TRY(read::Table(value, kKeys, limits));
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/toml.h"

namespace shoehorn::read {

template <typename Target>
struct Key {
  const char* name;
  Status (*read)(const TomlValue& value, Target& target);
};

template <typename T>
Status Set(T& target, Result<T> result) {
  if (!result.ok()) return result.error();
  target = std::move(result).value();
  return Ok();
}
template <typename T>
Status Set(std::optional<T>& target, Result<T> result) {
  if (!result.ok()) return result.error();
  target = std::move(result).value();
  return Ok();
}

Result<int64_t> IntegerFrom(const TomlValue& value, int64_t least,
                            int64_t most = std::numeric_limits<int>::max());
Result<int> IntFrom(const TomlValue& value, int least);
Result<size_t> CountFrom(const TomlValue& value);  ///< 0 or more
Result<double> NumberBetween(const TomlValue& value, double least, double most);
Result<double> PositiveNumber(const TomlValue& value);
Result<double> Duration(const TomlValue& value);      ///< seconds, above 0
Result<double> Milliseconds(const TomlValue& value);  ///< the same in ms
Result<double> Bytes(const TomlValue& value);         ///< above 0
Result<double> Fraction(const TomlValue& value);      ///< "5 %", "1 point" or 0.05
Result<std::string> Text(const TomlValue& value);     ///< not empty
Result<std::filesystem::path> Path(const TomlValue& value);

/// An array, or one value for an array of one; not empty.
template <typename T, typename Read>
Result<std::vector<T>> List(const TomlValue& value, Read read) {
  SHOEHORN_ASSIGN(const auto elements, value.OneOrMore());
  if (elements.empty()) return value.Wrong("an empty array", "at least one element");
  std::vector<T> list;
  for (const TomlValue& element : elements) {
    SHOEHORN_ASSIGN(T item, read(element));
    list.push_back(std::move(item));
  }
  return list;
}

template <typename T>
Result<T> Choice(const TomlValue& value, const std::vector<std::pair<std::string, T>>& choices) {
  SHOEHORN_ASSIGN(const std::string text, value.String());
  std::vector<std::string> names;
  for (const auto& [name, choice] : choices) {
    if (name == text) return choice;
    names.push_back(name);
  }
  const std::string near = DidYouMean(text, names);
  return value.Wrong(fmt::format("'{}'", text), fmt::format("one of {}", fmt::join(names, ", ")),
                     near.empty() ? "" : fmt::format("did you mean '{}'?", near));
}
Result<std::string> Word(const TomlValue& value, std::initializer_list<const char*> words);

/// Reads each member of a section by its key.
template <typename Target>
Status Table(const TomlValue& table, const std::vector<Key<Target>>& keys, Target& target) {
  if (!table.is_table()) return table.Wrong("not a table", fmt::format("a section [{}]", table.key()));
  for (const auto& [name, value] : table.Members()) {
    const auto key =
        std::find_if(keys.begin(), keys.end(), [&](const auto& known) { return known.name == name; });
    if (key == keys.end()) {
      std::vector<std::string> names;
      for (const auto& known : keys) names.emplace_back(known.name);
      return value.UnknownKey(names);
    }
    SHOEHORN_TRY(key->read(value, target));
  }
  return Ok();
}

/// The same for an array of sections, [[...]].
template <typename Target>
Status Tables(const TomlValue& value, const std::vector<Key<Target>>& keys, std::vector<Target>& targets) {
  SHOEHORN_ASSIGN(const auto tables, value.OneOrMore());
  for (const TomlValue& table : tables) SHOEHORN_TRY(Table(table, keys, targets.emplace_back()));
  return Ok();
}

/// "name" or "section.name" of each key.
template <typename Target>
std::vector<std::string> Names(const std::string& section, const std::vector<Key<Target>>& keys) {
  std::vector<std::string> names;
  for (const auto& key : keys) names.push_back(section.empty() ? key.name : section + "." + key.name);
  return names;
}

}  // namespace shoehorn::read
