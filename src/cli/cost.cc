// shoehorn cost MODEL --profile this.toml: what a model takes on a machine that `shoehorn profile` measured,
// for each engine and precision; with --measure also what it really takes, where that machine is this one,
// and how far off the prediction is.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/command.h"
#include "cli/shape_options.h"
#include "cost/measure_kernels.h"
#include "cost/measured.h"
#include "cost/variants.h"
#include "formats/onnx.h"
#include "support/interrupt.h"
#include "support/progress.h"
#include "support/units.h"

namespace shoehorn::cli {
namespace {

struct Options {
  std::string model, profile;
  std::shared_ptr<ShapeOptions> shapes;
  bool measure = false, json = false, kernels = false;
};

struct Row {
  std::string engine, precision;
  double predicted = 0, guessed = 0, uncovered = 0;
  std::optional<cost::Seconds> measured;
  size_t kernels = 0;
  std::string refused;  ///< why there is no prediction
  struct Line {
    cost::Kernel kernel;
    double seconds = 0;
    std::string node;
    std::optional<double> measured_seconds;  ///< by the engine's own profile
  };
  std::vector<Line> lines;
};

/// The kernels of a graph with their predicted seconds, added up.
void Predict(const ir::Graph& graph, const cost::KernelPredictor& predictor, Row& row) {
  const auto kernels = cost::KernelsOf(graph, row.engine, row.precision);
  row.kernels = kernels.size();
  row.predicted = predictor.StartSeconds(row.precision);
  for (const cost::Kernel& kernel : kernels) {
    const auto prediction = predictor.Of(kernel);
    row.predicted += prediction.seconds;
    if (!prediction.measured) row.guessed += prediction.seconds;
    if (prediction.coverage < 0.1) row.uncovered += prediction.seconds;
    row.lines.push_back({kernel, prediction.seconds, kernel.nodes.front()->UserNames().front(), {}});
  }
  row.guessed /= row.predicted;
  row.uncovered /= row.predicted;
}

/// Times the model, and with `kernels` each kernel of it as well.
Status Measure(const ir::Model& model, const cost::RunAs& run, double start_seconds, bool kernels,
               const std::function<bool()>& stop, Row& row) {
  constexpr std::chrono::milliseconds kTime{1000};
  if (!kernels) {
    SHOEHORN_ASSIGN(row.measured, cost::SecondsOf(model, run, kTime, &stop));
    return Ok();
  }
  cost::NetworkTimes times(run, {start_seconds, 0}, 1);
  SHOEHORN_TRY(times.Visit(model, kTime, &stop));
  row.measured = times.best();
  for (const cost::TimedKernel& kernel : times.Kernels())
    row.lines[kernel.index].measured_seconds = kernel.sample.seconds;
  return Ok();
}

std::string Json(const std::vector<Row>& rows, const Options& options) {
  nlohmann::ordered_json json;
  json["schema"] = "shoehorn.cost/1";
  json["model"] = options.model;
  json["rows"] = nlohmann::ordered_json::array();
  for (const Row& row : rows) {
    nlohmann::ordered_json entry{{"engine", row.engine}, {"precision", row.precision}};
    if (row.refused.empty()) {
      entry["kernels"] = row.kernels;
      entry["predicted_ms"] = row.predicted * 1000;
      entry["share_of_unmeasured_kinds"] = row.guessed;
      entry["share_far_from_measured"] = row.uncovered;
      if (row.measured) {
        entry["measured_ms"] = row.measured->undisturbed * 1000;
        entry["measured_median_ms"] = row.measured->median * 1000;
      }
      for (const Row::Line& line : row.lines) {
        if (!options.kernels) break;
        const cost::KernelShape& shape = line.kernel.shape;
        entry["list"].push_back({{"kind", line.kernel.name()},
                                 {"node", line.node},
                                 {"ms", line.seconds * 1000},
                                 {"features", shape.features},
                                 {"operations", shape.operations},
                                 {"bytes", shape.bytes}});
        if (line.measured_seconds) entry["list"].back()["measured_ms"] = *line.measured_seconds * 1000;
      }
    } else {
      entry["refused"] = row.refused;
    }
    json["rows"].push_back(std::move(entry));
  }
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

void Print(const std::vector<Row>& rows, const Options& options) {
  for (const Row& row : rows) {
    if (!row.refused.empty()) {
      fmt::print("{:<12} {:<5} {}\n", row.engine, row.precision, Escaped(row.refused));
      continue;
    }
    fmt::print("{:<12} {:<5} {:>9} predicted, {} kernels", row.engine, row.precision,
               FormatDuration(row.predicted), row.kernels);
    if (row.guessed > 0) fmt::print(", {} of the time guessed", FormatPercent(row.guessed));
    if (row.measured)
      fmt::print("; {:>9} measured undisturbed, {:+.1f} %; median {}",
                 FormatDuration(row.measured->undisturbed),
                 100 * (row.predicted / row.measured->undisturbed - 1), FormatDuration(row.measured->median));
    fmt::print("\n");
    for (const Row::Line& line : row.lines)
      if (options.kernels)
        fmt::print("  {:>10}{}  {:<28} {}\n", FormatDuration(line.seconds),
                   !row.measured           ? ""
                   : line.measured_seconds ? fmt::format(" {:>10}", FormatDuration(*line.measured_seconds))
                                           : fmt::format(" {:>10}", "-"),
                   line.kernel.name(), Escaped(line.node));
  }
}

Result<int> Cost(const Options& options) {
  SHOEHORN_ASSIGN(const cost::KernelTable table,
                  cost::LoadKernelTable(cost::KernelTablePath(options.profile)));
  SHOEHORN_ASSIGN(const auto model, formats::LoadOnnx(options.model));
  passes::SimplifyOptions shapes;
  SHOEHORN_TRY(ReadShapeOptions(*options.shapes, shapes));
  SHOEHORN_ASSIGN(const auto simplified, cost::Simplified(*model, shapes));
  WatchInterrupts();
  const std::function<bool()> stop = Interrupted;
  Progress progress;
  std::vector<Row> rows;
  for (const cost::EngineKernels& engine : table.engines) {
    const cost::KernelPredictor predictor(engine);
    for (const auto& [precision, start] : engine.start_seconds) {
      Row& row = rows.emplace_back();
      row.engine = engine.engine;
      row.precision = precision;
      SHOEHORN_ASSIGN(const engines::Precision asked, engines::ParsePrecision(precision));
      std::unique_ptr<ir::Model> quantized;
      if (asked == engines::Precision::kInt8) {
        auto made = cost::Quantized(*simplified, engine.engine);
        if (!made.ok()) {
          row.refused = made.error().found;
          continue;
        }
        quantized = std::move(*made);
      }
      const ir::Model& prepared = quantized != nullptr ? *quantized : *simplified;
      Predict(*prepared.graph, predictor, row);
      if (!options.measure) continue;
      progress.Show(fmt::format("measuring {} {}", engine.engine, precision));
      const Status measured =
          Measure(prepared, {engine.engine, asked, engine.threads}, start, options.kernels, stop, row);
      if (measured.ok()) continue;
      if (measured.error().blame == Blame::kInterrupted) return measured.error();
      row.refused = measured.error().found;
    }
  }
  progress.Clear();
  if (options.json) {
    fmt::print("{}", Json(rows, options));
  } else {
    Print(rows, options);
  }
  return kMet;
}

}  // namespace

void SetUpCost(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  app.add_option("MODEL", options->model, "ONNX file")->required();
  app.add_option("--profile", options->profile, "A profile that `shoehorn profile` wrote: NAME.toml")
      ->required();
  options->shapes = AddShapeOptions(app);
  app.add_flag("--measure", options->measure, "Measure the model on this machine, too");
  app.add_flag("--kernels", options->kernels, "List the kernels with their times");
  app.add_flag("--json", options->json, "Print the result as JSON");
  action = [options] { return Cost(*options); };
}

}  // namespace shoehorn::cli
