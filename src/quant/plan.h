// Decides, without touching the graph, which nodes become integer, which values get a pair and at which
// scale:
//   conv1: integer   relu1: absorbed   add1: integer, its output leads to conv2   head: float, it makes the
//   model's output
// The decision needs only the rules of the engine and the statistics of calibration.
#pragma once

#include <unordered_map>
#include <unordered_set>

#include "quant/rules.h"
#include "quant/scales.h"

namespace shoehorn::quant {

struct Plan {
  std::unordered_map<const ir::Node*, const Rule*> integer;      ///< nodes that run in integers
  std::unordered_map<const ir::Value*, ActivationScale> scales;  ///< values that get a pair
  /// Of these, values that only depthwise convolutions read, at one scale a channel (axis 1).
  std::unordered_map<const ir::Value*, std::vector<ActivationScale>> channel_scales;
  std::unordered_set<const ir::Node*> wide;  ///< of `integer`: those that work in 16 bits
  /// Of `scales`: values that some integer node reads in the other number of bits, and at which scale.
  std::unordered_map<const ir::Value*, ActivationScale> converted;
  std::vector<std::pair<const ir::Node*, std::string>>
      left_in_float;  ///< could be integer by type, and why they are not
  std::vector<std::pair<const ir::Node*, double>>
      sensitivity;  ///< worst signal-to-noise ratio around each, in dB
};

/// For engines that run regions in integers.
Plan MakePlan(const ir::Graph& graph, const CalibrationTable& table, const QuantizeOptions& options,
              const EngineRules& rules);

/// For engines whose EngineRules::whole is set. Types must be inferred.
Plan MakeWholePlan(const ir::Graph& graph, const CalibrationTable& table, const QuantizeOptions& options,
                   const EngineRules& rules);

/// Nodes through which a value reaches outputs of the graph and nothing else, back to (and with) the weighted
/// nodes that make it: the head. Weighted nodes further up are not part of it.
std::unordered_set<const ir::Node*> HeadOf(const ir::Graph& graph, const EngineRules& rules);

/// Whether the integers' saturation does all that this Relu or Clip would do to a value held at `scale`.
bool SaturationReplaces(const ir::Node& rectifier, const ActivationScale& scale);

}  // namespace shoehorn::quant
