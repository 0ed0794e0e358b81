#include "support/machine.h"

#include <gtest/gtest.h>
#include <sys/utsname.h>

namespace shoehorn {
namespace {

TEST(DescribeMachine, SaysWhereTheNumbersComeFrom) {
  const Machine machine = DescribeMachine();
  utsname system{};
  ASSERT_EQ(uname(&system), 0);
  EXPECT_EQ(machine.architecture, system.machine);
  EXPECT_EQ(machine.kernel, system.release);
  EXPECT_FALSE(machine.cpu.empty());
  EXPECT_GE(machine.cores, 1);
  EXPECT_GT(machine.memory_bytes, uint64_t{64} << 20);
  EXPECT_EQ(machine.os.find('"'), std::string::npos);
  EXPECT_TRUE(machine.engines.empty());
}

}  // namespace
}  // namespace shoehorn
