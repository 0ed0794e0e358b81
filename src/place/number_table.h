// Tables of numbers as CSV: every column of the header is asked for, every cell is a number in range or,
// where that is allowed, empty. Link traces and labelled samples of cascades come this way; the messages say
// line and column.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/result.h"

namespace shoehorn::place {

struct NumberColumns {
  std::vector<std::string> names;  ///< in any order in the file
  double most = 1e9;               ///< of a cell; the least is 0
  size_t may_be_empty = 0;         ///< so many of the last columns may have empty cells: "not measured"
};
struct NumberRow {
  size_t line = 0;
  std::vector<std::optional<double>> cells;  ///< in the order of NumberColumns::names
};

/// Errors, with file, line and column: an empty file, a column that is missing, unknown or there twice, a row
/// of another length, a cell that is empty or no number in range.
Result<std::vector<NumberRow>> ParseNumbers(std::string_view text, const std::filesystem::path& file,
                                            const NumberColumns& columns);

}  // namespace shoehorn::place
