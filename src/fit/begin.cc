#include "fit/begin.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

#include "engines/engine.h"
#include "support/files.h"
#include "support/machine.h"

namespace shoehorn::fit {
namespace {

const char* NameOf(data::Layout layout) {
  switch (layout) {
    case data::Layout::kNchw:
      return "nchw";
    case data::Layout::kNhwc:
      return "nhwc";
    case data::Layout::kAsIs:
      break;
  }
  return "as_is";
}

const char* NameOf(data::Color color) {
  switch (color) {
    case data::Color::kBgr:
      return "bgr";
    case data::Color::kGray:
      return "gray";
    case data::Color::kRgb:
      break;
  }
  return "rgb";
}

const char* NameOf(data::Resize resize) {
  switch (resize) {
    case data::Resize::kStretch:
      return "stretch";
    case data::Resize::kLetterbox:
      return "letterbox";
    case data::Resize::kLetterboxCenter:
      return "letterbox_center";
    case data::Resize::kCenterCrop:
      return "center_crop";
    case data::Resize::kFitHeight:
      return "fit_height";
    case data::Resize::kNone:
      break;
  }
  return "none";
}

Result<InputFile> DescribeFile(const std::filesystem::path& path) {
  InputFile file;
  file.path = path.string();
  SHOEHORN_ASSIGN(file.hash, HashFile(path));
  std::error_code code;
  file.size_bytes = std::filesystem::file_size(path, code);
  return file;
}

}  // namespace

void StepClock::Done(std::string name) {
  const Clock::time_point now = Clock::now();
  steps_.push_back({std::move(name), std::chrono::duration<double>(now - last_).count()});
  last_ = now;
}

std::vector<std::string> OutputNames(const ir::Model& model) {
  std::vector<std::string> names;
  for (const ir::Value* output : model.graph->outputs()) names.push_back(output->name());
  return names;
}

Result<FitResult> Begin(const Spec& spec, const std::string& version) {
  FitResult result;
  result.version = version;
  result.created = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
  result.name = spec.model.stem().string();
  result.budget_s = spec.budget_s;
  SHOEHORN_ASSIGN(result.spec, DescribeFile(spec.file));
  SHOEHORN_ASSIGN(result.model, DescribeFile(spec.model));
  for (const data::InputSpec& input : spec.inputs)
    result.inputs.push_back({input.name, std::string(ir::NameOf(input.type)), input.shape,
                             NameOf(input.layout), NameOf(input.color), NameOf(input.resize),
                             input.resize_shorter, input.pad, input.mean, input.scale});
  result.machine = DescribeMachine();
  for (const std::string& name : engines::EngineNames())
    if (const auto engine = engines::FindEngine(name); engine.ok())
      result.machine.engines[name] = (*engine)->version();
  return result;
}

void Take(const Verdict& verdict, FitResult& result) {
  result.met = verdict.met;
  result.explanation = verdict.explanation;
  result.chosen = verdict.chosen;
  result.original = verdict.original;
  result.requirements = verdict.requirements;
  result.relaxations = verdict.relaxations;
}

void AddWarnings(const Spec& spec, FitResult& result) {
  const Candidate* chosen = result.Find(result.chosen);
  if (chosen->metric.samples < 100)
    result.warnings.push_back(
        fmt::format("accuracy was measured on {} samples only", chosen->metric.samples));
  const auto bound = [](const RequirementResult& line) { return line.name.starts_with("accuracy_drop"); };
  for (const RequirementResult& line : result.requirements)
    if (bound(line) && line.met && line.found.high > line.required)
      result.warnings.push_back(
          fmt::format("{}: within the bound as measured, but its confidence interval reaches {:.4f}, beyond "
                      "the required {:.4f}",
                      line.name, line.found.high, line.required));
  if (!result.target && spec.requirements.latency_p99_ms && !chosen->latency.p99_trusted)
    result.warnings.push_back(
        fmt::format("p99 from {} runs decides nothing: it wants 662", chosen->latency.runs));
  if (result.budget_exhausted) result.warnings.push_back("the budget ended before every candidate was tried");
}

}  // namespace shoehorn::fit
