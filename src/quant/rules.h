// Which operators an engine runs fast in integers, one table an engine, one file an engine. A row says how
// the operator takes part, when (else its sentence is the reason that the report gives), and on what
// evidence.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"

namespace shoehorn::quant {

/// How an operator takes part in the integer regions of a graph.
enum class Part {
  kWeighted,  ///< has constant weights and starts a region: Conv, Gemm, MatMul
  kFollower,  ///< computes; integer when all its activations are integers anyway: Add, AveragePool
  kShared,    ///< moves or picks elements: its output keeps its input's scale: MaxPool, Reshape
  kJoin,      ///< puts activations side by side: Concat
  /// Computes with a constant scale and bias: LayerNormalization. Only where everything is integer.
  kNormalization,
};

struct Rule {
  const char* op_type;
  Part part;
  /// The kernel exists only with an integer output (else it can give float, and does where float is wanted).
  bool integer_output;
  /// Empty when the rule holds for the node, else why not, as a clause: "its weights are not constant".
  std::string (*applies)(const ir::Node& node);
  const char* evidence;
  bool per_channel_weights = true;  ///< weights may have one scale a channel
  /// The operator's output always lies in here, and the engine wants it held so: [0, 1] of a Sigmoid.
  struct Interval {
    double low, high;
  };
  std::optional<Interval> output_interval = {};
};

/// One engine's liking.
struct EngineRules {
  const char* engine;
  std::span<const Rule> rules;
  bool integer_bias;       ///< bias as int32 with scale input * weight; else it stays float
  bool join_shares_scale;  ///< inputs of a Concat get one common range
  /// The input of a depthwise convolution may have one scale a channel.
  bool depthwise_channel_scales;
  /// Whatever stays in float leaves the engine: every node of the table becomes integer, with all the float
  /// values that it reads and makes, constants too.
  bool whole = false;

  /// The operator's first row that holds for the node; its last one when none does.
  const Rule* Find(const ir::Node& node) const;
};

const EngineRules& OnnxRuntimeRules();
const EngineRules& OpenVinoRules();
const EngineRules& QnnHtpRules();
std::span<const EngineRules> AllEngineRules();
/// nullptr when there is no such engine.
const EngineRules* FindEngineRules(std::string_view engine);

/// The inputs of an integer `node` that hold values like its own: activations, and where the engine wants
/// everything in integers, float constants. Weights, biases, limits and shapes are none.
std::vector<size_t> Operands(const ir::Node& node, const Rule& rule);

/// Where the pair after `node` goes. Behind a computing operator that one Relu, or one Clip with constant
/// limits, alone reads it is that one's output, because saturation of the integers does its work; else the
/// node's own output.
ir::Value& PairedOutput(const ir::Node& node, const Rule& rule);

// Predicates that tables share.
std::string Always(const ir::Node& node);
std::string ConstantWeights(const ir::Node& node);  ///< Conv, MatMul: input 1 is a constant float tensor
std::string PlainGemm(
    const ir::Node& node);  ///< constant weights and bias, alpha = beta = 1, A not transposed
std::string OnlyActivations(const ir::Node& node);  ///< no input is a constant
std::string NearestResize(const ir::Node& node);

}  // namespace shoehorn::quant
