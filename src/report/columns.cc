#include "report/columns.h"

#include <fmt/format.h>

#include <algorithm>

#include "support/diagnostic.h"

namespace shoehorn::report {

size_t Columns(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string Fitted(std::string text, size_t width) {
  if (Columns(text) <= width) return text;
  while (Columns(text) > width - 2) {
    while ((text.back() & 0xc0) == 0x80) text.pop_back();
    text.pop_back();
  }
  return text + "..";
}

std::string Left(std::string_view text, size_t width) {
  return std::string(text) + std::string(width - std::min(width, Columns(text)), ' ');
}

std::string Right(std::string_view text, size_t width) {
  return std::string(width - std::min(width, Columns(text)), ' ') + std::string(text);
}

std::string Plural(int64_t count, std::string_view thing) {
  return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
}

std::vector<std::string> Folded(std::string_view text, size_t width) {
  const std::string whole = Escaped(text);
  std::vector<std::string> lines;
  std::string line;
  for (size_t at = 0; at < whole.size();) {
    const size_t space = std::min(whole.find(' ', at), whole.size());
    const std::string word = whole.substr(at, space - at);
    if (!line.empty() && Columns(line) + 1 + Columns(word) > width) {
      lines.push_back(std::move(line));
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
    at = space + 1;
  }
  lines.push_back(std::move(line));
  return lines;
}

}  // namespace shoehorn::report
