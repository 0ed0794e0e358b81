// Rules that accelerators of 8 bits share, whose compilers read TFLite: every tensor is quantized, weights
// are constants, and nothing is grouped but depthwise. Inputs are counted from 0.
#pragma once

#include "targets/constraints.h"

namespace shoehorn::targets {

/// What is computed comes out of a DequantizeLinear of 8 bits, constant operands too; parameters (axes,
/// limits, biases) are as they are.
Rule QuantizedTo8Bits();
/// Of QuantizeLinear and DequantizeLinear: to and from 8 bits, or from the 32 bits of a constant bias.
Rule MarksOf8Bits();
/// Input `i` is a constant, quantized and back or not, or absent.
Rule ConstantParameter(size_t i, const std::string& what);
/// Of Conv: group is 1, or the number of channels in and out.
Rule GroupOneOrDepthwise();
/// Of Slice: every step is 1.
Rule StepsOfOne();

}  // namespace shoehorn::targets
