// A tree of Mul and Div by constants flattened into its factors, so that one pattern finds every order in
// which exporters spell a formula: 0.5 * x * (1 + erf(..)) is written in at least four ways.
#pragma once

#include <vector>

#include "passes/pass.h"

namespace shoehorn::passes {

/// factors[0] * factors[1] * ... * scale
struct Product {
  std::vector<ir::Value*> factors;  ///< at most 4, in no promised order
  double scale = 1;
  std::vector<ir::Node*> nodes;  ///< the Mul and Div nodes that compute it, the last one first
};

/// The product that `node` (Mul, or Div by a scalar) computes. Looks through producers that only feed this
/// product.
Product FlattenProduct(ir::Node& node);

/// a * x + b along a chain of Mul, Div, Add, Sub, Neg with scalars that only feed each other, down to x.
struct Line {
  ir::Value* x;
  double a = 1;
  double b = 0;
  std::vector<ir::Node*> nodes;  ///< the last one first
};
/// The line that makes `value`; with no nodes when it is not made by one. `first_may_fan_out`: others may use
/// `value` itself.
Line FlattenLine(ir::Value& value, bool first_may_fan_out = false);

}  // namespace shoehorn::passes
