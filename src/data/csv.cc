#include "data/csv.h"

namespace shoehorn::data {
namespace {

Diagnostic At(const std::string& file, size_t line, std::string found, std::string expected) {
  return {.file = file,
          .place = "line " + std::to_string(line),
          .found = std::move(found),
          .expected = std::move(expected)};
}

}  // namespace

Result<std::vector<CsvRow>> ParseCsv(std::string_view text, const std::string& file) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  std::vector<CsvRow> rows;
  size_t line = 1, at = 0;
  while (at < text.size()) {
    CsvRow row{.line = line, .fields = {}};
    for (bool more = true; more;) {
      std::string field;
      if (at < text.size() && text[at] == '"') {
        const size_t opened = line;
        for (++at;; ++at) {
          if (at >= text.size()) return At(file, opened, "a quote that is never closed", "a closing quote");
          if (text[at] == '"') {
            if (at + 1 < text.size() && text[at + 1] == '"') {
              ++at;
            } else {
              ++at;
              break;
            }
          }
          if (text[at] == '\n') ++line;
          field += text[at];
        }
        if (at < text.size() && text[at] == '\r') ++at;
        if (at < text.size() && text[at] != ',' && text[at] != '\n')
          return At(file, line, std::string("'") + text[at] + "' after a closing quote",
                    "a comma or the end of the line");
      } else {
        const size_t end = std::min(text.find_first_of(",\n", at), text.size());
        field = text.substr(at, end - at);
        at = end;
        if (field.ends_with('\r') && (at == text.size() || text[at] == '\n')) field.pop_back();
      }
      row.fields.push_back(std::move(field));
      more = at < text.size() && text[at] == ',';
      if (more) ++at;
    }
    if (at < text.size()) ++at;  // the line end
    ++line;
    if (row.fields.size() > 1 || !row.fields[0].empty()) rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace shoehorn::data
