#include "cost/model_for.h"

#include "cost/measured.h"

namespace shoehorn::cost {

Result<std::unique_ptr<Model>> ModelFor(const targets::Profile& profile, const targets::Unit& unit,
                                        const std::string& precision) {
  SHOEHORN_CHECK(profile.device.has_value(), "a profile without a device");
  const std::filesystem::path table = KernelTablePath(profile.file);
  std::error_code ignored;
  if (std::filesystem::exists(table, ignored)) {
    SHOEHORN_ASSIGN(const KernelTable kernels, LoadKernelTable(table));
    const EngineKernels* const engine = kernels.Find(unit.runtime);
    if (engine != nullptr && engine->start_seconds.contains(precision))
      return Measured(kernels, *profile.device, unit, precision);
  }
  return Roofline(*profile.device, unit, precision);
}

}  // namespace shoehorn::cost
