// Comma-separated values as RFC 4180 writes them: fields may be quoted, a quoted field may hold commas, line
// ends and doubled quotes. Labels come this way: file,plate / img/0001.jpg,"KA PN 3147".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "support/result.h"

namespace shoehorn::data {

struct CsvRow {
  size_t line = 0;  ///< where it starts, counted from 1
  std::vector<std::string> fields;
};

/// All rows of `text`; blank lines, a byte order mark and the carriage returns of Windows are dropped.
/// Errors (named by `file` and line): a quote that is never closed, characters after a closing quote.
Result<std::vector<CsvRow>> ParseCsv(std::string_view text, const std::string& file);

}  // namespace shoehorn::data
