// What a node costs on a compute unit: seconds, joules, bytes, each with how well it is known and why. A cost
// model is one file that implements Model: the roofline needs a profile only, the measured one needs kernels
// that `shoehorn profile` timed.
#pragma once

#include <memory>
#include <string>

#include "ir/graph.h"
#include "targets/device.h"

namespace shoehorn::cost {

/// What a node asks of any unit, counted from its types alone.
struct Work {
  double operations = 0;  ///< two for each multiply-accumulate, one for each other result of arithmetic
  double activation_bytes = 0;  ///< read and written, at the precision's width
  double weight_bytes = 0;
  bool moves_only = false;  ///< shapes and copies: no arithmetic
  bool known = true;        ///< false: a shape is open, and the figures are lower bounds
};

/// `precision` ("fp32", "fp16", "bf16", "int8") sets the width of float activations and weights; integers keep
/// theirs.
Work WorkOf(const ir::Node& node, std::string_view precision);

struct Cost {
  double seconds = 0;
  double joules = 0;          ///< above the device's idle power; 0 with `energy_known` false when nobody says
  bool energy_known = false;
  double bytes = 0;           ///< weights, and activations that must be there at once
  targets::FactKind kind = targets::FactKind::kInferred;
  std::string basis;          ///< "roofline, bound by memory", "measured kernels of onnxruntime"
};

class Model {
 public:
  virtual ~Model() = default;
  /// One run of `node` as part of an island; starting the island is Unit::dispatch.
  virtual Cost Of(const ir::Node& node) const = 0;
  /// The whole of `graph` on this unit. At least the sum of its nodes; engines that fuse cost less, and a model
  /// that knows of fusions says so here.
  virtual Cost OfGraph(const ir::Graph& graph) const = 0;
};

/// max(operations / (peak x efficiency), bytes / bandwidth) + start of the operator. `device` must outlive it.
/// Errors: the unit does not compute in `precision` (which it does).
Result<std::unique_ptr<Model>> Roofline(const targets::Device& device, const targets::Unit& unit,
                                        const std::string& precision);

/// Seconds and joules to move `bytes` from unit to unit.
Cost CopyCost(const targets::Device& device, const targets::Unit& from, const targets::Unit& to, double bytes);

}  // namespace shoehorn::cost
