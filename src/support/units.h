// Quantities as people write them: "12 ms", "4 MiB", "5 %", "1 point", and back again for messages and
// reports. A number without its unit is ambiguous in a spec, so durations and sizes always carry one.
#pragma once

#include <string>
#include <string_view>

#include "support/result.h"

namespace shoehorn {

/// Seconds of "10 min", "1.5 s", "12 ms", "250 us" or "2 h"; must be finite and not negative. The Diagnostic
/// has `found` and `expected` filled in; callers add file and place.
Result<double> ParseDuration(std::string_view text);

/// Bytes of "4 MiB", "500 kB", "1.5 GB" or "64 B" (k, M, G are powers of 1000; Ki, Mi, Gi of 1024).
Result<double> ParseBytes(std::string_view text);

/// Operations a second of "12 TOPS", "90 GOPS", "8.1 TFLOPS" or "500 MFLOPS".
Result<double> ParseOperationRate(std::string_view text);

/// Bytes a second of "12.8 GB/s", "500 MB/s", "1.5 MiB/s" or "100 Mbit/s" (8 bits a byte).
Result<double> ParseByteRate(std::string_view text);

/// Watts of "3 W", "250 mW" or "80 uW".
Result<double> ParsePower(std::string_view text);

/// Joules of "5 J", "120 mJ", "80 uJ", "20 Wh" or "500 mWh".
Result<double> ParseEnergy(std::string_view text);

/// Fraction of "5 %" (0.05), "1 point" (0.01), "0.5 points" or a bare "0.05".
Result<double> ParseFraction(std::string_view text);

/// "850 us", "12.3 ms", "4.56 s", "3 min 20 s", "2 h 5 min".
std::string FormatDuration(double seconds);
/// "640 B", "12.0 KiB", "4.25 MiB", "1.10 GiB".
std::string FormatBytes(double bytes);
/// "12.0 TOPS", "90.0 GOPS".
std::string FormatOperationRate(double operations_per_second);
/// "12.8 GB/s", "500 MB/s"; powers of 1000, as data sheets write them.
std::string FormatByteRate(double bytes_per_second);
/// "250 mW", "3.00 W".
std::string FormatPower(double watts);
/// "120 mJ", "5.00 J", "20.0 Wh" (from 3600 J on).
std::string FormatEnergy(double joules);
/// "93.1 %".
std::string FormatPercent(double fraction);
/// Three significant digits without an exponent where that is readable: "0.00123", "1.80", "12.3", "1234".
std::string FormatNumber(double value);

}  // namespace shoehorn
