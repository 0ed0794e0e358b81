// Islands: connected groups of accepted nodes that no path leaves and enters again, because a runtime hands
// each to the accelerator as one call.
//   conv(a) -> relu(a) -> topk(cpu) -> conv(b), and relu(a) -> conv(b): two islands, for conv(b) must wait
//   for the CPU
// A node's level is the number of changes between accelerator and CPU on the longest way to it. Neighbours of
// one level belong together: a path that left and came back would have a higher level.
#include <numeric>

#include "targets/check.h"
#include "targets/node_index.h"

namespace shoehorn::targets {

namespace {

/// Calls `visit` for what the node reads: its inputs, and outer values that its inner graphs use.
template <typename Visit>
void ForEachRead(const ir::Node& node, const Visit& visit) {
  for (const ir::Value* input : node.inputs()) visit(input);
  for (const ir::Graph* inner : node.Subgraphs())
    for (const ir::Node& each : inner->nodes()) ForEachRead(each, visit);
}

}  // namespace

size_t FindIslands(const ir::Graph& graph, std::vector<NodeAnswer>& nodes) {
  const NodeIndex index(nodes);
  std::vector<int> level(nodes.size(), 0);
  std::vector<size_t> parent(nodes.size());
  std::iota(parent.begin(), parent.end(), size_t{0});
  const auto root = [&](size_t i) {
    while (parent[i] != i) i = parent[i] = parent[parent[i]];
    return i;
  };
  std::vector<size_t> sources;
  for (size_t i = 0; i < nodes.size(); ++i) {
    sources.clear();
    ForEachRead(*nodes[i].node, [&](const ir::Value* value) {
      if (value == nullptr || value->producer() == nullptr) return;
      const size_t source = index.Find(value->producer());
      if (source != NodeIndex::kNone && source < i) sources.push_back(source);
    });
    for (const size_t source : sources)
      level[i] =
          std::max(level[i], level[source] + (nodes[source].accepted() != nodes[i].accepted() ? 1 : 0));
    for (const size_t source : sources)
      if (nodes[i].accepted() && nodes[source].accepted() && level[source] == level[i])
        parent[root(i)] = root(source);
  }
  std::vector<int> islands(nodes.size(), -1);  // by root
  int count = 0;
  for (size_t i = 0; i < nodes.size(); ++i) {
    nodes[i].island = -1;
    if (!nodes[i].accepted() || &nodes[i].node->graph() != &graph) continue;
    int& island = islands[root(i)];
    if (island < 0) island = count++;
    nodes[i].island = island;
  }
  return static_cast<size_t>(count);
}

}  // namespace shoehorn::targets
