// What the benchmarks of placement share: real models with the costs that the roofline gives on real
// profiles, and recorded drives. Rates and round trips come from different recordings, as no public one has
// both (docs/placement.md).
#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cost/cost.h"
#include "formats/onnx.h"
#include "passes/pipeline.h"
#include "place/candidates.h"
#include "targets/profile.h"

namespace shoehorn::bench {

template <typename T>
T OrDie(Result<T> result) {
  if (result.ok()) return std::move(result).value();
  std::fprintf(stderr, "%s\n", result.error().Text().c_str());
  std::exit(2);
}

/// A simplified model with a batch of one, and its cut graph with the device's costs.
struct PlacedModel {
  std::unique_ptr<ir::Model> model;
  place::CutGraph graph;
};

/// Seconds of each node of the cut graph, and joules, on the fastest unit of a profile in `precision`.
/// Starting the island is spread over the nodes.
struct NodeCosts {
  std::vector<double> seconds, joules;
};
inline NodeCosts CostsOn(const place::CutGraph& graph, const std::string& profile,
                         const std::string& precision) {
  const targets::Profile target = OrDie(targets::FindProfile(profile));
  NodeCosts best;
  double least = 0;
  for (const targets::Unit& unit : target.device->units) {
    if (!unit.peak.contains(precision)) continue;
    const auto roofline = OrDie(cost::Roofline(*target.device, unit, precision));
    NodeCosts costs;
    double sum = 0;
    const double start = unit.dispatch.value / static_cast<double>(graph.nodes.size());
    for (const place::CutNode& node : graph.nodes) {
      const cost::Cost cost = roofline->Of(*node.node);
      costs.seconds.push_back(cost.seconds + start);
      costs.joules.push_back(cost.joules);
      sum += cost.seconds + start;
    }
    if (!best.seconds.empty() && sum >= least) continue;
    least = sum;
    best = std::move(costs);
  }
  return best;
}

inline PlacedModel LoadModel(const std::filesystem::path& file, const std::string& device,
                             const std::string& precision) {
  PlacedModel placed;
  placed.model = OrDie(formats::LoadOnnx(file));
  const auto types = formats::MakeTypeInference(*placed.model);
  passes::SimplifyOptions options;
  options.types = types.get();
  for (const ir::Value* input : placed.model->graph->inputs())
    for (const ir::Dim& dim : input->type.dims)
      if (dim.symbol == "batch") options.symbols["batch"] = 1;
  OrDie(passes::Simplify(*placed.model, options));
  placed.graph = OrDie(place::CutGraphOf(*placed.model->graph));
  const NodeCosts costs = CostsOn(placed.graph, device, precision);
  for (size_t i = 0; i < placed.graph.nodes.size(); ++i) {
    placed.graph.nodes[i].device_s = costs.seconds[i];
    placed.graph.nodes[i].device_j = costs.joules[i];
  }
  return placed;
}

/// The recorded drives as links, each with a name that fits a table.
struct Drive {
  std::string name;
  place::Link link;
};
inline std::vector<Drive> RecordedDrives(const std::filesystem::path& data) {
  const auto trace = [&](const char* name) {
    return OrDie(place::LoadTrace(data / "links" / (std::string(name) + ".csv")));
  };
  const place::Trace att = trace("att-lte-driving"), umts = trace("tmobile-umts-driving"),
                     lte = trace("tmobile-lte-short"), ucc19 = trace("ucc5g-driving-20191214"),
                     ucc20 = trace("ucc5g-driving-20200213"), rural = trace("cicv5g-rural-n8-v10-01"),
                     w2s = trace("cicv5g-w2s-n8-v30-s2w02"), hsdpa = trace("hsdpa-norway-car3");
  std::vector<Drive> drives;
  const auto add = [&](const char* name, const place::Trace& up, const place::Trace& down,
                       const place::Trace& trip) {
    drives.push_back({name, OrDie(place::Link::Of(up, down, trip))});
  };
  add("AT&T LTE, UCC 2019 trips", att, att, ucc19);
  add("AT&T LTE, CICV rural trips", att, att, rural);
  add("T-Mobile UMTS, UCC 2020 trips", umts, umts, ucc20);
  add("T-Mobile LTE, CICV w2s trips", lte, lte, w2s);
  add("AT&T LTE up, UCC 2019 down and trips", att, ucc19, ucc19);
  add("T-Mobile LTE up, HSDPA down, CICV w2s trips", lte, hsdpa, w2s);
  return drives;
}

}  // namespace shoehorn::bench
