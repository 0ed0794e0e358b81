#include "engines/evaluator.h"

#include <gmock/gmock.h>

#include <csignal>

#include "formats/onnx.h"
#include "support/isolate.h"

namespace shoehorn::engines {
namespace {

using ::testing::HasSubstr;

Result<std::vector<ir::Tensor>> Evaluate(const char* text) {
  const auto model = formats::ParseText(text);
  EXPECT_TRUE(model.ok()) << model.error().Text();
  return MakeEvaluator()->Evaluate(**model);
}

TEST(Evaluator, ComputesEveryTypeOfConstant) {
  const auto result = Evaluate(R"(<ir_version: 8, opset_import: ["" : 17]>
g () => (float[2] a, bool[2] b, string[1] c)
<float[2] x = {1.0, -2.0}, float[2] z = {0.0, 0.0}, string[1] s = {"name"}>
{ a = Neg(x)  b = Greater(x, z)  c = Identity(s) })");
  ASSERT_TRUE(result.ok()) << result.error().Text();
  EXPECT_EQ((*result)[0], ir::Tensor::Of<float>({2}, std::vector<float>{-1, 2}));
  EXPECT_EQ((*result)[1].ToInts(), (std::vector<int64_t>{1, 0}));
  EXPECT_EQ((*result)[2].strings(), (std::vector<std::string>{"name"}));
}

TEST(Evaluator, AnIntegerOverflowInADivisionIsSurvived) {
  // The smallest int32 divided by -1 traps in the processor.
  const auto result = Evaluate(R"(<ir_version: 8, opset_import: ["" : 17]>
g () => (int32[1] y) <int32[1] least = {-2147483648}, int32[1] one = {1}> { minus = Neg(one)  y = Div(least, minus) })");
  if (!result.ok()) {
    EXPECT_THAT(result.error().found, HasSubstr("constants cannot be computed: "));
  }
}

TEST(RunIsolated, GivesWhatTheWorkGave) {
  const std::string large(1 << 20, 'x');
  const auto answer = RunIsolated([&] { return large; });
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(*answer, large);
}

TEST(RunIsolated, ACrashIsAnAnswer) {
  const auto killed = RunIsolated([]() -> std::string {
    std::raise(SIGFPE);
    return "";
  });
  ASSERT_FALSE(killed.ok());
  EXPECT_EQ(killed.error().found, "killed by SIGFPE (Floating point exception)");
  const auto thrown = RunIsolated([]() -> std::string { throw 1; });
  ASSERT_FALSE(thrown.ok());
  EXPECT_EQ(thrown.error().found, "ended with exit code 1");
}

}  // namespace
}  // namespace shoehorn::engines
