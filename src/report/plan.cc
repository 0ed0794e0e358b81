// plan.json: all that a device needs to run the chosen artifact, without the story of how it was found.
#include <nlohmann/json.hpp>

#include "report/report.h"
#include "support/check.h"

namespace shoehorn::report {

std::string PlanJson(const fit::FitResult& result) {
  const fit::Candidate* chosen = result.Find(result.chosen);
  SHOEHORN_CHECK(chosen != nullptr, "a plan wants a chosen candidate");

  nlohmann::ordered_json inputs = nlohmann::ordered_json::array();
  for (const fit::InputPlan& input : result.inputs)
    inputs.push_back({{"name", input.name},
                      {"type", input.type},
                      {"shape", input.shape},
                      {"layout", input.layout},
                      {"color", input.color},
                      {"resize", input.resize},
                      {"resize_shorter", input.resize_shorter},
                      {"pad", input.pad},
                      {"mean", input.mean},
                      {"scale", input.scale}});

  const auto engine = result.machine.engines.find(chosen->engine);
  nlohmann::ordered_json plan = {
      {"schema", kPlanSchema},
      {"verdict", result.met ? "met" : "not met"},
      {"artifact", chosen->artifact},
      {"engine", chosen->engine},
      {"engine_version", engine == result.machine.engines.end() ? "" : engine->second},
      {"options",
       {{"precision", chosen->precision},
        {"threads", chosen->threads},
        {"engine_defaults", chosen->original}}},
      {"inputs", inputs},
      {"model", {{"path", result.model.path}, {"hash", result.model.hash}}},
      {"spec", {{"path", result.spec.path}, {"hash", result.spec.hash}}},
      {"created_by", "shoehorn " + result.version}};
  if (result.target) {
    plan["target"] = result.target->name;
    plan["compiled"] = result.target->compiled;
  }
  return plan.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace shoehorn::report
