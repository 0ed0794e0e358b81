#include "place/extract.h"

#include <algorithm>
#include <set>

#include "ir/nesting.h"

namespace shoehorn::place {
namespace {

/// Where each value of the main graph is made. What does not depend on the model's inputs belongs to both
/// sides, as constants do.
class Sides {
 public:
  Sides(const ir::Graph& graph, const std::vector<bool>& in_head) {
    std::set<const ir::Value*> dependent;
    for (const ir::Value* input : graph.inputs()) dependent.insert(input);
    size_t i = 0;
    for (const ir::Node& node : graph.nodes()) {
      const bool head = in_head[i++];
      bool depends = false;
      ir::ForEachInputOf(node, graph, [&](const ir::Value& value) { depends |= dependent.contains(&value); });
      if (!depends) continue;
      for (const ir::Value* output : node.outputs()) dependent.insert(output);
      (head ? head_ : tail_).insert(&node);
    }
  }
  bool MadeByTail(const ir::Value& value) const { return tail_.contains(value.producer()); }
  bool MadeByHead(const ir::Value& value) const { return head_.contains(value.producer()); }
  bool InHead(const ir::Node& node) const { return head_.contains(&node); }
  bool InTail(const ir::Node& node) const { return tail_.contains(&node); }
  bool has_head() const { return !head_.empty(); }
  bool has_tail() const { return !tail_.empty(); }

 private:
  std::set<const ir::Node*> head_, tail_;
};

/// A copy of `model` whose outputs are those values of `outputs`.
std::unique_ptr<ir::Model> WithOutputs(const ir::Model& model, const std::vector<std::string>& outputs) {
  auto part = ir::Clone(model);
  ir::Graph& graph = *part->graph;
  while (!graph.outputs().empty()) graph.RemoveOutput(graph.outputs().size() - 1);
  for (const std::string& name : outputs) graph.AddOutput(*graph.FindValue(name));
  return part;
}

void Finish(ir::Model& part) {
  part.graph->RemoveDead();
  part.graph->CollectGarbage();
  DropUnusedInputs(*part.graph);
}

}  // namespace

void DropUnusedInputs(ir::Graph& graph) {
  const std::vector<ir::Value*> inputs = graph.inputs();
  for (ir::Value* input : inputs)
    if (input->is_unused()) graph.RemoveInput(*input);
}

Result<Halves> SplitModel(const ir::Model& model, const std::vector<bool>& in_head) {
  const ir::Graph& graph = *model.graph;
  SHOEHORN_CHECK(in_head.size() == graph.node_count(), "a side for every node");
  const Sides sides(graph, in_head);
  Halves halves;
  std::set<const ir::Value*> seen;
  for (const ir::Node& node : graph.nodes()) {
    Status wrong = Ok();
    ir::ForEachInputOf(node, graph, [&](const ir::Value& value) {
      if (sides.InHead(node)) {
        if (!sides.MadeByTail(value)) return;
        Diagnostic diagnostic;
        diagnostic.place = node.Describe();
        diagnostic.found = "the node is in the head and reads '" + value.name() + "', which the tail makes";
        diagnostic.blame = Blame::kFault;
        wrong = diagnostic;
      } else if (sides.InTail(node) && (value.is_input() || sides.MadeByHead(value)) &&
                 seen.insert(&value).second) {
        halves.crossing.push_back(value.name());
      }
    });
    SHOEHORN_TRY(wrong);
  }
  std::vector<std::string> tail_answers, head_outputs;
  for (const ir::Value* output : graph.outputs())
    (sides.MadeByTail(*output) ? tail_answers : halves.head_answers).push_back(output->name());

  if (sides.has_head()) {
    head_outputs = halves.head_answers;
    for (const std::string& name : halves.crossing)
      if (sides.MadeByHead(*graph.FindValue(name)) &&
          std::ranges::find(head_outputs, name) == head_outputs.end())
        head_outputs.push_back(name);
    halves.head = WithOutputs(model, head_outputs);
    Finish(*halves.head);
  }
  if (sides.has_tail()) {
    halves.tail = WithOutputs(model, tail_answers);
    ir::Graph& tail = *halves.tail->graph;
    for (const std::string& name : halves.crossing) {
      ir::Value& from = *tail.FindValue(name);
      if (from.is_input()) continue;
      ir::Value& input = tail.AddInput(name, from.type);
      tail.ReplaceUses(from, input);
      // The head's value goes with its node below; its name passes to the input.
      tail.Rename(from, name + "_head");
      tail.Rename(input, name);
    }
    Finish(*halves.tail);
  }
  return halves;
}

}  // namespace shoehorn::place
