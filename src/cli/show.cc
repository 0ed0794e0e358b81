// shoehorn show MODEL: what the model is, in a summary, a table of operators, its text form or JSON.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/shape_options.h"
#include "formats/onnx.h"
#include "ir/statistics.h"
#include "support/files.h"

namespace shoehorn::cli {
namespace {

struct Options {
  std::string model, json;
  std::shared_ptr<ShapeOptions> shapes;
  bool text = false;
};

/// What was taken for granted so that the totals exist, for the reader.
struct Assumptions {
  std::vector<std::string> lines;
};

/// Pins what the user asked for; an unknown first dimension left after that is taken as a batch of one. Graph
/// inputs with a default keep it.
Result<Assumptions> PinForTotals(ir::Model& model, passes::SimplifyOptions pins) {
  Assumptions assumptions;
  const std::vector<ir::Value*> inputs = model.graph->inputs();
  for (ir::Value* input : inputs) {
    if (input->initializer() != nullptr) {
      assumptions.lines.push_back("input '" + input->name() + "' keeps its default");
      model.graph->DropInput(*input);
      continue;
    }
    const std::vector<ir::Dim>& dims = input->type.dims;
    if (dims.empty() || dims[0].known() || pins.shapes.contains(input->name()) ||
        pins.symbols.contains(dims[0].symbol))
      continue;
    assumptions.lines.push_back("input '" + input->name() + "': batch of 1");
    ir::Shape shape(dims.size(), -1);
    shape[0] = 1;
    pins.shapes[input->name()] = std::move(shape);
  }
  if (const auto pinned = passes::PinShapes(model, pins); !pinned.ok()) return pinned.error();
  return assumptions;
}

std::string TypeText(const ir::Type& type) {
  if (!type.opaque.empty()) return "(not a tensor)";
  std::string text(ir::NameOf(type.element));
  if (!type.has_rank) return text + "[?]";
  text += '[';
  for (size_t i = 0; i < type.dims.size(); ++i) {
    const ir::Dim& dim = type.dims[i];
    text += (i > 0 ? ", " : "") + (dim.known()          ? std::to_string(dim.value)
                                   : dim.symbol.empty() ? "?"
                                                        : dim.symbol);
  }
  return text + ']';
}

std::string Count(int64_t number) {
  if (number >= 1'000'000'000) return fmt::format("{:.2f} G", static_cast<double>(number) * 1e-9);
  if (number >= 1'000'000) return fmt::format("{:.2f} M", static_cast<double>(number) * 1e-6);
  if (number >= 10'000) return fmt::format("{:.1f} k", static_cast<double>(number) * 1e-3);
  return std::to_string(number);
}

std::string Bytes(int64_t number) {
  if (number >= int64_t{1} << 30) return fmt::format("{:.2f} GiB", static_cast<double>(number) / (1 << 30));
  if (number >= int64_t{1} << 20) return fmt::format("{:.2f} MiB", static_cast<double>(number) / (1 << 20));
  return fmt::format("{:.1f} KiB", static_cast<double>(number) / 1024);
}

nlohmann::ordered_json Json(const ir::Model& model, const ir::Statistics& statistics,
                            const Assumptions& assumptions) {
  const auto ports = [](const std::vector<ir::Value*>& values) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const ir::Value* value : values)
      list.push_back({{"name", value->name()}, {"type", TypeText(value->type)}});
    return list;
  };
  nlohmann::ordered_json json;
  json["schema"] = "shoehorn.show/1";
  json["model"] = model.source.string();
  json["ir_version"] = model.ir_version;
  json["opsets"] = nlohmann::ordered_json::object();
  for (const ir::OpsetId& opset : model.opsets)
    json["opsets"][opset.domain.empty() ? "ai.onnx" : opset.domain] = opset.version;
  json["inputs"] = ports(model.graph->inputs());
  json["outputs"] = ports(model.graph->outputs());
  json["nodes"] = statistics.nodes;
  json["operators"] = statistics.operators;
  json["macs"] = statistics.macs;
  json["parameters"] = statistics.parameters;
  json["parameter_bytes"] = statistics.parameter_bytes;
  json["activation_peak_bytes"] = statistics.activation_peak_bytes;
  json["assumed"] = assumptions.lines;
  json["unsized"] = statistics.unsized;
  return json;
}

void PrintSummary(const ir::Model& model, const ir::Statistics& statistics, const Assumptions& assumptions) {
  std::string opsets;
  for (const ir::OpsetId& opset : model.opsets)
    opsets += fmt::format("{}{} {}", opsets.empty() ? "" : ", ",
                          opset.domain.empty() ? "ai.onnx" : Escaped(opset.domain), opset.version);
  fmt::print("{}: {} nodes, {} MACs, {} parameters ({})\n", Escaped(model.source.string()), statistics.nodes,
             Count(statistics.macs), Count(statistics.parameters), Bytes(statistics.parameter_bytes));
  fmt::print("activation memory at its peak {}, opset {}{}\n", Bytes(statistics.activation_peak_bytes),
             opsets, model.producer_name.empty() ? "" : ", made by " + Escaped(model.producer_name));
  constexpr size_t kShown = 3;
  for (size_t i = 0; i < std::min(kShown, assumptions.lines.size()); ++i)
    fmt::print("assumed: {}\n", Escaped(assumptions.lines[i]));
  if (assumptions.lines.size() > kShown)
    fmt::print("assumed: and {} more like it\n", assumptions.lines.size() - kShown);
  if (!statistics.unsized.empty())
    fmt::print(
        "{} nodes are not in these totals, their shapes are not known; the first is\n  {}\n"
        "  fix: pin dynamic inputs with --shape NAME=1,3,224,224, or simplify the model first\n",
        statistics.unsized.size(), Escaped(statistics.unsized.front()));
  const auto ports = [](const char* label, const std::vector<ir::Value*>& values) {
    for (const ir::Value* value : values)
      fmt::print("  {:<7} {:<32} {}\n", label, Escaped(value->name()), Escaped(TypeText(value->type)));
  };
  fmt::print("\n");
  ports("input", model.graph->inputs());
  ports("output", model.graph->outputs());
  fmt::print("\n  {:<32} {:>8}\n", "operator", "nodes");
  std::vector<std::pair<std::string, int64_t>> operators(statistics.operators.begin(),
                                                         statistics.operators.end());
  std::ranges::stable_sort(operators, [](const auto& a, const auto& b) { return a.second > b.second; });
  for (const auto& [name, count] : operators) fmt::print("  {:<32} {:>8}\n", Escaped(name), count);
}

Result<int> Show(const Options& options) {
  SHOEHORN_ASSIGN(const auto model, formats::LoadOnnx(options.model));
  const auto types = formats::MakeTypeInference(*model);
  passes::SimplifyOptions pins;
  pins.types = types.get();
  SHOEHORN_TRY(ReadShapeOptions(*options.shapes, pins));
  SHOEHORN_ASSIGN(const Assumptions assumptions, PinForTotals(*model, pins));
  if (const auto inferred = types->InferGraph(*model->graph); !inferred.ok()) return inferred.error();
  const ir::Statistics statistics = ir::Measure(*model);
  if (!options.json.empty()) {
    const std::string text = Json(*model, statistics, assumptions)
                                 .dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) +
                             "\n";
    if (options.json != "-") {
      SHOEHORN_TRY(WriteAtomically(options.json, text));
      return kMet;
    }
    fmt::print("{}", text);
    return kMet;
  }
  if (options.text) {
    std::string line;
    for (const char c : formats::PrintText(*model, true) + "\n") {
      if (c != '\n') {
        line += c;
        continue;
      }
      fmt::print("{}\n", Escaped(line));
      line.clear();
    }
    return kMet;
  }
  PrintSummary(*model, statistics, assumptions);
  return kMet;
}

}  // namespace

void SetUpShow(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  app.add_option("MODEL", options->model, "ONNX file")->required();
  options->shapes = AddShapeOptions(app);
  app.add_flag("--text", options->text, "Print ONNX's textual form; large tensors by type and shape only");
  app.add_option("--json", options->json, "Write the totals as JSON to this file, - for standard output");
  action = [options] { return Show(*options); };
}

}  // namespace shoehorn::cli
