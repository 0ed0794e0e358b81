// The rules held against the judges on real models, as they come and simplified with their shapes pinned: per
// node, the Snapdragon's agree with its compiler on 98 %, OpenVINO's on 99 %.
#include <gmock/gmock.h>

#include <cstdlib>

#include "engines/evaluator.h"
#include "formats/onnx.h"
#include "passes/pipeline.h"
#include "support/scratch.h"
#include "targets/compare.h"

namespace shoehorn::targets {
namespace {

struct ModelCase {
  const char* file;
  std::map<std::string, ir::Shape> shapes = {};
};

const ModelCase kModels[] = {
    {"efficientnet_lite0.onnx", {{"input", {1, 3, 224, 224}}}},
    {"lprnet.onnx"},
    {"mlperf_ad01_ae.onnx", {{"input", {1, 640}}}},
    {"mlperf_ic01_resnet8.onnx", {{"input", {1, 3, 32, 32}}}},
    {"mlperf_kws01_dscnn.onnx", {{"input", {1, 1, 49, 10}}}},
    {"ultraface_rfb320.onnx"},
    {"yolox_nano.onnx"},
    {"yunet_n_320.onnx"},
    {"ch_PP-OCRv4_det_infer.onnx", {{"x", {1, 3, 320, 320}}}},
    {"ch_PP-OCRv4_rec_infer.onnx", {{"x", {1, 3, 48, 320}}}},
    {"silero_vad_16k_op15.onnx", {{"input", {1, 512}}, {"state", {2, 1, 128}}}},
};

std::filesystem::path PathOf(const std::string& file) {
  const std::filesystem::path path = std::filesystem::path(SHOEHORN_DEPS_DIR) / "models" / file;
  return std::filesystem::exists(path) ? path : std::filesystem::path(SHOEHORN_DATA_DIR) / "models" / file;
}

class TargetAgreement : public ::testing::TestWithParam<std::pair<const char*, double>> {
 protected:
  void SetUp() override { ::setenv("SHOEHORN_JUDGE_WORKER", SHOEHORN_PROGRAM, 1); }
  void TearDown() override { ::unsetenv("SHOEHORN_JUDGE_WORKER"); }

  /// Adds what rules and judge say of `model`, which stands in `file`, to the total.
  void Add(const ir::Model& model, const std::filesystem::path& file, const Profile& profile) {
    JudgeRequest request;
    request.model = file;
    request.options = profile.judge_options;
    const auto judgement = AskJudge(profile.judge, request);
    ASSERT_TRUE(judgement.ok()) << judgement.error().Text();
    const Agreement agreement = Compare(Check(model, profile), *judgement);
    compared_ += agreement.compared;
    agreed_ += agreement.agreed;
    for (const Disagreement& each : agreement.disagreements)
      disagreements_ +=
          file.filename().string() + ": rules: " + each.rules + "; judge: " + each.judged + "\n";
  }

  size_t compared_ = 0, agreed_ = 0;
  std::string disagreements_;
  testing::Scratch scratch_;
};

TEST_P(TargetAgreement, OnRealModels) {
  const auto& [target, least] = GetParam();
  const auto profile = FindProfile(target);
  ASSERT_TRUE(profile.ok()) << profile.error().Text();
  if (const auto installed = FindJudge(profile->judge)->Installed(); !installed.ok())
    GTEST_SKIP() << "the judge " << profile->judge << " is not installed: run 'make vendors'";
  for (const auto& [file, shapes] : kModels) {
    const std::filesystem::path path = PathOf(file);
    if (!std::filesystem::exists(path)) continue;
    auto model = formats::LoadOnnx(path);
    ASSERT_TRUE(model.ok()) << model.error().Text();
    const auto types = formats::MakeTypeInference(**model);
    ASSERT_TRUE(types->InferGraph(*(*model)->graph).ok());
    Add(**model, path, *profile);

    const auto evaluator = engines::MakeEvaluator();
    passes::SimplifyOptions options;
    options.shapes = shapes;
    options.types = types.get();
    options.evaluator = evaluator.get();
    const auto report = passes::Simplify(**model, options);
    ASSERT_TRUE(report.ok()) << report.error().Text();
    const std::filesystem::path simplified = scratch_.path() / file;
    ASSERT_TRUE(formats::SaveOnnx(**model, simplified).ok());
    Add(**model, simplified, *profile);
  }
  if (compared_ == 0) GTEST_SKIP() << "the shared models are absent";
  EXPECT_GE(static_cast<double>(agreed_), least * static_cast<double>(compared_))
      << agreed_ << " of " << compared_ << "\n"
      << disagreements_;
}

INSTANTIATE_TEST_SUITE_P(Judged, TargetAgreement,
                         ::testing::Values(std::pair("snapdragon-8-gen-2", 0.98),
                                           std::pair("openvino-cpu", 0.99)),
                         [](const auto& test) {
                           return std::string(test.index == 0 ? "SnapdragonHtp" : "OpenvinoCpu");
                         });

}  // namespace
}  // namespace shoehorn::targets
