#include "targets/device_toml.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "targets/fact_toml.h"
#include "targets/rule.h"

namespace shoehorn::targets {
namespace {

/// A key of a table. `example` stands in the message when the key is missing; nullptr: it may be.
template <typename T>
struct Key {
  const char* name;
  const char* example;
  Status (*read)(const TomlValue& value, T& into);
};

template <typename Member, typename T>
Status Set(Member& member, Result<T> result) {
  if (!result.ok()) return result.error();
  member = std::move(result).value();
  return Ok();
}

template <typename T>
Status ReadTable(const TomlValue& table, const std::vector<Key<T>>& keys, T& into) {
  if (!table.is_table()) return table.Wrong("this is no table", "keys with their values");
  std::set<std::string> seen;
  for (const auto& [name, value] : table.Members()) {
    const auto key = std::ranges::find_if(keys, [&](const Key<T>& known) { return known.name == name; });
    if (key == keys.end()) {
      std::vector<std::string> names;
      for (const Key<T>& known : keys) names.emplace_back(known.name);
      return value.UnknownKey(names);
    }
    seen.insert(name);
    SHOEHORN_TRY(key->read(value, into));
  }
  for (const Key<T>& key : keys)
    if (key.example != nullptr && !seen.contains(key.name))
      return table.Wrong(fmt::format("the key '{}' is missing", key.name), key.example);
  return Ok();
}

/// The tables of [[unit]] and [[copy]].
template <typename T>
Status ReadTables(const TomlValue& array, const std::vector<Key<T>>& keys, std::vector<T>& into,
                  std::vector<TomlValue>& places) {
  if (!array.is_array())
    return array.Wrong(fmt::format("'{}' stands once, as a table", array.key()),
                       fmt::format("[[{}]], in two brackets, as often as there are any", array.key()));
  SHOEHORN_ASSIGN(places, array.Array());
  for (const TomlValue& table : places) SHOEHORN_TRY(ReadTable(table, keys, into.emplace_back()));
  return Ok();
}

Result<std::string> ReadText(const TomlValue& value) {
  SHOEHORN_ASSIGN(std::string text, value.String());
  if (text.empty()) return value.Wrong("the text is empty", "a word");
  return text;
}

Result<UnitKind> ReadUnitKind(const TomlValue& value) {
  SHOEHORN_ASSIGN(const std::string name, ReadWord(value, {"cpu", "gpu", "npu", "mcu"}, "kind of unit"));
  for (const UnitKind kind : {UnitKind::kCpu, UnitKind::kGpu, UnitKind::kNpu})
    if (name == NameOf(kind)) return kind;
  return UnitKind::kMcu;
}

Result<std::string> ReadAccelerator(const TomlValue& value) {
  return ReadWord(value, RuleNames(), "accelerator");
}

Status ReadPeaks(const TomlValue& value, Unit& unit) {
  if (!value.is_table()) return value.Wrong("the peaks are no table", "{ PRECISION = a fact, ... }");
  for (const auto& [precision, member] : value.Members()) {
    if (std::ranges::find(Precisions(), precision) == Precisions().end())
      return member.UnknownKey(Precisions());
    SHOEHORN_ASSIGN(unit.peak[precision], ReadQuantity(member, kOperationRate));
  }
  if (unit.peak.empty())
    return value.Wrong("the unit computes in no precision",
                       fmt::format("one or more of {}", fmt::join(Precisions(), ", ")));
  return Ok();
}

Status ReadBetween(const TomlValue& value, Copy& copy) {
  SHOEHORN_ASSIGN(const std::vector<TomlValue> names, value.Array());
  if (names.size() != 2)
    return value.Wrong(fmt::format("a copy between {} unit{}", names.size(), names.size() == 1 ? "" : "s"),
                       "the names of two units: [\"cpu\", \"npu\"]");
  SHOEHORN_ASSIGN(copy.first, names[0].String());
  SHOEHORN_ASSIGN(copy.second, names[1].String());
  if (copy.first == copy.second)
    return value.Wrong("a copy from unit '" + Escaped(copy.first) + "' to itself",
                       "the names of two units: [\"cpu\", \"npu\"]");
  return Ok();
}

const std::vector<Key<Device>> kDeviceKeys = {
    {"memory", nullptr, [](const TomlValue& v, Device& d) { return Set(d.memory, ReadQuantity(v, kSize)); }},
    {"idle_power", nullptr,
     [](const TomlValue& v, Device& d) { return Set(d.idle_power, ReadQuantity(v, kPower)); }},
    {"sustained_power", nullptr,
     [](const TomlValue& v, Device& d) { return Set(d.sustained_power, ReadQuantity(v, kPower)); }},
    {"battery", nullptr,
     [](const TomlValue& v, Device& d) { return Set(d.battery, ReadQuantity(v, kEnergy)); }},
};

const std::vector<Key<Unit>> kUnitKeys = {
    {"name", "name = \"npu\"", [](const TomlValue& v, Unit& u) { return Set(u.name, ReadText(v)); }},
    {"kind", "kind = \"cpu\", \"gpu\", \"npu\" or \"mcu\"",
     [](const TomlValue& v, Unit& u) { return Set(u.kind, ReadUnitKind(v)); }},
    {"accelerator", nullptr,
     [](const TomlValue& v, Unit& u) { return Set(u.accelerator, ReadAccelerator(v)); }},
    {"runtime", "runtime = \"onnxruntime\"",
     [](const TomlValue& v, Unit& u) { return Set(u.runtime, ReadText(v)); }},
    {"peak", "peak = { int8 = { value = \"12 TOPS\", kind = ..., source = ... } }", ReadPeaks},
    {"bandwidth", "bandwidth = { value = \"34 GB/s\", kind = ..., source = ... }",
     [](const TomlValue& v, Unit& u) { return Set(u.bandwidth, ReadQuantity(v, kByteRate)); }},
    {"memory", nullptr, [](const TomlValue& v, Unit& u) { return Set(u.memory, ReadQuantity(v, kSize)); }},
    {"dispatch", "dispatch = { value = \"200 us\", kind = ..., source = ... }",
     [](const TomlValue& v, Unit& u) { return Set(u.dispatch, ReadQuantity(v, kTime)); }},
    {"operator", nullptr,
     [](const TomlValue& v, Unit& u) { return Set(u.per_operator, ReadQuantity(v, kTime)); }},
    {"busy_power", nullptr,
     [](const TomlValue& v, Unit& u) { return Set(u.busy_power, ReadQuantity(v, kPower)); }},
    {"efficiency", nullptr, [](const TomlValue& v, Unit& u) { return Set(u.efficiency, ReadShare(v)); }},
};

const std::vector<Key<Copy>> kCopyKeys = {
    {"between", "between = [\"cpu\", \"npu\"]", ReadBetween},
    {"bandwidth", "bandwidth = { value = \"10 GB/s\", kind = ..., source = ... }",
     [](const TomlValue& v, Copy& c) { return Set(c.bandwidth, ReadQuantity(v, kByteRate)); }},
    {"latency", "latency = { value = \"30 us\", kind = ..., source = ... }",
     [](const TomlValue& v, Copy& c) { return Set(c.latency, ReadQuantity(v, kTime)); }},
};

/// The value of `key` in a table that has it.
TomlValue Member(const TomlValue& table, std::string_view key) {
  for (auto& [name, value] : table.Members())
    if (name == key) return value;
  SHOEHORN_CHECK(false, "a required key is missing");
}

Status ReadUnits(const TomlValue& value, Device& device) {
  std::vector<TomlValue> places;
  SHOEHORN_TRY(ReadTables(value, kUnitKeys, device.units, places));
  for (size_t i = 0; i < places.size(); ++i)
    if (device.Find(device.units[i].name) != &device.units[i])
      return Member(places[i], "name")
          .Wrong("two units are called '" + Escaped(device.units[i].name) + "'",
                 "a name that no other unit has");
  return Ok();
}

Status ReadCopies(const TomlValue& value, Device& device) {
  std::vector<std::string> names;
  for (const Unit& unit : device.units) names.push_back(unit.name);
  std::vector<TomlValue> places;
  SHOEHORN_TRY(ReadTables(value, kCopyKeys, device.copies, places));
  for (size_t i = 0; i < places.size(); ++i) {
    const TomlValue between = Member(places[i], "between");
    SHOEHORN_ASSIGN(const std::vector<TomlValue> ends, between.Array());
    for (const TomlValue& end : ends)
      if (const auto known = ReadWord(end, names, "unit"); !known.ok()) return known.error();
    const Copy& copy = device.copies[i];
    if (device.Between(copy.first, copy.second) != &copy)
      return between.Wrong(
          "a second copy between '" + Escaped(copy.first) + "' and '" + Escaped(copy.second) + "'",
          "one for each pair of units: it holds in both directions");
  }
  return Ok();
}

}  // namespace

Result<std::optional<Device>> ReadDevice(const DeviceTables& tables) {
  if (!tables.units) {
    if (const auto& other = tables.device ? tables.device : tables.copies)
      return other->Wrong("the device has no unit", "[[unit]] at least once");
    return std::optional<Device>();
  }
  Device device;
  if (tables.device) SHOEHORN_TRY(ReadTable(*tables.device, kDeviceKeys, device));
  SHOEHORN_TRY(ReadUnits(*tables.units, device));
  if (device.units.empty()) return tables.units->Wrong("the device has no unit", "[[unit]] at least once");
  if (tables.copies) SHOEHORN_TRY(ReadCopies(*tables.copies, device));
  for (size_t i = 0; i < device.units.size(); ++i)
    for (size_t j = 0; j < i; ++j) {
      const std::string &a = device.units[j].name, &b = device.units[i].name;
      if (device.Between(a, b) == nullptr)
        return tables.units->Wrong(
            "no copy between unit '" + Escaped(a) + "' and unit '" + Escaped(b) + "'",
            fmt::format("[[copy]] with between = [\"{}\", \"{}\"]", Escaped(a), Escaped(b)));
    }
  return std::optional<Device>(std::move(device));
}

std::vector<std::string> DeviceKeys() {
  std::vector<std::string> names;
  for (const auto& key : kDeviceKeys) names.push_back(fmt::format("device.{}", key.name));
  for (const auto& key : kUnitKeys) names.push_back(fmt::format("unit.{}", key.name));
  for (const auto& key : kCopyKeys) names.push_back(fmt::format("copy.{}", key.name));
  return names;
}

}  // namespace shoehorn::targets
