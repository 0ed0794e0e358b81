// A number with its origin: who says it, and how they know.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace shoehorn::targets {

/// How a fact is known, the surest first.
enum class FactKind { kMeasured, kReported, kInferred };
std::string_view NameOf(FactKind kind);  ///< "measured", "reported", "inferred"

/// What is made of two facts is known as well as the weaker one.
inline FactKind Weaker(FactKind a, FactKind b) { return std::max(a, b); }

/// A number in base units (operations/s, bytes/s, bytes, s, W, J) or a yes/no (1 or 0).
struct Fact {
  double value = 0;
  FactKind kind = FactKind::kReported;
  std::string source;
};

}  // namespace shoehorn::targets
