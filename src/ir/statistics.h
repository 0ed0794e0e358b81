// What a model costs on paper: nodes, multiply-accumulates, parameters and the most activation memory alive
// at once.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ir/graph.h"

namespace shoehorn::ir {

struct Statistics {
  int64_t nodes = 0;                         ///< all graphs; a body counts once, however often it runs
  std::map<std::string, int64_t> operators;  ///< nodes by operator, "domain.Type" outside ONNX's own domain
  int64_t macs = 0;        ///< of Conv, ConvTranspose, MatMul, Gemm, RNN, GRU, LSTM and their integer forms
  int64_t parameters = 0;  ///< elements of initializers and Constant nodes
  int64_t parameter_bytes = 0;
  int64_t activation_peak_bytes =
      0;  ///< main graph in its order: inputs and outputs of the node at hand and what waits
  std::vector<std::string>
      unsized;  ///< nodes whose MACs or memory could not be counted: a shape is not known
};

/// Counts; the types must have been inferred before.
Statistics Measure(const Model& model);

/// Multiply-accumulates of one node; nothing when a shape is missing, 0 for operators that are not counted.
std::optional<int64_t> MacsOf(const Node& node);

/// The most bytes alive at once when `graph` runs in its order: a value lives from the node that makes it to
/// the last that reads it, constants not counted. `bytes` sizes a type; a value that it gives nothing for
/// counts 0, and `unsized`, when given, gets its node.
int64_t PeakBytes(const Graph& graph, const std::function<std::optional<int64_t>(const Type&)>& bytes,
                  std::vector<std::string>* unsized = nullptr);

/// Bytes of a value of static type; nothing otherwise.
std::optional<int64_t> BytesOf(const Type& type);

}  // namespace shoehorn::ir
