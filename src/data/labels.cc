#include "data/labels.h"

#include <fmt/format.h>

#include <charconv>
#include <map>
#include <system_error>

#include "data/csv.h"
#include "support/files.h"

namespace shoehorn::data {
namespace {

namespace fs = std::filesystem;

Diagnostic AtLine(const fs::path& file, size_t line, std::string found, std::string expected,
                  std::string fix = "") {
  return {.file = file.string(),
          .place = fmt::format("line {}", line),
          .found = std::move(found),
          .expected = std::move(expected),
          .fix = std::move(fix)};
}

/// Column of the CSV by its name in the header, or by its number (from 1) in a file without a header.
struct Column {
  std::string name;
  size_t index = 0;
};

bool IsNumber(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

Status FindColumn(const fs::path& file, const CsvRow& header, bool numbered, Column& column) {
  if (numbered) {
    const auto [end, error] =
        std::from_chars(column.name.data(), column.name.data() + column.name.size(), column.index);
    if (error != std::errc() || column.index == 0)
      return Diagnostic{.file = file.string(),
                        .found = fmt::format("column '{}'", column.name),
                        .expected = "a column number from 1 on"};
    --column.index;
    return Ok();
  }
  const auto found = std::ranges::find(header.fields, column.name);
  if (found == header.fields.end()) {
    const std::string near = DidYouMean(column.name, header.fields);
    return AtLine(file, header.line, fmt::format("no column '{}'", column.name),
                  fmt::format("one of {}", fmt::join(header.fields, ", ")),
                  near.empty()
                      ? "name the columns in the spec, or give their numbers when the file has no header"
                      : fmt::format("did you mean '{}'?", near));
  }
  column.index = static_cast<size_t>(found - header.fields.begin());
  return Ok();
}

Diagnostic Unlabelled(const fs::path& file, const std::vector<std::string>& ids,
                      const std::vector<Label>& labels, std::string_view what) {
  const size_t missing =
      static_cast<size_t>(std::ranges::count_if(labels, [](const Label& l) { return !l.present; }));
  const auto first = std::ranges::find_if(labels, [](const Label& label) { return !label.present; });
  const std::string more = missing > 1 ? fmt::format(" nor for {} others", missing - 1) : "";
  return {
      .file = file.string(),
      .found = fmt::format("no {} for '{}'{}", what, ids[static_cast<size_t>(first - labels.begin())], more),
      .expected = fmt::format("one {} for each of the {} samples", what, ids.size())};
}

Result<std::vector<Label>> ReadCsvLabels(const SamplesSpec& spec, const std::vector<std::string>& ids) {
  const fs::path& file = spec.labels_path;
  SHOEHORN_ASSIGN(const std::string text, ReadText(file));
  SHOEHORN_ASSIGN(const std::vector<CsvRow> rows, ParseCsv(text, file.string()));
  if (rows.empty())
    return Diagnostic{.file = file.string(), .found = "no rows", .expected = "one row for each sample"};

  Column name{spec.csv_file_column.empty() ? "file" : spec.csv_file_column};
  Column label{spec.csv_label_column.empty() ? "label" : spec.csv_label_column};
  const bool numbered = IsNumber(name.name) && IsNumber(label.name);
  SHOEHORN_TRY(FindColumn(file, rows[0], numbered, name));
  SHOEHORN_TRY(FindColumn(file, rows[0], numbered, label));

  std::map<std::string, size_t, std::less<>> index;
  for (size_t i = 0; i < ids.size(); ++i) index.emplace(ids[i], i);
  std::vector<Label> labels(ids.size());
  std::vector<size_t> line_of(ids.size());
  for (size_t r = numbered ? 0 : 1; r < rows.size(); ++r) {
    const CsvRow& row = rows[r];
    if (row.fields.size() <= std::max(name.index, label.index))
      return AtLine(file, row.line, fmt::format("{} field(s)", row.fields.size()),
                    fmt::format("at least {}", std::max(name.index, label.index) + 1));
    const std::string& written = row.fields[name.index];
    auto found = index.find(fs::path(written).lexically_normal().generic_string());
    if (found == index.end())  // perhaps relative to the CSV file
      found = index.find((file.parent_path() / written)
                             .lexically_normal()
                             .lexically_relative(spec.folder.lexically_normal())
                             .generic_string());
    if (found == index.end())
      return AtLine(file, row.line, fmt::format("a label for '{}', which is not there", written),
                    fmt::format("a file under {}", spec.folder.string()),
                    "names are relative to the samples' folder or to the CSV file");
    const size_t i = found->second;
    if (labels[i].present)
      return AtLine(file, row.line,
                    fmt::format("a second label for '{}', the first is in line {}", written, line_of[i]),
                    "one label for each sample");
    labels[i].text = row.fields[label.index];
    labels[i].present = true;
    line_of[i] = row.line;
  }
  if (!std::ranges::all_of(labels, &Label::present)) return Unlabelled(file, ids, labels, "row");
  return labels;
}

Result<std::vector<Box>> ParseYolo(const fs::path& file) {
  SHOEHORN_ASSIGN(const std::string text, ReadText(file));
  std::vector<Box> boxes;
  size_t line = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view row(text.data() + begin, end - begin);
    begin = end + 1;
    ++line;
    std::vector<std::string_view> fields;
    for (size_t at = row.find_first_not_of(" \t\r"); at < row.size();) {
      const size_t stop = std::min(row.find_first_of(" \t\r", at), row.size());
      fields.push_back(row.substr(at, stop - at));
      at = row.find_first_not_of(" \t\r", stop);
    }
    if (fields.empty()) continue;
    if (fields.size() != 5)
      return AtLine(file, line, fmt::format("{} number(s)", fields.size()), "5: class, x, y, width, height");
    double values[5];
    for (size_t i = 0; i < 5; ++i) {
      const auto [stop, error] =
          std::from_chars(fields[i].data(), fields[i].data() + fields[i].size(), values[i]);
      const bool whole = error == std::errc() && stop == fields[i].data() + fields[i].size();
      if (i == 0 &&
          !(whole && values[0] >= 0 && values[0] <= 1e6 && values[0] == static_cast<int>(values[0])))
        return AtLine(file, line, fmt::format("class '{}'", fields[0]), "a whole number from 0 on");
      if (i > 0 && !(whole && values[i] >= 0 && values[i] <= 1))
        return AtLine(file, line, fmt::format("'{}'", fields[i]),
                      "a number from 0 to 1, relative to the picture");
    }
    boxes.push_back({.cls = static_cast<int>(values[0]),
                     .x1 = values[1] - values[3] / 2,
                     .y1 = values[2] - values[4] / 2,
                     .x2 = values[1] + values[3] / 2,
                     .y2 = values[2] + values[4] / 2});
  }
  return boxes;
}

/// Gives each file with `extension` under the labels' folder to the sample of the same path and stem.
Result<std::vector<fs::path>> MatchFiles(const SamplesSpec& spec, const std::vector<std::string>& ids,
                                         std::string_view extension) {
  std::map<std::string, size_t> index;
  for (size_t i = 0; i < ids.size(); ++i) {
    const auto [first, fresh] = index.emplace(fs::path(ids[i]).replace_extension().generic_string(), i);
    if (!fresh)
      return Diagnostic{
          .file = (spec.folder / ids[i]).string(),
          .found = fmt::format("the same name as '{}' but for the extension", ids[first->second]),
          .expected = "one name for each sample, so that its label file is known"};
  }
  std::vector<fs::path> files(ids.size());
  std::error_code error;
  std::vector<fs::path> listed;
  for (auto it = fs::recursive_directory_iterator(spec.labels_path, error);
       !error && it != fs::recursive_directory_iterator(); it.increment(error))
    if (it->path().extension() == extension) listed.push_back(it->path());
  if (error)
    return Diagnostic{.file = spec.labels_path.string(),
                      .found = "cannot list the folder: " + error.message(),
                      .fix = "check the path of the labels"};
  std::ranges::sort(listed);
  size_t matched = 0;
  for (const fs::path& path : listed) {
    const std::string name = path.lexically_relative(spec.labels_path).replace_extension().generic_string();
    const auto found = index.find(name);
    if (found == index.end())
      return Diagnostic{.file = path.string(),
                        .found = "a label without its sample",
                        .expected = fmt::format("a sample '{}' under {}", name, spec.folder.string())};
    files[found->second] = path;
    ++matched;
  }
  if (matched == 0)
    return Diagnostic{
        .file = spec.labels_path.string(),
        .found = fmt::format("no {} file", extension),
        .expected = fmt::format("a file with the name of each sample, ending in {}", extension)};
  return files;
}

}  // namespace

Result<std::vector<Label>> ReadLabels(const SamplesSpec& spec, const std::vector<std::string>& ids) {
  std::vector<Label> labels(ids.size());
  switch (spec.labels) {
    case LabelFormat::kNone:
      break;
    case LabelFormat::kCsv:
      return ReadCsvLabels(spec, ids);
    case LabelFormat::kYolo: {
      SHOEHORN_ASSIGN(const auto files, MatchFiles(spec, ids, ".txt"));
      for (size_t i = 0; i < ids.size(); ++i) {
        if (!files[i].empty()) {
          SHOEHORN_ASSIGN(labels[i].boxes, ParseYolo(files[i]));
        }
        labels[i].present = true;
      }
      return labels;
    }
    case LabelFormat::kMask: {
      SHOEHORN_ASSIGN(const auto files, MatchFiles(spec, ids, ".png"));
      for (size_t i = 0; i < ids.size(); ++i) {
        labels[i].mask = files[i];
        labels[i].present = !files[i].empty();
      }
      if (!std::ranges::all_of(labels, &Label::present))
        return Unlabelled(spec.labels_path, ids, labels, "mask");
      return labels;
    }
  }
  return labels;
}

}  // namespace shoehorn::data
