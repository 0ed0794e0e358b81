// The rule tables: each is sound, names its version and source, and answers representative nodes with the
// grade and the sentence that a user reads.
#include <gmock/gmock.h>

#include "formats/onnx.h"
#include "targets/check.h"
#include "targets/constraints.h"

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

}  // namespace
}  // namespace shoehorn::targets
