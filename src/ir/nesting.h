// Graphs within graphs: what a node of a graph reads, its inner graphs included.
#pragma once

#include "ir/graph.h"

namespace shoehorn::ir {

/// Calls `visit` for every value of `graph` that `node` or a node inside its inner graphs uses.
template <typename Visit>
void ForEachInputOf(const Node& node, const Graph& graph, const Visit& visit) {
  for (Value* value : node.inputs())
    if (value != nullptr && &value->graph() == &graph) visit(*value);
  for (const Graph* inner : node.Subgraphs()) {
    for (const Node& inner_node : inner->nodes()) ForEachInputOf(inner_node, graph, visit);
    for (Value* output : inner->outputs())
      if (&output->graph() == &graph) visit(*output);
  }
}

/// The node of `graph` that `node` is, or lies inside of; nullptr when it lies elsewhere.
inline Node* AncestorIn(const Graph& graph, Node* node) {
  while (node != nullptr && &node->graph() != &graph) node = node->graph().owner();
  return node;
}

}  // namespace shoehorn::ir
