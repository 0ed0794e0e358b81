#include "place/trace.h"

#include <fmt/format.h>

#include "place/number_table.h"
#include "support/files.h"

namespace shoehorn::place {
namespace {

constexpr double kBytesPerKilobit = 1000.0 / 8;

void Add(Series& series, double time, const std::optional<double>& value, double factor) {
  if (!value) return;
  // What was measured first holds from the start on.
  series.times.push_back(series.empty() ? 0 : time);
  series.values.push_back(*value * factor);
}

}  // namespace

Result<Trace> ParseTrace(std::string_view text, const std::filesystem::path& file) {
  // More than 1e9 no link carries and no drive lasts; sums of such numbers stay exact enough.
  const NumberColumns columns = {
      .names = {"t_s", "uplink_kbps", "downlink_kbps", "rtt_ms"}, .most = 1e9, .may_be_empty = 3};
  SHOEHORN_ASSIGN(const std::vector<NumberRow> rows, ParseNumbers(text, file, columns));
  if (rows.size() < 2)
    return Diagnostic{.file = file.string(),
                      .found = fmt::format("{} row(s) below the header", rows.size()),
                      .expected = "two or more: a row holds until the next one"};
  Trace trace;
  trace.name = file.stem().string();
  const double first = *rows[0].cells[0];
  double last = first, before = first;
  for (const NumberRow& row : rows) {
    const double time = *row.cells[0];
    if (&row != rows.data() && !(time > last))
      return Diagnostic{.file = file.string(),
                        .place = fmt::format("line {}", row.line),
                        .found = fmt::format("t_s {} after {}", time, last),
                        .expected = "times that rise from row to row"};
    before = last;
    last = time;
    Add(trace.uplink, time - first, row.cells[1], kBytesPerKilobit);
    Add(trace.downlink, time - first, row.cells[2], kBytesPerKilobit);
    Add(trace.round_trip, time - first, row.cells[3], 1e-3);
  }
  if (trace.uplink.empty() && trace.downlink.empty() && trace.round_trip.empty())
    return Diagnostic{.file = file.string(),
                      .found = "every cell of uplink_kbps, downlink_kbps and rtt_ms is empty",
                      .expected = "at least one measurement"};
  trace.duration_s = last - first + (last - before);
  return trace;
}

Result<Trace> LoadTrace(const std::filesystem::path& file) {
  SHOEHORN_ASSIGN(const std::string text, ReadText(file));
  return ParseTrace(text, file);
}

}  // namespace shoehorn::place
