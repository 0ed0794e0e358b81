// Every file tests/golden/passes/<pass>.txt: the pass turns each case's graph into the expected text (after
// dead nodes are taken away, so that it reads well), says `false` exactly when it left the graph alone, and
// keeps the numbers. To write new expectations: SHOEHORN_REWRITE_GOLDEN=1 build/tests/golden_tests
// --gtest_filter='*fold_pad*', then read the diff.
#include <gmock/gmock.h>

#include <cstdlib>

#include "engines/evaluator.h"
#include "formats/onnx.h"
#include "passes/runner.h"
#include "support/golden_file.h"
#include "support/numbers.h"

namespace shoehorn {
namespace {

const std::filesystem::path kFolder = std::filesystem::path(SHOEHORN_SOURCE_DIR) / "tests/golden/passes";

struct PassCase {
  std::string pass;
  testing::GoldenCase golden;
};

std::vector<PassCase> AllCases() {
  std::vector<PassCase> cases;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder))
    if (entry.path().extension() == ".txt")
      for (testing::GoldenCase& golden : testing::ReadGoldenFile(entry.path()))
        cases.push_back({entry.path().stem(), std::move(golden)});
  return cases;
}

void PrintTo(const PassCase& pass_case, std::ostream* stream) {
  *stream << pass_case.pass << "." << pass_case.golden.name;
}

class PassGolden : public ::testing::TestWithParam<PassCase> {};

void Rewrite(const PassCase& pass_case, const std::string& expected) {
  const std::filesystem::path path = kFolder / (pass_case.pass + ".txt");
  std::vector<testing::GoldenCase> cases = testing::ReadGoldenFile(path);
  for (testing::GoldenCase& golden : cases)
    if (golden.name == pass_case.golden.name) golden.expected = expected;
  testing::WriteGoldenFile(path, cases);
}

TEST_P(PassGolden, RewritesAsExpected) {
  const PassCase& pass_case = GetParam();
  const passes::Pass* pass = passes::FindPass(pass_case.pass);
  ASSERT_NE(pass, nullptr) << "no pass is called " << pass_case.pass;
  const std::string text = testing::Parseable(pass_case.golden);
  auto original = formats::ParseText(text);
  ASSERT_TRUE(original.ok()) << original.error().Text();
  auto rewritten = formats::ParseText(text);
  ASSERT_TRUE(rewritten.ok()) << rewritten.error().Text();
  ir::Model& model = **rewritten;

  const auto types = formats::MakeTypeInference(model);
  const auto evaluator = engines::MakeEvaluator();
  std::vector<passes::Rewrite> log;
  passes::PassContext context;
  context.types = types.get();
  context.evaluator = evaluator.get();
  context.log = &log;
  const auto inferred = types->InferGraph(*model.graph);
  ASSERT_TRUE(inferred.ok()) << inferred.error().Text();
  const std::string before = formats::PrintText(model);
  passes::Runner runner(context, {.disabled = {}, .verify = true, .watch = {}});
  const auto changed = runner.Run(*pass, *model.graph);
  ASSERT_TRUE(changed.ok()) << changed.error().Text();
  const Status whole = ir::Verify(*model.graph);
  ASSERT_TRUE(whole.ok()) << whole.error().Text();
  if (!*changed) {
    EXPECT_EQ(formats::PrintText(model), before) << "the pass says that it changed nothing";
  } else {
    EXPECT_FALSE(log.empty()) << "a rewrite is not noted";
    EXPECT_NE(formats::PrintText(model), before) << "the pass says that it changed something";
  }
  const auto dead = runner.Run(*passes::FindPass("eliminate_dead"), *model.graph);
  ASSERT_TRUE(dead.ok());

  const std::string found = *changed ? testing::Normalized(formats::PrintText(model, true)) : "unchanged";
  if (std::getenv("SHOEHORN_REWRITE_GOLDEN") != nullptr)
    Rewrite(pass_case, found);
  else
    EXPECT_EQ(found, pass_case.golden.expected);

  testing::InputOptions inputs;
  inputs.sizes = pass_case.golden.sizes;
  inputs.lowest_int = pass_case.golden.lowest_int;
  inputs.highest_int = pass_case.golden.highest_int;
  if (*changed) {
    EXPECT_TRUE(testing::SameNumbers(**original, model, inputs));
  }
}

INSTANTIATE_TEST_SUITE_P(Passes, PassGolden, ::testing::ValuesIn(AllCases()),
                         [](const auto& info) { return info.param.pass + "__" + info.param.golden.name; });

TEST(Passes, EachHasAGoldenFile) {
  for (const passes::Pass& pass : passes::AllPasses())
    EXPECT_TRUE(std::filesystem::exists(kFolder / (std::string(pass.name) + ".txt"))) << pass.name;
}

}  // namespace
}  // namespace shoehorn
