// Every spec that comes with the project is one that the program reads.
#include <gtest/gtest.h>

#include "fit/spec.h"

namespace shoehorn::fit {
namespace {

TEST(DemoSpecs, AreRead) {
  const std::filesystem::path demo = std::filesystem::path(SHOEHORN_SOURCE_DIR) / "demo";
  size_t read = 0;
  for (const auto& folder : {demo, demo / "specs"})
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() != ".toml") continue;
      const auto spec = LoadSpec(entry.path());
      EXPECT_TRUE(spec.ok()) << spec.error().Text();
      ++read;
    }
  EXPECT_GE(read, 6u);
}

}  // namespace
}  // namespace shoehorn::fit
