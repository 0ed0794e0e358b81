#include "engines/engine.h"

namespace shoehorn::engines {

#define ENGINE(name, function) Result<Engine*> function();
#include "engines/engines.def"
#undef ENGINE

namespace {

struct Entry {
  const char* name;
  Result<Engine*> (*get)();
};

constexpr Entry kEngines[] = {
#define ENGINE(name, function) {name, function},
#include "engines/engines.def"
#undef ENGINE
};

constexpr const char* kPrecisions[] = {"fp32", "bf16", "fp16", "int8"};

Diagnostic Unknown(std::string_view word, const char* what, const std::vector<std::string>& known) {
  Diagnostic diagnostic;
  diagnostic.place = "'" + std::string(word) + "'";
  diagnostic.found = std::string("unknown ") + what;
  for (const std::string& name : known)
    diagnostic.expected += (diagnostic.expected.empty() ? "one of " : ", ") + name;
  if (const std::string near = DidYouMean(word, known); !near.empty())
    diagnostic.fix = "did you mean '" + near + "'?";
  return diagnostic;
}

}  // namespace

std::string_view NameOf(Precision precision) { return kPrecisions[static_cast<size_t>(precision)]; }

Result<Precision> ParsePrecision(std::string_view name) {
  for (size_t i = 0; i < std::size(kPrecisions); ++i)
    if (name == kPrecisions[i]) return static_cast<Precision>(i);
  return Unknown(name, "precision", std::vector<std::string>(std::begin(kPrecisions), std::end(kPrecisions)));
}

Result<Engine*> FindEngine(std::string_view name) {
  for (const Entry& entry : kEngines)
    if (name == entry.name) return entry.get();
  return Unknown(name, "engine", EngineNames());
}

std::vector<std::string> EngineNames() {
  std::vector<std::string> names;
  for (const Entry& entry : kEngines) names.emplace_back(entry.name);
  return names;
}

}  // namespace shoehorn::engines
