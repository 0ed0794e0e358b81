// Real models, simplified as a user would: the file that comes out passes the checker, keeps the names of its
// inputs and outputs, computes the same numbers, and has no more nodes than the better of onnxsim 0.8.1 and
// onnxslim 0.1.98 leaves.
#include <gmock/gmock.h>

#include "engines/evaluator.h"
#include "formats/onnx.h"
#include "passes/pipeline.h"
#include "support/numbers.h"

namespace shoehorn {
namespace {

struct ModelCase {
  const char* file;
  size_t most_nodes;  ///< inner graphs included, Constant nodes not counted
  testing::InputOptions inputs = {};
};

testing::InputOptions Shapes(std::map<std::string, ir::Shape> shapes, int64_t lowest_int = 0,
                             int64_t highest_int = 1) {
  testing::InputOptions options;
  options.shapes = std::move(shapes);
  options.lowest_int = lowest_int;
  options.highest_int = highest_int;
  return options;
}

const ModelCase kModels[] = {
    {"efficientnet_lite0.onnx", 94},
    {"lprnet.onnx", 57},
    {"mlperf_ad01_ae.onnx", 28},
    {"mlperf_ic01_resnet8.onnx", 23},
    {"mlperf_kws01_dscnn.onnx", 22},
    {"ultraface_rfb320.onnx", 124},
    {"ultraface_rfb320_nopost.onnx", 110},
    {"yolox_nano.onnx", 365},
    {"yunet_n_320.onnx", 109},
    {"yunet_n_dynamic.onnx", 163, Shapes({{"input", {1, 3, 96, 128}}})},
    {"ch_PP-OCRv4_det_infer.onnx", 297, Shapes({{"x", {1, 3, 96, 128}}})},
    {"ch_PP-OCRv4_rec_infer.onnx", 383, Shapes({{"x", {2, 3, 48, 160}}})},
    {"ch_ppocr_mobile_v2.0_cls_infer.onnx", 179, Shapes({{"x", {2, 3, 48, 192}}})},
    {"magika_standard_v3_3.onnx", 93, Shapes({{"bytes", {2, 2048}}}, 0, 256)},
    {"silero_vad.onnx", 152, Shapes({{"input", {1, 576}}, {"state", {2, 1, 128}}}, 16000, 16000)},
    {"silero_vad_16k_op15.onnx", 76, Shapes({{"input", {1, 576}}, {"state", {2, 1, 128}}}, 16000, 16000)},
    {"silero_vad_16k_sequence.onnx", 25, Shapes({{"input", {3, 576}}})},
    {"silero_vad_half.onnx", 73, Shapes({{"input", {1, 576}}, {"state", {2, 1, 128}}}, 16000, 16000)},
    {"silero_vad_op18_ifless.onnx", 90, Shapes({{"input", {1, 576}}, {"state", {2, 1, 128}}}, 16000, 16000)},
    {"silero_vad_openvino_16k.onnx", 31},
};

void PrintTo(const ModelCase& model_case, std::ostream* stream) { *stream << model_case.file; }

std::vector<std::string> NamesOf(const std::vector<ir::Value*>& values) {
  std::vector<std::string> names;
  for (const ir::Value* value : values) names.push_back(value->name());
  return names;
}

class SimplifiedModel : public ::testing::TestWithParam<ModelCase> {};

TEST_P(SimplifiedModel, ComputesTheSameWithFewNodes) {
  const ModelCase& model_case = GetParam();
  std::filesystem::path path = std::filesystem::path(SHOEHORN_DEPS_DIR) / "models" / model_case.file;
  if (!std::filesystem::exists(path))
    path = std::filesystem::path(SHOEHORN_DATA_DIR) / "models" / model_case.file;
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "the shared test data is absent: " << path;

  const auto original = formats::LoadOnnx(path);
  ASSERT_TRUE(original.ok()) << original.error().Text();
  auto model = formats::LoadOnnx(path);
  ASSERT_TRUE(model.ok()) << model.error().Text();
  const auto types = formats::MakeTypeInference(**model);
  const auto evaluator = engines::MakeEvaluator();
  passes::SimplifyOptions options;
  options.types = types.get();
  options.evaluator = evaluator.get();
  options.runner.verify = true;
  const auto report = passes::Simplify(**model, options);
  ASSERT_TRUE(report.ok()) << report.error().Text();
  EXPECT_LE(report->nodes_after, model_case.most_nodes);
  EXPECT_EQ(report->nodes_after, passes::CountNodes(*(*model)->graph));

  const auto bytes = formats::SerializeOnnx(**model);
  ASSERT_TRUE(bytes.ok()) << bytes.error().Text();
  const auto written = formats::ParseOnnx(*bytes);  // by the checker, too
  ASSERT_TRUE(written.ok()) << written.error().Text();
  EXPECT_EQ(NamesOf((*written)->graph->outputs()), NamesOf((*original)->graph->outputs()));
  for (const ir::Value* input : (*original)->graph->inputs()) {
    if (input->initializer() == nullptr) {
      EXPECT_THAT(NamesOf((*written)->graph->inputs()), ::testing::Contains(input->name()));
    }
  }
  EXPECT_TRUE(testing::SameNumbers(**original, **written, model_case.inputs));
}

INSTANTIATE_TEST_SUITE_P(Simplify, SimplifiedModel, ::testing::ValuesIn(kModels), [](const auto& info) {
  std::string name = info.param.file;
  for (char& letter : name)
    if (std::isalnum(static_cast<unsigned char>(letter)) == 0) letter = '_';
  return name;
});

}  // namespace
}  // namespace shoehorn
