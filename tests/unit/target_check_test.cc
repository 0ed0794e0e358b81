// Check(), islands, crossings and the search for repairs, on an accelerator made for the purpose.
#include <gmock/gmock.h>

#include "formats/onnx.h"
#include "targets/compare.h"
#include "targets/constraints.h"
#include "targets/facts.h"
#include "targets/search.h"

namespace shoehorn::targets {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::unique_ptr<ir::Model> Parse(const std::string& graph) {
  auto model = formats::ParseText("<ir_version: 8, opset_import: [\"\" : 17]>\n" + graph);
  SHOEHORN_CHECK(model.ok(), model.error().Text());
  const auto inferred = formats::MakeTypeInference(**model)->InferGraph(*(*model)->graph);
  SHOEHORN_CHECK(inferred.ok(), inferred.error().Text());
  return std::move(model).value();
}

/// Takes Relu, Mul, Add, Sub, Identity of up to four dimensions, not BatchNormalization, and knows nothing of
/// Sin.
const Accelerator& Toy() {
  static const Accelerator toy = {
      .name = "toy",
      .title = "Toy",
      .runtime = "Toy 1.0",
      .source = "toy manual 1.0",
      .complete = true,
      .everywhere = {StaticShapes()},
      .rows = {{.op_types = {"Relu", "Mul", "Add", "Sub"}, .rules = {EveryRankAtMost(4)}},
               {.op_types = {"BatchNormalization"},
                .grade = Grade::kUnsupported,
                .remark = "Mul and Add",
                .cures = {"pow_to_nothing", "decompose_batch_norm"}},
               {.op_types = {"Sin"}, .grade = Grade::kUnknown, .remark = "nobody says"}},
  };
  return toy;
}

CheckResult CheckToy(const ir::Model& model) {
  static const Profile profile = [] {
    Profile toy;
    toy.name = "toy";
    return toy;
  }();
  return Check(model, Toy(), profile);
}

std::vector<std::string> GradesOf(const CheckResult& result) {
  std::vector<std::string> grades;
  for (const NodeAnswer& answer : result.nodes) grades.emplace_back(NameOf(answer.grade));
  return grades;
}

std::vector<int> IslandsOf(const CheckResult& result) {
  std::vector<int> islands;
  for (const NodeAnswer& answer : result.nodes) islands.push_back(answer.island);
  return islands;
}

TEST(Check, GradesNodesAndNamesNodeFoundAcceptedAndSource) {
  const auto model = Parse(R"(
    g (float[1,2,3,4,5] x, float[batch,3] z) => (float[1,2,3,4,5] y, float[batch,3] w) {
      [deep] y = Relu (x)
      [open] a = Relu (z)
      [sine] b = Sin (a)
      [other] w = Cos (b)
    })");
  const CheckResult result = CheckToy(*model);
  EXPECT_THAT(GradesOf(result), ElementsAre("unsupported", "native if", "unknown", "unsupported"));
  EXPECT_EQ(Sentence(result.nodes[0]),
            "node 'deep' (Relu): input 0 has 5 dimensions [1,2,3,4,5]; accepted: inputs and outputs have at "
            "most 4 dimensions (toy manual 1.0)");
  EXPECT_EQ(Sentence(result.nodes[1]),
            "node 'open' (Relu): input 0 has the shape [batch,3]; accepted: every dimension is a number (toy "
            "manual 1.0)");
  EXPECT_EQ(Sentence(result.nodes[3]),
            "node 'other' (Cos): operator Cos; accepted: the 4 operators that Toy lists (toy manual 1.0)");
  EXPECT_EQ(result.summary.accepted, 0u);
  EXPECT_EQ(result.summary.conditional, 1u);
  EXPECT_EQ(result.summary.refused, 2u);
  EXPECT_EQ(result.summary.unknown, 1u);
  EXPECT_EQ(result.summary.cpu_operators, 4u);
}

TEST(Check, AnOperatorOfAnUnknownDomainIsUnknown) {
  auto model = formats::ParseText(R"(<ir_version: 8, opset_import: ["" : 17, "acme" : 1]>
    g (float[2] x) => (float[2] y) { y = acme.Magic (x) })");
  ASSERT_TRUE(model.ok()) << model.error().Text();
  const CheckResult result = CheckToy(**model);
  EXPECT_THAT(GradesOf(result), ElementsAre("unknown"));
  EXPECT_THAT(Sentence(result.nodes[0]), HasSubstr("operator Magic of the domain acme"));
}

TEST(Islands, APathThroughTheCpuSplitsThemAndADetourDoesNotJoinThem) {
  const auto model = Parse(R"(
    g (float[4] x) => (float[4] y) {
      a = Relu (x)
      b = Sin (a)
      c = Add (a, b)
      d = Relu (c)
      e = Relu (a)
      y = Add (d, e)
    })");
  const CheckResult result = CheckToy(*model);
  EXPECT_THAT(IslandsOf(result), ElementsAre(0, -1, 1, 1, 0, 1));
  EXPECT_EQ(result.summary.islands, 2u);
}

TEST(Islands, AnInnerGraphReadsWhatItsNodeMustWaitFor) {
  const auto model = Parse(R"(
    g (float[4] x, bool c) => (float[4] y) {
      a = Relu (x)
      b = If (c) <then_branch = t () => (float[4] p) { p = Sin (a) }, else_branch = f () => (float[4] q) { q = Cos (a) }>
      y = Add (a, b)
    })");
  const CheckResult result = CheckToy(*model);
  EXPECT_EQ(result.summary.islands, 2u) << "the Add must wait for the If, which reads the Relu's output";
}

TEST(Crossings, CountEachTensorOnceInEachDirectionWithItsBytes) {
  const auto model = Parse(R"(
    g (float[4] x) => (float[4] y) {
      a = Relu (x)
      b = Sin (a)
      c = Cos (a)
      d = Add (b, c)
      y = Mul (d, a)
    })");
  const CheckResult result = CheckToy(*model);
  ASSERT_EQ(result.crossings.size(), 3u);
  EXPECT_EQ(result.crossings[0].value->name(), "a");
  EXPECT_TRUE(result.crossings[0].to_cpu);
  EXPECT_EQ(result.crossings[0].bytes, 16);
  EXPECT_EQ(result.crossings[1].value->name(), "b");
  EXPECT_FALSE(result.crossings[1].to_cpu);
}

constexpr char kLoneBatchNorm[] = R"(
    g (float[1,2,4,4] x) => (float[1,2,4,4] y)
    <float[2] s = {1, 2}, float[2] b = {3, 4}, float[2] m = {5, 6}, float[2] v = {7, 8}> {
      [first] a = Relu (x)
      [norm] n = BatchNormalization (a, s, b, m, v)
      [last] y = Relu (n)
    })";

TEST(SearchRepairs, FindsTheCureThatTheRulesName) {
  const auto model = Parse(kLoneBatchNorm);
  const auto found = SearchRepairs(*model, CheckToy, 50);
  ASSERT_TRUE(found.ok()) << found.error().Text();
  ASSERT_EQ(found->steps.size(), 1u);
  EXPECT_EQ(found->steps[0].pass, "decompose_batch_norm");
  EXPECT_THAT(found->steps[0].nodes, ElementsAre("norm"));
  EXPECT_EQ(found->steps[0].before.cpu_operators, 1u);
  EXPECT_EQ(found->steps[0].after.cpu_operators, 0u);
  EXPECT_EQ(found->steps[0].after.islands, 1u);
  EXPECT_EQ(ScoreOf(CheckToy(*model)).cpu_operators, 1u) << "the model that was handed in is as it was";
}

TEST(SearchRepairs, KeepsNoRepairThatLeavesTheAnswerAsItIs) {
  const auto model = Parse(kLoneBatchNorm);
  const Oracle nothing_helps = [](const ir::Model& each) {
    CheckResult result = CheckToy(each);
    for (NodeAnswer& answer : result.nodes)
      if (answer.node->name != "first" && answer.node->name != "last") answer.judged = false;
    Recount(each, result);
    return result;
  };
  const auto found = SearchRepairs(*model, nothing_helps, 50);
  ASSERT_TRUE(found.ok()) << found.error().Text();
  EXPECT_TRUE(found->steps.empty());
  EXPECT_EQ(found->model->graph->node_count(), 3u);
}

TEST(SearchRepairs, SaysThatItGaveUp) {
  const auto model = Parse(kLoneBatchNorm);
  const auto found = SearchRepairs(*model, CheckToy, 0);
  ASSERT_TRUE(found.ok()) << found.error().Text();
  EXPECT_TRUE(found->gave_up);
}

Judgement Judged(std::vector<JudgedNode> nodes) {
  Judgement judgement;
  judgement.judge = "toy";
  judgement.nodes = std::move(nodes);
  return judgement;
}

TEST(Compare, ListsDisagreementsAndCountsOnlyWhatBothKnow) {
  const auto model = Parse(kLoneBatchNorm);
  const Agreement agreement = Compare(CheckToy(*model), Judged({{"first", "Relu", true, 0, ""},
                                                                {"norm", "BatchNormalization", true, 0, ""},
                                                                {"fused", "Gelu", true, 0, ""}}));
  EXPECT_EQ(agreement.compared, 2u);
  EXPECT_EQ(agreement.agreed, 1u);
  ASSERT_EQ(agreement.disagreements.size(), 1u);
  EXPECT_EQ(agreement.disagreements[0].node, "norm");
  EXPECT_EQ(agreement.disagreements[0].judged, "taken");
}

TEST(Facts, AJudgesRefusalHoldsForTheSameNodeInAnotherModelAndBringsItsCures) {
  const auto model = Parse(kLoneBatchNorm);
  Facts facts;
  facts.Learn(*model, Judged({{"norm", "BatchNormalization", true, 0, ""},
                              {"last", "Relu", false, -1, "no Relu today"}}));
  const auto copy = ir::Clone(*model);
  CheckResult result = CheckToy(*copy);
  facts.Apply(*copy, result);
  EXPECT_TRUE(result.nodes[1].accepted()) << "the judge wins";
  EXPECT_FALSE(result.nodes[2].accepted());
  EXPECT_EQ(result.nodes[2].refusal->found, "no Relu today");
  EXPECT_EQ(result.summary.cpu_operators, 1u);
}

TEST(CheckAllTest, GivesEachTargetWhatItWouldGetAlone) {
  const auto profiles = LoadProfiles();
  ASSERT_TRUE(profiles.ok());
  auto model = formats::ParseText(R"(<ir_version: 8, opset_import: ["" : 17]>
g (float[1,4,8,8] x) => (float[1,4,8,8] y) <float[4,4,1,1] w = {1,0,0,0, 0,1,0,0, 0,0,1,0, 0,0,0,1}>
{ a = Conv(x, w) b = HardSwish(a) c = Erf(b) y = Softmax<axis = 1>(c) })");
  ASSERT_TRUE(model.ok()) << model.error().Text();
  ASSERT_TRUE(formats::MakeTypeInference(**model)->InferGraph(*(*model)->graph).ok());
  const std::vector<CheckResult> together = CheckAll(**model, *profiles);
  ASSERT_EQ(together.size(), profiles->size());
  for (size_t i = 0; i < together.size(); ++i) {
    SCOPED_TRACE((*profiles)[i].name);
    const CheckResult alone = Check(**model, (*profiles)[i]);
    EXPECT_EQ(together[i].target, (*profiles)[i].name);
    EXPECT_EQ(together[i].summary.islands, alone.summary.islands);
    ASSERT_EQ(together[i].nodes.size(), alone.nodes.size());
    for (size_t k = 0; k < alone.nodes.size(); ++k) {
      EXPECT_EQ(together[i].nodes[k].grade, alone.nodes[k].grade);
      EXPECT_EQ(Sentence(together[i].nodes[k]), Sentence(alone.nodes[k]));
    }
  }
}

}  // namespace
}  // namespace shoehorn::targets
