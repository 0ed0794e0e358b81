// The cuts of least cost, as minimum cuts of a network: the source is the device, the sink the other place.
//   source -> node: what the node costs in the tail     node -> sink: what it costs in the head
//   producer -> value: the bytes that cross             value -> consumer: endless, so that a value in the
//   tail's consumer -> producer: endless, so that a head holds   reach is paid for once
//     all that its nodes read
// GCC 12 takes the empty optional in Boost's edge iterator for an uninitialized one.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/boykov_kolmogorov_max_flow.hpp>
#include <cmath>

#include "place/cuts.h"

namespace shoehorn::place {
namespace {

using Capacity = int64_t;
using Traits = boost::adjacency_list_traits<boost::vecS, boost::vecS, boost::directedS>;
struct Edge {
  Capacity capacity = 0, residual = 0;
  Traits::edge_descriptor reverse{};
};
using Flow = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS, boost::no_property, Edge>;

/// All costs of a network together; what is endless is more than they can be.
constexpr Capacity kSum = Capacity{1} << 44, kEndless = Capacity{1} << 46;

/// A cut's cost as a line over the price of a byte.
struct Line {
  double fixed = 0, bytes = 0;
  double At(double price) const { return fixed + price * bytes; }
};

class Network {
 public:
  Network(const CutGraph& graph, const CutWeights& weights)
      : graph_(graph), weights_(weights), flow_(graph.nodes.size() + graph.values.size() + 2) {
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
      const CutNode& node = graph.nodes[i];
      AddPriced(kSource, NodeVertex(i), node.on_device,
                {.fixed = weights.seconds * node.tail_s, .bytes = Back(i)});
      AddPriced(NodeVertex(i), kSink, node.off_device,
                {.fixed = weights.seconds * node.device_s + weights.joules * node.device_j});
    }
    for (size_t v = 0; v < graph.values.size(); ++v) {
      const CutValue& value = graph.values[v];
      if (value.consumers.empty()) continue;
      const size_t producer = value.producer == CutValue::kInput ? kSource : NodeVertex(value.producer);
      AddPriced(producer, ValueVertex(v), !value.may_leave || !value.sized,
                {.fixed = weights.compress ? CostOf(value.CompressedAs(weights.packing)) : 0,
                 .bytes = value.BytesAs(weights.packing, weights.compress)});
      for (const size_t consumer : value.consumers) {
        AddEdge(ValueVertex(v), NodeVertex(consumer), kEndless);
        if (producer != kSource) AddEdge(NodeVertex(consumer), producer, kEndless);
      }
    }
  }

  std::optional<Cut> Solve(double price) {
    double sum = 0;
    for (const Priced& priced : priced_) sum += priced.endless ? 0 : priced.line.At(price);
    const double scale = sum > 0 ? static_cast<double>(kSum) / sum : 1;
    for (const Priced& priced : priced_)
      flow_[priced.edge].capacity =
          priced.endless ? kEndless : static_cast<Capacity>(std::llround(priced.line.At(price) * scale));

    const auto vertices = boost::get(boost::vertex_index, flow_);
    const size_t count = boost::num_vertices(flow_);
    std::vector<Traits::edge_descriptor> predecessors(count);
    std::vector<boost::default_color_type> colors(count);
    std::vector<long> distances(count);
    const auto by_vertex = [&](auto& values) {
      return boost::make_iterator_property_map(values.begin(), vertices);
    };
    const Capacity flow = boost::boykov_kolmogorov_max_flow(
        flow_, boost::get(&Edge::capacity, flow_), boost::get(&Edge::residual, flow_),
        boost::get(&Edge::reverse, flow_), by_vertex(predecessors), by_vertex(colors), by_vertex(distances),
        vertices, kSource, kSink);
    if (flow >= kEndless) return std::nullopt;
    std::vector<bool> head(graph_.nodes.size());
    for (size_t i = 0; i < head.size(); ++i) head[i] = colors[NodeVertex(i)] == colors[kSource];
    return CutOf(graph_, std::move(head));
  }

  Line LineOf(const Cut& cut) const {
    Line line{.fixed = weights_.seconds * (cut.device_s + cut.tail_s) + weights_.joules * cut.device_j,
              .bytes = UpBytes(graph_, cut, weights_.packing, weights_.compress) +
                       weights_.down_share * DownBytes(graph_, cut)};
    if (weights_.compress) line.fixed += CostOf(CompressedOf(graph_, cut, weights_.packing));
    return line;
  }

 private:
  struct Priced {
    Traits::edge_descriptor edge;
    bool endless;
    Line line;
  };
  static constexpr size_t kSource = 0, kSink = 1;
  size_t NodeVertex(size_t node) const { return 2 + node; }
  size_t ValueVertex(size_t value) const { return 2 + graph_.nodes.size() + value; }

  /// What it costs beside its bytes.
  double CostOf(const Compressed& compressed) const {
    return weights_.seconds * compressed.seconds() +
           weights_.joules * compressed.compress_s * graph_.compress_w;
  }

  /// Bytes of the model's outputs that `node` makes, as they are paid for when it is in the tail.
  double Back(size_t node) const {
    double bytes = 0;
    for (const CutValue& value : graph_.values)
      if (value.is_output && value.producer == node)
        bytes += weights_.down_share * value.BytesAs(Packing::kNone);
    return bytes;
  }

  Traits::edge_descriptor AddEdge(size_t from, size_t to, Capacity capacity) {
    const Traits::edge_descriptor forth = boost::add_edge(from, to, flow_).first;
    const Traits::edge_descriptor back = boost::add_edge(to, from, flow_).first;
    flow_[forth].capacity = capacity;
    flow_[forth].reverse = back;
    flow_[back].reverse = forth;
    return forth;
  }
  void AddPriced(size_t from, size_t to, bool endless, Line line) {
    priced_.push_back({AddEdge(from, to, 0), endless, line});
  }

  const CutGraph& graph_;
  CutWeights weights_;
  Flow flow_;
  std::vector<Priced> priced_;
};

/// Adds the cuts that are best between the prices where `left` and `right` are, without these two.
void AddBetween(Network& network, const Cut& left, const Cut& right, std::vector<Cut>& cuts) {
  const Line a = network.LineOf(left), b = network.LineOf(right);
  if (!(a.bytes > b.bytes && b.fixed > a.fixed)) return;
  const double price = (b.fixed - a.fixed) / (a.bytes - b.bytes);
  const std::optional<Cut> middle = network.Solve(price);
  if (!middle || !(network.LineOf(*middle).At(price) < a.At(price) * (1 - 1e-9))) return;
  AddBetween(network, left, *middle, cuts);
  cuts.push_back(*middle);
  AddBetween(network, *middle, right, cuts);
}

}  // namespace

std::optional<Cut> BestCut(const CutGraph& graph, const CutWeights& weights, double per_byte) {
  return Network(graph, weights).Solve(per_byte);
}

std::vector<Cut> BestCuts(const CutGraph& graph, const CutWeights& weights, double least, double most) {
  SHOEHORN_CHECK(0 <= least && least <= most && std::isfinite(most), "a range of prices");
  Network network(graph, weights);
  const std::optional<Cut> first = network.Solve(least);
  if (!first) return {};
  std::vector<Cut> cuts = {*first};
  const std::optional<Cut> last = network.Solve(most);
  if (*last == *first) return cuts;
  AddBetween(network, *first, *last, cuts);
  cuts.push_back(*last);
  return cuts;
}

}  // namespace shoehorn::place
