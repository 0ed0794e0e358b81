// Operators that treat each element alike, so that what only moves elements can pass them.
#pragma once

#include "passes/pass.h"

namespace shoehorn::passes {

/// An operator of one data input that treats each element alike; its further inputs are scalars: Relu, Clip,
/// Cast.
bool IsUnaryElementwise(const ir::Node& node);
/// An operator of several inputs that broadcasts them: Add, Where, PRelu.
bool IsBroadcasting(const ir::Node& node);
/// True when `node` maps each element of `data`, of rank 1 at least, alone: unary, or with constants of one
/// element and rank 1 at most beside `data`.
bool IsElementwise(const ir::Node& node, const ir::Value& data);

}  // namespace shoehorn::passes
