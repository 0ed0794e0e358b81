#include "targets/fact_toml.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>

#include "support/units.h"

namespace shoehorn::targets {
namespace {

constexpr char kLayout[] = "{ value = ..., kind = ..., source = ... }";

Result<FactKind> ReadKind(const TomlValue& value) {
  SHOEHORN_ASSIGN(const std::string text, value.String());
  for (const FactKind kind : {FactKind::kMeasured, FactKind::kReported, FactKind::kInferred})
    if (text == NameOf(kind)) return kind;
  return value.Wrong("'" + Escaped(text) + "' is no kind of fact", "measured, reported or inferred");
}

/// The table of a fact; `read` reads its value.
Result<Fact> ReadFactTable(const TomlValue& value, const char* expected_value, bool needs_kind,
                           const std::function<Result<double>(const TomlValue&)>& read) {
  static const std::vector<std::string> keys = {"value", "kind", "source"};
  if (!value.is_table()) return value.Wrong("a fact is a table", kLayout);
  Fact fact;
  bool has_value = false, has_kind = false;
  for (const auto& [key, member] : value.Members()) {
    if (key == "value") {
      has_value = true;
      SHOEHORN_ASSIGN(fact.value, read(member));
    } else if (key == "kind") {
      has_kind = true;
      SHOEHORN_ASSIGN(fact.kind, ReadKind(member));
    } else if (key == "source") {
      SHOEHORN_ASSIGN(fact.source, member.String());
    } else {
      return member.UnknownKey(keys);
    }
  }
  if (!has_value) return value.Wrong("the fact has no value", expected_value);
  if (needs_kind && !has_kind)
    return value.Wrong("the fact has no kind", "a key 'kind': measured, reported or inferred");
  if (fact.source.empty())
    return value.Wrong("the fact has no source", "a key 'source': the public page or file that says so");
  return fact;
}

}  // namespace

const Quantity kOperationRate = {ParseOperationRate, "12 TOPS"};
const Quantity kByteRate = {ParseByteRate, "12.8 GB/s"};
const Quantity kSize = {ParseBytes, "8 MiB"};
const Quantity kTime = {ParseDuration, "200 us", true};
const Quantity kPower = {ParsePower, "3 W", true};
const Quantity kEnergy = {ParseEnergy, "20 Wh"};

std::string_view NameOf(FactKind kind) {
  switch (kind) {
    case FactKind::kMeasured:
      return "measured";
    case FactKind::kReported:
      return "reported";
    case FactKind::kInferred:
      return "inferred";
  }
  return "";
}

Result<Fact> ReadFact(const TomlValue& value) {
  return ReadFactTable(value, "a key 'value' with a number, true or false", false,
                       [](const TomlValue& member) -> Result<double> {
                         if (const auto yes = member.Boolean(); yes.ok()) return *yes ? 1.0 : 0.0;
                         SHOEHORN_ASSIGN(const double number, member.Number());
                         if (number >= 0) return number;
                         return member.Wrong(fmt::format("the fact's value is {}", number),
                                             "0 or a number above it");
                       });
}

Result<Fact> ReadQuantity(const TomlValue& value, const Quantity& quantity) {
  const std::string expected = fmt::format("a key 'value': \"{}\"", quantity.example);
  return ReadFactTable(value, expected.c_str(), true, [&](const TomlValue& member) -> Result<double> {
    const std::string example = fmt::format("a number with its unit, in quotes: \"{}\"", quantity.example);
    if (const auto bare = member.Number(); bare.ok())
      return member.Wrong(fmt::format("{} has no unit", *bare), example);
    SHOEHORN_ASSIGN(const std::string text, member.String());
    if (text.find_first_not_of(" \t") != std::string::npos && text[text.find_first_not_of(" \t")] == '-')
      return member.Wrong("'" + Escaped(text) + "' is below 0",
                          quantity.may_be_zero ? "0 or more" : "a number above 0");
    SHOEHORN_ASSIGN(const double number, member.Placed(quantity.parse(text)));
    if (number == 0 && !quantity.may_be_zero)
      return member.Wrong("'" + Escaped(text) + "' is 0", "a number above 0");
    return number;
  });
}

Result<Fact> ReadShare(const TomlValue& value) {
  return ReadFactTable(value, "a key 'value' with a number above 0, at most 1", true,
                       [](const TomlValue& member) -> Result<double> {
                         SHOEHORN_ASSIGN(const double number, member.Number());
                         if (number > 0 && number <= 1) return number;
                         return member.Wrong(fmt::format("the share is {}", number),
                                             "a number above 0, at most 1");
                       });
}

Result<std::string> ReadWord(const TomlValue& value, const std::vector<std::string>& known,
                             const std::string& what) {
  SHOEHORN_ASSIGN(const std::string name, value.String());
  if (std::ranges::find(known, name) != known.end()) return name;
  const std::string near = DidYouMean(name, known);
  return value.Wrong("there is no " + what + " '" + Escaped(name) + "'",
                     fmt::format("one of {}", fmt::join(known, ", ")),
                     near.empty() ? "" : "did you mean '" + near + "'?");
}

}  // namespace shoehorn::targets
