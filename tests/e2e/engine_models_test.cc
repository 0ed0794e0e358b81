// Real models in every engine, from the file and from the engine's own artifact: the same names and shapes of
// inputs and outputs, and in fp32 the numbers of ONNX Runtime. What an engine cannot load is a Diagnostic,
// and stands in the table below.
#include <gmock/gmock.h>

#include "engines/engine.h"
#include "formats/onnx.h"
#include "support/models.h"
#include "support/scratch.h"

namespace shoehorn {
namespace {

// OpenVINO's converter loses the rank behind an If.
constexpr const char* kUnknownRank = "OpenVINO cannot convert the model: ";

/// The words with which OpenVINO refuses a model; nullptr: it takes it.
const char* OpenVinoRefuses(std::string_view file) {
  for (const char* refused : {"silero_vad.onnx", "silero_vad_16k_op15.onnx", "silero_vad_half.onnx"})
    if (file == refused) return kUnknownRank;
  return nullptr;
}

class EngineModel : public ::testing::TestWithParam<testing::RealModel> {};

TEST_P(EngineModel, RunsInEveryEngine) {
  const testing::RealModel& model_case = GetParam();
  const char* const openvino_refuses = OpenVinoRefuses(model_case.file);
  const std::filesystem::path path = model_case.path();
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "the shared test data is absent: " << path;
  const auto model = formats::LoadOnnx(path);
  ASSERT_TRUE(model.ok()) << model.error().Text();
  const std::vector<ir::Tensor> inputs = testing::RandomInputs(*(*model)->graph, model_case.inputs);

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
    if (name == "openvino" && openvino_refuses != nullptr) {
      ASSERT_FALSE(artifact.ok());
      EXPECT_THAT(artifact.error().Text(), ::testing::HasSubstr(openvino_refuses));
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

INSTANTIATE_TEST_SUITE_P(All, EngineModel,
                         ::testing::ValuesIn(testing::RealModels().begin(), testing::RealModels().end()),
                         [](const auto& info) { return testing::TestName(info.param.file); });

}  // namespace
}  // namespace shoehorn
