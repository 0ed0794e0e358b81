#include "targets/profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "support/toml.h"
#include "targets/judge.h"
#include "targets/rule.h"

namespace shoehorn::targets {
namespace {

namespace fs = std::filesystem;

Result<FactKind> ParseKind(const TomlValue& value) {
  SHOEHORN_ASSIGN(const std::string text, value.String());
  for (const FactKind kind : {FactKind::kMeasured, FactKind::kReported, FactKind::kInferred})
    if (text == NameOf(kind)) return kind;
  return value.Wrong("'" + Escaped(text) + "' is no kind of fact", "measured, reported or inferred");
}

Result<Fact> ParseFact(const TomlValue& value) {
  static const std::vector<std::string> keys = {"value", "kind", "source"};
  if (!value.is_table()) return value.Wrong("a fact is a table", "{ value = ..., kind = ..., source = ... }");
  Fact fact;
  bool has_value = false;
  for (const auto& [key, member] : value.Members()) {
    if (key == "value") {
      has_value = true;
      if (const auto yes = member.Boolean(); yes.ok()) {
        fact.value = *yes ? 1 : 0;
      } else {
        SHOEHORN_ASSIGN(fact.value, member.Number());
        if (fact.value < 0)
          return member.Wrong(fmt::format("the fact's value is {}", fact.value), "0 or a number above it");
      }
    } else if (key == "kind") {
      SHOEHORN_ASSIGN(fact.kind, ParseKind(member));
    } else if (key == "source") {
      SHOEHORN_ASSIGN(fact.source, member.String());
    } else {
      return member.UnknownKey(keys);
    }
  }
  if (!has_value) return value.Wrong("the fact has no value", "a key 'value' with a number, true or false");
  if (fact.source.empty())
    return value.Wrong("the fact has no source", "a key 'source': the public page or file that says so");
  return fact;
}

Result<std::string> OneOf(const TomlValue& value, const std::vector<std::string>& known,
                          const std::string& what) {
  SHOEHORN_ASSIGN(const std::string name, value.String());
  if (std::ranges::find(known, name) != known.end()) return name;
  const std::string near = DidYouMean(name, known);
  std::string list;
  for (const std::string& each : known) list += (list.empty() ? "" : ", ") + each;
  return value.Wrong("there is no " + what + " '" + Escaped(name) + "'", "one of " + list,
                     near.empty() ? "" : "did you mean '" + near + "'?");
}

std::vector<std::string> AcceleratorNames() {
  std::vector<std::string> names;
  for (const Accelerator* accelerator : AllAccelerators()) names.push_back(accelerator->name);
  return names;
}

Status ParseJudge(const TomlValue& value, Profile& profile) {
  if (!value.is_table()) return value.Wrong("'judge' is a table", "[judge] with a key 'name'");
  for (const auto& [key, member] : value.Members()) {
    if (key == "name") {
      SHOEHORN_ASSIGN(profile.judge, OneOf(member, JudgeNames(), "judge"));
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

std::string_view NameOf(FactKind kind) {
  switch (kind) {
    case FactKind::kMeasured:
      return "measured";
    case FactKind::kReported:
      return "reported";
    case FactKind::kInferred:
      return "inferred";
  }
  return "";
}

double Profile::Number(std::string_view fact, double otherwise) const {
  const auto found = facts.find(std::string(fact));
  return found == facts.end() ? otherwise : found->second.value;
}

Result<Profile> LoadProfile(const fs::path& file) {
  static const std::vector<std::string> keys = {"name",      "title", "accelerator",
                                                "precision", "judge", "facts"};
  SHOEHORN_ASSIGN(const TomlValue root, LoadToml(file));
  Profile profile;
  profile.file = file;
  for (const auto& [key, value] : root.Members()) {
    if (key == "name") {
      SHOEHORN_ASSIGN(profile.name, value.String());
      if (profile.name != file.stem())
        return value.Wrong("the target is called '" + Escaped(profile.name) + "'",
                           "the file's own name, '" + Escaped(file.stem().string()) + "'");
    } else if (key == "title") {
      SHOEHORN_ASSIGN(profile.title, value.String());
    } else if (key == "accelerator") {
      SHOEHORN_ASSIGN(profile.accelerator, OneOf(value, AcceleratorNames(), "accelerator"));
    } else if (key == "precision") {
      SHOEHORN_ASSIGN(profile.precision, OneOf(value, {"fp32", "fp16", "bf16", "int8"}, "precision"));
    } else if (key == "judge") {
      SHOEHORN_TRY(ParseJudge(value, profile));
    } else if (key == "facts") {
      if (!value.is_table()) return value.Wrong("'facts' is a table", "[facts.NAME] with value and source");
      for (const auto& [fact, member] : value.Members()) {
        SHOEHORN_ASSIGN(profile.facts[fact], ParseFact(member));
      }
    } else {
      return value.UnknownKey(keys);
    }
  }
  if (profile.name.empty()) return Missing(file, "name", "the target's name").error();
  if (profile.title.empty()) return Missing(file, "title", "the target in words").error();
  if (profile.accelerator.empty())
    return Missing(file, "accelerator", "whose rules hold: a name that `shoehorn targets` lists").error();
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
  diagnostic.fix = near.empty() ? "`shoehorn targets` lists them" : "did you mean '" + near + "'?";
  return diagnostic;
}

}  // namespace shoehorn::targets
