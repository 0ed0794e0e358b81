#include "targets/profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "support/toml.h"
#include "targets/device_toml.h"
#include "targets/fact_toml.h"
#include "targets/judge.h"
#include "targets/rule.h"

namespace shoehorn::targets {
namespace {

namespace fs = std::filesystem;

Status ParseJudge(const TomlValue& value, Profile& profile) {
  if (!value.is_table()) return value.Wrong("'judge' is a table", "[judge] with a key 'name'");
  for (const auto& [key, member] : value.Members()) {
    if (key == "name") {
      SHOEHORN_ASSIGN(profile.judge, ReadWord(member, JudgeNames(), "judge"));
    } else {
      SHOEHORN_ASSIGN(profile.judge_options[key], member.String());
    }
  }
  if (profile.judge.empty()) return value.Wrong("the judge has no name", "a key 'name'");
  return Ok();
}

Status Missing(const fs::path& file, const std::string& key, const std::string& expected) {
  Diagnostic diagnostic;
  diagnostic.file = file.string();
  diagnostic.place = key;
  diagnostic.found = "the key is missing";
  diagnostic.expected = expected;
  return diagnostic;
}

fs::path ProfilesFolder() {
  if (const char* asked = std::getenv("SHOEHORN_TARGETS"); asked != nullptr && *asked != '\0') return asked;
  std::error_code ignored;
  const fs::path beside =
      fs::read_symlink("/proc/self/exe", ignored).parent_path().parent_path() / "share/shoehorn/targets";
  return fs::is_directory(beside, ignored) ? beside : fs::path(SHOEHORN_TARGETS_FOLDER);
}

}  // namespace

double Profile::Number(std::string_view fact, double otherwise) const {
  const auto found = facts.find(std::string(fact));
  return found == facts.end() ? otherwise : found->second.value;
}

bool Profile::Speaks(std::string_view of_accelerator) const {
  return accelerator == of_accelerator ||
         (device && std::ranges::any_of(
                        device->units, [&](const Unit& unit) { return unit.accelerator == of_accelerator; }));
}

Result<Profile> LoadProfile(const fs::path& file) {
  static const std::vector<std::string> keys = {"name",  "title",  "accelerator", "precision", "judge",
                                                "facts", "device", "unit",        "copy"};
  SHOEHORN_ASSIGN(const TomlValue root, LoadToml(file));
  Profile profile;
  profile.file = file;
  DeviceTables tables;
  for (const auto& [key, value] : root.Members()) {
    if (key == "name") {
      SHOEHORN_ASSIGN(profile.name, value.String());
      if (profile.name != file.stem())
        return value.Wrong("the target is called '" + Escaped(profile.name) + "'",
                           "the file's own name, '" + Escaped(file.stem().string()) + "'");
    } else if (key == "title") {
      SHOEHORN_ASSIGN(profile.title, value.String());
    } else if (key == "accelerator") {
      SHOEHORN_ASSIGN(profile.accelerator, ReadWord(value, RuleNames(), "accelerator"));
    } else if (key == "precision") {
      SHOEHORN_ASSIGN(profile.precision, ReadWord(value, Precisions(), "precision"));
    } else if (key == "judge") {
      SHOEHORN_TRY(ParseJudge(value, profile));
    } else if (key == "facts") {
      if (!value.is_table()) return value.Wrong("'facts' is a table", "[facts.NAME] with value and source");
      for (const auto& [fact, member] : value.Members()) {
        SHOEHORN_ASSIGN(profile.facts[fact], ReadFact(member));
      }
    } else if (key == "device") {
      tables.device = value;
    } else if (key == "unit") {
      tables.units = value;
    } else if (key == "copy") {
      tables.copies = value;
    } else {
      return value.UnknownKey(keys);
    }
  }
  if (profile.name.empty()) return Missing(file, "name", "the target's name").error();
  if (profile.title.empty()) return Missing(file, "title", "the target in words").error();
  if (profile.accelerator.empty())
    return Missing(file, "accelerator", "whose rules hold: a name that `shoehorn targets` lists").error();
  SHOEHORN_ASSIGN(profile.device, ReadDevice(tables));
  return profile;
}

Result<std::vector<Profile>> LoadProfiles() {
  const fs::path folder = ProfilesFolder();
  std::error_code code;
  std::vector<fs::path> files;
  for (fs::directory_iterator entry(folder, code), end; !code && entry != end; entry.increment(code))
    if (entry->path().extension() == ".toml") files.push_back(entry->path());
  if (code || files.empty()) {
    Diagnostic diagnostic;
    diagnostic.file = folder.string();
    diagnostic.found = code ? "the folder of target profiles cannot be read: " + code.message()
                            : "the folder holds no target profile";
    diagnostic.expected = "files NAME.toml";
    diagnostic.fix = "set SHOEHORN_TARGETS to the folder 'targets' of Shoehorn";
    return diagnostic;
  }
  std::ranges::sort(files);
  std::vector<Profile> profiles;
  for (const fs::path& file : files) {
    SHOEHORN_ASSIGN(Profile profile, LoadProfile(file));
    profiles.push_back(std::move(profile));
  }
  return profiles;
}

Result<Profile> FindProfile(std::string_view name) {
  if (name.ends_with(".toml")) return LoadProfile(name);
  SHOEHORN_ASSIGN(std::vector<Profile> profiles, LoadProfiles());
  std::vector<std::string> names;
  for (Profile& profile : profiles) {
    if (profile.name == name) return std::move(profile);
    names.push_back(profile.name);
  }
  Diagnostic diagnostic;
  diagnostic.place = "target '" + Escaped(name) + "'";
  diagnostic.found = "there is no such target";
  const std::string near = DidYouMean(name, names);
  diagnostic.fix =
      near.empty() ? "`shoehorn targets` lists them; a profile of your own is named by its path, with .toml"
                   : "did you mean '" + near + "'?";
  return diagnostic;
}

}  // namespace shoehorn::targets
