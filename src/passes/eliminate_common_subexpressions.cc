// What is computed twice from the same inputs is computed once, and equal constants are stored once:
//   a = Relu(x); b = Relu(x); y = Add(a, b)   becomes   a = Relu(x); y = Add(a, a)
#include <algorithm>
#include <bit>

#include "passes/purity.h"
#include "passes/replace.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Tensor;
using ir::Value;

void Mix(size_t& seed, size_t hash) { seed ^= hash + 0x9e3779b97f4a7c15u + (seed << 6) + (seed >> 2); }
void Mix(size_t& seed, std::string_view text) { Mix(seed, std::hash<std::string_view>()(text)); }

/// Type, dimensions and the first and last bytes: enough to tell apart nearly all constants without paging
/// big ones in.
size_t HashOf(const Tensor& tensor) {
  size_t hash = static_cast<size_t>(tensor.type());
  for (const int64_t dim : tensor.dims()) Mix(hash, static_cast<size_t>(dim));
  const std::span<const std::byte> bytes = tensor.bytes();
  const size_t sampled = std::min<size_t>(bytes.size(), 64);
  Mix(hash, {reinterpret_cast<const char*>(bytes.data()), sampled});
  Mix(hash, {reinterpret_cast<const char*>(bytes.data() + bytes.size() - sampled), sampled});
  return hash;
}

bool Equal(const ir::AttributeValue& a, const ir::AttributeValue& b) {
  if (a.index() != b.index()) return false;
  return std::visit(
      [&](const auto& left) {
        using T = std::decay_t<decltype(left)>;
        if constexpr (std::is_same_v<T, std::unique_ptr<ir::Graph>> ||
                      std::is_same_v<T, std::vector<std::unique_ptr<ir::Graph>>>) {
          return false;
        } else {
          return left == std::get<T>(b);
        }
      },
      a);
}

size_t HashOf(const Node& node) {
  size_t hash = std::hash<std::string_view>()(node.op_type);
  for (const Value* input : node.inputs()) Mix(hash, std::hash<const void*>()(input));
  size_t attributes = 0;  // their order does not matter
  for (const ir::Attribute& attribute : node.attributes()) {
    size_t one = std::hash<std::string_view>()(attribute.name);
    if (const auto* number = std::get_if<int64_t>(&attribute.value)) Mix(one, static_cast<size_t>(*number));
    if (const auto* list = std::get_if<std::vector<int64_t>>(&attribute.value))
      for (const int64_t number : *list) Mix(one, static_cast<size_t>(number));
    attributes += one;
  }
  Mix(hash, attributes);
  return hash;
}

bool Same(const Node& a, const Node& b) {
  if (a.op_type != b.op_type || a.inputs() != b.inputs() || a.outputs().size() != b.outputs().size() ||
      a.attributes().size() != b.attributes().size())
    return false;
  for (size_t i = 0; i < a.outputs().size(); ++i)
    if ((a.output(i) == nullptr) != (b.output(i) == nullptr)) return false;
  return std::ranges::all_of(a.attributes(), [&](const ir::Attribute& attribute) {
    const ir::AttributeValue* other = b.Find(attribute.name);
    return other != nullptr && Equal(attribute.value, *other);
  });
}

/// Finds what is equal to something met before: a hash table with open addressing, as large as a graph may
/// need.
template <typename T>
class Met {
 public:
  explicit Met(size_t most) : slots_(std::bit_ceil(2 * most + 2)) {}

  /// The first thing of this hash that is `same`; when there is none, `candidate` is kept and nullptr given.
  template <typename Same>
  T* FindOrKeep(size_t hash, T& candidate, const Same& same) {
    for (size_t i = (hash * 0x9e3779b97f4a7c15u) >> 20;; ++i) {
      auto& [its_hash, thing] = slots_[i & (slots_.size() - 1)];
      if (thing == nullptr) {
        its_hash = hash;
        thing = &candidate;
        return nullptr;
      }
      if (its_hash == hash && same(*thing)) return thing;
    }
  }

 private:
  std::vector<std::pair<size_t, T*>> slots_;
};

bool StoreConstantsOnce(ir::Graph& graph, PassContext& context) {
  Met<Value> met(graph.values().size());
  std::vector<std::pair<Value*, Value*>> doubles;
  for (const auto& value : graph.values()) {
    if (value->constant() == nullptr || value->is_output() || value->is_unused()) continue;
    const Tensor& tensor = *value->constant();
    if (tensor.type() == ir::DataType::kString) continue;
    const auto same = [&](const Value& other) { return *other.constant() == tensor; };
    if (Value* stays = met.FindOrKeep(HashOf(tensor), *value, same)) doubles.emplace_back(value.get(), stays);
  }
  for (const auto& [gone, stays] : doubles) {
    if (context.log != nullptr)
      context.log->push_back({context.pass, gone->name(), "it is equal to " + stays->name()});
    graph.ReplaceValue(*gone, *stays);
    graph.RemoveValue(*gone);
  }
  return !doubles.empty();
}

}  // namespace

Result<bool> EliminateCommonSubexpressions(ir::Graph& graph, PassContext& context) {
  bool changed = StoreConstantsOnce(graph, context);
  Met<Node> met(graph.node_count());
  for (Node& node : graph.nodes()) {
    if (!IsPure(node)) continue;
    Node* found = met.FindOrKeep(HashOf(node), node, [&](const Node& other) { return Same(other, node); });
    if (found == nullptr) continue;
    Node& stays = *found;
    bool replaceable = true;
    for (size_t i = 0; i < node.outputs().size(); ++i)
      if (node.output(i) != nullptr) replaceable &= CanStandIn(*node.output(i), *stays.output(i));
    if (!replaceable) continue;
    context.Note(node, "it computes the same as " + stays.Describe());
    for (const std::string& name : node.UserNames()) {
      if (stays.origins.empty()) stays.origins = stays.UserNames();
      if (std::ranges::find(stays.origins, name) == stays.origins.end()) stays.origins.push_back(name);
    }
    for (size_t i = 0; i < node.outputs().size(); ++i)
      if (node.output(i) != nullptr) graph.ReplaceValue(*node.output(i), *stays.output(i));
    graph.RemoveNode(node);
    changed = true;
  }
  return changed;
}

}  // namespace shoehorn::passes
