#include "place/site_cascades.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "data/metrics_by_sample.h"
#include "engines/engine.h"
#include "fit/begin.h"
#include "formats/onnx.h"
#include "place/confidence.h"
#include "support/files.h"
#include "support/interrupt.h"
#include "support/units.h"

namespace shoehorn::place {
namespace {

/// With fewer samples than this the reader is told.
constexpr size_t kFewSamples = 100;
/// Two measurements of one model's accuracy that differ by more are not of the same samples.
constexpr double kSameModel = 0.01;

class Offers {
 public:
  Offers(const PlaceSpec& spec, const ir::Model& own, const AccuracyBench& bench,
         const std::function<bool()>& stop, std::vector<std::string>& warnings)
      : spec_(spec), own_(own), bench_(bench), stop_(stop), warnings_(warnings) {}

  Result<std::vector<SiteCascade>> Make(const std::map<size_t, SiteModel>& models) {
    SHOEHORN_TRY(CheckOutput());
    std::vector<SiteCascade> made;
    for (size_t i = 0; i < spec_.sites.size(); ++i) {
      SiteCascade cascade;
      cascade.site = i;
      if (const auto model = models.find(i); model != models.end()) {
        SHOEHORN_TRY(OnEvaluationSamples(model->second, cascade));
      } else if (!spec_.sites[i].samples.empty()) {
        SHOEHORN_TRY(OnOwnSamples(spec_.sites[i], cascade));
      } else {
        continue;
      }
      SHOEHORN_TRY(Choose(cascade));
      made.push_back(std::move(cascade));
    }
    return made;
  }

 private:
  Diagnostic Wrong(std::string place, std::string found, std::string expected, std::string fix = {}) const {
    Diagnostic diagnostic;
    diagnostic.file = spec_.fit.file.string();
    diagnostic.place = std::move(place);
    diagnostic.found = std::move(found);
    diagnostic.expected = std::move(expected);
    diagnostic.fix = std::move(fix);
    return diagnostic;
  }

  Status CheckOutput() {
    const std::vector<std::string> names = fit::OutputNames(own_);
    const std::string& name = spec_.cascade->output;
    const auto found = std::ranges::find(names, name);
    if (found == names.end()) {
      const std::string near = DidYouMean(name, names);
      return Wrong("place.cascade.output", fmt::format("the model has no output '{}'", Escaped(name)),
                   fmt::format("one of {}", fmt::join(names, ", ")),
                   near.empty() ? "" : fmt::format("did you mean '{}'?", Escaped(near)));
    }
    output_ = static_cast<size_t>(found - names.begin());
    const ir::Type& type = own_.graph->outputs()[output_]->type;
    const bool scores =
        type.has_rank && !type.dims.empty() && (!type.dims.back().known() || type.dims.back().value > 1);
    if (type.has_rank && !scores)
      return Wrong("place.cascade.output",
                   fmt::format("'{}' has one number in its last dimension", Escaped(name)),
                   "scores of two classes or more, whose softmax says how sure the model is");
    return Ok();
  }

  /// Confidence() of the spec's model on each evaluation sample, in the engine that the device runs.
  Status Ask() {
    if (!confidences_.empty()) return Ok();
    SHOEHORN_ASSIGN(const auto folder, TemporaryFolder::Create());
    const std::filesystem::path file = folder->path() / "device.onnx";
    SHOEHORN_TRY(formats::SaveOnnx(own_, file));
    const auto device = std::ranges::find(spec_.sites, PlaceKind::kDevice, &Site::role);
    SHOEHORN_ASSIGN(engines::Engine* const engine, engines::FindEngine(device->engine));
    SHOEHORN_ASSIGN(const auto session, engine->Load(file, {}));
    SHOEHORN_ASSIGN(const auto samples, data::OpenSamples(spec_.fit.evaluation, spec_.fit.inputs));
    for (size_t i = 0; i < samples->size(); ++i) {
      if (stop_()) return StoppedByUser();
      SHOEHORN_ASSIGN(const data::Sample sample, samples->Load(i));
      SHOEHORN_ASSIGN(const auto outputs, session->Run(sample.inputs));
      confidences_.push_back(Confidence(outputs.at(output_)));
    }
    return Ok();
  }

  Status OnEvaluationSamples(const SiteModel& model, SiteCascade& cascade) {
    const std::vector<double> own = bench_.SampleScores();
    if (own.empty())
      return Wrong(
          "metric.name",
          fmt::format("{} gives no score to a sample by itself, so that nobody knows on which samples "
                      "which model is right",
                      spec_.fit.metric.name),
          fmt::format("one of {}", fmt::join(data::MetricsBySample(), ", ")),
          "leave [place.cascade] out, or take such a metric");
    SHOEHORN_TRY(Ask());
    SHOEHORN_CHECK(own.size() == model.scores.size() && own.size() == confidences_.size(),
                   "both models answered the same samples");
    for (size_t i = 0; i < own.size(); ++i)
      cascade.samples.push_back({confidences_[i], own[i], model.scores[i]});
    cascade.basis = fmt::format("{} evaluation samples", own.size());
    return Ok();
  }

  Status OnOwnSamples(const Site& site, SiteCascade& cascade) {
    SHOEHORN_ASSIGN(const std::string text, ReadText(site.samples));
    SHOEHORN_ASSIGN(cascade.samples, ParseCascadeSamples(text, site.samples));
    if (cascade.samples.empty()) {
      Diagnostic diagnostic;
      diagnostic.file = site.samples.string();
      diagnostic.found = "no sample";
      diagnostic.expected = "a row for each labelled sample that both models answered";
      return diagnostic;
    }
    cascade.basis = fmt::format("{} samples of {}", cascade.samples.size(), site.samples.filename().string());
    double sum = 0;
    for (const CascadeSample& sample : cascade.samples) sum += sample.device_score;
    const double there = sum / static_cast<double>(cascade.samples.size()),
                 here = Goodness(bench_.original());
    if (std::fabs(there - here) > kSameModel)
      warnings_.push_back(
          fmt::format("{}: the device's model scores {} in {} and {} on the evaluation samples: are they of "
                      "the same model?",
                      site.name, FormatNumber(there), site.samples.filename().string(), FormatNumber(here)));
    return Ok();
  }

  Status Choose(SiteCascade& cascade) {
    const Site& site = spec_.sites[cascade.site];
    const std::vector<CascadePoint> curve = CascadeCurve(cascade.samples);
    cascade.device_accuracy = curve.front().accuracy;
    cascade.tail_accuracy = curve.back().accuracy;
    cascade.least_accuracy =
        std::max(cascade.device_accuracy, cascade.tail_accuracy) - spec_.limits.accuracy_drop.value_or(0);
    if (cascade.samples.size() < kFewSamples)
      warnings_.push_back(fmt::format(
          "{}: the cascade is judged by {} only: one sample more or less moves its "
          "accuracy by {}",
          site.name, cascade.basis, FormatPercent(1 / static_cast<double>(cascade.samples.size()))));
    cascade.given = spec_.cascade->threshold.has_value();
    if (cascade.given) {
      cascade.thresholds = {ThresholdOnSamples(cascade.samples, *spec_.cascade->threshold)};
      return Ok();
    }
    auto thresholds = ThresholdsFor(cascade.samples, cascade.least_accuracy);
    if (!thresholds.ok()) {
      Diagnostic diagnostic = thresholds.error();
      diagnostic.file = site.samples.empty() ? spec_.fit.file.string() : site.samples.string();
      return diagnostic;
    }
    cascade.thresholds = std::move(*thresholds);
    if (cascade.thresholds.empty())
      warnings_.push_back(fmt::format("{}: no cascade: only asking for every frame keeps an accuracy of {}",
                                      site.name, FormatNumber(cascade.least_accuracy)));
    return Ok();
  }

  const PlaceSpec& spec_;
  const ir::Model& own_;
  const AccuracyBench& bench_;
  const std::function<bool()>& stop_;
  std::vector<std::string>& warnings_;
  size_t output_ = 0;
  std::vector<double> confidences_;
};

}  // namespace

Result<std::vector<SiteCascade>> CascadesOf(const PlaceSpec& spec, const ir::Model& own,
                                            const AccuracyBench& bench,
                                            const std::map<size_t, SiteModel>& models,
                                            const std::function<bool()>& stop,
                                            std::vector<std::string>& warnings) {
  return Offers(spec, own, bench, stop, warnings).Make(models);
}

}  // namespace shoehorn::place
