// Text in columns for a terminal: padding, cutting and folding by what a reader sees, not by bytes.
//   Left("Größe", 8) + Right("12", 4)  ->  "Größe      12"
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace shoehorn::report {

/// Characters of UTF-8 text.
size_t Columns(std::string_view text);
/// At most `width` columns; what is cut off is marked by "..".
std::string Fitted(std::string text, size_t width);
/// Filled up with spaces to `width` columns, text at the left or at the right.
std::string Left(std::string_view text, size_t width);
std::string Right(std::string_view text, size_t width);
/// "1 core", "2 cores".
std::string Plural(int64_t count, std::string_view thing);
/// `text` with its names escaped, folded at spaces into lines of at most `width` columns; a longer word
/// stands alone. At least one line.
std::vector<std::string> Folded(std::string_view text, size_t width);

}  // namespace shoehorn::report
