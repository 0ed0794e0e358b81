// What `shoehorn place MODEL --target T` found: text for people, JSON (docs/place-schema.md).
#pragma once

#include <string>
#include <string_view>

#include "place/device_plan.h"
#include "report/report.h"

namespace shoehorn::report {

inline constexpr std::string_view kDevicePlanSchema = "shoehorn.place-device/1";

struct DevicePlanTextOptions {
  TextStyle style;
  bool verbose = false;  ///< every fallback and every tensor that crosses
};

/// `model` is the file as the user wrote it; `operators_before` counts those of the file, before it was
/// simplified.
struct DevicePlanReport {
  std::string model;
  size_t operators_before = 0;
  std::vector<std::string> pinned;  ///< "the first dimension of input 'x' to 1"
  place::DevicePlan plan;
};

/// Three lines first: device, latency and energy, verdict against the host alone. Then the units, what
/// crosses, and the operators that do not run on the accelerator, the dearest first. Names are escaped. Ends
/// in a newline.
std::string DevicePlanText(const DevicePlanReport& report, const DevicePlanTextOptions& options);

std::string DevicePlanJson(const DevicePlanReport& report);

}  // namespace shoehorn::report
