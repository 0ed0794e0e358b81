#include "support/golden_file.h"

#include <cstdlib>
#include <fstream>
#include <random>
#include <regex>
#include <sstream>
#include <stdexcept>

namespace shoehorn::testing {
namespace {

constexpr const char* kHeader = "<ir_version: 8, opset_import: [\"\" : 17, \"com.example\" : 1]>\n";

bool StartsWith(const std::string& text, const std::string& prefix) {
  return text.compare(0, prefix.size(), prefix) == 0;
}

std::string Trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(" \n\t");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \n\t") + 1 - first);
}

}  // namespace

std::vector<GoldenCase> ReadGoldenFile(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  std::vector<GoldenCase> cases;
  std::string line, comment;
  enum { kOutside, kInput, kExpected } state = kOutside;
  while (std::getline(file, line)) {
    if (StartsWith(line, "case: ")) {
      cases.emplace_back();
      cases.back().name = line.substr(6);
      cases.back().comment = comment;
      comment.clear();
      state = kInput;
    } else if (StartsWith(line, "#")) {
      comment += line + "\n";
    } else if (state == kInput && StartsWith(line, "sizes: ")) {
      cases.back().directives += line + "\n";
      std::istringstream words(line.substr(7));
      for (std::string word; words >> word;)
        cases.back().sizes[word.substr(0, word.find('='))] = std::stoll(word.substr(word.find('=') + 1));
    } else if (state == kInput && StartsWith(line, "ints: ")) {
      cases.back().directives += line + "\n";
      std::istringstream(line.substr(6)) >> cases.back().lowest_int >> cases.back().highest_int;
    } else if (state == kInput && line == "----") {
      state = kExpected;
    } else if (state == kInput) {
      cases.back().input += line + "\n";
    } else if (state == kExpected) {
      cases.back().expected += line + "\n";
    }
  }
  for (GoldenCase& golden : cases) {
    golden.input = Trimmed(golden.input);
    golden.expected = Trimmed(golden.expected);
  }
  return cases;
}

void WriteGoldenFile(const std::filesystem::path& path, const std::vector<GoldenCase>& cases) {
  std::ofstream file(path);
  bool first = true;
  for (const GoldenCase& golden : cases) {
    if (!first) file << "\n";
    first = false;
    file << golden.comment << (golden.comment.empty() ? "" : "\n") << "case: " << golden.name << "\n"
         << golden.directives << golden.input << "\n----\n"
         << golden.expected << "\n";
  }
}

std::string Parseable(const GoldenCase& golden) {
  std::string text = golden.input;
  static const std::regex pattern(R"(float\[([0-9, ]*)\]\s+(\w+)\s*=\s*(random_positive|random)\b)");
  std::string written;
  std::mt19937 generator(20);
  std::smatch match;
  while (std::regex_search(text, match, pattern)) {
    int64_t count = 1;
    std::istringstream dims(match[1].str());
    for (std::string dim; std::getline(dims, dim, ',');) count *= std::stoll(dim);
    std::uniform_real_distribution<float> distribution(match[3] == "random" ? -1.0f : 0.5f, 1.0f);
    written += match.prefix().str() + "float[" + match[1].str() + "] " + match[2].str() + " = {";
    for (int64_t i = 0; i < count; ++i)
      written += (i > 0 ? ", " : "") + std::to_string(distribution(generator));
    written += "}";
    text = match.suffix();
  }
  written += text;
  return written.front() == '<' ? written : kHeader + written;
}

std::string Normalized(const std::string& printed) {
  std::string text = Trimmed(printed);
  if (!text.empty() && text.front() == '<') text = Trimmed(text.substr(text.find('>') + 1));
  std::istringstream lines(text);
  std::string normalized;
  for (std::string line; std::getline(lines, line);) {
    const size_t end = line.find_last_not_of(" \t");
    if (end != std::string::npos) normalized += line.substr(0, end + 1) + "\n";
  }
  return Trimmed(normalized);
}

}  // namespace shoehorn::testing
