// The placement on the terminal. Three lines first, then the tables and sentences behind them:
//   target   qcs6490: Qualcomm QCS6490, Hexagon HTP v68
//   placed   150 operators on npu, 12 on cpu: 2.31 ms, 4.92 mJ (inferred)
//   verdict  7.9 times as fast as cpu alone (18.2 ms, 54.1 mJ)
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "report/columns.h"
#include "report/device_plan_report.h"
#include "support/diagnostic.h"
#include "support/units.h"
#include "targets/compare.h"

namespace shoehorn::report {
namespace {

using place::Amount;
using place::DevicePlan;
using place::Fallback;
using place::Placement;

constexpr size_t kShown = 10;

std::string Energy(const Amount& amount) {
  return amount.energy_known ? FormatNumber(1e3 * amount.joules) + " mJ" : "energy not known";
}

std::string Price(const Amount& amount) { return FormatDuration(amount.seconds) + ", " + Energy(amount); }

class Text {
 public:
  Text(const DevicePlanReport& report, const DevicePlanTextOptions& options)
      : report_(report),
        plan_(report.plan),
        options_(options),
        width_(static_cast<size_t>(std::max(80, options.style.width))) {}

  std::string Whole() {
    Summary();
    Units();
    Crossings();
    Fallbacks();
    Notes();
    return std::move(out_);
  }

 private:
  std::string Name(size_t unit) const { return Escaped(plan_.problem->units()[unit].unit->name); }

  void Field(const std::string& key, const std::string& text) {
    std::string before = Left(key, 9);
    for (const std::string& line : Folded(text, width_ - 9)) {
      out_ += std::exchange(before, std::string(9, ' ')) + line + "\n";
    }
  }
  void Heading(const std::string& text) {
    out_ += "\n";
    for (const std::string& line : Folded(text, width_))
      out_ += options_.style.color ? "\033[1m" + line + "\033[0m\n" : line + "\n";
  }
  void Item(size_t indent, const std::string& text) {
    std::string before(indent, ' ');
    for (const std::string& line : Folded(text, width_ - indent - 2)) {
      out_ += before + line + "\n";
      before.assign(indent + 2, ' ');
    }
  }

  void Summary() {
    const targets::Profile& profile = plan_.problem->profile();
    Field("target", profile.name + ": " + profile.title);
    std::vector<size_t> order(plan_.shares.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::stable_sort(order, std::greater(), [&](size_t i) { return plan_.shares[i].nodes; });
    std::vector<std::string> where;
    for (const size_t unit : order) {
      const auto nodes = static_cast<int64_t>(plan_.shares[unit].nodes);
      if (nodes == 0) continue;
      where.push_back(where.empty() ? Plural(nodes, "operator") + " on " + Name(unit)
                                    : fmt::format("{} on {}", nodes, Name(unit)));
    }
    const Amount& total = plan_.chosen.total;
    Field("placed", fmt::format("{}: {} ({})",
                                where.empty() ? "no operators" : fmt::format("{}", fmt::join(where, ", ")),
                                Price(total), targets::NameOf(total.kind)));
    Field("verdict", Verdict());
  }

  /// "7.9 times as fast", "1.2 times the energy": how `plan` stands against `other`.
  std::string Against(const Placement& other) const {
    const place::Objective& objective = plan_.problem->objective();
    const double ratio = other.objective / plan_.chosen.objective;
    const std::string times = FormatNumber(ratio);
    if (objective.latency_share == 1) return times + " times as fast as";
    if (objective.latency_share == 0) return fmt::format("{} % of the energy of", FormatNumber(100 / ratio));
    return fmt::format("{} % of the weighted cost of", FormatNumber(100 / ratio));
  }

  std::string Verdict() const {
    std::string text;
    if (!plan_.host_only) {
      text = fmt::format("{} alone cannot run it", Name(0));
    } else if (plan_.host_only->unit == plan_.chosen.unit) {
      text = fmt::format("nothing costs less than {} alone", Name(0));
    } else {
      text =
          fmt::format("{} {} alone ({})", Against(*plan_.host_only), Name(0), Price(plan_.host_only->total));
    }
    if (plan_.greedy) {
      const std::string taken = fmt::format("{} wherever it takes an operator", Name(*plan_.accelerator));
      text += plan_.greedy->unit == plan_.chosen.unit
                  ? fmt::format("; {}", taken)
                  : fmt::format("; {}: {}", taken, Price(plan_.greedy->total));
    }
    return text + (plan_.optimal ? "" : "; not proven optimal");
  }

  void Units() {
    Heading("units");
    out_ += "  " + Left("unit", 9) + Left("computes in", 12) + Right("operators", 10) + Right("refused", 8) +
            Right("unknown", 8) + Right("islands", 8) + Right("time", 10) + Right("energy", 12) + "\n";
    for (size_t unit = 0; unit < plan_.shares.size(); ++unit) {
      const place::UnitShare& share = plan_.shares[unit];
      out_ += "  " + Left(Fitted(Name(unit), 8), 9) + Left(plan_.problem->units()[unit].precision, 12) +
              Right(std::to_string(share.nodes), 10) + Right(std::to_string(share.refused), 8) +
              Right(std::to_string(share.unknown), 8) + Right(std::to_string(share.islands), 8) +
              Right(FormatDuration(share.cost.seconds), 10) +
              Right(share.cost.energy_known ? Energy(share.cost) : "not known", 12) + "\n";
      if (!share.basis.empty())
        Item(4, fmt::format("{}: mostly {}", targets::NameOf(share.cost.kind), share.basis));
    }
  }

  void Crossings() {
    std::vector<place::UnitCrossing> crossings = plan_.chosen.crossings;
    if (crossings.empty()) return;
    Amount total, transfer, conversion, start;
    for (const place::UnitCrossing& crossing : crossings) {
      total += crossing.parts.total();
      transfer += crossing.parts.transfer;
      conversion += crossing.parts.conversion;
      start += crossing.parts.start;
    }
    Heading(fmt::format("between units: {} of {}, {} (transfer {}, conversion {}, starts {})",
                        Plural(static_cast<int64_t>(crossings.size()), "tensor"),
                        FormatBytes(plan_.chosen.crossing_bytes), Price(total),
                        FormatDuration(transfer.seconds), FormatDuration(conversion.seconds),
                        FormatDuration(start.seconds)));
    std::ranges::stable_sort(crossings, std::greater(),
                             [](const auto& each) { return each.parts.total().seconds; });
    for (size_t i = 0; i < crossings.size(); ++i) {
      if (!options_.verbose && i == kShown) {
        Item(2, fmt::format("and {} more (--verbose lists them)", crossings.size() - i));
        break;
      }
      const place::UnitCrossing& crossing = crossings[i];
      const std::string way = Name(crossing.from) + " -> " + Name(crossing.to);
      out_ += "  " + Right(FormatBytes(crossing.parts.bytes), 10) +
              Right(FormatDuration(crossing.parts.total().seconds), 10) + "  " + Left(way, 13) + " " +
              Fitted(Escaped(plan_.problem->tensor(crossing.tensor).value->name()), width_ - 36) + "\n";
    }
  }

  void Fallbacks() {
    if (!plan_.accelerator) return;
    const std::string accelerator = Name(*plan_.accelerator);
    if (plan_.fallbacks.empty()) {
      Heading("everything runs on " + accelerator);
      return;
    }
    Amount total;
    for (const Fallback& fallback : plan_.fallbacks) total += fallback.cost;
    Heading(fmt::format("{} not on {}: {}", Plural(static_cast<int64_t>(plan_.fallbacks.size()), "operator"),
                        accelerator, Price(total)));
    std::vector<Fallback> refused, cheaper;
    for (const Fallback& fallback : plan_.fallbacks)
      (fallback.cause == Fallback::Cause::kCheaper ? cheaper : refused).push_back(fallback);
    List(refused, "that " + accelerator + " does not take");
    List(cheaper, "that " + accelerator + " takes but that cost less elsewhere");
  }

  void List(std::vector<Fallback>& fallbacks, const std::string& kind) {
    std::ranges::stable_sort(fallbacks, std::greater(),
                             [](const Fallback& each) { return each.cost.seconds + each.boundary.seconds; });
    for (size_t i = 0; i < fallbacks.size(); ++i) {
      const Fallback& fallback = fallbacks[i];
      if (!options_.verbose && i == kShown) {
        Item(2, fmt::format("and {} more {} (--verbose lists them)", fallbacks.size() - i, kind));
        return;
      }
      const ir::Node& node = *plan_.problem->operators()[fallback.node];
      Item(2, fmt::format("{} ({}) on {}: {}{}", targets::JudgedName(node), node.op_type, Name(fallback.unit),
                          Price(fallback.cost),
                          fallback.boundary_bytes > 0 || fallback.boundary.seconds > 0
                              ? fmt::format("; its boundary {}, {}", FormatBytes(fallback.boundary_bytes),
                                            Price(fallback.boundary))
                              : ""));
      Item(4, fallback.cause == Fallback::Cause::kCheaper
                  ? fallback.reason
                  : fmt::format("{}: {}", place::NameOf(fallback.cause), fallback.reason));
    }
  }

  void Notes() {
    std::vector<std::string> notes = plan_.notes;
    if (!report_.pinned.empty())
      notes.insert(notes.begin(), fmt::format("pinned: {}", fmt::join(report_.pinned, ", ")));
    if (notes.empty()) return;
    Heading("notes");
    for (const std::string& note : notes) Item(2, note);
  }

  const DevicePlanReport& report_;
  const DevicePlan& plan_;
  const DevicePlanTextOptions& options_;
  const size_t width_;
  std::string out_;
};

}  // namespace

std::string DevicePlanText(const DevicePlanReport& report, const DevicePlanTextOptions& options) {
  return Text(report, options).Whole();
}

}  // namespace shoehorn::report
