// Real models, simplified as a user would: the file that comes out passes the checker, keeps the names of its
// inputs and outputs, computes the same numbers, and has no more nodes than the better of onnxsim 0.8.1 and
// onnxslim 0.1.98 leaves.
#include <gmock/gmock.h>

#include "engines/evaluator.h"
#include "formats/onnx.h"
#include "passes/pipeline.h"
#include "support/models.h"

namespace shoehorn {
namespace {

struct ModelCase {
  const char* file;
  size_t most_nodes;  ///< inner graphs included, Constant nodes not counted
};

const ModelCase kModels[] = {
    {"efficientnet_lite0.onnx", 94},
    {"lprnet.onnx", 53},
    {"mlperf_ad01_ae.onnx", 28},
    {"mlperf_ic01_resnet8.onnx", 23},
    {"mlperf_kws01_dscnn.onnx", 22},
    {"ultraface_rfb320.onnx", 124},
    {"ultraface_rfb320_nopost.onnx", 110},
    {"yolox_nano.onnx", 365},
    {"yunet_n_320.onnx", 109},
    {"yunet_n_dynamic.onnx", 163},
    {"ch_PP-OCRv4_det_infer.onnx", 297},
    {"ch_PP-OCRv4_rec_infer.onnx", 383},
    {"ch_ppocr_mobile_v2.0_cls_infer.onnx", 179},
    {"magika_standard_v3_3.onnx", 93},
    {"silero_vad.onnx", 152},
    {"silero_vad_16k_op15.onnx", 76},
    {"silero_vad_16k_sequence.onnx", 25},
    {"silero_vad_half.onnx", 73},
    {"silero_vad_op18_ifless.onnx", 90},
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
  const testing::RealModel& real = testing::FindRealModel(model_case.file);
  const std::filesystem::path path = real.path();
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
  EXPECT_TRUE(testing::SameNumbers(**original, **written, real.inputs));
}

INSTANTIATE_TEST_SUITE_P(Simplify, SimplifiedModel, ::testing::ValuesIn(kModels),
                         [](const auto& info) { return testing::TestName(info.param.file); });

}  // namespace
}  // namespace shoehorn
