// Cuts a model in two: the head that runs on the device and the tail that runs elsewhere. What the head makes
// (or gets) and the tail reads becomes an output of one and an input of the other, under the name it has in
// the model.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ir/graph.h"

namespace shoehorn::place {

struct Halves {
  std::unique_ptr<ir::Model> head;  ///< null when every node is in the tail
  std::unique_ptr<ir::Model> tail;  ///< null when every node is in the head
  std::vector<std::string>
      crossing;  ///< values that the tail reads from the head, in the order of its inputs
  std::vector<std::string> head_answers;  ///< outputs of the model that the head makes
};

/// `in_head` has one entry for each node of the main graph, in order; what it says of nodes that do not
/// depend on the model's inputs does not matter. Errors (blame kFault): a node of the head reads a value that
/// the tail makes.
Result<Halves> SplitModel(const ir::Model& model, const std::vector<bool>& in_head);

/// Graph inputs that nothing reads go.
void DropUnusedInputs(ir::Graph& graph);

}  // namespace shoehorn::place
