// Facts and words as profiles write them, with messages that name file, line and key.
//   bandwidth = { value = "12.8 GB/s", kind = "reported", source = "a page" }
// A number with a unit is a string, so that "12.8" alone, of which nobody knows the unit, is refused.
#pragma once

#include <string>
#include <vector>

#include "support/toml.h"
#include "targets/fact.h"

namespace shoehorn::targets {

/// A fact of [facts.NAME]: a number of 0 or more, or true or false. A kind that is left out is reported.
Result<Fact> ReadFact(const TomlValue& value);

/// What a number measures: how it is read, and how it is written.
struct Quantity {
  Result<double> (*parse)(std::string_view);
  const char* example;       ///< "12 TOPS"
  bool may_be_zero = false;  ///< a start may take no time, but nothing computes at a rate of 0
};
extern const Quantity kOperationRate, kByteRate, kSize, kTime, kPower, kEnergy;

/// A fact with a unit, in base units. Value, kind and source are required. Errors: one is missing, the number
/// is negative or 0 where it may not be, the unit is missing or one of something else.
Result<Fact> ReadQuantity(const TomlValue& value, const Quantity& quantity);
/// A fact without unit: a number above 0, at most 1.
Result<Fact> ReadShare(const TomlValue& value);

/// One of `known`; `what` says what it names: "there is no judge 'qnm'" (did you mean).
Result<std::string> ReadWord(const TomlValue& value, const std::vector<std::string>& known,
                             const std::string& what);

}  // namespace shoehorn::targets
