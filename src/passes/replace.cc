#include "passes/replace.h"

namespace shoehorn::passes {

bool CanStandIn(const ir::Value& from, const ir::Value& to) {
  if (!from.is_output()) return true;
  return to.producer() != nullptr && !to.is_output() && &to.graph() == &from.graph();
}

void Bypass(ir::Node& node, ir::Value& to) {
  SHOEHORN_CHECK(CanStandIn(*node.output(), to), "the value cannot stand in");
  node.graph().ReplaceValue(*node.output(), to);
  node.graph().RemoveNode(node);
}

ir::Value& ReplaceByConstant(ir::Value& value, ir::Tensor tensor) {
  ir::Graph& graph = value.graph();
  if (value.is_output()) {
    ir::Value& constant = graph.AddConstant(value.name() + "_constant", std::move(tensor));
    graph.ReplaceValue(value, constant);
    return constant;
  }
  const std::string name = value.name();
  graph.Rename(value, name + "_replaced");
  ir::Value& constant = graph.AddConstant(name, std::move(tensor));
  constant.metadata = std::move(value.metadata);
  constant.doc = std::move(value.doc);
  graph.ReplaceValue(value, constant);
  return constant;
}

}  // namespace shoehorn::passes
