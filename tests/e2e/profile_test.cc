// shoehorn profile and cost by running the program: a quick profile of this machine is written, is one that
// targets are read from, and predicts a model.
#include "targets/profile.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "cost/kernel_table.h"
#include "formats/onnx.h"
#include "support/files.h"
#include "support/program.h"
#include "support/scratch.h"

namespace shoehorn {
namespace {

using testing::Ended;
using ::testing::HasSubstr;
using testing::RunProgram;

TEST(ProfileCommand, WritesAProfileThatPredicts) {
  const testing::Scratch scratch;
  const std::string file = (scratch.path() / "here.toml").string();
  const Ended ended = RunProgram({"profile", "-o", file, "--quick"});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("kernels timed in"));

  const auto profile = targets::LoadProfile(file);
  ASSERT_TRUE(profile.ok()) << profile.error().Text();
  EXPECT_EQ(profile->name, "here");
  ASSERT_TRUE(profile->device.has_value());
  const targets::Unit& unit = profile->device->units.front();
  EXPECT_EQ(unit.name, "cpu");
  EXPECT_GT(unit.peak.at("fp32").value, 1e8);
  EXPECT_GT(unit.bandwidth.value, 1e8);
  EXPECT_EQ(unit.bandwidth.kind, targets::FactKind::kMeasured);

  const auto kernels = cost::LoadKernelTable(cost::KernelTablePath(file));
  ASSERT_TRUE(kernels.ok()) << kernels.error().Text();
  ASSERT_NE(kernels->Find("onnxruntime"), nullptr);
  EXPECT_FALSE(kernels->Find("onnxruntime")->kinds.empty());
  ASSERT_NE(kernels->Find("openvino"), nullptr);

  const auto model = formats::ParseText(R"(<ir_version: 8, opset_import: ["" : 17]>
g (float[1,4] x) => (float[1,4] y) { y = Softmax (x) })");
  ASSERT_TRUE(model.ok());
  const std::string onnx = (scratch.path() / "model.onnx").string();
  ASSERT_TRUE(formats::SaveOnnx(**model, onnx).ok());
  const Ended cost = RunProgram({"cost", onnx, "--profile", file, "--json"});
  ASSERT_EQ(cost.exit_code, 0) << cost.err;
  const auto json = nlohmann::json::parse(cost.out);
  EXPECT_EQ(json["schema"], "shoehorn.cost/1");
  EXPECT_GT(json["rows"][0]["predicted_ms"].get<double>(), 0);

  const Ended again = RunProgram({"profile", "-o", file, "--quick"});
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_EQ(scratch.Masked(again.err),
            "error: DIR/here.toml: the output exists and is not overwritten without being asked\n"
            "  fix: name another file, or add --force\n");
}

TEST(ProfileCommand, RefusesBadOutputsBeforeItMeasures) {
  const testing::Scratch scratch;
  const Ended name = RunProgram({"profile", "-o", (scratch.path() / "here.json").string()});
  EXPECT_EQ(name.exit_code, 2);
  EXPECT_EQ(scratch.Masked(name.err),
            "error: DIR/here.json: a profile's file ends in .toml\n"
            "  fix: name it NAME.toml; NAME is what the target is called\n");
  const Ended folder = RunProgram({"profile", "-o", (scratch.path() / "no/here.toml").string()});
  EXPECT_EQ(folder.exit_code, 2);
  EXPECT_EQ(scratch.Masked(folder.err),
            "error: DIR/no: there is no such folder\n  fix: make it, or name another\n");
}

TEST(CostCommand, AsksForTheTableOfKernels) {
  const testing::Scratch scratch;
  const std::string onnx = scratch.Write("model.onnx", "").string();
  const Ended ended = RunProgram({"cost", onnx, "--profile", (scratch.path() / "here.toml").string()});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(scratch.Masked(ended.err),
              HasSubstr("DIR/here.kernels.json: cannot open: No such file or directory"));
}

}  // namespace
}  // namespace shoehorn
