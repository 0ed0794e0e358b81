// The tables that are held against a judge: the Snapdragon HTP's and OpenVINO's on the CPU. Sentences are
// what a user reads.
#include <gmock/gmock.h>

#include "formats/onnx.h"
#include "targets/check.h"

namespace shoehorn::targets {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Checked {
  std::unique_ptr<ir::Model> model;
  CheckResult result;
};

Checked CheckFor(const std::string& target, const std::string& graph, int opset = 17) {
  Checked checked;
  auto model =
      formats::ParseText("<ir_version: 8, opset_import: [\"\" : " + std::to_string(opset) + "]>\n" + graph);
  SHOEHORN_CHECK(model.ok(), model.error().Text());
  checked.model = std::move(*model);
  const auto inferred = formats::MakeTypeInference(*checked.model)->InferGraph(*checked.model->graph);
  SHOEHORN_CHECK(inferred.ok(), inferred.error().Text());
  const auto profile = FindProfile(target);
  SHOEHORN_CHECK(profile.ok(), profile.error().Text());
  checked.result = Check(*checked.model, *profile);
  return checked;
}

std::vector<std::string> GradesOf(const Checked& checked) {
  std::vector<std::string> grades;
  for (const NodeAnswer& answer : checked.result.nodes) grades.emplace_back(NameOf(answer.grade));
  return grades;
}

TEST(QnnHtp, HasNoMaximumOverThreeDimensions) {
  const Checked pool = CheckFor("snapdragon-8-gen-2", R"(g (float[1,4,8,8,8] x) => (y) {
    y = MaxPool <kernel_shape = [1,3,3]> (x) })");
  const NodeAnswer& answer = pool.result.nodes[0];
  EXPECT_EQ(answer.grade, Grade::kUnsupported);
  EXPECT_THAT(Sentence(answer),
              HasSubstr("(MaxPool): input 0 has 5 dimensions [1,4,8,8,8]; accepted: input 0 has 3 or 4 "
                        "dimensions (onnxruntime/onnxruntime-qnn@cee6c0d, "
                        "onnxruntime/core/providers/qnn/builder/opbuilder/pool_op_builder.cc)"));
  EXPECT_THAT(answer.refusal->cures, ElementsAre("lower_pool_3d"));
  EXPECT_EQ(answer.refusal->rule, "qnn_htp.MaxPool.rank_0");
}

TEST(QnnHtp, WantsShapesOfNumbers) {
  const Checked relu = CheckFor("snapdragon-8-gen-3", "g (float[batch,3] x) => (y) { y = Relu (x) }");
  EXPECT_EQ(relu.result.nodes[0].grade, Grade::kConditional);
  EXPECT_THAT(Sentence(relu.result.nodes[0]),
              HasSubstr("input 0 has the shape [batch,3]; accepted: every dimension is a number"));
}

TEST(QnnHtp, ComputesInFloat16WhereTheChipHasIt) {
  const std::string graph = "g (float[1,3] x) => (y) { y = Relu (x) }";
  EXPECT_EQ(CheckFor("snapdragon-8-elite", graph).result.nodes[0].grade, Grade::kNative);
  const Checked without = CheckFor("qcs6490", graph);
  EXPECT_EQ(without.result.nodes[0].grade, Grade::kUnsupported);
  EXPECT_THAT(Sentence(without.result.nodes[0]),
              HasSubstr("input 0 is float; accepted: quantized to integers: this chip has no float16"));
  const Checked quantized = CheckFor("qcs6490", R"(g (uint8[1,3] x) => (z)
    <float s = {0.5}, uint8 p = {128}> {
      a = DequantizeLinear (x, s, p)
      y = Relu (a)
      z = QuantizeLinear (y, s, p)
    })");
  EXPECT_THAT(GradesOf(quantized), ElementsAre("native", "native", "native"));
}

TEST(QnnHtp, LeavesTheEdgesOfAQuantizedModelToTheCpu) {
  const Checked edges = CheckFor("qcs6490", R"(g (float[1,3] x) => (y)
    <float s = {0.5}, uint8 p = {128}> {
      a = QuantizeLinear (x, s, p)
      b = DequantizeLinear (a, s, p)
      c = Relu (b)
      d = QuantizeLinear (c, s, p)
      y = DequantizeLinear (d, s, p)
    })");
  EXPECT_THAT(GradesOf(edges), ElementsAre("unsupported", "native", "native", "native", "unsupported"));
  EXPECT_THAT(Sentence(edges.result.nodes[0]),
              HasSubstr("input 0 is the model's input 'x'; accepted: between"));
}

TEST(QnnHtp, TakesIntegersBetweenQuantizationOnly) {
  const Checked plain = CheckFor("snapdragon-8-gen-2", "g (uint8[4] x) => (y) { y = Add (x, x) }");
  EXPECT_THAT(Sentence(plain.result.nodes[0]), HasSubstr("(Add): input 0 is uint8; accepted: inputs are"));
  const Checked indices = CheckFor("snapdragon-8-gen-2", "g (int32[4] x) => (y) { y = Add (x, x) }");
  EXPECT_EQ(indices.result.nodes[0].grade, Grade::kNative);
}

TEST(QnnHtp, WantsConstantsWhereItCompilesThemIn) {
  const Checked norm = CheckFor("snapdragon-8-gen-2", R"(g (float[1,2,4,4] x, float[2] s) => (y)
    <float[2] b = {0, 0}, float[2] m = {0, 0}, float[2] v = {1, 1}> {
      y = BatchNormalization (x, s, b, m, v) })");
  EXPECT_THAT(Sentence(norm.result.nodes[0]),
              HasSubstr("input 1 (scale) is computed; accepted: input 1 (scale) is a constant"));
  EXPECT_THAT(norm.result.nodes[0].refusal->cures, ElementsAre("decompose_batch_norm"));
}

TEST(QnnHtp, TakesAnIfWholeOrNotAtAll) {
  const Checked checked = CheckFor("snapdragon-8-gen-2", R"(g (bool c, float[4] x) => (y) {
    y = If (c) <then_branch = t () => (float[4] p) { p = Relu (x) },
                else_branch = e () => (float[4] q) { q = Sigmoid (x) }> })");
  EXPECT_THAT(GradesOf(checked), ElementsAre("unsupported", "unsupported", "unsupported"));
  EXPECT_THAT(Sentence(checked.result.nodes[0]), HasSubstr("a branch reads 'x'"));
  EXPECT_THAT(Sentence(checked.result.nodes[1]), HasSubstr("it stands inside"));
}

TEST(QnnHtp, SaysWhichRoundingGoesWithWhichCoordinates) {
  const Checked resize = CheckFor("snapdragon-8-gen-2", R"(g (float[1,2,4,4] x) => (y)
    <float[4] s = {1, 1, 2, 2}> {
      y = Resize <mode = "nearest", coordinate_transformation_mode = "asymmetric",
                  nearest_mode = "ceil"> (x, , s) })");
  EXPECT_THAT(Sentence(resize.result.nodes[0]),
              HasSubstr("nearest_mode ceil with coordinate_transformation_mode asymmetric"));
}

TEST(OpenVinoCpu, TakesWhatItsReaderTranslates) {
  EXPECT_THAT(GradesOf(CheckFor("openvino-cpu", "g (float[n,3] x) => (y) { a = Erf (x) y = Relu (a) }")),
              ElementsAre("native", "native"));
  const Checked crop = CheckFor("openvino-cpu", R"(g (float[1,2,4,4] x, float[8] r) => (y)
    <float[4] s = {1, 1, 2, 2}> {
      y = Resize <mode = "linear", coordinate_transformation_mode = "tf_crop_and_resize"> (x, r, s) })");
  EXPECT_THAT(Sentence(crop.result.nodes[0]),
              HasSubstr("(Resize): coordinate_transformation_mode is tf_crop_and_resize; accepted: "
                        "coordinate_transformation_mode is tf_half_pixel_for_nn, asymmetric"));
  const Checked det = CheckFor("openvino-cpu", "g (float[2,2] x) => (y) { y = Det (x) }");
  EXPECT_EQ(det.result.nodes[0].grade, Grade::kUnsupported);
  EXPECT_THAT(Sentence(det.result.nodes[0]), HasSubstr("operator Det; accepted: operators that OpenVINO"));
}

}  // namespace
}  // namespace shoehorn::targets
