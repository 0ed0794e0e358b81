// Weights as int8 where only the size of the artifact asks for it; the arithmetic stays in float:
//   y = MatMul(x, w)   becomes   y = MatMul(x, DequantizeLinear(w_int8, scale per output channel))
// Engines unpack such weights once, when they load the model.
#pragma once

#include "ir/graph.h"

namespace shoehorn::quant {

/// Packs the constant float weights of Conv, MatMul and Gemm that have at least `least_elements` elements and
/// one user. The model must come from PrepareModel. How many tensors were packed.
size_t CompressWeights(ir::Model& model, int64_t least_elements = 4096);

}  // namespace shoehorn::quant
