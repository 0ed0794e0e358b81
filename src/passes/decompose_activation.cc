// Activations that few runtimes have, in functions that most do:
//   Mish(x)                    becomes   x tanh(softplus(x))
//   Swish(x)                   becomes   x sigmoid(alpha x)
//   Softplus(x)                becomes   relu(x) + log(1 + exp(-|x|)), which cannot overflow
//   Softsign(x)                becomes   x / (1 + |x|)
//   Selu(x), Celu(x)           become    a multiple of Elu of a multiple of x
//   Elu(x)                     becomes   relu(x) + alpha (exp(x - relu(x)) - 1)
//   ThresholdedRelu(x)         becomes   x where it is greater than alpha, else 0
#include "passes/builder.h"
#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Value;

/// Arithmetic on one tensor of float.
struct Math {
  Builder& build;
  Value& x;

  Value& Of(const char* function, Value& value) const { return build.Make(function, {&value}); }
  Value& Number(double number) const { return build.Number(x, number); }
  Value& Sum(Value& a, Value& b) const { return build.Make("Add", {&a, &b}); }
  Value& Difference(Value& a, Value& b) const { return build.Make("Sub", {&a, &b}); }
  Value& Product(Value& a, Value& b) const { return build.Make("Mul", {&a, &b}); }
  Value& Times(Value& value, double factor) const {
    return factor == 1 ? value : Product(value, Number(factor));
  }
  Value& Elu(Value& value, float alpha) const { return build.Make("Elu", {&value}, {{"alpha", alpha}}); }
};

/// What replaces `node`, or nullptr when it is no such activation.
Value* Spelled(const Node& node, const Math& math) {
  Value& x = math.x;
  const std::string& type = node.op_type;
  if (type == "Mish") return &math.Product(x, math.Of("Tanh", math.Of("Softplus", x)));
  if (type == "Swish") return &math.Product(x, math.Of("Sigmoid", math.Times(x, node.Float("alpha", 1))));
  if (type == "Softplus") {
    Value& tail = math.Of("Exp", math.Of("Neg", math.Of("Abs", x)));
    Value& rest = math.Of("Log", math.Sum(tail, math.Number(1)));
    return &math.Sum(math.Of("Relu", x), rest);
  }
  if (type == "Softsign") return &math.build.Make("Div", {&x, &math.Sum(math.Of("Abs", x), math.Number(1))});
  if (type == "Selu")
    return &math.Times(math.Elu(x, node.Float("alpha", 1.67326319217681884765625F)),
                       node.Float("gamma", 1.05070102214813232421875F));
  if (type == "Celu") {
    const double alpha = node.Float("alpha", 1);
    if (!(alpha > 0)) return nullptr;
    return &math.Times(math.Elu(math.Times(x, 1 / alpha), 1), alpha);
  }
  if (type == "Elu") {
    Value& positive = math.Of("Relu", x);
    Value& rise = math.Difference(math.Of("Exp", math.Difference(x, positive)), math.Number(1));
    return &math.Sum(positive, math.Times(rise, node.Float("alpha", 1)));
  }
  if (type == "ThresholdedRelu" && math.build.opset() >= 9) {
    Value& above = math.build.Make("Greater", {&x, &math.Number(node.Float("alpha", 1))});
    return &math.build.Make("Where", {&above, &x, &math.Number(0)});
  }
  return nullptr;
}

Result<bool> Decompose(Node& node, PassContext& context) {
  if (!node.domain.empty() || !IsFloat(node.input(0))) return false;
  Builder build(node, context);
  Value* spelled = Spelled(node, {build, *node.input(0)});
  if (spelled == nullptr) return false;
  context.Note(node, "it is spelled out in simpler functions");
  SHOEHORN_TRY(build.Replace(*spelled));
  return true;
}

}  // namespace

Result<bool> DecomposeActivation(ir::Graph& graph, PassContext& context) {
  return RepairEach(graph, context, Decompose);
}

}  // namespace shoehorn::passes
