// A model on the units of one device as a partition problem: what each operator costs on each unit, what each
// tensor costs between them, and who refuses what.
//   qcs6490 (cpu, npu) and yolox_nano -> two units; a node for each operator, and one for each input and
//   output of the model, held on the host, because that is where the caller gives and takes tensors
// The host is the device's first unit. What a tensor costs from unit to unit stands in device_copy.h.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "cost/cost.h"
#include "ir/graph.h"
#include "place/amount.h"
#include "place/device_copy.h"
#include "place/partition.h"
#include "targets/check.h"
#include "targets/profile.h"

namespace shoehorn::place {

/// A cost model for a unit.
using CostModelFor = std::function<Result<std::unique_ptr<cost::Model>>(
    const targets::Device& device, const targets::Unit& unit, const std::string& precision)>;

/// A unit as the problem sees it.
struct PlaceUnit {
  const targets::Unit* unit = nullptr;
  std::string precision;  ///< what it computes this model in: the profile's, or the widest that it has
  std::unique_ptr<cost::Model> model;
  std::optional<targets::CheckResult> check;  ///< absent: it takes everything
};

/// An operator of the main graph with all that is inside it, on one unit.
struct NodeOnUnit {
  Amount cost;
  std::string_view basis;                        ///< of the cost: "roofline, bound by memory"
  double weight_bytes = 0;                       ///< in the unit's precision
  double activation_bytes = 0;                   ///< that must be there at once
  const targets::NodeAnswer* refusal = nullptr;  ///< why the unit does not take it; null when it does
};

class DeviceProblem {
 public:
  /// `model` has its types inferred; it and `profile` outlive the result. Errors: a profile without units, or
  /// with more than kMaxPartitionUnits; a unit whose energy nobody knows when the objective wants it; those
  /// of `models`.
  static Result<std::unique_ptr<DeviceProblem>> Make(const ir::Model& model, const targets::Profile& profile,
                                                     const Objective& objective, const CostModelFor& models);

  const targets::Device& device() const { return *profile_->device; }
  const targets::Profile& profile() const { return *profile_; }
  const Objective& objective() const { return objective_; }
  const std::vector<PlaceUnit>& units() const { return units_; }

  /// Nodes: the model's inputs, its operators, its outputs.
  const PartitionProblem& problem() const { return problem_; }
  /// Operators of the main graph in order, Constant apart; operator i is the problem's node first_operator()
  /// + i.
  const std::vector<const ir::Node*>& operators() const { return operators_; }
  size_t first_operator() const { return first_operator_; }
  /// Of operators()[op].
  const NodeOnUnit& On(size_t op, size_t unit) const { return on_[op * units_.size() + unit]; }

  /// What problem().values[i] is.
  const CopiedTensor& tensor(size_t value) const { return tensors_[value]; }
  CopyParts Copy(size_t value, size_t from, size_t to) const;

  /// Operators whose costs are lower bounds, since a shape or a number of rounds is open.
  size_t open_operators() const { return open_operators_; }
  /// The model is float, and this unit computes in integers: what is placed is the model that `shoehorn fit`
  /// makes.
  bool WantsQuantizing(size_t unit) const { return float_model_ && units_[unit].precision == "int8"; }

 private:
  DeviceProblem(const ir::Model& model, const targets::Profile& profile, const Objective& objective)
      : model_(&model), profile_(&profile), objective_(objective) {}

  Status AddUnits(const CostModelFor& models);
  void AddNodes();
  void AskRules();
  void PriceOperators();
  void AddValues();
  void AddValue(const ir::Value& value, size_t producer);

  const ir::Model* model_;
  const targets::Profile* profile_;
  Objective objective_;
  bool float_model_ = false;
  std::vector<PlaceUnit> units_;
  PartitionProblem problem_;
  std::vector<const ir::Node*> operators_;
  size_t first_operator_ = 0;
  std::unordered_map<const ir::Node*, size_t> operator_of_;
  std::unordered_map<std::string, size_t> bases_;  // each basis once: a model has a handful
  std::vector<NodeOnUnit> on_;
  std::vector<CopiedTensor> tensors_;
  size_t open_operators_ = 0;
};

}  // namespace shoehorn::place
