// The chosen policy beside all on the device, all in the cloud and the best fixed cut (every cut and packing,
// no fallback, no rule), drive by drive over the recorded links, as a Markdown table:
//   drives_bench [../shared/data]
// Twice: chosen on the drive itself, and chosen on the other five drives only, which is what a plan meets on
// the road. Layer times are the roofline's on the profiles of targets/; the modem's power is that of Huang et
// al., MobiSys 2012.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "place_cases.h"

namespace shoehorn::bench {
namespace {

using place::Candidate;
using place::Judged;
using place::Measure;

struct Case {
  const char* model;
  const char* device;
  const char* precision;
  double accuracy = 1;
  /// A larger model in the cloud that takes pictures as JPEG; 0: none.
  double large_s = 0, large_accuracy = 0, jpeg_bytes = 0;
};
constexpr Case kCases[] = {
    {"mlperf_kws01_dscnn.onnx", "stm32h747", "int8"},
    {"mlperf_ic01_resnet8.onnx", "stm32h747", "int8"},
    // PP-OCRv4: plates read exactly, as the shared data's README measured both; the mean size of its 667
    // files. The time is inferred.
    {"lprnet.onnx", "raspberry-pi-4", "fp32", 0.909, 0.005, 0.936, 2642},
    // EfficientNet-Lite4: top-1 on ImageNet as reported by tensorflow/tpu; 0.41 bytes a pixel as in the
    // shared photographs.
    {"efficientnet_lite0.onnx", "raspberry-pi-4", "fp32", 0.751, 0.0043, 0.815, 20.6e3},
    // YOLOX-x: AP on COCO as reported by Megvii-BaseDetection/YOLOX; the time is inferred from 282 G
    // operations.
    {"yolox_nano.onnx", "raspberry-pi-4", "fp32", 0.258, 0.06, 0.511, 71e3}};
constexpr const char* kCloud = "nvidia-t4";
constexpr Measure kObjectives[] = {Measure::kMean, Measure::kP99, Measure::kEnergy, Measure::kAccuracy};
/// Energy and accuracy are worth something only in time.
constexpr double kMostLate = 0.02;

constexpr double kMisses = std::numeric_limits<double>::infinity();
/// A policy's objective, less is better: of accuracy the share of errors; kMisses when it breaks a limit.
double ScoreOf(const Judged& judged, Measure objective) {
  if (judged.out) return kMisses;
  const double value = judged.mean.at(objective);
  return objective == Measure::kAccuracy ? 1 - value : value;
}
std::string Text(Measure objective, double score) {
  if (std::isinf(score)) return "misses";
  return objective == Measure::kAccuracy ? fmt::format("{:.4f} wrong", score)
                                         : place::FormatMeasure(objective, score);
}

struct Means {
  double log_ratio = 0, log_ratio_unseen = 0;
  size_t drives = 0, worse = 0, worse_unseen = 0, unseen_misses = 0;
};

class Setting {
 public:
  Setting(const Case& one, const std::vector<Drive>& drives, const std::filesystem::path& data)
      : case_(one),
        drives_(drives),
        placed_(LoadModel(data / "models" / one.model, one.device, one.precision)) {
    local_s_ = place::AllInHead(placed_.graph).device_s;
    tail_s_ = CostsOn(placed_.graph, kCloud, "fp32").seconds;
    requirements_.rate_per_s = std::min(10.0, 0.5 / local_s_);
    requirements_.deadline_s = std::max(1.5 * local_s_, 0.3);
    options_.rate_per_s = requirements_.rate_per_s;
    options_.deadline_s = requirements_.deadline_s;
    options_.local_accuracy = one.accuracy;
    if (std::string_view(one.precision) == "int8") options_.packings = {place::Packing::kInt8};
    name_ = fmt::format("{} on {} ({})",
                        std::string_view(one.model).substr(0, std::string_view(one.model).find('.')),
                        one.device, one.precision);
  }

  void Compare(Measure objective, Means& means) {
    requirements_.objective = objective;
    requirements_.limits.clear();
    if (objective == Measure::kEnergy || objective == Measure::kAccuracy)
      requirements_.limits[Measure::kLate] = kMostLate;
    // One model decides how right the answers are: there is nothing to choose.
    if (objective == Measure::kAccuracy && case_.large_s == 0) return;
    for (size_t d = 0; d < drives_.size(); ++d) {
      const auto here = Places({d});
      const auto candidates = Candidates(here);
      const place::Ground ground = Ground(1);
      const auto score = [&](size_t c) {
        return ScoreOf(place::JudgeOne(candidates, c, here, ground, requirements_, 0), objective);
      };
      double device = kMisses, cloud = kMisses, fixed = kMisses;
      for (size_t c = 0; c < candidates.size(); ++c) {
        const place::Policy& policy = candidates[c].policy;
        if (policy.fallback || policy.rule) continue;
        const double found = score(c);
        const bool all_cloud =
            !candidates[c].split || *candidates[c].split == place::AllInTail(placed_.graph);
        if (!policy.route) device = std::min(device, found);
        if (policy.route && all_cloud) cloud = std::min(cloud, found);
        fixed = std::min(fixed, found);
      }
      const auto choice = place::Choose(candidates, here, ground, requirements_);
      const double seen = choice.ok() ? ScoreOf(choice->judged[choice->best], objective) : kMisses;

      std::vector<size_t> others;
      for (size_t o = 0; o < drives_.size(); ++o)
        if (o != d) others.push_back(o);
      const auto elsewhere = Places(others);
      const auto unseen_candidates = Candidates(elsewhere);
      const auto plan = place::Choose(unseen_candidates, elsewhere, Ground(others.size()), requirements_);
      double unseen = kMisses;
      if (plan.ok())
        unseen = ScoreOf(place::JudgeOne(unseen_candidates, plan->best, here, ground, requirements_, 0),
                         objective);
      fmt::print("| {} | {} | {} | {} | {} | {} | {} | {} | {} |\n", name_, NameOf(objective),
                 drives_[d].name, Text(objective, device), Text(objective, cloud), Text(objective, fixed),
                 Text(objective, seen), Text(objective, unseen),
                 choice.ok() ? candidates[choice->best].name : choice.error().found);
      std::fflush(stdout);
      if (std::isinf(fixed) || std::isinf(seen)) continue;
      ++means.drives;
      means.log_ratio += std::log(seen / fixed);
      means.worse += seen > fixed * (1 + 1e-9);
      if (std::isinf(unseen)) {
        ++means.unseen_misses;
        continue;
      }
      means.log_ratio_unseen += std::log(unseen / fixed);
      means.worse_unseen += unseen > fixed * (1 + 1e-9);
    }
  }

  std::string Describe() const {
    return fmt::format(
        "{}: {:.1f} ms on the device, {:.2f} ms in the cloud, {:.2f} frames/s, deadline {:.0f} ms", name_,
        local_s_ * 1e3, CloudSeconds() * 1e3, requirements_.rate_per_s, requirements_.deadline_s * 1e3);
  }

 private:
  double CloudSeconds() const {
    double sum = 0;
    for (const double seconds : tail_s_) sum += seconds;
    return sum;
  }
  std::vector<place::Place> Places(const std::vector<size_t>& drives) const {
    std::vector<place::Place> places(2);
    places[0].name = "device";
    places[0].kind = place::PlaceKind::kDevice;
    places[1].name = "cloud";
    for (const size_t d : drives) places[1].links.push_back(drives_[d].link);
    return places;
  }
  place::Ground Ground(size_t drives) const {
    place::Ground ground;
    ground.drives = drives;
    ground.radio = radio_;
    return ground;
  }
  std::vector<Candidate> Candidates(const std::vector<place::Place>& places) const {
    std::vector<place::PlaceCosts> costs = {{.place = 1, .tail_s = tail_s_}};
    if (case_.large_s > 0)
      costs[0].whole = place::Whole{
          .seconds = case_.large_s, .accuracy = case_.large_accuracy, .up_bytes = case_.jpeg_bytes};
    return place::MakeCandidates(placed_.graph, places, costs, radio_, options_);
  }

  Case case_;
  const std::vector<Drive>& drives_;
  PlacedModel placed_;
  double local_s_ = 0;
  std::vector<double> tail_s_;
  place::Radio radio_{.active_w = 1.288, .up_j_per_byte = 3.5e-6, .down_j_per_byte = 0.42e-6};
  place::Requirements requirements_;
  place::CandidateOptions options_;
  std::string name_;
};

void Run(const std::filesystem::path& data) {
  const std::vector<Drive> drives = RecordedDrives(data);
  std::vector<Setting> settings;
  settings.reserve(std::size(kCases));
  for (const Case& one : kCases) {
    settings.emplace_back(one, drives, data);
    fmt::print("{}\n", settings.back().Describe());
  }
  fmt::print(
      "\n| model | objective | drive | all device | all cloud | best fixed cut | policy | policy, drive "
      "unseen | "
      "choice |\n|---|---|---|---|---|---|---|---|---|\n");
  std::map<Measure, Means> means;
  for (const Measure objective : kObjectives)
    for (Setting& setting : settings) setting.Compare(objective, means[objective]);
  fmt::print(
      "\n| objective | drives | policy / best fixed cut (geometric mean) | worse on | unseen / best fixed "
      "cut | "
      "worse on | breaks a limit on |\n|---|---|---|---|---|---|---|\n");
  for (const auto& [objective, mean] : means) {
    const double count = static_cast<double>(mean.drives);
    fmt::print("| {} | {} | {:.3f} | {} | {:.3f} | {} | {} |\n", NameOf(objective), mean.drives,
               std::exp(mean.log_ratio / count), mean.worse,
               std::exp(mean.log_ratio_unseen / (count - static_cast<double>(mean.unseen_misses))),
               mean.worse_unseen, mean.unseen_misses);
  }
}

}  // namespace
}  // namespace shoehorn::bench

int main(int argc, char** argv) {
  shoehorn::bench::Run(argc > 1 ? argv[1] : "../shared/data");
  return 0;
}
