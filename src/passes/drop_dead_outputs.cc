// Optional outputs that nothing reads are left away: some targets refuse a node for its second output alone.
//   y, mask = Dropout(x)           becomes   y = Dropout(x)
//   Y, Y_h, Y_c = LSTM(x, w, r)    becomes   , Y_h = LSTM(x, w, r)    where only Y_h is read
#include <algorithm>

#include "passes/builder.h"
#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Value;

/// The first output that may be absent; nothing for operators whose outputs must all be there, or where, as
/// with BatchNormalization, their number changes what is computed.
std::optional<size_t> FirstOptional(const Node& node) {
  if (node.Is("LSTM") || node.Is("GRU") || node.Is("RNN")) return 0;
  if (node.Is("Dropout") || node.Is("MaxPool") || node.Is("Unique") || node.Is("LayerNormalization") ||
      node.Is("SoftmaxCrossEntropyLoss"))
    return 1;
  return std::nullopt;
}

bool IsRead(const Value* value) { return value != nullptr && !value->is_unused(); }

Result<bool> Repair(Node& node, PassContext& context) {
  const auto first = FirstOptional(node);
  if (!first) return false;
  const std::vector<Value*>& outputs = node.outputs();
  size_t count = outputs.size();
  while (count > std::max<size_t>(*first, 1) && !IsRead(outputs[count - 1])) --count;
  bool gap = false;
  for (size_t i = *first; i < count; ++i) gap |= outputs[i] != nullptr && !IsRead(outputs[i]);
  if ((!gap && count == outputs.size()) || !std::ranges::any_of(outputs, IsRead)) return false;

  context.Note(node, "nothing reads some of its outputs");
  node.TruncateOutputs(count);
  if (!gap) return true;
  // An output in the middle is absent from a new node only.
  ir::Graph& graph = node.graph();
  std::vector<Value*> kept;
  for (const Value* output : node.outputs()) {
    kept.push_back(IsRead(output) ? &graph.AddValue(output->name(), output->type) : nullptr);
  }
  Node& without = graph.AddNodeWithOutputs(node.op_type, node.inputs(), kept, &node);
  without.name = node.name;
  without.origins = node.UserNames();
  without.doc = node.doc;
  without.metadata = node.metadata;
  without.attributes() = std::move(node.attributes());
  for (size_t i = 0; i < kept.size(); ++i) {
    if (kept[i] == nullptr) continue;
    Value& old = *node.output(i);
    const bool graph_output = old.is_output();
    const std::string name = old.name();
    graph.ReplaceValue(old, *kept[i]);
    if (graph_output) continue;
    graph.Rename(old, name + "_replaced");
    graph.Rename(*kept[i], name);
  }
  graph.RemoveNode(node);
  return true;
}

}  // namespace

Result<bool> DropDeadOutputs(ir::Graph& graph, PassContext& context) {
  return RepairEach(graph, context, Repair);
}

}  // namespace shoehorn::passes
