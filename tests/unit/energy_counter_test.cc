#include "support/energy_counter.h"

#include <gtest/gtest.h>

#include "support/scratch.h"

namespace shoehorn {
namespace {

TEST(EnergyCounter, AddsPackagesAndFollowsAWrap) {
  const testing::Scratch scratch;
  scratch.Write("intel-rapl:0/energy_uj", "1000000\n");
  scratch.Write("intel-rapl:0/max_energy_range_uj", "10000000\n");
  scratch.Write("intel-rapl:0:0/energy_uj", "5\n");  // a part of the package: not counted twice
  scratch.Write("intel-rapl:1/energy_uj", "9000000\n");
  scratch.Write("intel-rapl:1/max_energy_range_uj", "10000000\n");
  auto counter = EnergyCounter::Open(scratch.path());
  ASSERT_TRUE(counter.ok()) << counter.error().Text();
  EXPECT_DOUBLE_EQ(counter->Joules().value(), 0);
  scratch.Write("intel-rapl:0/energy_uj", "3000000\n");
  scratch.Write("intel-rapl:1/energy_uj", "1000000\n");  // wrapped: 2 joules on
  EXPECT_DOUBLE_EQ(counter->Joules().value(), 4);
}

TEST(EnergyCounter, SaysWhyThereIsNone) {
  const testing::Scratch scratch;
  const auto none = EnergyCounter::Open(scratch.path());
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(scratch.Masked(none.error().Text()), "error: DIR: the system shows no energy counter");
  scratch.Write("intel-rapl:0/energy_uj", "not for you\n");
  const auto odd = EnergyCounter::Open(scratch.path());
  ASSERT_FALSE(odd.ok());
  EXPECT_EQ(scratch.Masked(odd.error().Text()),
            "error: DIR/intel-rapl:0/energy_uj: the energy counter holds no number\n"
            "  fix: let this user read it (on most systems only root may)");
}

}  // namespace
}  // namespace shoehorn
