// TOML: messages name line and key, and no file, however nested, reaches the recursion of the parser.
#include "support/toml.h"

#include <gtest/gtest.h>

namespace shoehorn {
namespace {

std::string Repeated(const std::string& piece, size_t count) {
  std::string text;
  text.reserve(piece.size() * count);
  for (size_t i = 0; i < count; ++i) text += piece;
  return text;
}

std::string ErrorOf(const std::string& text) {
  const auto result = ParseToml(text, "a.toml");
  return result.ok() ? "" : result.error().Text();
}

TEST(TomlTest, NamesLineAndColumnOfASyntaxError) {
  const std::string error = ErrorOf("a = 1\nb = = 2\n");
  EXPECT_TRUE(error.starts_with("error: a.toml: line 2, column 5: ")) << error;
}

TEST(TomlTest, ValuesKnowTheirPlace) {
  const auto root = ParseToml("[metric]\nk = \"five\"\n", "a.toml");
  ASSERT_TRUE(root.ok());
  const TomlValue k = root->Members().at(0).second.Members().at(0).second;
  EXPECT_EQ(k.Integer().error().Text(),
            "error: a.toml: line 2: metric.k: the string \"five\"\n  expected: an integer");
  EXPECT_EQ(k.UnknownKey({"kk", "output"}).Text(),
            "error: a.toml: line 2: metric.k: unknown key\n  expected: one of kk, output\n  fix: did you "
            "mean 'kk'?");
}

TEST(TomlTest, MembersComeInTheOrderOfTheFile) {
  const auto root = ParseToml("z = 1\na = 2\nm = 3\n", "a.toml");
  std::string order;
  for (const auto& [key, value] : root->Members()) order += key;
  EXPECT_EQ(order, "zam");
}

TEST(TomlTest, BoundsDottedKeys) {
  const std::string deep = "a" + Repeated(".a", 100000) + " = 1\n";
  EXPECT_EQ(ErrorOf(deep), "error: a.toml: line 1: a key of more than 32 dots");
  EXPECT_EQ(ErrorOf("[" + deep.substr(0, 200000) + "]"), "error: a.toml: line 1: a key of more than 32 dots");
  EXPECT_EQ(ErrorOf("x = \"\"\"\n\"\"\"\n'q'" + Repeated(" . 'a'", 40) + " = 1\n"),
            "error: a.toml: line 3: a key of more than 32 dots");
}

TEST(TomlTest, BoundsBrackets) {
  EXPECT_EQ(ErrorOf("a = " + Repeated("[", 100000)), "error: a.toml: line 1: nested deeper than 64 brackets");
  EXPECT_EQ(ErrorOf("a = " + Repeated("{a = ", 100000)),
            "error: a.toml: line 1: nested deeper than 64 brackets");
  EXPECT_EQ(ErrorOf("a = '\"'\nb = " + Repeated("[", 100000)),
            "error: a.toml: line 2: nested deeper than 64 brackets");
  EXPECT_EQ(ErrorOf("a = \"\\\"\"\nb = " + Repeated("[", 100000)),
            "error: a.toml: line 2: nested deeper than 64 brackets");
}

TEST(TomlTest, DotsAndBracketsInStringsAndCommentsAreNoNesting) {
  const std::string dots = Repeated(".", 100) + Repeated("[", 100);
  EXPECT_EQ(ErrorOf("# " + dots + "\na = \"" + dots + "\"\nb = '" + dots + "'\nc = \"\"\"\n" + dots +
                    "\"\"\"\nd = '''" + dots + "'''\n"),
            "");
}

TEST(TomlTest, ManyKeysAreFine) {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += "a.b.c" + std::to_string(i) + " = 1\n";
  EXPECT_EQ(ErrorOf(text), "");
}

}  // namespace
}  // namespace shoehorn
