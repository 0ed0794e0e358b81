// Repairs on real models: each exact one, wherever it applies, keeps the numbers and leaves a sound graph.
// LPRNet's pools over three dimensions are gone after simplification.
#include <gmock/gmock.h>

#include "engines/evaluator.h"
#include "formats/onnx.h"
#include "passes/pipeline.h"
#include "passes/runner.h"
#include "support/numbers.h"

namespace shoehorn {
namespace {

struct ModelCase {
  const char* file;
  std::map<std::string, ir::Shape> shapes = {};
};

const ModelCase kModels[] = {
    {"efficientnet_lite0.onnx"},
    {"lprnet.onnx"},
    {"mlperf_ad01_ae.onnx"},
    {"mlperf_ic01_resnet8.onnx"},
    {"mlperf_kws01_dscnn.onnx"},
    {"ultraface_rfb320.onnx"},
    {"yolox_nano.onnx"},
    {"yunet_n_320.onnx"},
    {"yunet_n_dynamic.onnx", {{"input", {1, 3, 96, 128}}}},
    {"ch_PP-OCRv4_det_infer.onnx", {{"x", {1, 3, 96, 128}}}},
    {"ch_PP-OCRv4_rec_infer.onnx", {{"x", {2, 3, 48, 160}}}},
    {"ch_ppocr_mobile_v2.0_cls_infer.onnx", {{"x", {2, 3, 48, 192}}}},
    {"magika_standard_v3_3.onnx", {{"bytes", {2, 2048}}}},
    {"silero_vad_16k_op15.onnx", {{"input", {1, 576}}, {"state", {2, 1, 128}}}},
};

void PrintTo(const ModelCase& model_case, std::ostream* stream) { *stream << model_case.file; }

std::filesystem::path PathOf(const std::string& file) {
  const std::filesystem::path path = std::filesystem::path(SHOEHORN_DEPS_DIR) / "models" / file;
  return std::filesystem::exists(path) ? path : std::filesystem::path(SHOEHORN_DATA_DIR) / "models" / file;
}

std::unique_ptr<ir::Model> Simplified(const std::filesystem::path& path) {
  auto model = formats::LoadOnnx(path);
  EXPECT_TRUE(model.ok()) << model.error().Text();
  const auto types = formats::MakeTypeInference(**model);
  const auto evaluator = engines::MakeEvaluator();
  passes::SimplifyOptions options;
  options.types = types.get();
  options.evaluator = evaluator.get();
  const auto report = passes::Simplify(**model, options);
  EXPECT_TRUE(report.ok()) << report.error().Text();
  return std::move(*model);
}

bool Repair(ir::Model& model, const passes::Pass& pass) {
  const auto types = formats::MakeTypeInference(model);
  const auto evaluator = engines::MakeEvaluator();
  passes::PassContext context;
  context.types = types.get();
  context.evaluator = evaluator.get();
  passes::Runner runner(context, {.disabled = {}, .verify = true, .watch = {}});
  const auto changed = runner.Run(pass, *model.graph);
  EXPECT_TRUE(changed.ok()) << changed.error().Text();
  return changed.ok() && *changed;
}

class RepairedModel : public ::testing::TestWithParam<ModelCase> {};

TEST_P(RepairedModel, ComputesTheSame) {
  const ModelCase& model_case = GetParam();
  const std::filesystem::path path = PathOf(model_case.file);
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "the shared test data is absent: " << path;
  const auto original = Simplified(path);
  testing::InputOptions inputs;
  inputs.shapes = model_case.shapes;
  for (const passes::Pass& pass : passes::AllPasses()) {
    if (!pass.repair || pass.error != nullptr) continue;
    SCOPED_TRACE(pass.name);
    const auto repaired = ir::Clone(*original);
    if (Repair(*repaired, pass)) {
      EXPECT_TRUE(testing::SameNumbers(*original, *repaired, inputs));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Repair, RepairedModel, ::testing::ValuesIn(kModels), [](const auto& info) {
  std::string name = info.param.file;
  for (char& letter : name)
    if (std::isalnum(static_cast<unsigned char>(letter)) == 0) letter = '_';
  return name;
});

TEST(SimplifiedLprnet, HasNothingFiveDimensional) {
  const std::filesystem::path path = PathOf("lprnet.onnx");
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "the shared test data is absent: " << path;
  const auto model = Simplified(path);
  for (const auto& value : model->graph->values()) EXPECT_LT(value->type.dims.size(), 5) << value->name();
}

}  // namespace
}  // namespace shoehorn
