// A fit for a device that is not here, on a real model: what comes out, what stays unknown, and what the
// target's compiler says of it where it is installed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "support/program.h"
#include "support/schema.h"
#include "support/scratch.h"

namespace shoehorn {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::RunProgram;

std::string TextOf(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// Keyword spotting, bounded in accuracy and, in vain, in speed.
std::string Spec() {
  const std::string data = SHOEHORN_DATA_DIR;
  const std::string words = data + "/labelled/mlperf_kws01";
  return "model = \"" + data +
         "/models/mlperf_kws01_dscnn.onnx\"\nbudget = \"5 min\"\n"
         "[[input]]\nname = \"input\"\nshape = [1, 1, 49, 10]\nmean = 83\nscale = 0.5847029089927673\n"
         "[calibration]\nformat = \"raw\"\nraw_type = \"int8\"\nfolder = \"" +
         words +
         "\"\nlimit = 100\n"
         "[evaluation]\nformat = \"raw\"\nraw_type = \"int8\"\nfolder = \"" +
         words + "\"\nlabels = \"csv\"\nlabels_path = \"" + words +
         "/y_labels.csv\"\nfile_column = 1\nlabel_column = 3\noffset = 167\n"
         "[metric]\nname = \"top_k\"\n[requirements]\naccuracy_drop = \"1 point\"\nspeedup = 2\n";
}

class FitForQcs6490 : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!fs::exists(SHOEHORN_DATA_DIR)) return;
    scratch_ = std::make_unique<testing::Scratch>();
    scratch_->Write("kws.toml", Spec());
    ended_ = RunProgram(
        {"fit", (scratch_->path() / "kws.toml").string(), "-o", Out().string(), "--target", "qcs6490"});
    result_ = nlohmann::json::parse(TextOf(Out() / "result.json"), nullptr, false);
  }
  static void TearDownTestSuite() { scratch_.reset(); }
  void SetUp() override {
    if (scratch_ == nullptr) GTEST_SKIP() << "the shared data is not here";
    ASSERT_TRUE(result_.is_object()) << ended_.err;
  }
  static fs::path Out() { return scratch_->path() / "out"; }

  static inline std::unique_ptr<testing::Scratch> scratch_;
  static inline testing::Ended ended_;
  static inline nlohmann::json result_;
};

TEST_F(FitForQcs6490, KeepsAccuracyWithinAPoint) {
  EXPECT_EQ(ended_.exit_code, 0) << ended_.err;
  EXPECT_EQ(result_["verdict"], "met");
  EXPECT_EQ(result_["chosen"]["original"], false);
  EXPECT_EQ(result_["chosen"]["metric"]["samples"], 500);
  EXPECT_GE(result_["chosen"]["metric"]["difference"]["value"].get<double>(), -0.01);
  EXPECT_EQ(result_["quantization"]["float_nodes"], 0);
  EXPECT_TRUE(result_["quantization"]["left_in_float"].empty());
}

TEST_F(FitForQcs6490, SaysWhatOnlyTheTargetKnows) {
  EXPECT_TRUE(result_["chosen"]["latency_ms"]["p50"].is_null());
  EXPECT_TRUE(result_["chosen"]["speedup"].is_null());
  ASSERT_EQ(result_["requirements"].size(), 2u);
  EXPECT_EQ(result_["requirements"][0]["state"], "met");
  EXPECT_EQ(result_["requirements"][1]["name"], "speedup");
  EXPECT_EQ(result_["requirements"][1]["state"], "not measured");
  EXPECT_TRUE(result_["requirements"][1]["found"].is_null());
  EXPECT_THAT(std::string(result_["explanation"]), HasSubstr("; not measured on this target: speedup"));
  EXPECT_THAT(std::string(result_["warnings"][0]),
              HasSubstr("latency, load time and memory are not measured on Qualcomm QCS6490"));
  EXPECT_THAT(ended_.out, HasSubstr("device   Qualcomm QCS6490, Hexagon HTP v68, int8"));
  EXPECT_THAT(ended_.out, HasSubstr("latency  not measured on this target"));
}

TEST_F(FitForQcs6490, WritesArtifactPlanAndReport) {
  EXPECT_EQ(testing::SchemaComplaint("result.schema.json", TextOf(Out() / "result.json")), "");
  EXPECT_EQ(testing::SchemaComplaint("plan.schema.json", TextOf(Out() / "plan.json")), "");
  EXPECT_TRUE(fs::exists(Out() / "artifact" / "model.onnx"));
  EXPECT_TRUE(fs::exists(Out() / "report.html"));
  const auto plan = nlohmann::json::parse(TextOf(Out() / "plan.json"));
  EXPECT_EQ(plan["target"], "qcs6490");
  EXPECT_EQ(plan["artifact"], "artifact/model.onnx");
  for (const auto& entry : fs::directory_iterator(scratch_->path()))
    EXPECT_FALSE(entry.path().filename().string().starts_with(".")) << entry.path();
}

TEST_F(FitForQcs6490, SaysWhereEachCandidateWouldRun) {
  for (const auto& candidate : result_["candidates"]) {
    if (candidate["original"] || candidate["state"] != "measured") continue;
    ASSERT_TRUE(candidate.contains("placement")) << candidate["id"];
    EXPECT_EQ(candidate["placement"]["died"], "");
  }
  if (!result_["target"]["judge"].get<std::string>().empty()) return;
  EXPECT_EQ(result_["chosen"]["placement"]["judged"], false);
  EXPECT_THAT(ended_.out, HasSubstr("placement by rules, not judged: "));
}

TEST_F(FitForQcs6490, RunsWholeOnTheHtpByItsCompiler) {
  if (result_["target"]["judge"].get<std::string>().empty())
    GTEST_SKIP() << "no judge: " << result_["target"]["judge_missing"];
  EXPECT_EQ(result_["chosen"]["placement"]["judged"], true);
  EXPECT_EQ(result_["chosen"]["placement"]["islands"], 1);
  EXPECT_EQ(result_["chosen"]["placement"]["cpu_operators"], 0);
  EXPECT_EQ(result_["chosen"]["precision"], "int8");
  EXPECT_EQ(result_["target"]["compiled"], "artifact/model_ctx.onnx");
  EXPECT_TRUE(fs::exists(Out() / "artifact" / "model_ctx.onnx"));
  size_t binaries = 0;
  for (const auto& entry : fs::directory_iterator(Out() / "artifact"))
    binaries += entry.path().extension() == ".bin" && fs::file_size(entry.path()) > 0;
  EXPECT_EQ(binaries, 1u);
}

class FitForTarget : public ::testing::Test {
 protected:
  testing::Ended Fit(const std::string& target) const {
    scratch_.Write("spec.toml", "model = \"none.onnx\"\n");
    return RunProgram({"fit", (scratch_.path() / "spec.toml").string(), "-o",
                       (scratch_.path() / "out").string(), "--target", target});
  }
  testing::Scratch scratch_;
};

TEST_F(FitForTarget, NamesTheTargetItDoesNotKnow) {
  const testing::Ended ended = Fit("qcs6491");
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_EQ(ended.err, "error: target 'qcs6491': there is no such target\n  fix: did you mean 'qcs6490'?\n");
  EXPECT_EQ(Fit("toaster").err,
            "error: target 'toaster': there is no such target\n  fix: `shoehorn targets` lists them; a "
            "profile of your own is named by its "
            "path, with .toml\n");
}

TEST_F(FitForTarget, SaysForWhichTargetsItCanQuantize) {
  scratch_.Write("spec.toml", Spec());
  const testing::Ended ended =
      RunProgram({"fit", (scratch_.path() / "spec.toml").string(), "-o", (scratch_.path() / "out").string(),
                  "--target", "onnxruntime-cpu"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_EQ(ended.err,
            "error: target 'onnxruntime-cpu': no quantization is known for its accelerator onnxruntime_cpu\n"
            "  expected: one of qcs6490, snapdragon-8-elite, snapdragon-8-gen-2, snapdragon-8-gen-3\n"
            "  fix: `shoehorn check --target` says what it takes; without --target the fit is for this "
            "machine\n");
}

}  // namespace
}  // namespace shoehorn
