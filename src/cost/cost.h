// What a node costs on a compute unit: seconds, joules, bytes, each with how well it is known and why. A cost
// model is one file that implements Model: the roofline needs a profile only, the measured one needs kernels
// that `shoehorn profile` timed.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"
#include "support/result.h"
#include "targets/device.h"

namespace shoehorn::cost {

/// What a node asks of any unit, counted from its types alone.
struct Work {
  double operations = 0;        ///< two for each multiply-accumulate, one for each other result of arithmetic
  double activation_bytes = 0;  ///< read and written, at the precision's width
  double weight_bytes = 0;      ///< constants that are read, those behind a DequantizeLinear too
  bool moves_only = false;      ///< shapes and copies: no arithmetic
  /// False: a shape is open, a loop's rounds are, or the operator is not ONNX's own; the figures are lower
  /// bounds.
  bool known = true;
};

/// `precision` ("fp32", "fp16", "bf16", "int8") sets the width of float activations and weights; integers
/// keep theirs. Nodes that only give a tensor another shape touch no bytes. Of an If the cheaper branch
/// counts, of a Loop or Scan one round.
Work WorkOf(const ir::Node& node, std::string_view precision);

struct Cost {
  double seconds = 0;
  double joules = 0;  ///< above the device's idle power; 0 with `energy_known` false when nobody says
  bool energy_known = false;
  double bytes = 0;  ///< weights, and activations that must be there at once
  targets::FactKind kind = targets::FactKind::kInferred;
  std::string basis;  ///< "roofline, bound by memory", "measured kernels of onnxruntime"
};

class Model {
 public:
  virtual ~Model() = default;
  /// One run of `node` as part of an island; starting the island is Unit::dispatch.
  virtual Cost Of(const ir::Node& node) const = 0;
  /// Of() for each of these nodes of one graph: a model that must look at the whole graph does so once.
  virtual std::vector<Cost> OfAll(const ir::Graph& /*graph*/, std::span<const ir::Node* const> nodes) const {
    std::vector<Cost> costs;
    for (const ir::Node* node : nodes) costs.push_back(Of(*node));
    return costs;
  }
  /// The whole of `graph` on this unit, without Unit::dispatch. The sum of its nodes, unless the model knows
  /// of fusions, or of weights that do not fit, and says so in the basis.
  virtual Cost OfGraph(const ir::Graph& graph) const = 0;
};

/// The roofline (Williams, Waterman and Patterson, 2009): a node takes max(operations / (peak x efficiency),
/// bytes / bandwidth) and the start of the operator; energy is busy watts x seconds.
///  - An element-wise node that follows its only producer, a multiply-accumulate operator, is fused with it:
///  it starts
///    nothing and moves only its other operands. In int8, QuantizeLinear and DequantizeLinear inside the
///    graph and around weights cost nothing.
///  - The whole of a graph: where the unit has memory of its own and the weights do not fit, the rest comes
///  over the
///    copy from the device's first unit in every run.
/// The kind is the weakest of the facts that entered; inferred where the profile has no efficiency, because
/// then the full peak is assumed. `device` must outlive it. Errors: the unit does not compute in `precision`
/// (which it does).
Result<std::unique_ptr<Model>> Roofline(const targets::Device& device, const targets::Unit& unit,
                                        const std::string& precision);

/// Seconds and joules to move `bytes` from unit to unit of `device`: latency + bytes / bandwidth; nothing
/// within one unit. The energy is that of the device's first unit, busy for as long: inferred, no data sheet
/// tells.
Cost CopyCost(const targets::Device& device, const targets::Unit& from, const targets::Unit& to,
              double bytes);

}  // namespace shoehorn::cost
