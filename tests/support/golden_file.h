// Golden files of passes: text in, text out, several named cases a file.
//   case: relu_after_clip
//   sizes: batch=4               (optional; sizes of named dimensions when numbers are compared; 2 otherwise)
//   ints: 0 9                    (optional; range of integer inputs; 0 to 1 otherwise)
//   graph text                   (ONNX's textual syntax; a model header is put before it when it has none)
//   ----
//   expected graph text          (or the word `unchanged`)
// In a graph, `= random` and `= random_positive` after a float tensor's declaration stand for seeded numbers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace shoehorn::testing {

struct GoldenCase {
  std::string name;
  std::string input;     ///< as in the file
  std::string expected;  ///< trimmed
  std::map<std::string, int64_t> sizes;
  int64_t lowest_int = 0, highest_int = 1;
  std::string directives;  ///< lines between the name and the graph, kept when the file is rewritten
  std::string comment;     ///< lines before the case that start with '#'
};

std::vector<GoldenCase> ReadGoldenFile(const std::filesystem::path& path);
void WriteGoldenFile(const std::filesystem::path& path, const std::vector<GoldenCase>& cases);

/// The text that the parser reads: header added, random tensors written out.
std::string Parseable(const GoldenCase& golden);
/// Printed text without a model header, blank lines and trailing spaces.
std::string Normalized(const std::string& printed);

}  // namespace shoehorn::testing
