#include "place/number_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>

#include "data/csv.h"

namespace shoehorn::place {
namespace {

struct Reader {
  std::string file;
  const NumberColumns& columns;
  std::vector<size_t> index;  // where a column stands in a row

  Diagnostic At(size_t line, std::string found, std::string expected, std::string fix = "") const {
    return {.file = file,
            .place = fmt::format("line {}", line),
            .found = std::move(found),
            .expected = std::move(expected),
            .fix = std::move(fix)};
  }
  bool MayBeEmpty(size_t column) const { return column + columns.may_be_empty >= columns.names.size(); }

  Status ReadHeader(const data::CsvRow& row) {
    const std::string expected = fmt::format("the columns {}", fmt::join(columns.names, ", "));
    index.assign(columns.names.size(), row.fields.size());
    for (size_t i = 0; i < row.fields.size(); ++i) {
      const auto found = std::ranges::find(columns.names, row.fields[i]);
      if (found == columns.names.end()) {
        const std::string near = DidYouMean(row.fields[i], columns.names);
        return At(row.line, fmt::format("unknown column '{}'", row.fields[i]), expected,
                  near.empty() ? "" : fmt::format("did you mean '{}'?", near));
      }
      size_t& place = index[static_cast<size_t>(found - columns.names.begin())];
      if (place < row.fields.size())
        return At(row.line, fmt::format("column '{}' twice", row.fields[i]), "each column once");
      place = i;
    }
    for (size_t column = 0; column < index.size(); ++column)
      if (index[column] == row.fields.size())
        return At(
            row.line, fmt::format("no column '{}'", columns.names[column]), expected,
            MayBeEmpty(column) ? "keep the column and leave its cells empty where nothing was measured" : "");
    return Ok();
  }

  Result<std::optional<double>> Cell(const data::CsvRow& row, size_t column) const {
    const std::string& text = row.fields[index[column]];
    if (text.empty() && MayBeEmpty(column)) return std::optional<double>();
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc() && end == text.data() + text.size() && value >= 0 && value <= columns.most)
      return std::optional<double>(value);
    Diagnostic wrong = At(row.line, text.empty() ? "an empty cell" : fmt::format("'{}'", text),
                          fmt::format("a number from 0 to {:g}", columns.most),
                          MayBeEmpty(column) ? "leave the cell empty where nothing was measured" : "");
    wrong.place += fmt::format(", column '{}'", columns.names[column]);
    return wrong;
  }
};

}  // namespace

Result<std::vector<NumberRow>> ParseNumbers(std::string_view text, const std::filesystem::path& file,
                                            const NumberColumns& columns) {
  Reader reader{.file = file.string(), .columns = columns, .index = {}};
  SHOEHORN_ASSIGN(const std::vector<data::CsvRow> rows, data::ParseCsv(text, reader.file));
  if (rows.empty())
    return Diagnostic{
        .file = reader.file,
        .found = "an empty file",
        .expected = fmt::format("a header {} and rows below it", fmt::join(columns.names, ","))};
  SHOEHORN_TRY(reader.ReadHeader(rows[0]));
  std::vector<NumberRow> numbers;
  for (const data::CsvRow& row : std::span(rows).subspan(1)) {
    if (row.fields.size() != columns.names.size())
      return reader.At(row.line, fmt::format("{} field(s)", row.fields.size()),
                       fmt::format("{}, as in the header", columns.names.size()));
    NumberRow& made = numbers.emplace_back(NumberRow{.line = row.line, .cells = {}});
    for (size_t column = 0; column < columns.names.size(); ++column) {
      SHOEHORN_ASSIGN(const std::optional<double> cell, reader.Cell(row, column));
      made.cells.push_back(cell);
    }
  }
  return numbers;
}

}  // namespace shoehorn::place
