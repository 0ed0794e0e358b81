// The rule tables: each is sound, names its version and source, and answers representative nodes with the
// grade and the sentence that a user reads.
#include <gmock/gmock.h>

#include <cstdlib>

#include "formats/onnx.h"
#include "support/files.h"
#include "targets/check.h"
#include "targets/constraints.h"
#include "targets/manual.h"

namespace shoehorn::targets {
namespace {

using ::testing::HasSubstr;

/// A model whose answers stand beside it; nodes point into the model.
struct Checked {
  std::unique_ptr<ir::Model> model;
  CheckResult result;

  const NodeAnswer& last() const { return result.nodes.back(); }
};

/// Checks a graph of one opset against an accelerator; `facts` are those of the profile.
Checked CheckText(const std::string& accelerator, const std::string& graph,
                  const std::map<std::string, double>& facts = {}, int opset = 17) {
  Checked checked;
  auto model =
      formats::ParseText("<ir_version: 8, opset_import: [\"\" : " + std::to_string(opset) + "]>\n" + graph);
  EXPECT_TRUE(model.ok()) << model.error().Text();
  checked.model = std::move(*model);
  const auto types = formats::MakeTypeInference(*checked.model);
  const auto inferred = types->InferGraph(*checked.model->graph);
  EXPECT_TRUE(inferred.ok()) << inferred.error().Text();
  Profile profile;
  profile.name = "test";
  profile.accelerator = accelerator;
  for (const auto& [name, value] : facts) profile.facts[name] = {.value = value, .source = "a test"};
  checked.result = Check(*checked.model, profile);
  return checked;
}

TEST(TargetTables, AreSound) {
  for (const Accelerator* accelerator : AllAccelerators()) {
    const Status sound = Validate(*accelerator);
    EXPECT_TRUE(sound.ok()) << sound.error().Text();
    EXPECT_FALSE(accelerator->title.empty()) << accelerator->name;
    EXPECT_FALSE(accelerator->runtime.empty()) << accelerator->name;
    EXPECT_FALSE(accelerator->rows.empty()) << accelerator->name;
  }
}

TEST(TargetTables, RefuseUnsoundOnes) {
  const auto complaint = [](Accelerator accelerator) {
    accelerator.name = "test";
    accelerator.source = "a test";
    const Status sound = Validate(accelerator);
    return sound.ok() ? std::string("sound") : sound.error().place + ": " + sound.error().found;
  };
  const Rule rule = Requires("rank", "few dimensions", [](const Subject&) { return std::nullopt; });
  EXPECT_EQ(complaint({.rows = {{.op_types = {"Add"}}, {.op_types = {"Add"}}}}),
            "test.Add: the operator has two rows");
  EXPECT_EQ(complaint({.rows = {{.op_types = {"Add"}, .rules = {rule, rule}}}}),
            "test.Add: two rules are called rank");
  EXPECT_EQ(complaint({.rows = {{.op_types = {"Add"}, .rules = {Rule(rule).Cure("no_such_pass")}}}}),
            "test.Add.rank: the cure no_such_pass is no pass");
  EXPECT_EQ(complaint({.rows = {{.op_types = {"Add"}, .grade = Grade::kEmulated}}}),
            "test.Add: a grade that is not native wants a remark");
}

TEST(OnnxRuntimeCpu, TakesWhatAKernelTakes) {
  const Checked conv =
      CheckText("onnxruntime_cpu", "g (float[1,3,8,8] x, float[4,3,3,3] w) => (y) { y = Conv (x, w) }");
  EXPECT_EQ(conv.last().grade, Grade::kNative);
  const Checked integers = CheckText("onnxruntime_cpu", "g (int32[2] x) => (y) { y = Erf (x) }");
  EXPECT_EQ(integers.last().grade, Grade::kUnsupported);
  EXPECT_THAT(Sentence(integers.last()),
              HasSubstr("(Erf): input 0 is int32; accepted: input 0 is float (ONNX Runtime 1.32.0"));
}

TEST(OnnxRuntimeCpu, SaysWhatRunsOtherwise) {
  const Checked half = CheckText("onnxruntime_cpu", "g (float16[2] x) => (y) { y = Elu (x) }");
  EXPECT_EQ(half.last().grade, Grade::kEmulated);
  EXPECT_THAT(
      Sentence(half.last()),
      HasSubstr(
          "(Elu): input 0 is float16; accepted: input 0 is no float16, which runs as float between casts"));
  const Checked swish = CheckText("onnxruntime_cpu", "g (float[2] x) => (y) { y = HardSwish (x) }");
  EXPECT_EQ(swish.last().grade, Grade::kEmulated);
  EXPECT_THAT(Sentence(swish.last()), HasSubstr("accepted: runs as HardSigmoid and Mul"));
}

TEST(TensorRt, WantsZeroPointsOfZeroAndPoolsOfTwoOrThreeDimensions) {
  const Checked quantize = CheckText("tensorrt", R"(g (float[4] x) => (y)
    <float s = {0.5}, uint8 z = {128}> { y = QuantizeLinear (x, s, z) })");
  EXPECT_EQ(quantize.last().grade, Grade::kUnsupported);
  EXPECT_THAT(Sentence(quantize.last()),
              HasSubstr("(QuantizeLinear): the zero point is 128; accepted: the zero point is left out or 0 "
                        "(onnx/onnx-tensorrt@96e7811, docs/operators.md)"));
  const Checked pool =
      CheckText("tensorrt", "g (float[1,2,8] x) => (y) { y = MaxPool <kernel_shape = [2]> (x) }");
  EXPECT_THAT(Sentence(pool.last()),
              HasSubstr("input 0 has 3 dimensions [1,2,8]; accepted: input 0 has 4 or 5 dimensions"));
  const Checked dynamic = CheckText("tensorrt", "g (float[batch,3] x) => (y) { y = Relu (x) }");
  EXPECT_EQ(dynamic.last().grade, Grade::kNative);
  const Checked doubles = CheckText("tensorrt", "g (double[3] x) => (y) { y = Exp (x) }");
  EXPECT_EQ(doubles.last().grade, Grade::kEmulated);
  const Checked unique = CheckText("tensorrt", "g (float[3] x) => (y) { y = Unique (x) }");
  EXPECT_EQ(unique.last().grade, Grade::kUnsupported);
}

TEST(OpenVinoGpu, RefusesSmoothedDownscalingAndDoesNotGuess) {
  const Checked resize =
      CheckText("openvino_gpu", R"(g (float[1,2,8,8] x) => (y) <float[4] s = {1, 1, 0.5, 0.5}>
    { y = Resize <mode = "linear", antialias = 1> (x, , s) })",
                {}, 18);
  EXPECT_EQ(resize.last().grade, Grade::kUnsupported);
  EXPECT_THAT(Sentence(resize.last()),
              HasSubstr("antialias is 1 and mode is linear; accepted: antialias is 0 where"));
  const Checked det = CheckText("openvino_gpu", "g (float[2,2] x) => (y) { y = Det (x) }");
  EXPECT_EQ(det.last().grade, Grade::kUnknown);
}

TEST(OpenVinoNpu, WantsNumbersForShapes) {
  const Checked dynamic = CheckText("openvino_npu", "g (float[batch,3] x) => (y) { y = Relu (x) }");
  EXPECT_EQ(dynamic.last().grade, Grade::kConditional);
  EXPECT_THAT(Sentence(dynamic.last()),
              HasSubstr("input 0 has the shape [batch,3]; accepted: every dimension is a number"));
  EXPECT_EQ(dynamic.last().refusal->cures, std::vector<std::string>{"pin_shapes"});
  const Checked fixed = CheckText("openvino_npu", "g (float[1,3] x) => (y) { y = Relu (x) }");
  EXPECT_EQ(fixed.last().grade, Grade::kNative);
}

TEST(CoreMl, NearestIsAsymmetricWithFloor) {
  const auto resize = [](const char* attributes) {
    return CheckText("coreml",
                     std::string("g (float[1,2,8,8] x) => (y) <float[4] s = {1, 1, 2, 2}> { y = Resize <") +
                         attributes + "> (x, , s) }");
  };
  EXPECT_EQ(resize("coordinate_transformation_mode = \"asymmetric\", nearest_mode = \"floor\"").last().grade,
            Grade::kNative);
  EXPECT_THAT(
      Sentence(resize("coordinate_transformation_mode = \"half_pixel\", nearest_mode = \"floor\"").last()),
      HasSubstr("mode is nearest and coordinate_transformation_mode is half_pixel; accepted: asymmetric for "
                "nearest"));
  const Checked swish = CheckText("coreml", "g (float[2] x) => (y) { y = HardSwish (x) }");
  EXPECT_EQ(swish.last().refusal->cures, std::vector<std::string>{"decompose_hard_swish"});
  EXPECT_EQ(swish.last().refusal->advice, "train with ReLU6 or SiLU instead of h-swish");
}

TEST(Nnapi, TakesRelu6AndAsksForTheAndroidOfTheProfile) {
  const char* clip = "g (float[2] x) => (y) <float low = {0}, float high = {4}> { y = Clip (x, low, high) }";
  const Checked refused = CheckText("nnapi", clip);
  EXPECT_EQ(refused.last().grade, Grade::kUnsupported);
  EXPECT_THAT(
      Sentence(refused.last()),
      HasSubstr("(Clip): the bounds are 0 and 4; accepted: the bounds are constants: 0 and 6, or -1 and 1"));
  const Checked parts = CheckText("nnapi", R"(g (float[5] x) => (y, z) <int64[2] parts = {2, 3}>
    { y, z = Split <axis = 0> (x, parts) })",
                                  {{"android_api", 30}});
  EXPECT_THAT(Sentence(parts.last()),
              HasSubstr("parts of the sizes 2, 3; accepted: the parts are of one size"));
  EXPECT_EQ(parts.last().refusal->cures, std::vector<std::string>{"lower_split"});
  const char* elu = "g (float[2] x) => (y) { y = Elu (x) }";
  EXPECT_EQ(CheckText("nnapi", elu, {{"android_api", 30}}).last().grade, Grade::kNative);
  EXPECT_THAT(Sentence(CheckText("nnapi", elu, {{"android_api", 29}}).last()),
              HasSubstr("Android API level 29; accepted: Android API level 30 or newer"));
}

TEST(RkNpu, LimitsOfTheDeviceAreFactsOfTheProfile) {
  const char* transpose = "g (float[1,16,160,160] x) => (y) { y = Transpose <perm = [0, 3, 1, 2]> (x) }";
  EXPECT_EQ(CheckText("rknpu", transpose, {{"transpose_limit", 268435456}}).last().grade, Grade::kNative);
  EXPECT_THAT(Sentence(CheckText("rknpu", transpose).last()),
              HasSubstr("perm is [0,3,1,2] of [1,16,160,160]"));
  const Checked pool = CheckText("rknpu", "g (float[1,8,20,20] x) => (y) { y = GlobalAveragePool (x) }");
  EXPECT_EQ(pool.last().grade, Grade::kUnsupported);
  EXPECT_THAT(Sentence(pool.last()), HasSubstr("the plane is 20 by 20, the limit is 7"));
  const Checked mean =
      CheckText("rknpu", "g (float[1,8,20,20] x) => (y) { y = ReduceMean <axes = [2, 3]> (x) }");
  EXPECT_EQ(mean.last().refusal->cures, std::vector<std::string>{"reduce_mean_to_pool"});
}

TEST(Tidl, KernelsStridesAndFactors) {
  const Checked pool =
      CheckText("tidl", "g (float[1,1,32,32] x) => (y) { y = MaxPool <kernel_shape = [5, 5]> (x) }");
  EXPECT_EQ(pool.last().grade, Grade::kUnknown);
  EXPECT_THAT(Sentence(pool.last()),
              HasSubstr("accepted: 3 by 3, 2 by 2 or 1 by 1, stride 1 or 2: what was validated"));
  const Checked resize = CheckText("tidl", R"(g (float[1,2,8,8] x) => (y) <float[4] s = {1, 1, 3, 3}>
    { y = Resize <mode = "linear"> (x, , s) })");
  EXPECT_THAT(
      Sentence(resize.last()),
      HasSubstr("height grows by 3 and width by 3; accepted: height and width grow by one power of two"));
  const Checked sub = CheckText("tidl", "g (float[1,2,8,8] a, float[1,2,8,8] b) => (y) { y = Sub (a, b) }");
  EXPECT_THAT(Sentence(sub.last()), HasSubstr("both inputs are computed; accepted: one input is a constant"));
}

/// Between QuantizeLinear and DequantizeLinear: `body` makes y of x, both float.
std::string Quantized(const std::string& shape, const std::string& body, const std::string& constants = "") {
  return "g (uint8[" + shape + "] q) => (y) <float s = {0.5}, uint8 z = {128}" + constants +
         ">\n{ x = DequantizeLinear (q, s, z)\n" + body + " }";
}

TEST(EdgeTpu, TakesWhatIsQuantized) {
  EXPECT_EQ(CheckText("edgetpu", Quantized("1,8,4,4", "y = Relu (x)")).last().grade, Grade::kNative);
  const Checked floats = CheckText("edgetpu", "g (float[1,8,4,4] x) => (y) { y = Relu (x) }");
  EXPECT_EQ(floats.last().grade, Grade::kUnsupported);
  EXPECT_THAT(Sentence(floats.last()),
              HasSubstr("(Relu): input 0 is float; accepted: quantized to 8 bits "
                        "(https://coral.ai/docs/edgetpu/models-intro/#supported-operations)"));
  const Checked later = CheckText("edgetpu", "g (float[1,8,4,4] x) => (y) { y = Relu (x) }", {{"fp16", 1}});
  EXPECT_EQ(later.last().grade, Grade::kNative) << "once it is quantized";
  const Checked batch = CheckText("edgetpu", Quantized("2,8,4,4", "y = Relu (x)"));
  EXPECT_THAT(Sentence(batch.last()), HasSubstr("accepted: input 0 has at most 3 dimensions larger than 1"));
  const Checked swish = CheckText("edgetpu", Quantized("1,8,4,4", "y = HardSwish (x)"));
  EXPECT_EQ(swish.last().refusal->cures, std::vector<std::string>{"decompose_hard_swish"});
  EXPECT_EQ(CheckText("edgetpu", Quantized("1,8,4,4", "y = Erf (x)")).last().grade, Grade::kUnsupported);
}

TEST(EdgeTpu, LimitsAxesAndElements) {
  EXPECT_EQ(CheckText("edgetpu", Quantized("1,1000", "y = Softmax (x)")).last().grade, Grade::kNative);
  EXPECT_THAT(
      Sentence(CheckText("edgetpu", Quantized("1,20000", "y = Softmax (x)")).last()),
      HasSubstr("1 dimensions larger than 1, 20000 elements; accepted: one dimension is larger than 1, "
                "with at most 16000 elements"));
  EXPECT_THAT(
      Sentence(CheckText("edgetpu", Quantized("1,8,4,4", "y = ReduceMean <axes = [0, 2]> (x)")).last()),
      HasSubstr("the batch is among the axes"));
  EXPECT_EQ(CheckText("edgetpu", Quantized("1,8,4,4", "y = ReduceMean <axes = [2, 3]> (x)")).last().grade,
            Grade::kNative);
  EXPECT_EQ(CheckText("edgetpu", Quantized("1,8,4,4", "y = Resize <mode = \"nearest\"> (x, , f)",
                                           ", float[4] f = {1, 1, 3, 3}"))
                .last()
                .grade,
            Grade::kUnknown);
}

TEST(EthosU, LimitsKernelsAndStrides) {
  EXPECT_EQ(CheckText("ethos_u", Quantized("1,8,16,16", "y = AveragePool <kernel_shape = [8, 8]> (x)"))
                .last()
                .grade,
            Grade::kNative);
  const Checked pool =
      CheckText("ethos_u", Quantized("1,8,16,16", "y = AveragePool <kernel_shape = [9, 9]> (x)"));
  EXPECT_EQ(pool.last().grade, Grade::kUnsupported);
  EXPECT_THAT(Sentence(pool.last()),
              HasSubstr("(nxp-imx/ethos-u-vela@090f18a, SUPPORTED_OPS.md (Vela 3.6.1))"));
  const Checked conv =
      CheckText("ethos_u", Quantized("1,1,80,80",
                                     "w = DequantizeLinear (k, s, t)\ny = Conv <dilations = [40, 40]> (x, w)",
                                     ", int8 t = {0}, int8[1,1,3,3] k = {1,1,1,1,1,1,1,1,1}"));
  EXPECT_THAT(
      Sentence(conv.last()),
      HasSubstr("the dilated kernel is 81 by 81; accepted: the dilated kernel is at most 64 high, height "
                "times width at most 4096"));
  EXPECT_THAT(Sentence(CheckText("ethos_u", Quantized("2,8,4,4", "y = Relu (x)")).last()),
              HasSubstr("accepted: the batch (first dimension of input 0) is 1"));
  EXPECT_EQ(CheckText("ethos_u", Quantized("1,8,4,4", "y = Transpose (x)")).last().grade,
            Grade::kUnsupported);
  const Checked resize = CheckText("ethos_u", Quantized("1,8,4,4",
                                                        "y = Resize <mode = \"nearest\", "
                                                        "coordinate_transformation_mode = "
                                                        "\"asymmetric\"> (x, , f)",
                                                        ", float[4] f = {1, 1, 3, 3}"));
  EXPECT_THAT(
      Sentence(resize.last()),
      HasSubstr("height grows by 3 and width by 3; accepted: height and width grow alike by 2, 4 or 8"));
  EXPECT_EQ(CheckText("ethos_u", Quantized("1,8,4,4", "y = Softmax (x)")).last().grade, Grade::kNative);
}

TEST(UnknownRules, KnowOfNoOperator) {
  const Checked relu = CheckText("unknown", "g (float[2] x) => (y) { y = Relu (x) }");
  EXPECT_EQ(relu.last().grade, Grade::kUnknown);
  EXPECT_FALSE(relu.last().accepted());
  EXPECT_EQ(relu.result.summary.unknown, 1u);
}

TEST(TargetsManual, IsWhatTheTablesSay) {
  const std::filesystem::path path = std::filesystem::path(SHOEHORN_SOURCE_DIR) / "docs/targets.md";
  const auto profiles = LoadProfiles();
  ASSERT_TRUE(profiles.ok()) << profiles.error().Text();
  const std::string manual = TargetsManual(*profiles);
  if (std::getenv("SHOEHORN_REWRITE_GOLDEN") != nullptr) {
    ASSERT_TRUE(WriteAtomically(path, manual).ok());
  }
  const auto page = ReadText(path);
  ASSERT_TRUE(page.ok()) << page.error().Text();
  EXPECT_EQ(*page, manual) << "run this test with SHOEHORN_REWRITE_GOLDEN=1 to write the page anew";
}

}  // namespace
}  // namespace shoehorn::targets
