// Numbers as people read them: "5.31 ms", "10.4 MiB", "2.38x", "0.927"; an unknown number is a dash.
#pragma once

#include <string>
#include <string_view>

namespace shoehorn::report {

/// Three significant digits, no exponent between 0.0001 and 10 million: 12.3, 0.0891, 1234.
std::string Number(double value);
/// Binary units: "999 B", "10.4 MiB".
std::string Bytes(double value);
/// With the unit of a requirement: "bytes" by Bytes(), "x" attached, none as a fraction with three decimals
/// (metrics), others after a space.
std::string WithUnit(double value, std::string_view unit);

}  // namespace shoehorn::report
