// Real models in every engine, from the file and from the engine's own artifact: the same names and shapes of
// inputs and outputs, and in fp32 the numbers of ONNX Runtime. What an engine cannot load is a Diagnostic,
// and stands in the table below.
#include <gmock/gmock.h>

#include "engines/engine.h"
#include "formats/onnx.h"
#include "support/numbers.h"
#include "support/scratch.h"

namespace shoehorn {
namespace {

struct EngineCase {
  const char* file;
  testing::InputOptions inputs = {};
  const char* openvino_refuses = nullptr;  ///< with these words
};

testing::InputOptions Shapes(std::map<std::string, ir::Shape> shapes, int64_t lowest_int = 0,
                             int64_t highest_int = 1) {
  testing::InputOptions options;
  options.shapes = std::move(shapes);
  options.lowest_int = lowest_int;
  options.highest_int = highest_int;
  return options;
}

const testing::InputOptions kSilero = Shapes({{"input", {1, 576}}, {"state", {2, 1, 128}}}, 16000, 16000);

// Its converter loses the rank behind an If.
constexpr const char* kUnknownRank = "OpenVINO cannot convert the model: ";

const EngineCase kModels[] = {
    {"efficientnet_lite0.onnx"},
    {"lprnet.onnx"},
    {"mlperf_ad01_ae.onnx"},
    {"mlperf_ic01_resnet8.onnx"},
    {"mlperf_kws01_dscnn.onnx"},
    {"ultraface_rfb320.onnx"},
    {"ultraface_rfb320_nopost.onnx"},
    {"yolox_nano.onnx"},
    {"yunet_n_320.onnx"},
    {"yunet_n_dynamic.onnx", Shapes({{"input", {1, 3, 96, 128}}})},
    {"ch_PP-OCRv4_det_infer.onnx", Shapes({{"x", {1, 3, 96, 128}}})},
    {"ch_PP-OCRv4_rec_infer.onnx", Shapes({{"x", {2, 3, 48, 160}}})},
    {"ch_ppocr_mobile_v2.0_cls_infer.onnx", Shapes({{"x", {2, 3, 48, 192}}})},
    {"magika_standard_v3_3.onnx", Shapes({{"bytes", {2, 2048}}}, 0, 256)},
    {"silero_vad.onnx", kSilero, kUnknownRank},
    {"silero_vad_16k_op15.onnx", kSilero, kUnknownRank},
    {"silero_vad_16k_sequence.onnx", Shapes({{"input", {3, 576}}})},
    {"silero_vad_half.onnx", kSilero, kUnknownRank},
    {"silero_vad_op18_ifless.onnx", kSilero},
    {"silero_vad_openvino_16k.onnx"},
};

void PrintTo(const EngineCase& engine_case, std::ostream* stream) { *stream << engine_case.file; }

class EngineModel : public ::testing::TestWithParam<EngineCase> {};

TEST_P(EngineModel, RunsInEveryEngine) {
  const EngineCase& engine_case = GetParam();
  std::filesystem::path path = std::filesystem::path(SHOEHORN_DEPS_DIR) / "models" / engine_case.file;
  if (!std::filesystem::exists(path))
    path = std::filesystem::path(SHOEHORN_DATA_DIR) / "models" / engine_case.file;
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "the shared test data is absent: " << path;
  const auto model = formats::LoadOnnx(path);
  ASSERT_TRUE(model.ok()) << model.error().Text();
  const std::vector<ir::Tensor> inputs = testing::RandomInputs(*(*model)->graph, engine_case.inputs);

  engines::Engine& runtime = *engines::FindEngine("onnxruntime").value();
  auto yardstick = runtime.Load(path, {});
  ASSERT_TRUE(yardstick.ok()) << yardstick.error().Text();
  const auto expected = (*yardstick)->Run(inputs);
  ASSERT_TRUE(expected.ok()) << expected.error().Text();

  testing::Scratch scratch;
  for (const std::string& name : engines::EngineNames()) {
    SCOPED_TRACE(name);
    engines::Engine& engine = *engines::FindEngine(name).value();
    const auto artifact = engine.WriteArtifact(path, engines::Precision::kFp32, scratch.path());
    if (name == "openvino" && engine_case.openvino_refuses != nullptr) {
      ASSERT_FALSE(artifact.ok());
      EXPECT_THAT(artifact.error().Text(), ::testing::HasSubstr(engine_case.openvino_refuses));
      continue;
    }
    ASSERT_TRUE(artifact.ok()) << artifact.error().Text();
    for (const std::filesystem::path& file : {path, *artifact}) {
      auto session = engine.Load(file, {});
      ASSERT_TRUE(session.ok()) << session.error().Text();
      const auto names = [](const std::vector<engines::Port>& ports) {
        std::vector<std::string> out;
        for (const engines::Port& port : ports) out.push_back(port.name);
        return out;
      };
      EXPECT_EQ(names((*session)->inputs()), names((*yardstick)->inputs())) << file;
      EXPECT_EQ(names((*session)->outputs()), names((*yardstick)->outputs())) << file;
      const auto found = (*session)->Run(inputs);
      ASSERT_TRUE(found.ok()) << found.error().Text();
      ASSERT_EQ(found->size(), expected->size());
      for (size_t i = 0; i < found->size(); ++i)
        EXPECT_TRUE(testing::Near((*found)[i], (*expected)[i], 1e-3)) << i << " " << file;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, EngineModel, ::testing::ValuesIn(kModels), [](const auto& info) {
  std::string name = info.param.file;
  for (char& c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  return name;
});

}  // namespace
}  // namespace shoehorn
