// The demo's samples: enough of them, labelled, the same each time, and none shared by calibration and
// evaluation.
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "data/csv.h"
#include "support/files.h"
#include "support/scratch.h"

namespace shoehorn {
namespace {

namespace fs = std::filesystem;

std::vector<data::CsvRow> Rows(const fs::path& csv) {
  const auto text = ReadText(csv);
  EXPECT_TRUE(text.ok()) << text.error().Text();
  return data::ParseCsv(*text, csv.string()).value();
}

TEST(MakePlates, SameTwiceAndApart) {
  const testing::Scratch scratch;
  const fs::path maker = fs::path(SHOEHORN_PROGRAM).parent_path() / "make_plates";
  for (const char* name : {"a", "b"})
    ASSERT_EQ(std::system((maker.string() + " " + (scratch.path() / name).string() + " > /dev/null").c_str()),
              0);

  std::set<std::string> texts;
  size_t rows = 0;
  for (const char* set : {"calibration", "evaluation"}) {
    const auto labels = Rows(scratch.path() / "a" / (std::string(set) + ".csv"));
    ASSERT_EQ(labels[0].fields, (std::vector<std::string>{"file", "plate", "scene"}));
    for (size_t i = 1; i < labels.size(); ++i, ++rows) {
      const fs::path picture = fs::path(set) / labels[i].fields[0];
      EXPECT_EQ(HashFile(scratch.path() / "a" / picture).value(),
                HashFile(scratch.path() / "b" / picture).value());
      texts.insert(labels[i].fields[1]);
    }
  }
  EXPECT_GE(rows, 600u);
  EXPECT_EQ(texts.size(), rows);  // no plate twice, neither within a set nor in both
}

}  // namespace
}  // namespace shoehorn
