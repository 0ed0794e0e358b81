// Holding a spec against its model, before any work is done: a misspelt input or a dimension that nobody
// pinned is a message that names the key, not a failure of an engine half an hour later.
#include <fmt/format.h>

#include <algorithm>

#include "fit/spec.h"

namespace shoehorn::fit {
namespace {

Diagnostic Wrong(const Spec& spec, std::string key, std::string found, std::string expected,
                 std::string fix = {}) {
  Diagnostic diagnostic;
  diagnostic.file = spec.file.string();
  diagnostic.place = std::move(key);
  diagnostic.found = std::move(found);
  diagnostic.expected = std::move(expected);
  diagnostic.fix = std::move(fix);
  return diagnostic;
}

/// The inputs that a caller must feed: those without a default.
std::vector<const ir::Value*> FedInputs(const ir::Graph& graph) {
  std::vector<const ir::Value*> fed;
  for (const ir::Value* input : graph.inputs())
    if (input->initializer() == nullptr) fed.push_back(input);
  return fed;
}

std::vector<std::string> NamesOf(const std::vector<const ir::Value*>& values) {
  std::vector<std::string> names;
  for (const ir::Value* value : values) names.push_back(value->name());
  return names;
}

std::string DimsText(const ir::Type& type) {
  std::vector<std::string> dims;
  for (const ir::Dim& dim : type.dims)
    dims.push_back(dim.known() ? std::to_string(dim.value) : dim.symbol.empty() ? "?" : dim.symbol);
  return fmt::format("[{}]", fmt::join(dims, ", "));
}

std::string Suggestion(std::string_view word, const std::vector<std::string>& names) {
  const std::string near = DidYouMean(word, names);
  return near.empty() ? "" : fmt::format("did you mean '{}'?", near);
}

/// Fills `input.shape` from the model and the pinned symbols where the spec leaves it out, and compares where
/// it does not.
Status MatchShape(Spec& spec, data::InputSpec& input, const ir::Type& type) {
  const std::string key = fmt::format("input '{}'.shape", input.name);
  if (!type.has_rank) {
    if (!input.shape.empty()) return Ok();
    return Wrong(spec, key, "missing, and the model does not say the shape",
                 "shape = [...] with every dimension");
  }
  if (input.shape.empty()) {
    for (const ir::Dim& dim : type.dims) {
      const auto pinned = spec.symbols.find(dim.symbol);
      if (!dim.known() && (dim.symbol.empty() || pinned == spec.symbols.end()))
        return Wrong(
            spec, key, fmt::format("missing, and the model leaves dimensions open: {}", DimsText(type)),
            "every dimension pinned", "write shape = [...], or give each symbol a size under [symbols]");
      input.shape.push_back(dim.known() ? dim.value : pinned->second);
    }
    return Ok();
  }
  if (input.shape.size() != type.dims.size())
    return Wrong(spec, key,
                 fmt::format("{} dimensions, [{}]", input.shape.size(), fmt::join(input.shape, ", ")),
                 fmt::format("{} dimensions, as the model says: {}", type.dims.size(), DimsText(type)));
  for (size_t i = 0; i < type.dims.size(); ++i) {
    const ir::Dim& dim = type.dims[i];
    if (dim.known() && dim.value != input.shape[i])
      return Wrong(spec, key, fmt::format("{} in dimension {}", input.shape[i], i),
                   fmt::format("{}, as the model says: {}", dim.value, DimsText(type)));
    if (dim.symbol.empty()) continue;
    const auto [pinned, added] = spec.symbols.emplace(dim.symbol, input.shape[i]);
    if (!added && pinned->second != input.shape[i])
      return Wrong(spec, key, fmt::format("{} in dimension {}", input.shape[i], i),
                   fmt::format("{}, the size of '{}' elsewhere in the spec", pinned->second, dim.symbol));
  }
  return Ok();
}

Status MatchInputs(Spec& spec, const ir::Graph& graph) {
  const std::vector<const ir::Value*> fed = FedInputs(graph);
  const std::vector<std::string> names = NamesOf(fed);
  std::vector<data::InputSpec> ordered;
  for (const data::InputSpec& input : spec.inputs)
    if (std::find(names.begin(), names.end(), input.name) == names.end())
      return Wrong(spec, "input.name", fmt::format("the model has no input '{}'", input.name),
                   fmt::format("one of {}", fmt::join(names, ", ")), Suggestion(input.name, names));
  for (const ir::Value* value : fed) {
    const auto found =
        std::find_if(spec.inputs.begin(), spec.inputs.end(),
                     [&](const data::InputSpec& input) { return input.name == value->name(); });
    if (found == spec.inputs.end())
      return Wrong(spec, "input", fmt::format("the model's input '{}' is not described", value->name()),
                   fmt::format("a section [[input]] with name = \"{}\"", value->name()));
    data::InputSpec input = *found;
    if (value->type.element != ir::DataType::kUndefined && value->type.element != input.type)
      return Wrong(spec, fmt::format("input '{}'.type", input.name), std::string(ir::NameOf(input.type)),
                   fmt::format("{}, as the model says", ir::NameOf(value->type.element)));
    SHOEHORN_TRY(MatchShape(spec, input, value->type));
    ordered.push_back(std::move(input));
  }
  spec.inputs = std::move(ordered);
  return Ok();
}

Status MatchSymbols(const Spec& spec, const ir::Graph& graph) {
  std::vector<std::string> known;
  for (const ir::Value* input : graph.inputs())
    for (const ir::Dim& dim : input->type.dims)
      if (!dim.symbol.empty() && std::find(known.begin(), known.end(), dim.symbol) == known.end())
        known.push_back(dim.symbol);
  for (const auto& [symbol, size] : spec.symbols)
    if (std::find(known.begin(), known.end(), symbol) == known.end())
      return Wrong(spec, "symbols." + symbol, "no input of the model has this dimension",
                   known.empty() ? "no [symbols]: every dimension of this model is a number"
                                 : fmt::format("one of {}", fmt::join(known, ", ")),
                   Suggestion(symbol, known));
  return Ok();
}

Status MatchOutput(const Spec& spec, const ir::Graph& graph) {
  if (spec.metric.output.empty()) return Ok();
  std::vector<std::string> names;
  for (const ir::Value* output : graph.outputs()) names.push_back(output->name());
  if (std::find(names.begin(), names.end(), spec.metric.output) != names.end()) return Ok();
  return Wrong(spec, "metric.output", fmt::format("the model has no output '{}'", spec.metric.output),
               fmt::format("one of {}", fmt::join(names, ", ")), Suggestion(spec.metric.output, names));
}

Status FindVocabulary(Spec& spec, const ir::Model& model) {
  if (spec.vocabulary_key.empty()) return Ok();
  std::vector<std::string> keys;
  const std::string* text = nullptr;
  for (const auto& [key, value] : model.metadata) {
    keys.push_back(key);
    if (key == spec.vocabulary_key) text = &value;
  }
  if (text == nullptr)
    return Wrong(spec, "metric.vocabulary",
                 fmt::format("the model's metadata has no '{}'", spec.vocabulary_key),
                 keys.empty() ? "a vocabulary in the spec: this model has no metadata"
                              : fmt::format("one of {}", fmt::join(keys, ", ")),
                 Suggestion(spec.vocabulary_key, keys));
  spec.metric.vocabulary = VocabularyOf(*text);
  const auto classes = static_cast<int64_t>(spec.metric.vocabulary.size());
  for (const ir::Value* output : model.graph->outputs()) {
    if (!spec.metric.output.empty() && output->name() != spec.metric.output) continue;
    const auto has = [&](int64_t size) {
      return std::any_of(output->type.dims.begin(), output->type.dims.end(),
                         [&](const ir::Dim& dim) { return dim.value == size; });
    };
    if (!has(classes + 1) && has(classes + 2)) spec.metric.vocabulary.emplace_back(" ");
    break;
  }
  return Ok();
}

}  // namespace

Status MatchModel(Spec& spec, const ir::Model& model) {
  SHOEHORN_TRY(MatchSymbols(spec, *model.graph));
  SHOEHORN_TRY(MatchInputs(spec, *model.graph));
  SHOEHORN_TRY(MatchOutput(spec, *model.graph));
  return FindVocabulary(spec, model);
}

}  // namespace shoehorn::fit
