// Putting one value in another's place, with the names that users know kept.
#pragma once

#include "passes/pass.h"

namespace shoehorn::passes {

/// True when everything that reads `from` can read `to` without a node in between: a graph output keeps its
/// name only when `to` is made in the same graph and is no output itself.
bool CanStandIn(const ir::Value& from, const ir::Value& to);

/// `node`, whose only output in use is its first, goes, and `to` stands in for that output. CHECKs
/// CanStandIn.
void Bypass(ir::Node& node, ir::Value& to);

/// A constant takes the place and the name of the node output `value`. A graph output becomes an Identity of
/// the constant, since few engines take an initializer as output. Gives the constant; the producer stays
/// (unused).
ir::Value& ReplaceByConstant(ir::Value& value, ir::Tensor tensor);

}  // namespace shoehorn::passes
