// Where ONNX Runtime keeps channels in blocks (its NCHWc layout, for floats) or at the end (for integers) and
// converts to and from that: between a convolution with blocks and a Softmax without stands a ReorderOutput
// that no graph shows, and that takes its time. Source: onnxruntime/core/optimizer/nchwc_transformer.cc of
// ONNX Runtime (MIT), read for what it does.
#pragma once

#include <unordered_set>
#include <vector>

#include "cost/fusion.h"
#include "ir/graph.h"

namespace shoehorn::cost {

enum class Reorder {
  kIntoBlocks,   ///< of floats, before a convolution
  kOutOfBlocks,  ///< of floats, before what knows no blocks
  kChannels,     ///< of 8-bit integers: channels to the end for a convolution, or back
};

struct Conversion {
  const ir::Node* at = nullptr;  ///< the node that asks for it
  const ir::Value* value = nullptr;
  Reorder reorder = Reorder::kIntoBlocks;
};

struct Layouts {
  std::vector<Conversion> conversions;  ///< in the order of the nodes
  /// Nodes that compute in the layout that convolutions like: in blocks, or on integers with channels at the
  /// end. The same operator in the plain layout takes another kernel, mostly a slower one.
  std::unordered_set<const ir::Node*> preferred;
};
Layouts LayoutsOf(const ir::Graph& graph, const Fusion& fusion);

/// A Transpose that comes for free: the conversion out of blocks (ONNX Runtime), or the layout that
/// convolutions have anyway (OpenVINO), does its work.
bool IsAbsorbed(const ir::Node& transpose);

}  // namespace shoehorn::cost
