// Every invariant of the graph, checked after each pass in tests.
#include <algorithm>

#include "ir/graph.h"
#include "ir/nesting.h"

namespace shoehorn::ir {

Status Verify(const Graph& graph) {
  const auto broken = [&](const Node* node, std::string what) {
    Diagnostic diagnostic;
    diagnostic.file = graph.model().source.string();
    if (node != nullptr) diagnostic.place = node->Describe();
    diagnostic.found = "the graph is broken: " + std::move(what);
    diagnostic.blame = Blame::kFault;
    return diagnostic;
  };
  std::unordered_map<const Node*, size_t> position;
  for (const Node& node : graph.nodes()) position.emplace(&node, position.size());
  if (position.size() != graph.node_count()) return broken(nullptr, "node count does not match the list");
  for (const auto& value : graph.values()) {
    if (value->producer() != nullptr && !position.contains(value->producer()))
      return broken(nullptr, "value '" + value->name() + "' is made by a node that is not in its graph");
    if (value->producer() != nullptr && value->initializer() != nullptr)
      return broken(value->producer(), "output '" + value->name() + "' is a constant, too");
    for (const Use& use : value->uses())
      if (use.node->removed() || use.node->input(static_cast<size_t>(use.index)) != value.get())
        return broken(nullptr, "a use of '" + value->name() + "' is stale");
  }
  for (const Value* output : graph.outputs())
    if (!output->is_output())
      return broken(nullptr, "output '" + output->name() + "' does not know that it is one");
  size_t index = 0;
  for (const Node& node : graph.nodes()) {
    const Node* late = nullptr;
    ForEachInputOf(node, graph, [&](const Value& value) {
      if (value.producer() != nullptr && position.at(value.producer()) >= index) late = value.producer();
      if (value.producer() == nullptr && !value.is_input() && value.initializer() == nullptr) late = &node;
    });
    if (late != nullptr)
      return broken(&node, "it stands before what it reads (" + late->Describe() +
                               ") or reads a value without a source");
    for (size_t i = 0; i < node.inputs().size(); ++i) {
      const Value* value = node.inputs()[i];
      if (value == nullptr) continue;
      if (std::ranges::find(value->uses(), Use{const_cast<Node*>(&node), static_cast<int>(i)}) ==
          value->uses().end())
        return broken(&node, "input '" + value->name() + "' does not know this use");
      if (&value->graph() != &graph && AncestorIn(value->graph(), graph.owner()) == nullptr)
        return broken(&node, "input '" + value->name() + "' lies in a graph that does not enclose this one");
    }
    for (const Graph* inner : node.Subgraphs()) {
      if (inner->owner() != &node) return broken(&node, "an inner graph does not know its owner");
      SHOEHORN_TRY(Verify(*inner));
    }
    ++index;
  }
  return Ok();
}

}  // namespace shoehorn::ir
