// Gives dynamic inputs their real sizes, so that shape arithmetic becomes constant and engines compile for
// one shape:
//   x: float[batch, 3, h, w] with x = [1, 3, 224, 224]   becomes   x: float[1, 3, 224, 224]
// A symbol that one pinned dimension names is pinned wherever graph inputs use it.
#include "passes/pipeline.h"

namespace shoehorn::passes {
namespace {

std::string Text(const std::vector<ir::Dim>& dims) {
  std::string text;
  for (const ir::Dim& dim : dims)
    text += (text.empty() ? "" : ", ") + (dim.known()          ? std::to_string(dim.value)
                                          : dim.symbol.empty() ? "?"
                                                               : dim.symbol);
  return "[" + text + "]";
}

std::string Text(const ir::Shape& shape) {
  std::string text;
  for (const int64_t dim : shape) text += (text.empty() ? "" : ", ") + std::to_string(dim);
  return "[" + text + "]";
}

Diagnostic Problem(const ir::Model& model, std::string place, std::string found, std::string expected,
                   std::string fix = {}) {
  Diagnostic diagnostic;
  diagnostic.file = model.source.string();
  diagnostic.place = std::move(place);
  diagnostic.found = std::move(found);
  diagnostic.expected = std::move(expected);
  diagnostic.fix = std::move(fix);
  return diagnostic;
}

std::string Suggestion(const std::string& word, const std::vector<std::string>& known) {
  const std::string near = DidYouMean(word, known);
  return near.empty() ? "" : "did you mean '" + near + "'?";
}

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + ("'" + Escaped(word) + "'");
  return text.empty() ? "none" : text;
}

/// Makes every dimension inside unknown again, so that inference starts from the inputs. Ranks and element
/// types stay, and so do the numbers that the file declares for outputs.
void ForgetShapes(ir::Graph& graph) {
  ir::ForEachGraph(graph, [&](ir::Graph& each) {
    const bool outermost = each.owner() == nullptr;
    for (const auto& value : each.values()) {
      if (value->initializer() != nullptr || (outermost && value->is_input())) continue;
      for (ir::Dim& dim : value->type.dims)
        if (!dim.known() || !outermost || !value->is_output()) dim = {};
    }
  });
}

}  // namespace

Result<bool> PinShapes(ir::Model& model, const SimplifyOptions& options) {
  ir::Graph& graph = *model.graph;
  std::map<std::string, int64_t> sizes = options.symbols;
  std::vector<std::string> input_names, symbol_names;
  std::map<std::string, ir::Value*> inputs;
  for (ir::Value* input : graph.inputs()) {
    if (input->constant() != nullptr) continue;
    inputs[input->name()] = input;
    input_names.push_back(input->name());
    for (const ir::Dim& dim : input->type.dims)
      if (!dim.symbol.empty() && std::ranges::find(symbol_names, dim.symbol) == symbol_names.end())
        symbol_names.push_back(dim.symbol);
  }
  for (const auto& [symbol, size] : options.symbols) {
    if (std::ranges::find(symbol_names, symbol) == symbol_names.end())
      return Problem(model, "dimension '" + Escaped(symbol) + "'",
                     "no graph input has a dimension of this name", "one of " + Joined(symbol_names),
                     Suggestion(symbol, symbol_names));
    if (size <= 0)
      return Problem(model, "dimension '" + Escaped(symbol) + "'", "its size is " + std::to_string(size),
                     "a size of at least 1");
  }

  bool changed = false;
  for (const auto& [name, shape] : options.shapes) {
    const auto found = inputs.find(name);
    const std::string place = "input '" + Escaped(name) + "'";
    if (found == inputs.end())
      return Problem(model, place, "the model has no such input", "one of " + Joined(input_names),
                     Suggestion(name, input_names));
    ir::Type& type = found->second->type;
    if (!type.opaque.empty())
      return Problem(model, place, "it is no tensor and has no shape", "a tensor input");
    if (!type.has_rank) {
      type.has_rank = true;
      type.dims.assign(shape.size(), {});
    }
    if (type.dims.size() != shape.size())
      return Problem(model, place, "the shape asked for is " + Text(shape),
                     "one that fits " + Text(type.dims));
    for (size_t i = 0; i < shape.size(); ++i) {
      ir::Dim& dim = type.dims[i];
      if (shape[i] == -1 || dim.value == shape[i]) continue;
      const auto pinned = dim.symbol.empty() ? sizes.end() : sizes.find(dim.symbol);
      if (dim.known() || shape[i] <= 0 || (pinned != sizes.end() && pinned->second != shape[i]))
        return Problem(model, place, "the shape asked for is " + Text(shape),
                       "one that fits " + Text(type.dims) +
                           (pinned != sizes.end() ? " where '" + Escaped(dim.symbol) + "' is " +
                                                        std::to_string(pinned->second) + " elsewhere"
                                                  : ""));
      if (!dim.symbol.empty()) sizes[dim.symbol] = shape[i];
      dim = {.value = shape[i], .symbol = {}};
      changed = true;
    }
  }
  for (const auto& [name, input] : inputs) {
    for (ir::Dim& dim : input->type.dims) {
      const auto size = sizes.find(dim.symbol);
      if (dim.known() || dim.symbol.empty() || size == sizes.end()) continue;
      dim = {.value = size->second, .symbol = {}};
      changed = true;
    }
  }
  if (changed) ForgetShapes(graph);
  return changed;
}

}  // namespace shoehorn::passes
