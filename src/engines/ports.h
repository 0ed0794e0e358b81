// What a session's inputs and outputs are called and how they look, checked against the tensors at hand:
//   input 'image': float[1,3,200,200], expected float[?,3,224,224]
#pragma once

#include <span>
#include <string>
#include <vector>

#include "engines/engine.h"

namespace shoehorn::engines {

/// "float[1,3,?,?]"
std::string DescribePort(const Port& port);
/// Errors: another count, element type, rank or fixed dimension; the first input that does not fit is named.
Status CheckInputs(std::span<const Port> ports, std::span<const ir::Tensor> inputs);

}  // namespace shoehorn::engines
