#include "place/cuts.h"

#include <fmt/format.h>

#include <unordered_map>

namespace shoehorn::place {
namespace {

/// The node of `graph` itself that `node`, maybe of an inner graph, stands in.
const ir::Node* Outermost(const ir::Graph& graph, const ir::Node* node) {
  while (&node->graph() != &graph) node = node->graph().owner();
  return node;
}

CutValue Sized(const ir::Value& value) {
  CutValue result{.value = &value};
  result.is_output = value.is_output();
  result.sized = value.type.is_static() && ir::BitsOf(value.type.element) > 0;
  if (!result.sized) return result;
  result.elements = static_cast<double>(ir::ElementCount(value.type.shape()));
  result.raw_bytes = std::ceil(result.elements * ir::BitsOf(value.type.element) / 8);
  result.is_float = value.type.element == ir::DataType::kFloat;
  return result;
}

Diagnostic Unsized(const ir::Graph& graph, const ir::Value& value, const char* what) {
  return {.file = graph.model().source.string(),
          .place = fmt::format("{} '{}'", what, value.name()),
          .found = "its size is not known",
          .expected = "a static shape",
          .fix = "pin the shapes: --shape NAME=1x3x224x224"};
}

bool IsFed(const ir::Value& value) { return value.is_input() && value.initializer() == nullptr; }

}  // namespace

double CutValue::BytesAs(Packing packing, bool compress) const {
  const double packed = Packed(packing) == Packing::kNone ? raw_bytes
                        : packing == Packing::kFloat16    ? 2 * elements
                                                          : elements;
  return compress ? packed * CompressedAs(packing).ratio : packed;
}

Result<CutGraph> CutGraphOf(const ir::Graph& graph) {
  CutGraph result;
  std::unordered_map<const ir::Node*, size_t> index;  // of the nodes that depend on inputs
  // First the nodes, in order: whoever reads a live value is one, and what it makes is live.
  std::unordered_map<const ir::Node*, bool> reads_live;
  const auto spread = [&](const ir::Value& value) {
    for (const ir::Use& use : value.uses()) reads_live[Outermost(graph, use.node)] = true;
  };
  for (const ir::Value* input : graph.inputs())
    if (IsFed(*input)) spread(*input);
  for (const ir::Node& node : graph.nodes()) {
    if (!reads_live.contains(&node)) continue;
    index.emplace(&node, result.nodes.size());
    result.nodes.push_back({.node = &node});
    for (const ir::Value* output : node.outputs())
      if (output != nullptr) spread(*output);
  }

  const auto add = [&](const ir::Value& value, size_t producer) {
    CutValue made = Sized(value);
    made.producer = producer;
    for (const ir::Use& use : value.uses()) made.consumers.push_back(index.at(Outermost(graph, use.node)));
    std::ranges::sort(made.consumers);
    made.consumers.erase(std::ranges::unique(made.consumers).begin(), made.consumers.end());
    if (!made.consumers.empty() || made.is_output) result.values.push_back(std::move(made));
  };
  for (const ir::Value* input : graph.inputs()) {
    if (!IsFed(*input)) continue;
    add(*input, CutValue::kInput);
    if (!result.values.empty() && result.values.back().value == input && !result.values.back().sized)
      return Unsized(graph, *input, "input");
  }
  for (size_t i = 0; i < result.nodes.size(); ++i)
    for (const ir::Value* output : result.nodes[i].node->outputs())
      if (output != nullptr) add(*output, i);
  for (const CutValue& value : result.values)
    if (value.is_output && !value.sized) return Unsized(graph, *value.value, "output");
  return result;
}

Cut CutOf(const CutGraph& graph, std::vector<bool> head) {
  SHOEHORN_CHECK(head.size() == graph.nodes.size(), "a head says for each node where it runs");
  Cut cut;
  for (size_t v = 0; v < graph.values.size(); ++v) {
    const CutValue& value = graph.values[v];
    const bool made_in_head = value.producer == CutValue::kInput || head[value.producer];
    const bool read_in_tail = std::ranges::any_of(value.consumers, [&](size_t c) { return !head[c]; });
    const bool read_in_head = std::ranges::any_of(value.consumers, [&](size_t c) { return head[c]; });
    SHOEHORN_CHECK(made_in_head || !read_in_head, "the head reads what the tail makes");
    if (made_in_head && read_in_tail) cut.crossing.push_back(v);
    if (!made_in_head && value.is_output) cut.back.push_back(v);
  }
  for (size_t i = 0; i < head.size(); ++i) {
    if (head[i]) {
      cut.device_s += graph.nodes[i].device_s;
      cut.device_j += graph.nodes[i].device_j;
    } else {
      cut.tail_s += graph.nodes[i].tail_s;
    }
  }
  cut.head = std::move(head);
  return cut;
}

double UpBytes(const CutGraph& graph, const Cut& cut, Packing packing, bool compress) {
  double bytes = 0;
  for (const size_t v : cut.crossing) bytes += graph.values[v].BytesAs(packing, compress);
  return bytes;
}

Compressed CompressedOf(const CutGraph& graph, const Cut& cut, Packing packing) {
  Compressed all;
  for (const size_t v : cut.crossing) {
    all.compress_s += graph.values[v].CompressedAs(packing).compress_s;
    all.decompress_s += graph.values[v].CompressedAs(packing).decompress_s;
  }
  const double packed = UpBytes(graph, cut, packing);
  if (packed > 0) all.ratio = UpBytes(graph, cut, packing, true) / packed;
  return all;
}

double DownBytes(const CutGraph& graph, const Cut& cut) {
  double bytes = 0;
  for (const size_t v : cut.back) bytes += graph.values[v].BytesAs(Packing::kNone);
  return bytes;
}

std::string NameOf(const CutGraph& graph, const Cut& cut) {
  if (std::ranges::find(cut.head, false) == cut.head.end()) return "all on the device";
  if (std::ranges::find(cut.head, true) == cut.head.end()) return "all in the other place";
  if (cut.crossing.empty()) return "split where nothing crosses";
  const std::string first = graph.values[cut.crossing[0]].value->name();
  return cut.crossing.size() == 1 ? fmt::format("split at '{}'", first)
                                  : fmt::format("split at '{}' and {} more", first, cut.crossing.size() - 1);
}

std::optional<std::string> Forbidden(const CutGraph& graph, const Cut& cut) {
  for (const size_t v : cut.crossing) {
    const CutValue& value = graph.values[v];
    if (!value.may_leave) return fmt::format("'{}' must not leave the vehicle", value.value->name());
    if (!value.sized) return fmt::format("the size of '{}' is not known", value.value->name());
  }
  for (size_t i = 0; i < cut.head.size(); ++i) {
    const CutNode& node = graph.nodes[i];
    if (!cut.head[i] && node.on_device)
      return fmt::format("{} must run on the device", node.node->Describe());
    if (cut.head[i] && node.off_device)
      return fmt::format("the device does not run {}", node.node->Describe());
  }
  return std::nullopt;
}

std::vector<Cut> SingleValueCuts(const CutGraph& graph) {
  std::vector<std::vector<size_t>> made(graph.nodes.size());  // values by producer
  for (size_t v = 0; v < graph.values.size(); ++v)
    if (graph.values[v].producer != CutValue::kInput) made[graph.values[v].producer].push_back(v);

  std::vector<Cut> cuts;
  for (size_t v = 0; v < graph.values.size(); ++v) {
    if (graph.values[v].consumers.empty()) continue;
    // The tail is whoever depends on the value. It is fed by the value alone when nothing else crosses.
    std::vector<bool> head(graph.nodes.size(), true);
    std::vector<size_t> open = graph.values[v].consumers;
    while (!open.empty()) {
      const size_t node = open.back();
      open.pop_back();
      if (!head[node]) continue;
      head[node] = false;
      for (const size_t output : made[node])
        open.insert(open.end(), graph.values[output].consumers.begin(), graph.values[output].consumers.end());
    }
    Cut cut = CutOf(graph, std::move(head));
    if (cut.crossing.size() == 1 && !Forbidden(graph, cut)) cuts.push_back(std::move(cut));
  }
  return cuts;
}

Cut AllInHead(const CutGraph& graph) { return CutOf(graph, std::vector<bool>(graph.nodes.size(), true)); }
Cut AllInTail(const CutGraph& graph) { return CutOf(graph, std::vector<bool>(graph.nodes.size(), false)); }

}  // namespace shoehorn::place
