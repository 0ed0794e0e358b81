// Quantities with units: what people write is read, what is ambiguous is refused with an example.
#include "support/units.h"

#include <gtest/gtest.h>

namespace shoehorn {
namespace {

TEST(UnitsTest, ReadsDurations) {
  EXPECT_DOUBLE_EQ(*ParseDuration("12 ms"), 0.012);
  EXPECT_DOUBLE_EQ(*ParseDuration("1.5s"), 1.5);
  EXPECT_DOUBLE_EQ(*ParseDuration(" 250 us "), 250e-6);
  EXPECT_DOUBLE_EQ(*ParseDuration("10 min"), 600);
  EXPECT_DOUBLE_EQ(*ParseDuration("2 h"), 7200);
}

TEST(UnitsTest, RefusesWhatIsNoDuration) {
  for (const char* text :
       {"", "12", "ms", "12 mss", "-1 s", "nan s", "inf s", "1 e s", "0x10 s", "1,5 s", "1 s s"}) {
    const auto result = ParseDuration(text);
    ASSERT_FALSE(result.ok()) << text;
  }
  EXPECT_EQ(ParseDuration("12 mss").error().found, "'12 mss' is not a duration");
  EXPECT_EQ(ParseDuration("12").error().expected, "a number and a unit: \"12 ms\" (us, ms, s, min, h)");
}

TEST(UnitsTest, ReadsSizes) {
  EXPECT_DOUBLE_EQ(*ParseBytes("4 MiB"), 4 * 1024 * 1024);
  EXPECT_DOUBLE_EQ(*ParseBytes("500 kB"), 500000);
  EXPECT_DOUBLE_EQ(*ParseBytes("1.5GB"), 1.5e9);
  EXPECT_DOUBLE_EQ(*ParseBytes("64 B"), 64);
  EXPECT_EQ(ParseBytes("4 mb").error().found, "'4 mb' is not a size");
}

TEST(UnitsTest, ReadsFractions) {
  EXPECT_DOUBLE_EQ(*ParseFraction("5 %"), 0.05);
  EXPECT_DOUBLE_EQ(*ParseFraction("1 point"), 0.01);
  EXPECT_DOUBLE_EQ(*ParseFraction("0.5 points"), 0.005);
  EXPECT_DOUBLE_EQ(*ParseFraction("0.02"), 0.02);
  EXPECT_FALSE(ParseFraction("5 percent").ok());
}

TEST(UnitsTest, WritesQuantities) {
  EXPECT_EQ(FormatDuration(0.00085), "850 us");
  EXPECT_EQ(FormatDuration(0.0123), "12.3 ms");
  EXPECT_EQ(FormatDuration(4.56), "4.56 s");
  EXPECT_EQ(FormatDuration(200), "3 min 20 s");
  EXPECT_EQ(FormatDuration(7500), "2 h 5 min");
  EXPECT_EQ(FormatBytes(640), "640 B");
  EXPECT_EQ(FormatBytes(12288), "12.0 KiB");
  EXPECT_EQ(FormatBytes(4.25 * 1024 * 1024), "4.25 MiB");
  EXPECT_EQ(FormatPercent(0.931), "93.1 %");
  EXPECT_EQ(FormatNumber(1.8), "1.80");
  EXPECT_EQ(FormatNumber(1234), "1234");
  EXPECT_EQ(FormatNumber(0.00123), "0.00123");
}

}  // namespace
}  // namespace shoehorn
