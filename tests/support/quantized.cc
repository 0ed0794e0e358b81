#include "support/quantized.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace shoehorn::testing {

std::unique_ptr<ir::Model> ParseGraph(const std::string& graph, int ir_version, int opset) {
  auto model = formats::ParseText(
      fmt::format("<ir_version: {}, opset_import: [\"\" : {}]>\n{}", ir_version, opset, graph));
  EXPECT_TRUE(model.ok()) << (model.ok() ? "" : model.error().Text());
  return std::move(*model);
}

quant::ActivationRanges Between(double low, double high, double sqnr_db) {
  const quant::Range range{low, high, sqnr_db};
  return {range, range, range, range, {}};
}

std::string NodesOf(const ir::Model& model) {
  std::string text;
  for (const ir::Node& node : model.graph->nodes()) {
    for (const ir::Value* output : node.outputs()) text += output->name() + " ";
    text += "= " + node.op_type + "(";
    for (const ir::Value* input : node.inputs())
      text += (input == node.inputs()[0] ? "" : ", ") + (input == nullptr ? "" : input->name());
    text += ")\n";
  }
  return text;
}

}  // namespace shoehorn::testing
