// The answer for one device: which unit runs each operator, what that costs, what crosses between units, and
// every operator that does not run on the accelerator, with the reason and the price. Beside it stand the two
// placements that need no thought: everything on the host, and the accelerator wherever it takes an operator,
// as runtimes do.
//   SHOEHORN_ASSIGN(const DevicePlan plan, PlaceOnDevice(*model, profile, {}));
//   qcs6490 and a model with a TopK in the middle: 61 operators on the npu, TopK and 3 more on the cpu; 2.1
//   ms, 5.9 mJ
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "place/device_placement.h"

namespace shoehorn::place {

struct DeviceOptions {
  Objective objective;
  PartitionLimits limits;
  CostModelFor models{};  ///< none: cost::ModelFor, measured kernels where there are any
};

/// An operator that does not run on the accelerator.
struct Fallback {
  enum class Cause { kRefused, kUnknown, kCheaper };  ///< the accelerator's rules, nobody's rules, the price
  size_t node = 0;
  size_t unit = 0;  ///< where it runs
  Cause cause = Cause::kRefused;
  std::string reason;  ///< found, accepted and source; of kCheaper: what moving it there alone would change
  std::string rule;    ///< for `shoehorn explain`; empty when it is taken
  Amount cost;         ///< of the operator where it runs
  /// Of the tensors that it makes or reads and that cross; one that several operators read stands at each.
  double boundary_bytes = 0;
  Amount boundary;
};

std::string_view NameOf(Fallback::Cause cause);  ///< "refused", "unknown", "costs less here"

struct UnitShare {
  size_t nodes = 0, islands = 0, starts = 0;  ///< `starts` that were counted: at least one an island
  size_t refused = 0, unknown = 0;            ///< operators of the model that it does not take
  Amount cost;                                ///< of its operators
  double weight_bytes = 0;
  double activation_bytes = 0;  ///< the most that an operator needs at once
  std::string basis;            ///< of the cost: that of most of its time
};

struct DevicePlan {
  std::unique_ptr<DeviceProblem> problem;
  std::optional<size_t> accelerator;  ///< the unit that fallbacks are fallbacks from
  Placement chosen;
  std::optional<Placement> host_only;  ///< absent when the host refuses something
  std::optional<Placement> greedy;     ///< absent without an accelerator
  std::vector<int> island;             ///< by operator, counted over all units
  std::vector<UnitShare> shares;       ///< by unit
  std::vector<Fallback> fallbacks;
  bool optimal = false;
  double lower_bound = 0;  ///< of the objective
  std::string method;
  std::vector<std::string> notes;  ///< what a reader should know about the figures, as sentences
};

/// `model` has its types inferred and outlives the plan, as does `profile`. Errors: those of
/// DeviceProblem::Make() and SolvePartition().
Result<DevicePlan> PlaceOnDevice(const ir::Model& model, const targets::Profile& profile,
                                 const DeviceOptions& options);

}  // namespace shoehorn::place
