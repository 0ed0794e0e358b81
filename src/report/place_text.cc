#include <fmt/format.h>

#include <algorithm>

#include "report/columns.h"
#include "report/place_report.h"
#include "support/units.h"

namespace shoehorn::report {
namespace {

using place::Decision;
using place::Measure;

constexpr Measure kColumns[] = {Measure::kP50,   Measure::kP99,   Measure::kLate,    Measure::kEnergy,
                                Measure::kBytes, Measure::kMoney, Measure::kAccuracy};

/// Short enough for seven columns beside each other.
std::string Short(Measure measure, const place::Figures& figures, bool energy_known) {
  const auto found = figures.find(measure);
  if (found == figures.end()) return "-";
  const double value = found->second;
  switch (measure) {
    case Measure::kEnergy:
      return energy_known ? fmt::format("{} mJ", FormatNumber(value * 1000)) : "unknown";
    case Measure::kBytes:
      return FormatBytes(value);
    case Measure::kMoney:
    case Measure::kAccuracy:
      return FormatNumber(value);
    case Measure::kLate:
      return FormatPercent(value);
    default:  // times; a response of hours is no figure to read to the minute
      return value < 60 ? FormatMeasure(measure, value) : fmt::format("{} min", FormatNumber(value / 60));
  }
}

class Text {
 public:
  Text(const Decision& made, const TextStyle& style) : made_(made), width_(std::max(style.width, 80)) {
    energy_known_ = made.costs[made.device()].energy_known;
  }

  std::string Run() {
    Summary();
    Table();
    Excluded();
    Turns();
    Places();
    for (const std::string& warning : made_.warnings) Labelled("warning", warning);
    return std::move(text_);
  }

 private:
  void Labelled(std::string_view label, std::string_view content) {
    bool first = true;
    for (const std::string& line : Folded(content, static_cast<size_t>(width_) - 9)) {
      text_ += Left(first ? label : "", 9) + line + "\n";
      first = false;
    }
  }

  const place::Judged& JudgedOf(size_t candidate) const {
    return *std::ranges::find(made_.choice.judged, candidate,
                              [](const auto& each) { return each.candidate; });
  }
  const std::string& Name(size_t candidate) const { return made_.candidates[candidate].name; }

  void Summary() {
    Labelled(
        "model",
        fmt::format(
            "{}: {} operators, {}", made_.spec.fit.model.filename().string(), made_.graph.nodes.size(),
            made_.drives.empty() ? "no link" : Plural(static_cast<int64_t>(made_.drives.size()), "drive")));
    Labelled("plan", Name(made_.choice.best));
    std::string figures;
    for (const Measure measure : kColumns)
      figures += fmt::format("{}{} {}", figures.empty() ? "" : ", ", NameOf(measure),
                             Short(measure, JudgedOf(made_.choice.best).mean, energy_known_));
    Labelled("expected", figures);
    Crossing();
    for (const place::SiteCascade& cascade : made_.cascades) Cascade(cascade);
  }

  /// "'relu_3' as int8, by gzip 38.1 kB of 88.2 kB".
  void Crossing() {
    if (made_.wire.empty()) return;
    std::string crossing;
    for (size_t i = 0; i < made_.wire.size(); ++i) {
      const place::WireTensor& tensor = made_.wire[i];
      crossing += fmt::format("{}'{}' as {}", crossing.empty() ? "" : ", ", tensor.value,
                              tensor.packing == place::Packing::kNone ? "it is" : NameOf(tensor.packing));
      if (!made_.best().compress) continue;
      const place::CutValue& value = made_.graph.values[made_.best().split->crossing[i]];
      crossing += fmt::format(", by gzip {} of {}", FormatBytes(value.BytesAs(tensor.packing, true)),
                              FormatBytes(value.BytesAs(tensor.packing)));
    }
    Labelled("crossing", crossing);
  }

  /// Where the choice is a cascade, its threshold; else what each threshold would have given.
  void Cascade(const place::SiteCascade& cascade) {
    const std::string& site = made_.spec.sites[cascade.site].name;
    const std::string& device = made_.spec.sites[made_.device()].name;
    Labelled("cascade",
             fmt::format("{}: {} alone scores {}, {} alone {}", cascade.basis, device,
                         FormatNumber(cascade.device_accuracy), site, FormatNumber(cascade.tail_accuracy)));
    const bool chosen = made_.cascade() == &cascade;
    for (const place::CascadeThreshold& each : cascade.thresholds) {
      if (chosen && each.point.threshold != made_.best().policy.cascade->threshold) continue;
      Labelled("", fmt::format("{}below {} in '{}' {} is asked: {} of the samples, accuracy {} ({})",
                               chosen ? "chosen: " : "", FormatNumber(each.point.threshold),
                               made_.spec.cascade->output, site, FormatPercent(each.point.asked_share),
                               FormatNumber(each.point.accuracy),
                               cascade.given ? "the threshold is the spec's"
                                             : FormatNumber(each.held_out_accuracy) + " held out"));
    }
  }

  void Row(std::string_view mark, size_t candidate) {
    text_ += fmt::format("{} {}\n ", mark, Fitted(Escaped(Name(candidate)), static_cast<size_t>(width_) - 2));
    for (const Measure measure : kColumns)
      text_ += Right(Short(measure, JudgedOf(candidate).mean, energy_known_), 11);
    text_ += "\n";
  }

  void Table() {
    text_ += "\n ";
    for (const Measure measure : kColumns) {
      const bool monthly = measure == Measure::kBytes || measure == Measure::kMoney;
      text_ += Right(std::string(NameOf(measure)) + (monthly ? "/mo" : ""), 11);
    }
    text_ += "\n";
    Row(">", made_.choice.best);
    if (made_.choice.runner_up) Row("2", *made_.choice.runner_up);
    for (size_t i = 0; i < made_.candidates.size(); ++i)
      if (made_.candidates[i].pure && i != made_.choice.best && i != made_.choice.runner_up) Row(" ", i);
    text_ += "\n";
  }

  /// Pure choices that are out with their reason, the others by number.
  void Excluded() {
    size_t others = 0;
    for (const place::Judged& judged : made_.choice.judged) {
      if (!judged.out) continue;
      if (made_.candidates[judged.candidate].pure)
        Labelled("out", Name(judged.candidate) + ": " + judged.out->Text());
      else
        ++others;
    }
    if (others > 0)
      Labelled("out", fmt::format("{} more of {} candidates (place.json names each)", others,
                                  made_.candidates.size()));
  }

  void Turns() {
    for (const place::Turn& turn : made_.choice.turns) {
      if (!turn.factor) continue;
      Labelled("turns", fmt::format("{} {} times: {}", turn.what, FormatNumber(*turn.factor),
                                    turn.to ? Name(*turn.to) : "nothing meets the limits"));
    }
  }

  void Places() {
    for (const place::SiteCosts& costs : made_.costs)
      Labelled(
          "place",
          fmt::format("{}: whole model {}{}, {} ({})", costs.site, FormatDuration(costs.seconds),
                      costs.energy_known ? fmt::format(", {} mJ", FormatNumber(costs.joules * 1000)) : "",
                      costs.basis, NameOf(costs.kind)));
  }

  const Decision& made_;
  int width_;
  bool energy_known_ = false;
  std::string text_;
};

}  // namespace

std::string PlacementText(const Decision& decision, const TextStyle& style) {
  return Text(decision, style).Run();
}

}  // namespace shoehorn::report
