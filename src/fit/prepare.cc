#include "fit/prepare.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "engines/evaluator.h"
#include "formats/onnx.h"
#include "passes/pipeline.h"
#include "quant/compress_weights.h"
#include "quant/rules.h"
#include "support/files.h"
#include "support/interrupt.h"

namespace shoehorn::fit {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr char kModelFile[] = "fp32.onnx";
constexpr char kSimplifiedFile[] = "simplified.json";
constexpr char kCalibrationFile[] = "calibration.json";
constexpr char kObservedFile[] = "observed.onnx";

std::string Dump(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

Diagnostic Unreadable(const fs::path& file, const json::exception& error) {
  Diagnostic diagnostic;
  diagnostic.file = file.string();
  diagnostic.found = fmt::format("not what a fit stored: {}", error.what());
  diagnostic.fix = "delete the folder and run the fit again";
  return diagnostic;
}

}  // namespace

Workshop::Workshop(const Spec& spec, State& state, std::function<bool()> stop,
                   std::function<void(const std::string&)> show, std::string integers)
    : spec_(spec),
      state_(state),
      stop_(std::move(stop)),
      show_(std::move(show)),
      integers_(std::move(integers)) {}
Workshop::~Workshop() = default;

Result<std::optional<Simplified>> Workshop::Stored() const {
  SHOEHORN_ASSIGN(const auto stored, state_.Read(kSimplifiedFile));
  if (!stored) return std::optional<Simplified>();
  Simplified simplified;
  try {
    const json parsed = json::parse(*stored);
    simplified.nodes_before = parsed.at("nodes_before").get<uint64_t>();
    simplified.nodes_after = parsed.at("nodes_after").get<uint64_t>();
    for (const json& entry : parsed.at("rewrites"))
      simplified.rewrites.push_back(
          {entry.at(0).get<std::string>(), entry.at(1).get<std::string>(), entry.at(2).get<std::string>()});
    return std::optional(std::move(simplified));
  } catch (const json::exception& error) {
    return Unreadable(state_.path(kSimplifiedFile), error);
  }
}

Status Workshop::Adopt(const ir::Model& model, const Simplified& simplified) {
  SHOEHORN_TRY(formats::SaveOnnx(model, state_.path(kModelFile)));
  json rewrites = json::array();
  for (const RewriteResult& rewrite : simplified.rewrites)
    rewrites.push_back({rewrite.pass, rewrite.node, rewrite.why});
  return state_.Write(kSimplifiedFile, Dump({{"nodes_before", simplified.nodes_before},
                                             {"nodes_after", simplified.nodes_after},
                                             {"rewrites", rewrites}}));
}

Result<Simplified> Workshop::Simplify(std::unique_ptr<ir::Model> model) {
  SHOEHORN_ASSIGN(auto stored, Stored());
  if (stored) return std::move(*stored);
  const auto types = formats::MakeTypeInference(*model);
  const auto evaluator = engines::MakeEvaluator();
  passes::SimplifyOptions options;
  for (const data::InputSpec& input : spec_.inputs) options.shapes[input.name] = input.shape;
  options.symbols = spec_.symbols;
  options.types = types.get();
  options.evaluator = evaluator.get();
  SHOEHORN_ASSIGN(const passes::SimplifyReport report, passes::Simplify(*model, options));
  Simplified simplified{
      .nodes_before = report.nodes_before, .nodes_after = report.nodes_after, .rewrites = {}};
  for (const passes::Rewrite& rewrite : report.rewrites)
    simplified.rewrites.push_back({rewrite.pass, rewrite.node, rewrite.why});
  SHOEHORN_TRY(Adopt(*model, simplified));
  return simplified;
}

Status Workshop::Calibrate() {
  if (quantizable_ != nullptr) return Ok();
  SHOEHORN_ASSIGN(const auto simplified, formats::LoadOnnx(state_.path(kModelFile)));
  // Targets of integers may want 16 bits. A model that cannot be converted so far has the 8-bit candidates.
  const quant::EngineRules* rules = quant::FindEngineRules(integers_);
  auto prepared = quant::PrepareModel(
      *simplified, rules != nullptr && rules->whole ? quant::kSixteenBitOpset : quant::kPerChannelOpset);
  if (!prepared.ok()) prepared = quant::PrepareModel(*simplified);
  SHOEHORN_ASSIGN(auto quantizable, std::move(prepared));
  SHOEHORN_ASSIGN(const auto samples, data::OpenSamples(spec_.calibration, spec_.inputs));
  calibration_samples_ = samples->size();
  SHOEHORN_ASSIGN(const auto stored, state_.Read(kCalibrationFile));
  if (stored) {
    SHOEHORN_ASSIGN(table_, CalibrationFromJson(*stored, state_.path(kCalibrationFile).string()));
    quantizable_ = std::move(quantizable);
    return Ok();
  }
  const std::vector<std::string> names = quant::ActivationsToObserve(*quantizable->graph, integers_);
  const auto observed = quant::WithObservedOutputs(*quantizable, names);
  SHOEHORN_TRY(formats::SaveOnnx(*observed, state_.path(kObservedFile)));
  SHOEHORN_ASSIGN(engines::Engine* const engine, engines::FindEngine("onnxruntime"));
  engines::SessionOptions options;
  options.threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  SHOEHORN_ASSIGN(const auto session, engine->Load(state_.path(kObservedFile), options));
  const quant::Runner runner = [&](size_t i) -> Result<std::vector<ir::Tensor>> {
    if (stop_()) return StoppedByUser();
    show_(fmt::format("calibration: sample {} of {}", i + 1, samples->size()));
    SHOEHORN_ASSIGN(const data::Sample sample, samples->Load(i));
    return session->Run(sample.inputs);
  };
  SHOEHORN_ASSIGN(table_,
                  quant::Calibrate(names, quantizable->graph->outputs().size(), samples->size(), runner));
  SHOEHORN_TRY(state_.Write(kCalibrationFile, ToJson(table_)));
  std::error_code ignored;
  fs::remove(state_.path(kObservedFile), ignored);
  quantizable_ = std::move(quantizable);
  return Ok();
}

Result<QuantizationResult> Workshop::WriteQuantized(const CandidatePlan& plan, const fs::path& path) {
  SHOEHORN_TRY(Calibrate());
  const auto model = ir::Clone(*quantizable_);
  SHOEHORN_ASSIGN(const quant::QuantizeReport report, quant::Quantize(*model, table_, *plan.quantize));
  QuantizationResult result;
  result.variant = plan.candidate.variant;
  result.calibration_samples = calibration_samples_;
  result.quantized_nodes = report.quantized_nodes;
  result.float_nodes = report.float_nodes;
  for (const auto& [node, why] : report.left_in_float) result.left_in_float.push_back({node, why});
  if (report.quantized_nodes == 0) {
    Diagnostic diagnostic;
    diagnostic.found = "no operator of the model can run in integers in this engine";
    if (!result.left_in_float.empty())
      diagnostic.found +=
          fmt::format(", e.g. '{}': {}", result.left_in_float[0].node, result.left_in_float[0].why);
    return diagnostic;
  }
  SHOEHORN_TRY(formats::SaveOnnx(*model, path));
  return result;
}

Status Workshop::WritePacked(const fs::path& path) const {
  SHOEHORN_ASSIGN(const auto simplified, formats::LoadOnnx(state_.path(kModelFile)));
  SHOEHORN_ASSIGN(const auto model, quant::PrepareModel(*simplified));
  if (quant::CompressWeights(*model) == 0) {
    Diagnostic diagnostic;
    diagnostic.found = "no weights are large enough to store them as int8";
    return diagnostic;
  }
  return formats::SaveOnnx(*model, path);
}

Result<Build> Workshop::FindBuild(const std::string& name) const {
  const std::string file = "builds/" + name + ".json";
  SHOEHORN_ASSIGN(const auto text, state_.Read(file));
  Build build;
  if (!text) return build;
  try {
    const json parsed = json::parse(*text);
    build.folder = state_.path("builds/" + name);
    build.artifact = build.folder / parsed.at("artifact").get<std::string>();
    build.quantization.variant = parsed.at("variant").get<std::string>();
    build.quantization.calibration_samples = parsed.at("calibration_samples").get<uint64_t>();
    build.quantization.quantized_nodes = parsed.at("quantized_nodes").get<uint64_t>();
    build.quantization.float_nodes = parsed.at("float_nodes").get<uint64_t>();
    for (const json& left : parsed.at("left_in_float"))
      build.quantization.left_in_float.push_back(
          {left.at(0).get<std::string>(), left.at(1).get<std::string>()});
    return build;
  } catch (const json::exception& error) {
    return Unreadable(state_.path(file), error);
  }
}

Result<Build> Workshop::MakeBuild(const CandidatePlan& plan) {
  SHOEHORN_ASSIGN(Build build, FindBuild(plan.build));
  if (!build.artifact.empty()) return build;
  SHOEHORN_ASSIGN(engines::Engine* const engine, engines::FindEngine(plan.candidate.engine));
  build.folder = state_.path("builds/" + plan.build);
  fs::path onnx = state_.path(kModelFile);
  if (plan.quantize) {
    onnx = state_.path(plan.build + ".onnx");
    SHOEHORN_ASSIGN(build.quantization, WriteQuantized(plan, onnx));
  }
  if (plan.packed_weights) {
    onnx = state_.path(plan.build + ".onnx");
    SHOEHORN_TRY(WritePacked(onnx));
  }
  SHOEHORN_ASSIGN(const auto staged, StagedFolder::Create(build.folder, true));
  SHOEHORN_ASSIGN(const fs::path written, engine->WriteArtifact(onnx, plan.precision, staged->folder()));
  const std::string name = written.filename().string();
  SHOEHORN_TRY(staged->Commit());
  build.artifact = build.folder / name;
  if (plan.quantize || plan.packed_weights) {
    std::error_code ignored;
    fs::remove(onnx, ignored);
  }
  json left = json::array();
  for (const auto& node : build.quantization.left_in_float) left.push_back({node.node, node.why});
  SHOEHORN_TRY(state_.Write("builds/" + plan.build + ".json",
                            Dump({{"artifact", name},
                                  {"variant", build.quantization.variant},
                                  {"calibration_samples", build.quantization.calibration_samples},
                                  {"quantized_nodes", build.quantization.quantized_nodes},
                                  {"float_nodes", build.quantization.float_nodes},
                                  {"left_in_float", left}})));
  return build;
}

}  // namespace shoehorn::fit
