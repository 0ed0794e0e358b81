// The characters of a text: "粤A1" is three characters, not five bytes. What readers of
// text are scored by.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace shoehorn::data {

/// The UTF-8 characters of `text`; a byte that starts none stands alone.
std::vector<std::string> Characters(std::string_view text);

/// Fewest insertions, deletions and substitutions that turn one row of characters into the other
/// (Levenshtein).
size_t EditDistance(const std::vector<std::string>& a, const std::vector<std::string>& b);

}  // namespace shoehorn::data
