// The cost model of a machine that `shoehorn profile` measured: a graph becomes kernels, each kernel's time
// comes from those measured, their sum and the start of the run is the graph's. Kernels of a kind that was
// not measured fall back to the roofline, and the answer says which share of the time that is.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "cost/cost.h"
#include "cost/kernel_table.h"
#include "cost/kernels.h"

namespace shoehorn::cost {

/// The time of kernels from a table of one engine.
class KernelPredictor {
 public:
  explicit KernelPredictor(const EngineKernels& engine);

  struct Prediction {
    double seconds = 0;
    bool measured = false;  ///< else no kernel of this kind was timed, and the time is a guess from others
    double coverage = 0;    ///< see KernelRegression::Coverage
  };
  Prediction Of(const Kernel& kernel) const;
  /// Before and behind the kernels of one run; that of another precision when this one was not measured.
  double StartSeconds(std::string_view precision) const;

 private:
  std::map<std::string, KernelRegression> kinds_;
  std::map<std::string, double> start_seconds_;
  double seconds_per_operation_ = 0, seconds_per_byte_ = 0;  ///< of kinds that are not known
};

/// `unit` is one of `device`, which must outlive the model. Of() gives a node the whole time of the kernel
/// that it leads, and nothing to a node that runs in another's kernel; a graph must not change between
/// questions about its nodes. Errors: the table has no kernels of the unit's runtime; the unit does not
/// compute in `precision`.
Result<std::unique_ptr<Model>> Measured(const KernelTable& table, const targets::Device& device,
                                        const targets::Unit& unit, const std::string& precision);

}  // namespace shoehorn::cost
