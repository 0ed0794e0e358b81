// What a place costs, node by node: each node has its own figure, and their sum is the whole.
#include "place/site_costs.h"

#include <gmock/gmock.h>

#include "cost/cost.h"
#include "formats/onnx.h"
#include "support/quantized.h"
#include "targets/profile.h"

namespace shoehorn::place {
namespace {

TEST(SiteCostsTest, EachNodeHasItsOwnShare) {
  const auto model = testing::ParseGraph(R"(g (float[1,8,32,32] x) => (float[1,8,32,32] y)
{
  small = Relu(x)
  big = Concat<axis = 1>(small, small, small, small)
  tail = ReduceMean<axes = [1], keepdims = 1>(big)
  y = Softmax<axis = 1>(small)
  z = Sigmoid(tail)
})",
                                         8, 13);
  ASSERT_TRUE(formats::MakeTypeInference(*model)->InferGraph(*model->graph).ok());
  const auto graph = CutGraphOf(*model->graph);
  ASSERT_TRUE(graph.ok()) << graph.error().Text();
  Site site;
  site.name = "board";
  site.target = "raspberry-pi-4";
  const auto costs = CostsOf(site, *model, *graph, {}, [] { return false; });
  ASSERT_TRUE(costs.ok()) << costs.error().Text();
  const auto profile = targets::FindProfile("raspberry-pi-4");
  ASSERT_TRUE(profile.ok());
  const targets::Unit& unit = profile->device->units.front();
  const auto roofline = cost::Roofline(*profile->device, unit, profile->precision);
  ASSERT_TRUE(roofline.ok());

  ASSERT_EQ(costs->nodes.size(), graph->nodes.size());
  double sum = 0, expected_sum = 0;
  for (const CutNode& node : graph->nodes) expected_sum += (*roofline)->Of(*node.node).seconds;
  for (size_t i = 0; i < costs->nodes.size(); ++i) {
    const double expected = (*roofline)->Of(*graph->nodes[i].node).seconds;
    EXPECT_NEAR(costs->nodes[i].seconds / costs->seconds, expected / expected_sum, 1e-9)
        << graph->nodes[i].node->Describe();
    EXPECT_EQ(costs->nodes[i].unit, unit.name);
    sum += costs->nodes[i].seconds;
  }
  EXPECT_NEAR(sum, costs->seconds, 1e-12);
  EXPECT_EQ(costs->kind, targets::FactKind::kInferred);
}

TEST(SiteCostsTest, AnUnknownTargetIsSaid) {
  const auto model = testing::ParseGraph("g (float[1] x) => (float[1] y) { y = Relu(x) }", 8, 17);
  Site site;
  site.target = "raspbery-pi-4";
  const auto costs = CostsOf(site, *model, CutGraph{}, {}, [] { return false; });
  ASSERT_FALSE(costs.ok());
  EXPECT_THAT(costs.error().Text(), ::testing::HasSubstr("did you mean 'raspberry-pi-4'?"));
}

}  // namespace
}  // namespace shoehorn::place
