#include "place/partition_cut.h"

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/boykov_kolmogorov_max_flow.hpp>
#include <cmath>

namespace shoehorn::place {
namespace {

using Traits = boost::adjacency_list_traits<boost::vecS, boost::vecS, boost::bidirectionalS>;

struct VertexState {
  Traits::edge_descriptor predecessor;
  boost::default_color_type color = boost::white_color;
  long distance = 0;
};
struct EdgeState {
  double capacity = 0, residual = 0;
  Traits::edge_descriptor reverse;
};
using Network =
    boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS, VertexState, EdgeState>;

/// More than any placement without an infinite part costs: what must never be cut.
double Never(const PartitionProblem& problem) {
  double sum = 1;
  const auto add = [&](const std::vector<double>& costs) {
    for (const double cost : costs)
      if (std::isfinite(cost)) sum += cost;
  };
  for (const PartitionNode& node : problem.nodes) add(node.cost);
  for (const PartitionValue& value : problem.values) add(value.copy);
  return sum;
}

/// The network of the header: a vertex for each node, two for each value that needs them, source and sink.
class Cut {
 public:
  Cut(const PartitionProblem& problem, size_t first, size_t second, const std::vector<size_t>& unit)
      : problem_(problem),
        first_(first),
        second_(second),
        unit_(unit),
        never_(Never(problem)),
        network_(problem.nodes.size() + 2),
        source_(problem.nodes.size()),
        sink_(source_ + 1) {
    for (size_t i = 0; i < problem.nodes.size(); ++i)
      if (Free(i)) AddUnary(i, problem.nodes[i].cost[first], problem.nodes[i].cost[second]);
    for (const PartitionValue& value : problem.values) AddValue(value);
  }

  std::vector<size_t> Solve() {
    boost::boykov_kolmogorov_max_flow(
        network_, boost::get(&EdgeState::capacity, network_), boost::get(&EdgeState::residual, network_),
        boost::get(&EdgeState::reverse, network_), boost::get(&VertexState::predecessor, network_),
        boost::get(&VertexState::color, network_), boost::get(&VertexState::distance, network_),
        boost::get(boost::vertex_index, network_), source_, sink_);
    // The vertices of the source's tree are its side of a least cut.
    std::vector<size_t> unit = unit_;
    for (size_t i = 0; i < unit.size(); ++i)
      if (Free(i)) unit[i] = network_[i].color == boost::black_color ? first_ : second_;
    return unit;
  }

 private:
  bool Free(size_t node) const { return unit_[node] == first_ || unit_[node] == second_; }

  double Capacity(double cost) const { return std::min(cost, never_); }

  void AddEdge(size_t from, size_t to, double capacity, double back = 0) {
    if (capacity == 0 && back == 0) return;
    const auto there = boost::add_edge(from, to, network_).first;
    const auto again = boost::add_edge(to, from, network_).first;
    network_[there] = {capacity, 0, again};
    network_[again] = {back, 0, there};
  }

  void AddUnary(size_t node, double on_first, double on_second) {
    AddEdge(source_, node, Capacity(on_second));
    AddEdge(node, sink_, Capacity(on_first));
  }

  void AddValue(const PartitionValue& value) {
    const auto copy = [&](size_t from, size_t to) {
      return Capacity(value.copy[from * problem_.units + to]);
    };
    const size_t producer = value.producer;
    std::vector<char> counted(problem_.units, 0);  // third units with a reader that stays
    for (const size_t reader : value.readers)
      if (!Free(reader) && Free(producer) && std::exchange(counted[unit_[reader]], 1) == 0)
        AddUnary(producer, copy(first_, unit_[reader]), copy(second_, unit_[reader]));
    if (std::ranges::none_of(value.readers, [&](size_t reader) { return Free(reader); })) return;
    if (value.readers.size() == 1 && Free(producer)) {
      AddEdge(producer, value.readers[0], copy(first_, second_), copy(second_, first_));
      return;
    }
    const size_t any_second = boost::add_vertex(network_), all_second = boost::add_vertex(network_);
    if (Free(producer)) {
      AddEdge(producer, any_second, copy(first_, second_));
      AddEdge(all_second, producer, copy(second_, first_));
    } else {
      AddEdge(source_, any_second, copy(unit_[producer], second_));
      AddEdge(all_second, sink_, copy(unit_[producer], first_));
    }
    for (const size_t reader : value.readers) {
      if (!Free(reader)) continue;
      AddEdge(any_second, reader, never_);
      AddEdge(reader, all_second, never_);
    }
  }

  const PartitionProblem& problem_;
  const size_t first_, second_;
  const std::vector<size_t>& unit_;
  const double never_;
  Network network_;
  const size_t source_, sink_;
};

}  // namespace

std::vector<size_t> CutBetween(const PartitionProblem& problem, size_t first, size_t second,
                               std::vector<size_t> unit) {
  return Cut(problem, first, second, unit).Solve();
}

}  // namespace shoehorn::place
