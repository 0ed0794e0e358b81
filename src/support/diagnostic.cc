#include "support/diagnostic.h"

#include <algorithm>
#include <cstdint>
#include <numeric>

namespace shoehorn {
namespace {

// Length of the valid, printable UTF-8 sequence at the start of `text`, 0 when there is none.
size_t Utf8Length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return lead >= 0x20 && lead != 0x7f ? 1 : 0;
  const size_t length = lead >= 0xf0 && lead < 0xf5 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  if (length == 0 || lead >= 0xf5 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  if (lead == 0xc2 && byte(1) < 0xa0) return 0;  // C1 control characters
  if (lead == 0xe2 && byte(1) == 0x80 && byte(2) >= 0xaa && byte(2) <= 0xae) return 0;  // direction overrides
  return length;
}

// Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment).
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1), above, second_above;
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    second_above = std::move(above);
    above = row;
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], second_above[j - 2] + 1);
    }
  }
  return row.back();
}

}  // namespace

std::string Escaped(std::string_view name) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  out.reserve(name.size());
  while (!name.empty()) {
    if (const size_t length = Utf8Length(name); length > 0) {
      out.append(name.substr(0, length));
      name.remove_prefix(length);
      continue;
    }
    const auto byte = static_cast<uint8_t>(name.front());
    out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    name.remove_prefix(1);
  }
  return out;
}

std::string DidYouMean(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  size_t best_distance = std::max<size_t>(1, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    if (const size_t distance = EditDistance(word, candidate); distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string Diagnostic::Text() const {
  std::string text = blame == Blame::kFault         ? "fault: "
                     : blame == Blame::kInterrupted ? "stopped: "
                                                    : "error: ";
  if (!file.empty()) text += Escaped(file) + ": ";
  if (!place.empty()) text += Escaped(place) + ": ";
  text += Escaped(found);
  if (!expected.empty()) text += "\n  expected: " + Escaped(expected);
  if (!fix.empty()) text += "\n  fix: " + Escaped(fix);
  return text;
}

}  // namespace shoehorn
