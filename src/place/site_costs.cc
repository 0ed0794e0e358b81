#include "place/site_costs.h"

#include <fmt/format.h>

#include <chrono>
#include <map>

#include "cost/attribution.h"
#include "cost/kernels.h"
#include "formats/onnx.h"
#include "measure/measure.h"
#include "place/device_plan.h"
#include "support/temporary.h"

namespace shoehorn::place {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kMeasured{800};

/// Layers as the engine times them, handed to the nodes they stand for and scaled to the time of a bare run:
/// what profiling itself costs is in neither.
Result<SiteCosts> MeasuredHere(const Site& site, const ir::Model& model, const CutGraph& graph,
                               const std::vector<ir::Tensor>& inputs, const std::function<bool()>& stop) {
  SHOEHORN_ASSIGN(const auto folder, TemporaryFolder::Create());
  measure::Subject subject;
  subject.engine = site.engine;
  const std::string precision = site.precision.empty() ? "fp32" : site.precision;
  SHOEHORN_ASSIGN(subject.precision, engines::ParsePrecision(precision));
  subject.threads = site.threads;
  subject.artifact = folder->path() / "model.onnx";
  SHOEHORN_TRY(formats::SaveOnnx(model, subject.artifact));
  measure::MeasureOptions options;
  options.time_each = kMeasured;
  options.inputs = inputs;
  options.stop = &stop;
  SHOEHORN_ASSIGN(const measure::Measurement whole, measure::MeasureAlone(subject, options));
  SHOEHORN_ASSIGN(const auto layers, measure::ProfileLayers(subject, options));

  const std::vector<cost::Kernel> kernels = cost::KernelsOf(*model.graph, site.engine, precision);
  const cost::Attribution attribution = cost::Attribute(kernels, layers);
  std::map<const ir::Node*, double> seconds;
  double sum = 0;
  for (size_t i = 0; i < kernels.size(); ++i) {
    sum += attribution.seconds[i];
    // A kernel's time goes to its last node: before that node nothing of it can be cut off.
    if (!kernels[i].nodes.empty()) seconds[kernels[i].nodes.back()] += attribution.seconds[i];
  }
  SiteCosts costs;
  // A limit on processor time stretches what a thread does in proportion (cgroup cpu.max, docker --cpus).
  const double slowed =
      site.cpu_limit ? std::max(1.0, static_cast<double>(site.threads) / *site.cpu_limit) : 1;
  costs.seconds = slowed * whole.latency.p50.value / 1000;
  const double factor = sum > 0 ? costs.seconds / sum : 0;
  for (const CutNode& node : graph.nodes) {
    const auto found = seconds.find(node.node);
    costs.nodes.push_back({found == seconds.end() ? 0 : found->second * factor, 0, "cpu"});
  }
  if (sum == 0)
    for (NodeCost& node : costs.nodes) node.seconds = costs.seconds / static_cast<double>(costs.nodes.size());
  costs.title = "this machine";
  costs.kind = targets::FactKind::kMeasured;
  costs.basis = fmt::format("measured here: {} {}, {} thread{}", site.engine, precision, site.threads,
                            site.threads == 1 ? "" : "s");
  if (slowed > 1) {
    costs.basis += fmt::format(", times {:.3g} for a limit of {:.3g} processors", slowed, *site.cpu_limit);
    costs.kind = targets::FactKind::kInferred;
  }
  if (sum == 0)
    costs.remarks.push_back("the engine's layers bear no names of the model: the time is spread evenly");
  else if (attribution.lost > 0.1 * (sum + attribution.lost))
    costs.remarks.push_back(
        fmt::format("{:.0f} % of the engine's time is in layers that belong to no operator of the model, and "
                    "spread over the others",
                    100 * attribution.lost / (sum + attribution.lost)));
  return costs;
}

/// The best placement on the units of the place's device. What is paid between operators (copies, starts) is
/// spread over them, so that their sum is the whole.
Result<SiteCosts> ByProfile(const Site& site, const ir::Model& model, const CutGraph& graph) {
  SHOEHORN_ASSIGN(targets::Profile profile, targets::FindProfile(site.target));
  if (!site.precision.empty()) profile.precision = site.precision;
  SHOEHORN_ASSIGN(const DevicePlan plan, PlaceOnDevice(model, profile, DeviceOptions{}));
  const DeviceProblem& problem = *plan.problem;
  std::map<const ir::Node*, NodeCost> by_node;
  double sum = 0;
  for (size_t i = 0; i < problem.operators().size(); ++i) {
    const size_t unit = plan.chosen.unit[i];
    const Amount& cost = problem.On(i, unit).cost;
    by_node[problem.operators()[i]] = {cost.seconds, cost.joules, problem.units()[unit].unit->name};
    sum += cost.seconds;
  }
  SiteCosts costs;
  costs.title = profile.title;
  costs.seconds = plan.chosen.total.seconds;
  costs.joules = plan.chosen.total.joules;
  costs.energy_known = plan.chosen.total.energy_known;
  costs.kind = plan.chosen.total.kind;
  if (profile.device->idle_power) costs.idle_w = profile.device->idle_power->value;
  const double factor = sum > 0 ? costs.seconds / sum : 1;
  for (const CutNode& node : graph.nodes) {
    NodeCost cost = by_node[node.node];
    cost.seconds *= factor;
    cost.joules *= factor;
    costs.nodes.push_back(std::move(cost));
  }
  std::string units;
  for (size_t i = 0; i < plan.shares.size(); ++i)
    if (plan.shares[i].nodes > 0)
      units += fmt::format("{}{} operators on {}", units.empty() ? "" : ", ", plan.shares[i].nodes,
                           problem.units()[i].unit->name);
  costs.basis = units;
  costs.remarks = plan.notes;
  return costs;
}

}  // namespace

Result<SiteCosts> CostsOf(const Site& site, const ir::Model& model, const CutGraph& graph,
                          const std::vector<ir::Tensor>& inputs, const std::function<bool()>& stop) {
  SHOEHORN_ASSIGN(SiteCosts costs, site.target == kThisMachine
                                       ? MeasuredHere(site, model, graph, inputs, stop)
                                       : ByProfile(site, model, graph));
  costs.site = site.name;
  return costs;
}

}  // namespace shoehorn::place
