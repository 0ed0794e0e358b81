// What every node of a model costs at one place, in seconds and joules: measured when the place is this
// machine, else counted by the profile of the place's device.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "place/cuts.h"
#include "place/spec.h"
#include "targets/fact.h"

namespace shoehorn::place {

struct NodeCost {
  double seconds = 0, joules = 0;
  std::string unit;  ///< of the device: "npu"
};

struct SiteCosts {
  std::string site, title;         ///< title: of the profile
  std::vector<NodeCost> nodes;     ///< by CutGraph::nodes
  double seconds = 0, joules = 0;  ///< of all
  bool energy_known = false;
  double idle_w = 0;
  targets::FactKind kind = targets::FactKind::kInferred;  ///< the weakest figure behind it
  std::string basis;  ///< "measured here: onnxruntime fp32, 1 thread", "roofline of npu and cpu"
  std::vector<std::string> remarks;
};

/// `inputs` are one sample's, to measure on. Errors: an unknown target; a profile without units; an engine
/// that does not run the model.
Result<SiteCosts> CostsOf(const Site& site, const ir::Model& model, const CutGraph& graph,
                          const std::vector<ir::Tensor>& inputs, const std::function<bool()>& stop);

}  // namespace shoehorn::place
