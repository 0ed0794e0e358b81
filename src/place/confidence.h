// How sure a model is of its own answer, read off its scores: what a cascade compares with its threshold. The
// agent and the choice of the threshold share it, so that a threshold means the same in both.
//   scores [0.2, 0.7, 0.1] -> 0.7
#pragma once

#include "ir/tensor.h"

namespace shoehorn::place {

/// The greatest softmax probability in the last axis; outputs that are probabilities already (0 to 1, sum 1)
/// are taken as they are. The least sure row decides. 0 for what is not numbers.
double Confidence(const ir::Tensor& scores);

}  // namespace shoehorn::place
