// Where ONNX Runtime keeps channels in blocks (its NCHWc layout, for floats) or at the end (for integers) and
// converts to and from that: between a convolution with blocks and a Softmax without stands a ReorderOutput
// that no graph shows, and that takes its time. Source: onnxruntime/core/optimizer/nchwc_transformer.cc of
// ONNX Runtime (MIT), read for what it does.
#pragma once

#include <functional>

#include "cost/fusion.h"
#include "ir/graph.h"

namespace shoehorn::cost {

enum class Reorder {
  kIntoBlocks,   ///< of floats, before a convolution
  kOutOfBlocks,  ///< of floats, before what knows no blocks
  kChannels,     ///< of 8-bit integers: channels to the end for a convolution, or back
};

/// Calls `found` with each value that is converted, in the order of the nodes, and the node that asks for it.
void ForEachReorder(
    const ir::Graph& graph, const Fusion& fusion,
    const std::function<void(const ir::Node& at, const ir::Value& value, Reorder reorder)>& found);

/// A Transpose that comes for free: the conversion out of blocks (ONNX Runtime), or the layout that
/// convolutions have anyway (OpenVINO), does its work.
bool IsAbsorbed(const ir::Node& transpose);

}  // namespace shoehorn::cost
