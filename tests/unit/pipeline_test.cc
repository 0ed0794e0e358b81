// Simplification as a whole: pinned shapes and their errors, passes switched off, and the manual of the
// passes.
#include "passes/pipeline.h"

#include <gmock/gmock.h>

#include <cstdlib>

#include "formats/onnx.h"
#include "support/files.h"

namespace shoehorn::passes {
namespace {

using ::testing::HasSubstr;

constexpr const char* kDynamic = R"(<ir_version: 8, opset_import: ["" : 17]>
g (float[batch,4] x, float[batch,4] z) => (float[n,m] y)
<int64[1] zero = {0}, int64[1] rest = {-1}>
{
  s = Shape (x)
  b = Gather (s, zero)
  t = Concat <axis = 0> (b, rest)
  r = Reshape (z, t)
  y = Add (x, r)
}
)";

struct Simplified {
  std::unique_ptr<ir::Model> model;
  Result<SimplifyReport> report = Diagnostic{};
};

Simplified SimplifyText(const char* text, SimplifyOptions options) {
  Simplified result;
  auto model = formats::ParseText(text);
  EXPECT_TRUE(model.ok()) << model.error().Text();
  result.model = std::move(*model);
  const auto types = formats::MakeTypeInference(*result.model);
  options.types = types.get();
  options.runner.verify = true;
  result.report = Simplify(*result.model, options);
  return result;
}

std::vector<int64_t> DimsOf(const ir::Value& value) {
  std::vector<int64_t> dims;
  for (const ir::Dim& dim : value.type.dims) dims.push_back(dim.value);
  return dims;
}

SimplifyOptions Shapes(std::map<std::string, ir::Shape> shapes) {
  SimplifyOptions options;
  options.shapes = std::move(shapes);
  return options;
}

SimplifyOptions Symbols(std::map<std::string, int64_t> symbols) {
  SimplifyOptions options;
  options.symbols = std::move(symbols);
  return options;
}

TEST(PinShapes, ASymbolIsPinnedWhereverInputsUseIt) {
  const Simplified simplified = SimplifyText(kDynamic, Shapes({{"x", {3, 4}}}));
  ASSERT_TRUE(simplified.report.ok()) << simplified.report.error().Text();
  const ir::Graph& graph = *simplified.model->graph;
  EXPECT_EQ(DimsOf(*graph.inputs()[1]), (std::vector<int64_t>{3, 4}));
  EXPECT_EQ(DimsOf(*graph.outputs()[0]), (std::vector<int64_t>{3, 4}));
  EXPECT_EQ(graph.node_count(), 1u) << "the reshape to the shape at hand goes with its arithmetic";
}

TEST(PinShapes, BySymbol) {
  const Simplified simplified = SimplifyText(kDynamic, Symbols({{"batch", 2}}));
  ASSERT_TRUE(simplified.report.ok());
  EXPECT_EQ(DimsOf(*simplified.model->graph->inputs()[0]), (std::vector<int64_t>{2, 4}));
}

TEST(PinShapes, OutputsKeepTheirDeclaredNamesWhereNothingIsPinned) {
  const Simplified simplified = SimplifyText(kDynamic, {});
  ASSERT_TRUE(simplified.report.ok());
  const ir::Type& type = simplified.model->graph->outputs()[0]->type;
  EXPECT_EQ(type.dims[0].symbol, "n");
  EXPECT_EQ(type.dims[1].value, 4);
}

TEST(PinShapes, SaysWhatIsWrong) {
  const auto text = [](SimplifyOptions options) {
    return SimplifyText(kDynamic, std::move(options)).report.error().Text();
  };
  EXPECT_EQ(text(Shapes({{"xx", {1, 4}}})),
            "error: input 'xx': the model has no such input\n  expected: one of 'x', 'z'\n  fix: did you "
            "mean 'x'?");
  EXPECT_EQ(text(Shapes({{"x", {1, 5}}})),
            "error: input 'x': the shape asked for is [1, 5]\n  expected: one that fits [1, 4]");
  EXPECT_EQ(text(Shapes({{"x", {1}}})),
            "error: input 'x': the shape asked for is [1]\n  expected: one that fits [batch, 4]");
  EXPECT_THAT(text(Shapes({{"x", {2, 4}}, {"z", {3, 4}}})), HasSubstr("where 'batch' is 2 elsewhere"));
  EXPECT_THAT(text(Symbols({{"bach", 2}})), HasSubstr("did you mean 'batch'?"));
  EXPECT_THAT(text(Symbols({{"batch", 0}})), HasSubstr("a size of at least 1"));
}

TEST(Simplify, APassCanBeSwitchedOff) {
  SimplifyOptions options;
  options.shapes = {{"x", {3, 4}}};
  options.runner.disabled = {"fold_shape"};
  const Simplified simplified = SimplifyText(kDynamic, options);
  ASSERT_TRUE(simplified.report.ok());
  for (const PassStatistics& statistics : simplified.report->passes) EXPECT_NE(statistics.pass, "fold_shape");
}

TEST(Simplify, AnUnknownPassIsAnError) {
  SimplifyOptions options;
  options.runner.disabled = {"fold_shapes"};
  EXPECT_EQ(SimplifyText(kDynamic, options).report.error().Text(),
            "error: pass 'fold_shapes': there is no such pass\n  expected: a name listed in docs/passes.md\n"
            "  fix: did you mean 'fold_shape'?");
}

TEST(Simplify, WatchesAndCounts) {
  SimplifyOptions options;
  int before = 0, after = 0;
  options.runner.watch = [&](const Pass&, Moment moment, const ir::Graph&) {
    ++(moment == Moment::kBefore ? before : after);
  };
  const Simplified simplified = SimplifyText(kDynamic, options);
  ASSERT_TRUE(simplified.report.ok());
  EXPECT_GT(before, 0);
  EXPECT_EQ(before, after);
  EXPECT_EQ(simplified.report->nodes_before, 5u);
  EXPECT_EQ(simplified.report->nodes_after, simplified.model->graph->node_count());
  size_t noted = 0;
  for (const PassStatistics& statistics : simplified.report->passes) noted += statistics.rewrites;
  EXPECT_EQ(noted, simplified.report->rewrites.size());
}

TEST(Simplify, ASecondTimeFindsNothing) {
  Simplified simplified = SimplifyText(kDynamic, {});
  ASSERT_TRUE(simplified.report.ok());
  const auto types = formats::MakeTypeInference(*simplified.model);
  SimplifyOptions options;
  options.types = types.get();
  const auto again = Simplify(*simplified.model, options);
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->rewrites.empty());
  EXPECT_EQ(again->rounds, 1);
}

TEST(Simplify, NodesOfAnUnknownDomainAreCarriedThrough) {
  const Simplified simplified = SimplifyText(R"(<ir_version: 8, opset_import: ["" : 17, "com.example" : 1]>
g (float[2] x) => (float[2] y)
{
  a = Identity (x)
  b = com.example.Mystery (a)
  c = com.example.Mystery (a)
  y = Add (b, c)
}
)",
                                             {});
  ASSERT_TRUE(simplified.report.ok()) << simplified.report.error().Text();
  EXPECT_EQ(simplified.model->graph->node_count(), 3u) << "equal nodes may have effects of their own";
  EXPECT_EQ(simplified.model->graph->first()->input(0), simplified.model->graph->inputs()[0]);
}

TEST(PassesManual, IsWhatTheDefinitionsSay) {
  const std::filesystem::path path = std::filesystem::path(SHOEHORN_SOURCE_DIR) / "docs/passes.md";
  if (std::getenv("SHOEHORN_REWRITE_GOLDEN") != nullptr) {
    ASSERT_TRUE(WriteAtomically(path, PassesManual()).ok());
  }
  const auto page = ReadText(path);
  ASSERT_TRUE(page.ok()) << page.error().Text();
  EXPECT_EQ(*page, PassesManual()) << "run this test with SHOEHORN_REWRITE_GOLDEN=1 to write the page anew";
}

}  // namespace
}  // namespace shoehorn::passes
