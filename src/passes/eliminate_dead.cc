// A node whose outputs nobody reads goes, with the constants only it used:
//   y = Relu(x); unused = Sigmoid(x)   becomes   y = Relu(x)
#include "passes/pass.h"

namespace shoehorn::passes {

Result<bool> EliminateDead(ir::Graph& graph, PassContext&) { return graph.RemoveDead() > 0; }

}  // namespace shoehorn::passes
