// Recorded links: what a vehicle's modem saw on a drive, one CSV form for all sources:
//   t_s,uplink_kbps,downlink_kbps,rtt_ms
//   0,1068,5424,
//   1,984,,48
// A row holds until the next one. An empty cell is "not measured", never zero: the last measured value holds
// on.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "support/result.h"

namespace shoehorn::place {

/// Steps over time: values[i] holds from times[i] to times[i + 1]. times[0] is 0; empty when never measured.
struct Series {
  std::vector<double> times;  ///< seconds
  std::vector<double> values;
  bool empty() const { return times.empty(); }
};

/// One recording. Time counts from its first row; the last row holds as long as the row before it did.
struct Trace {
  std::string name;  ///< the file's name without ".csv"
  double duration_s = 0;
  Series uplink;      ///< bytes a second
  Series downlink;    ///< bytes a second
  Series round_trip;  ///< seconds
};

/// `file` is what messages call it. Errors, with file, line and column: a column that is missing, unknown or
/// there twice; a row of another length; a cell that is no number from 0 to 1e9; times that do not rise;
/// fewer than two rows; nothing measured at all.
Result<Trace> ParseTrace(std::string_view text, const std::filesystem::path& file);
Result<Trace> LoadTrace(const std::filesystem::path& file);

}  // namespace shoehorn::place
