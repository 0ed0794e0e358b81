// Kernels: what an engine runs at once after fusion, each with the numbers that its time depends on. A cost
// model that added nodes up would count every activation and every quantization twice; one that adds kernels
// up need not.
//   Conv -> Clip -> Add     one kernel "Conv 1x1 f32" of three nodes
// Which nodes become one kernel follows from rules, so that no engine has to be there (nn-Meter, Zhang et
// al., MobiSys 2021, section 4: kernels are the unit whose times add up).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cost/regression.h"
#include "ir/graph.h"

namespace shoehorn::cost {

/// What ends a kind where ONNX Runtime takes another kernel for the same operator, since channels are neither
/// in blocks nor at the end.
inline constexpr std::string_view kPlainLayout = " plain";

struct Kernel {
  /// Kernels of one kind are one predictor's: "Conv 3x3" is not one, "Conv", "Conv depthwise", "Softmax" are.
  std::string kind;
  std::string number;  ///< "f32", "bf16", "i8": what it computes in
  /// The graph's nodes that it does the work of; the first gives it its kind. A conversion of layout that the
  /// engine puts around a node stands as a kernel of its own with that node alone.
  std::vector<const ir::Node*> nodes;
  KernelShape shape;  ///< features by the first node
  bool known = true;  ///< false: a shape is open, and the numbers are lower bounds

  /// "Conv depthwise f32", the predictor's name.
  std::string name() const { return kind + " " + number; }
};

/// The kernels of a simplified graph with inferred types, in the order of its nodes. `engine` is
/// "onnxruntime", "openvino", or another (nothing is fused then); `precision` that of the run ("fp32",
/// "bf16", "int8"), where int8 is in the graph as QuantizeLinear and DequantizeLinear pairs.
std::vector<Kernel> KernelsOf(const ir::Graph& graph, std::string_view engine, std::string_view precision);

}  // namespace shoehorn::cost
