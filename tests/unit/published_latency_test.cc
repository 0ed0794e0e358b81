// The roofline with the profiles that come with Shoehorn, held against published times of networks that
// anyone can count. docs/profiles.md shows the same table; a profile that is changed changes it.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <map>

#include "cost/cost.h"
#include "ir/statistics.h"
#include "support/files.h"
#include "support/published_nets.h"
#include "support/units.h"
#include "targets/profile.h"

namespace shoehorn::cost {
namespace {

namespace fs = std::filesystem;

struct Published {
  const char* target;
  const char* unit;
  const char* network;
  const char* precision;
  double seconds;
  bool fitted = true;  ///< figures of the profile were fitted to this time
};

/// Sources: Tencent/ncnn, benchmark/README.md (4 threads); Qualcomm AI Hub (w8a8, TFLite);
/// airockchip/rknn_model_zoo; coral.ai/docs/edgetpu/benchmarks; ST's own figure of MobileNetV2 on the
/// Cortex-M7.
constexpr Published kPublished[] = {
    {"raspberry-pi-4", "cpu", "MobileNetV2", "fp32", 61.9e-3},
    {"raspberry-pi-4", "cpu", "ResNet18", "fp32", 123e-3},
    {"raspberry-pi-4", "cpu", "ResNet50", "fp32", 263e-3},
    {"raspberry-pi-4", "cpu", "ResNet18", "int8", 84e-3},
    {"raspberry-pi-4", "cpu", "ResNet50", "int8", 197e-3},
    {"raspberry-pi-5", "cpu", "MobileNetV2", "fp32", 10.5e-3},
    {"raspberry-pi-5", "cpu", "ResNet18", "fp32", 20.0e-3},
    {"raspberry-pi-5", "cpu", "ResNet50", "fp32", 46.2e-3},
    {"raspberry-pi-5", "cpu", "ResNet18", "int8", 16.7e-3},
    {"raspberry-pi-5", "cpu", "ResNet50", "int8", 40.8e-3},
    {"qcs6490", "npu", "MobileNetV2", "int8", 1.136e-3},
    {"qcs6490", "npu", "ResNet50", "int8", 2.612e-3},
    {"snapdragon-8-gen-2", "npu", "MobileNetV2", "int8", 0.408e-3},
    {"snapdragon-8-gen-2", "npu", "ResNet50", "int8", 0.767e-3},
    {"snapdragon-8-gen-3", "npu", "MobileNetV2", "int8", 0.289e-3},
    {"snapdragon-8-gen-3", "npu", "ResNet50", "int8", 0.576e-3},
    {"rk3588", "npu", "MobileNetV2", "int8", 1 / 450.7},
    {"rk3588", "npu", "ResNet50", "int8", 1 / 110.0},
    {"coral-edge-tpu", "tpu", "MobileNetV2", "int8", 2.6e-3},
    {"coral-edge-tpu", "tpu", "ResNet50 at 299", "int8", 49e-3},
    {"coral-edge-tpu", "tpu", "VGG16", "int8", 296e-3},
    {"coral-edge-tpu", "tpu", "ResNet152 at 299", "int8", 128e-3, false},
    {"stm32h747", "cpu", "MobileNetV2", "int8", 1106.6e-3},
};

const ir::Graph& Network(const std::string& name) {
  static const std::map<std::string, std::unique_ptr<ir::Model>> networks = [] {
    std::map<std::string, std::unique_ptr<ir::Model>> made;
    made["MobileNetV2"] = testing::MobileNetV2();
    made["ResNet18"] = testing::ResNet18();
    made["ResNet50"] = testing::ResNet50();
    made["ResNet50 at 299"] = testing::ResNet50(299);
    made["ResNet152 at 299"] = testing::ResNet152(299);
    made["VGG16"] = testing::Vgg16();
    return made;
  }();
  return *networks.at(name)->graph;
}

/// The whole network on the unit, its input and output copied from and to the device's first unit.
double Predicted(const Published& row) {
  const auto profile =
      targets::LoadProfile(fs::path(SHOEHORN_SOURCE_DIR) / "targets" / fmt::format("{}.toml", row.target));
  EXPECT_TRUE(profile.ok()) << profile.error().Text();
  const targets::Device& device = *profile->device;
  const targets::Unit& unit = *device.Find(row.unit);
  const auto model = Roofline(device, unit, row.precision);
  EXPECT_TRUE(model.ok()) << model.error().Text();
  const ir::Graph& graph = Network(row.network);
  const double width = std::string_view(row.precision) == "int8" ? 1 : 4;
  double seconds = unit.dispatch.value + (*model)->OfGraph(graph).seconds;
  for (const ir::Value* border : {graph.inputs().front(), graph.outputs().front()})
    seconds += CopyCost(device, device.units.front(), unit,
                        static_cast<double>(*ir::BytesOf(border->type)) / 4 * width)
                   .seconds;
  return seconds;
}

TEST(PublishedNets, HaveTheCountsOfTheirPapers) {
  const auto macs = [](const std::string& name) {
    int64_t sum = 0;
    for (const ir::Node& node : Network(name).nodes()) sum += *ir::MacsOf(node);
    return sum;
  };
  EXPECT_EQ(macs("MobileNetV2"), 300'774'272);
  EXPECT_EQ(macs("ResNet18"), 1'814'073'344);
  EXPECT_EQ(macs("ResNet50"), 4'089'184'256);
  EXPECT_EQ(macs("VGG16"), 15'470'264'320);
}

TEST(PublishedLatency, RatiosAreThoseOfTheDocumentation) {
  std::string table =
      "| target | unit | network | precision | published | predicted | ratio | fitted to it |\n"
      "|---|---|---|---|---|---|---|---|\n";
  for (const Published& row : kPublished) {
    const double predicted = Predicted(row), ratio = predicted / row.seconds;
    table += fmt::format("| {} | {} | {} | {} | {} | {} | {:.2f} | {} |\n", row.target, row.unit, row.network,
                         row.precision, FormatDuration(row.seconds), FormatDuration(predicted), ratio,
                         row.fitted ? "yes" : "no");
    EXPECT_GT(ratio, 0.5) << row.target << ", " << row.network;
    EXPECT_LT(ratio, 1.5) << row.target << ", " << row.network;
  }
  const fs::path path = fs::path(SHOEHORN_SOURCE_DIR) / "docs/profiles.md";
  auto page = ReadText(path);
  ASSERT_TRUE(page.ok()) << page.error().Text();
  if (std::getenv("SHOEHORN_REWRITE_GOLDEN") != nullptr) {
    const size_t from = page->find("| target | unit |"), to = page->find("\n\n", from);
    ASSERT_NE(from, std::string::npos);
    page->replace(from, to + 1 - from, table);
    ASSERT_TRUE(WriteAtomically(path, *page).ok());
  }
  EXPECT_THAT(*page, ::testing::HasSubstr(table))
      << "run this test with SHOEHORN_REWRITE_GOLDEN=1 to write the table anew";
}

}  // namespace
}  // namespace shoehorn::cost
