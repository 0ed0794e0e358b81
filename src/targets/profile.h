// A target as data: one file targets/NAME.toml says which accelerator it is (whose rules hold), which
// compiler can judge it and with what options, and the facts that rules ask for, each with its source. Adding
// a target needs no rebuild:
//   name = "qcs6490"
//   accelerator = "qnn_htp"
//   [facts.fp16]
//   value = false
//   source = "..."
// What it says of compute units, rates and watts is a Device (targets/device.h); docs/profiles.md has every
// key.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/result.h"
#include "targets/device.h"

namespace shoehorn::targets {

/// The accelerator of what nobody wrote rules for: all of its operators are unknown.
inline constexpr std::string_view kUnknownRules = "unknown";

struct Profile {
  std::string name;         ///< as the user writes it: "qcs6490"
  std::string title;        ///< "Qualcomm QCS6490, Hexagon HTP v68"
  std::string accelerator;  ///< whose rules hold: a name of AllAccelerators(), or kUnknownRules
  std::string judge;        ///< which compiler can judge: a name of AllJudges(), or empty
  std::map<std::string, std::string> judge_options;  ///< e.g. soc_model = "93"
  std::string precision;                             ///< how the target runs best: "int8", "fp16", "fp32"
  std::map<std::string, Fact> facts;
  std::optional<Device> device;  ///< its units with rates and watts; absent: `place` cannot count on it
  std::filesystem::path file;

  /// False: `check` has nothing to say about this target.
  bool HasRules() const { return accelerator != kUnknownRules; }
  /// Its own accelerator or that of one of its units.
  bool Speaks(std::string_view of_accelerator) const;
  /// The fact's value, or `otherwise` when the profile does not say.
  double Number(std::string_view fact, double otherwise) const;
  bool Has(std::string_view fact) const { return Number(fact, 0) != 0; }
};

/// Every profile in $SHOEHORN_TARGETS, else ../share/shoehorn/targets beside the program, else where the
/// build found them; sorted by name. Errors: no such folder, a wrong or missing key (with its line), an
/// accelerator or judge that does not exist (did you mean), two files of one name.
Result<std::vector<Profile>> LoadProfiles();
Result<Profile> LoadProfile(const std::filesystem::path& file);
/// The profile of that name, or in that file where the name ends in ".toml". Errors: those of LoadProfiles()
/// or LoadProfile(); an unknown name (did you mean).
Result<Profile> FindProfile(std::string_view name);

}  // namespace shoehorn::targets
