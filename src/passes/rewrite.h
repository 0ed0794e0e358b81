// What most rewrites need: reading small constants, telling which of the user's nodes a node stands for, and
// clearing away what a rewrite left unused. Everything takes constant time or the size of what it reads.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "passes/pass.h"

namespace shoehorn::passes {

/// The constant of `value` when it is float or double; else nullptr.
const ir::Tensor* FloatConstant(const ir::Value* value);
/// The one element of a constant with exactly one element, of any numeric type.
std::optional<double> ScalarConstant(const ir::Value* value);
/// The elements of a constant of integers: axes, pads, shapes.
std::optional<std::vector<int64_t>> IntsConstant(const ir::Value* value);
/// A list that older opsets keep in an attribute and newer ones in an input (axes, pads, starts): from input
/// `index` when present, else from `attribute`, else `otherwise`. Nothing when the input is not constant.
std::optional<std::vector<int64_t>> IntsOf(const ir::Node& node, size_t index, std::string_view attribute,
                                           std::vector<int64_t> otherwise = {});

/// `axis` counted from the front, or nothing when it is out of range for `rank`.
std::optional<size_t> NormalAxis(int64_t axis, size_t rank);
/// All of `axes` counted from the front and sorted; nothing when one is out of range or named twice.
std::optional<std::vector<int64_t>> NormalAxes(std::vector<int64_t> axes, size_t rank);

/// A node with a constant operand, `Mul(x, c)` or `Mul(c, x)`.
struct WithConstant {
  ir::Value* data;
  const ir::Value* constant;
  bool constant_first;
};
/// Splits a two-input node into data and constant; nothing unless exactly one operand is constant.
std::optional<WithConstant> SplitConstant(const ir::Node& node);
/// Like SplitConstant, but the constant must be a single number that does not raise the rank of the result.
struct WithScalar {
  ir::Value* data;
  double scalar;
  bool scalar_first;
};
std::optional<WithScalar> SplitScalar(const ir::Node& node);

/// The bounds of a Clip (attributes before opset 11, inputs after), infinite where absent; also of Relu, and
/// of Min and Max with one scalar. Nothing when a bound is not constant or the node is none of these.
struct Bounds {
  double low;
  double high;
};
std::optional<Bounds> BoundsOf(const ir::Node& node);
/// The value that a node with BoundsOf() bounds.
ir::Value* BoundedValue(const ir::Node& node);

/// What makes the value gives no negative numbers: Relu, Sigmoid, Softmax and the like.
bool NeverNegative(const ir::Value& value);

/// True when two numbers stand in a model for the same real number: they agree to `tolerance`, relative.
/// Numbers such as 1/6 are exact to float's 6e-8.
bool Near(double a, double b, double tolerance = 1e-6);

/// How messages call a node: the first of the user's names behind it.
std::string Label(const ir::Node& node);
/// `survivor` now does the work of `gone` too (which comes before it in the graph if `before`).
void Absorb(ir::Node& survivor, ir::Node& gone, bool before = true);

/// A constant next to `node`, in its graph.
ir::Value& NewConstant(ir::Node& node, std::string_view suffix, ir::Tensor tensor);

/// Removes those of `values` that nothing uses (with their producer, if none of its outputs is used) and
/// whatever only fed them. None of `values` may be touched afterwards unless it is known to be in use.
void RemoveIfUnused(const std::vector<ir::Value*>& values);
/// The node's inputs become exactly `inputs`.
void SetInputs(ir::Node& node, const std::vector<ir::Value*>& inputs);
/// Turns `node` into another operator that reads `inputs`, with no attributes; what then is unused goes.
void Become(ir::Node& node, std::string_view op_type, const std::vector<ir::Value*>& inputs);

}  // namespace shoehorn::passes
