// LogSoftmax is the logarithm of Softmax, for targets that know only the latter:
//   LogSoftmax(x)   becomes   Log(Softmax(x))
// Where a probability is too small for the type its logarithm becomes minus infinity.
#include "passes/builder.h"

namespace shoehorn::passes {
namespace {

using ir::Node;

Result<bool> Repair(Node& node, PassContext& context) {
  if (!node.Is("LogSoftmax") || node.input(0) == nullptr) return false;
  context.Note(node, "it is the logarithm of Softmax");
  Builder build(node, context);
  // Softmax has the same default axis in every opset, and the same meaning of it.
  std::vector<Setting> settings;
  if (node.Has("axis")) settings.push_back({"axis", node.Int("axis")});
  SHOEHORN_TRY(build.Replace(build.Make("Log", {&build.Make("Softmax", {node.input(0)}, settings)})));
  return true;
}

}  // namespace

Result<bool> LogSoftmaxToLog(ir::Graph& graph, PassContext& context) {
  return RepairEach(graph, context, Repair);
}

}  // namespace shoehorn::passes
