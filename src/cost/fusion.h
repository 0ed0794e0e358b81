// Which nodes of a graph an engine runs as one kernel, by rules a reader can check against the engine's own
// list of layers:
//   ONNX Runtime: Conv -> Relu;  Conv -> Add -> Relu (channels blocked);  DequantizeLinear -> Conv ->
//                 QuantizeLinear;  a MaxPool before a QuantizeLinear works on integers
//   OpenVINO:     the same, and chains of elementwise operators, also behind Conv and MatMul, also where a
//                 Transpose or Reshape stands between;  Concat -> QuantizeLinear joins integers
#pragma once

#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "ir/graph.h"

namespace shoehorn::cost {

class Fusion {
 public:
  /// `graph` must outlive it and not change.
  Fusion(const ir::Graph& graph, std::string_view engine);

  /// The node whose kernel does the work of `node`: itself, or the one that it was fused into.
  const ir::Node* HostOf(const ir::Node& node) const;
  /// Computes on 8-bit integers.
  bool IsInteger(const ir::Node& node) const { return integer_.contains(&node); }
  /// Costs nothing: shapes, views, what is computed once when the model is loaded.
  bool IsFree(const ir::Node& node) const { return free_.contains(&node); }

 private:
  /// The node that computes `value` in each run; nullptr for inputs and what is computed once.
  const ir::Node* ComputedBy(const ir::Value* value) const;
  /// One input is computed; others are constants of one element.
  bool ReadsOne(const ir::Node& node) const;
  bool EndsInQuantize(const ir::Node& node) const;
  /// The Sigmoid of `node` = x * Sigmoid(x).
  const ir::Node* SigmoidOfSwish(const ir::Node& node) const;
  void FindIntegers(const ir::Graph& graph);
  void FuseQuantization(const ir::Node& quantize);
  void FuseForOnnxRuntime(const ir::Node& node);
  void FuseForOpenvino(const ir::Node& node);

  bool openvino_, onnxruntime_;
  std::unordered_map<const ir::Node*, size_t> position_;
  std::unordered_map<const ir::Node*, const ir::Node*> host_;
  std::unordered_set<const ir::Node*> constant_, free_, integer_;
};

/// Arithmetic on each element alone: Relu, Add, Sigmoid.
bool IsElementwise(const ir::Node& node);
/// The same elements under other dimensions: Reshape, Squeeze.
bool IsView(const ir::Node& node);
/// Operations for each element that an elementwise node makes: 1 for Add, many for Exp.
double OperationsPerElement(const ir::Node& node);

}  // namespace shoehorn::cost
