#include "place/site_models.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

#include "fit/begin.h"
#include "formats/onnx.h"
#include "place/prepare.h"

namespace shoehorn::place {
namespace {

namespace fs = std::filesystem;

std::string TypeText(const ir::Type& type) {
  std::vector<std::string> dims;
  for (const ir::Dim& dim : type.dims)
    dims.push_back(dim.known() ? std::to_string(dim.value) : dim.symbol.empty() ? "?" : Escaped(dim.symbol));
  return type.has_rank ? fmt::format("{} [{}]", ir::NameOf(type.element), fmt::join(dims, ", "))
                       : std::string(ir::NameOf(type.element));
}

/// Could both be the same tensor? What one of them leaves open agrees.
bool Agree(const ir::Type& a, const ir::Type& b) {
  if (a.element != b.element && a.element != ir::DataType::kUndefined &&
      b.element != ir::DataType::kUndefined)
    return false;
  if (!a.has_rank || !b.has_rank) return true;
  return std::ranges::equal(a.dims, b.dims, [](const ir::Dim& x, const ir::Dim& y) {
    return !x.known() || !y.known() || x.value == y.value;
  });
}

/// Inputs that a caller feeds, by name.
std::vector<const ir::Value*> Fed(const ir::Graph& graph) {
  std::vector<const ir::Value*> fed;
  for (const ir::Value* input : graph.inputs())
    if (input->initializer() == nullptr) fed.push_back(input);
  return fed;
}

/// Holds one model's inputs or outputs against those of the other.
struct Comparison {
  const Site& site;
  const fs::path& own_file;

  Diagnostic Differs(std::string place, std::string found, std::string expected) const {
    Diagnostic diagnostic;
    diagnostic.file = site.model.string();
    diagnostic.place = std::move(place);
    diagnostic.found = std::move(found);
    diagnostic.expected = std::move(expected);
    diagnostic.fix = fmt::format("the place '{}' gets what the device gets", Escaped(site.name));
    return diagnostic;
  }

  template <typename Values>
  Status Has(const char* what, const ir::Value& own, const Values& theirs) const {
    const std::string expected = fmt::format("{} '{}' of {}, as {} has it", what, Escaped(own.name()),
                                             TypeText(own.type), own_file.filename().string());
    const auto same =
        std::ranges::find(theirs, own.name(), [](const ir::Value* each) { return each->name(); });
    if (same == theirs.end()) {
      std::vector<std::string> names;
      for (const ir::Value* each : theirs) names.push_back("'" + Escaped(each->name()) + "'");
      return Differs(fmt::format("{}s", what), fmt::format("{}", fmt::join(names, ", ")), expected);
    }
    if (Agree(own.type, (*same)->type)) return Ok();
    return Differs(fmt::format("{} '{}'", what, Escaped(own.name())), TypeText((*same)->type), expected);
  }

  Status HasOutputs(const std::set<std::string>& needed, const ir::Model& own,
                    const ir::Model& theirs) const {
    for (const ir::Value* output : own.graph->outputs())
      if (needed.contains(output->name())) SHOEHORN_TRY(Has("output", *output, theirs.graph->outputs()));
    return Ok();
  }
};

/// Names of the outputs of the spec's model that must come from any place that answers.
std::set<std::string> NeededOutputs(const PlaceSpec& spec, const ir::Model& own) {
  std::set<std::string> needed;
  const std::vector<std::string> all = fit::OutputNames(own);
  if (spec.fit.metric.name == "external")
    needed.insert(all.begin(), all.end());
  else
    needed.insert(spec.fit.metric.output.empty() ? all.front() : spec.fit.metric.output);
  if (spec.events) needed.insert(spec.events->output);
  return needed;
}

Status CheckMetric(const PlaceSpec& spec, const Site& site, const ir::Model& own) {
  const auto metric = data::MakeMetric(spec.fit.metric, fit::OutputNames(own));
  if (!metric.ok() || !(*metric)->needs_reference()) return Ok();
  Diagnostic diagnostic;
  diagnostic.file = spec.fit.file.string();
  diagnostic.place = "metric.name";
  diagnostic.found =
      fmt::format("{} compares with the outputs of the spec's own model", spec.fit.metric.name);
  diagnostic.expected = fmt::format(
      "a metric that looks at labels, by which the model of the place '{}' can be better or worse",
      Escaped(site.name));
  return diagnostic;
}

}  // namespace

Result<SiteModel> OpenSiteModel(const PlaceSpec& spec, const Site& site, const ir::Model& own,
                                const std::function<bool()>& stop) {
  SHOEHORN_TRY(CheckMetric(spec, site, own));
  const Comparison comparison{site, spec.fit.model};
  const std::set<std::string> needed = NeededOutputs(spec, own);
  fit::Spec its = spec.fit;
  its.model = site.model;
  its.symbols.clear();  // shapes say it all, and its symbols may have other names
  its.vocabulary_key.clear();
  if (its.metric.name != "external" && its.metric.output.empty())
    its.metric.output = own.graph->outputs().front()->name();
  {
    SHOEHORN_ASSIGN(const auto raw, formats::LoadOnnx(site.model));
    const auto fed = Fed(*raw->graph), own_fed = Fed(*own.graph);
    for (const ir::Value* input : own_fed) SHOEHORN_TRY(comparison.Has("input", *input, fed));
    for (const ir::Value* input : fed)
      if (std::ranges::none_of(own_fed, [&](const ir::Value* each) { return each->name() == input->name(); }))
        return comparison.Differs(
            "inputs", fmt::format("one more, '{}' of {}", Escaped(input->name()), TypeText(input->type)),
            fmt::format("those of {}", spec.fit.model.filename().string()));
    SHOEHORN_TRY(comparison.HasOutputs(needed, own, *raw));
  }
  SiteModel made;
  SHOEHORN_ASSIGN(made.model, PreparedModel(its, {}));
  SHOEHORN_TRY(comparison.HasOutputs(needed, own, *made.model));  // now that nothing is open
  const auto& outputs = made.model->graph->outputs();
  for (const ir::Value* output : own.graph->outputs()) {
    if (std::ranges::none_of(outputs, [&](const ir::Value* each) { return each->name() == output->name(); }))
      made.lacks.push_back(output->name());
  }

  SHOEHORN_ASSIGN(const auto bench, AccuracyBench::Open(its, *made.model, stop));
  made.accuracy = Goodness(bench->original());
  made.scores = bench->SampleScores();

  SHOEHORN_ASSIGN(const CutGraph graph, CutGraphOf(*made.model->graph));
  made.down_bytes = DownBytes(graph, AllInTail(graph));
  SHOEHORN_ASSIGN(const auto samples, data::OpenSamples(its.evaluation, its.inputs));
  SHOEHORN_ASSIGN(const data::Sample sample, samples->Load(0));
  SHOEHORN_ASSIGN(made.costs, CostsOf(site, *made.model, graph, sample.inputs, stop));
  made.costs.nodes.clear();
  made.costs.basis = fmt::format("its own model {}: {}", site.model.filename().string(), made.costs.basis);
  return made;
}

}  // namespace shoehorn::place
