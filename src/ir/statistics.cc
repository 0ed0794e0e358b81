#include "ir/statistics.h"

#include <algorithm>

namespace shoehorn::ir {
namespace {

std::optional<int64_t> Product(const std::optional<Shape>& shape, size_t from = 0) {
  if (!shape) return std::nullopt;
  int64_t product = 1;
  for (size_t i = from; i < shape->size(); ++i)
    if (__builtin_mul_overflow(product, (*shape)[i], &product)) return std::nullopt;
  return product;
}

std::optional<Shape> ShapeOf(const Value* value) {
  if (value == nullptr || !value->type.is_static()) return std::nullopt;
  return value->type.shape();
}

std::optional<int64_t> Times(std::optional<int64_t> a, std::optional<int64_t> b) {
  int64_t product = 0;
  if (!a || !b || __builtin_mul_overflow(*a, *b, &product)) return std::nullopt;
  return product;
}

/// Gates of a recurrent operator, 0 for all others.
int64_t GatesOf(const Node& node) {
  return node.Is("LSTM") ? 4 : node.Is("GRU") ? 3 : node.Is("RNN") ? 1 : 0;
}

}  // namespace

std::optional<int64_t> BytesOf(const Type& type) {
  if (!type.is_static()) return std::nullopt;
  int64_t count = 1;
  for (const Dim& dim : type.dims)
    if (__builtin_mul_overflow(count, dim.value, &count)) return std::nullopt;
  int64_t bits = 0;
  if (__builtin_mul_overflow(count, int64_t{BitsOf(type.element)}, &bits)) return std::nullopt;
  return (bits + 7) / 8;
}

std::optional<int64_t> MacsOf(const Node& node) {
  const bool qlinear = node.Is("QLinearConv") || node.Is("QLinearMatMul");
  const Value* second = node.input(qlinear ? 3 : 1);
  if (node.Is("Conv") || node.Is("ConvInteger") || node.Is("QLinearConv"))  // weights [M, C/group, k...]
    return Times(Product(ShapeOf(node.output())), Product(ShapeOf(second), 1));
  if (node.Is("ConvTranspose"))  // weights [C, M/group, k...]
    return Times(Product(ShapeOf(node.input(0))), Product(ShapeOf(second), 1));
  if (node.Is("MatMul") || node.Is("MatMulInteger") || node.Is("QLinearMatMul") || node.Is("Gemm")) {
    const auto left = ShapeOf(node.input(0));
    if (!left || left->empty()) return std::nullopt;
    const bool transposed = node.Is("Gemm") && node.Int("transA") != 0;
    return Times(Product(ShapeOf(node.output())), transposed ? left->front() : left->back());
  }
  if (const int64_t gates = GatesOf(node);
      gates > 0) {  // x [seq, batch, in], w [dirs, gates*hidden, in], r [..., hidden]
    const auto x = ShapeOf(node.input(0)), w = ShapeOf(node.input(1)), r = ShapeOf(node.input(2));
    if (!x || !w || !r || x->size() != 3) return std::nullopt;
    const auto per_step = Product(w), recurrent = Product(r);
    if (!per_step || !recurrent) return std::nullopt;
    return Times(*per_step + *recurrent, (*x)[0] * (*x)[1]);
  }
  return 0;
}

Statistics Measure(const Model& model) {
  Statistics total;
  ForEachGraph(*model.graph, [&](Graph& graph) {
    for (const auto& value : graph.values()) {
      if (value->initializer() == nullptr) continue;
      total.parameters += value->initializer()->count();
      total.parameter_bytes += static_cast<int64_t>(value->initializer()->byte_size());
    }
    for (const Node& node : graph.nodes()) {
      ++total.nodes;
      ++total.operators[(node.domain.empty() ? "" : node.domain + ".") + node.op_type];
      for (const Attribute& attribute : node.attributes()) {
        const auto* tensor = std::get_if<Tensor>(&attribute.value);
        if (tensor == nullptr || !node.Is("Constant")) continue;
        total.parameters += tensor->count();
        total.parameter_bytes += static_cast<int64_t>(tensor->byte_size());
      }
      if (const auto macs = MacsOf(node)) {
        total.macs += *macs;
      } else {
        total.unsized.push_back(node.Describe());
      }
    }
  });

  total.activation_peak_bytes = PeakBytes(*model.graph, BytesOf, &total.unsized);
  std::ranges::sort(total.unsized);
  total.unsized.erase(std::ranges::unique(total.unsized).begin(), total.unsized.end());
  return total;
}

int64_t PeakBytes(const Graph& graph, const std::function<std::optional<int64_t>(const Type&)>& bytes,
                  std::vector<std::string>* unsized) {
  std::unordered_map<const Node*, size_t> position;
  for (const Node& node : graph.nodes()) position.emplace(&node, position.size());
  const size_t end = position.size();
  const auto last_use = [&](const Value& value) {
    size_t last = value.producer() != nullptr ? position.at(value.producer()) : 0;
    for (const Use& use : value.uses()) {
      const Node* user = use.node;
      while (user != nullptr && &user->graph() != &graph) user = user->graph().owner();
      if (user != nullptr) last = std::max(last, position.at(user));
    }
    return value.is_output() ? end : last;
  };
  std::vector<int64_t> change(end + 2, 0);
  for (const auto& value : graph.values()) {
    if (ConstantOf(*value) != nullptr) continue;
    const auto size = bytes(value->type);
    if (!size) {
      if (value->producer() != nullptr && unsized != nullptr)
        unsized->push_back(value->producer()->Describe());
      continue;
    }
    change[value->producer() != nullptr ? position.at(value->producer()) : 0] += *size;
    change[last_use(*value) + 1] -= *size;
  }
  int64_t alive = 0, peak = 0;
  for (const int64_t step : change) peak = std::max(peak, alive += step);
  return peak;
}

}  // namespace shoehorn::ir
