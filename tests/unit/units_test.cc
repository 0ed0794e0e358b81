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

TEST(UnitsTest, ReadsRatesPowersAndEnergies) {
  EXPECT_DOUBLE_EQ(*ParseOperationRate("12 TOPS"), 12e12);
  EXPECT_DOUBLE_EQ(*ParseOperationRate("8.1 TFLOPS"), 8.1e12);
  EXPECT_DOUBLE_EQ(*ParseOperationRate("90 GOPS"), 90e9);
  EXPECT_DOUBLE_EQ(*ParseByteRate("12.8 GB/s"), 12.8e9);
  EXPECT_DOUBLE_EQ(*ParseByteRate("100 Mbit/s"), 12.5e6);
  EXPECT_DOUBLE_EQ(*ParseByteRate("2 MiB/s"), 2 * 1024 * 1024);
  EXPECT_DOUBLE_EQ(*ParsePower("250 mW"), 0.25);
  EXPECT_DOUBLE_EQ(*ParsePower("3 W"), 3);
  EXPECT_DOUBLE_EQ(*ParseEnergy("20 Wh"), 72000);
  EXPECT_DOUBLE_EQ(*ParseEnergy("5 J"), 5);
  EXPECT_DOUBLE_EQ(*ParseEnergy("80 uJ"), 80e-6);
}

TEST(UnitsTest, RefusesUnitsThatDoNotConvert) {
  EXPECT_EQ(ParsePower("5 V").error().found, "'5 V' is not a power");
  EXPECT_EQ(ParsePower("5 V").error().expected, "a number and a unit: \"3 W\" (uW, mW, W, kW)");
  EXPECT_EQ(ParsePower("-3 W").error().found, "'-3 W' is not a power");
  EXPECT_EQ(ParseEnergy("20 W").error().found, "'20 W' is not an energy");
  EXPECT_EQ(ParseOperationRate("12 GB/s").error().found, "'12 GB/s' is not a rate of operations");
  EXPECT_EQ(ParseByteRate("12.8 GB").error().found, "'12.8 GB' is not a rate of bytes");
  EXPECT_FALSE(ParseByteRate("12.8").ok());
}

TEST(UnitsTest, WritesRatesPowersAndEnergies) {
  EXPECT_EQ(FormatOperationRate(12e12), "12.0 TOPS");
  EXPECT_EQ(FormatOperationRate(76.8e9), "76.8 GOPS");
  EXPECT_EQ(FormatByteRate(12.8e9), "12.8 GB/s");
  EXPECT_EQ(FormatByteRate(5e8), "500 MB/s");
  EXPECT_EQ(FormatPower(0.25), "250 mW");
  EXPECT_EQ(FormatPower(3), "3.00 W");
  EXPECT_EQ(FormatEnergy(0.12), "120 mJ");
  EXPECT_EQ(FormatEnergy(72000), "20.0 Wh");
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
