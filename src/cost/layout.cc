#include "cost/layout.h"

#include <algorithm>
#include <unordered_set>

namespace shoehorn::cost {
namespace {

constexpr int64_t kBlock = 8;      // channels in a block with 256-bit vectors
constexpr int64_t kAlignment = 4;  // channels that a blocked convolution reads come in fours

/// How ONNX Runtime takes a convolution.
enum class Way { kPlain, kBlocked, kBlockedFromPlain };

Way WayOf(const ir::Node& conv) {
  const ir::Value* const weights = conv.input(1);
  if (weights == nullptr || ir::ConstantOf(*weights) == nullptr || !weights->type.is_static())
    return Way::kPlain;
  const ir::Shape dims = weights->type.shape();
  if (dims.size() != 4) return Way::kPlain;
  const int64_t out = dims[0], in = dims[1], groups = conv.Int("group", 1);
  if (groups == 1) {
    if (in < kBlock) return out % kAlignment == 0 ? Way::kBlockedFromPlain : Way::kPlain;
    return in % kAlignment == 0 && out % kAlignment == 0 ? Way::kBlocked : Way::kPlain;
  }
  if (in == 1 && out == groups) return out % kAlignment == 0 ? Way::kBlocked : Way::kPlain;
  return in % kBlock == 0 && out % groups == 0 && out / groups % kBlock == 0 ? Way::kBlocked : Way::kPlain;
}

bool IsPool(const ir::Node& node) {
  return node.Is("MaxPool") || node.Is("AveragePool") || node.Is("GlobalAveragePool") ||
         node.Is("GlobalMaxPool");
}

/// Works in blocks when all that it reads is in blocks.
bool Follows(const ir::Node& node) {
  if (node.Is("Concat")) {
    return node.Int("axis") == 1 && std::ranges::all_of(node.inputs(), [](const ir::Value* input) {
             return input->type.is_static() && input->type.shape().size() == 4 &&
                    input->type.shape()[1] % kBlock == 0;
           });
  }
  if (node.Is("Resize")) return node.output()->type.is_static() && node.output()->type.shape().size() == 4;
  return IsPool(node) || node.Is("Add") || node.Is("Sum") || node.Is("Mul") || node.Is("Relu") ||
         node.Is("Sigmoid") || node.Is("Tanh") || node.Is("LeakyRelu");
}

/// Convolutions on integers want channels at the end; these take them as they come.
bool FollowsInIntegers(const ir::Node& node) {
  return node.Is("Add") || node.Is("MaxPool") || node.Is("AveragePool") || node.Is("Resize") ||
         node.Is("Concat") || node.Is("GlobalAveragePool") || node.Is("LeakyRelu");
}

/// In floats between integers: where all that these read has channels at the end, they leave it so, and the
/// conversion moves behind them.
bool HandsOn(const ir::Node& node) { return IsElementwise(node) || node.Is("Slice") || node.Is("Concat"); }

/// Through DequantizeLinear and QuantizeLinear to the value that the integers come from.
const ir::Value* Behind(const ir::Value* value) {
  while (value != nullptr && value->producer() != nullptr &&
         (value->producer()->Is("DequantizeLinear") || value->producer()->Is("QuantizeLinear")))
    value = value->producer()->input(0);
  return value;
}

/// The value of the node that its kernel hands on: behind Relu and the like.
const ir::Value& Handed(const ir::Node& node, const Fusion& fusion) {
  const ir::Value* value = node.output();
  while (value->has_single_use() && fusion.HostOf(*value->uses().front().node) == fusion.HostOf(node) &&
         !value->uses().front().node->Is("QuantizeLinear"))
    value = value->uses().front().node->output();
  return *value;
}

}  // namespace

bool IsAbsorbed(const ir::Node& transpose) {
  if (!transpose.Is("Transpose") || transpose.Ints("perm") != std::vector<int64_t>{0, 2, 3, 1}) return false;
  const ir::Node* producer = transpose.input(0)->producer();
  while (producer != nullptr && IsElementwise(*producer) && producer->input(0) != nullptr)
    producer = producer->input(0)->producer();
  return producer != nullptr && (producer->Is("Conv") || IsPool(*producer));
}

namespace {

void FollowFloats(const ir::Graph& graph, const Fusion& fusion, Layouts& layouts) {
  std::unordered_set<const ir::Value*> blocked, out_of_blocks, into_blocks;
  const auto is_blocked = [&](const ir::Value* value) { return value != nullptr && blocked.contains(value); };
  for (const ir::Node& node : graph.nodes()) {
    if (fusion.IsFree(node) && !IsAbsorbed(node)) continue;
    if (fusion.IsInteger(node)) continue;
    const Way way = node.Is("Conv") ? WayOf(node) : Way::kPlain;
    bool in_blocks = way != Way::kPlain;
    if (!node.Is("Conv") && Follows(node)) {
      size_t read = 0, fitting = 0;
      bool constants = false;
      for (const ir::Value* input : node.inputs()) {
        if (input == nullptr) continue;
        if (ir::ConstantOf(*input) != nullptr) {
          constants = true;
          continue;
        }
        ++read;
        fitting += is_blocked(input) && (!IsElementwise(node) || input->type == node.output()->type) ? 1 : 0;
      }
      in_blocks = read > 0 && read == fitting && !(IsElementwise(node) && constants);
    }
    const ir::Node* const host = fusion.HostOf(node);
    if (host != &node) in_blocks = is_blocked(host->output());
    if (way == Way::kBlocked && !is_blocked(node.input(0)) && into_blocks.insert(node.input(0)).second)
      layouts.conversions.push_back({&node, node.input(0), Reorder::kIntoBlocks});
    const bool wants_plain = way == Way::kBlockedFromPlain || !in_blocks;
    for (const ir::Value* input : node.inputs())
      if (wants_plain && is_blocked(input) && out_of_blocks.insert(input).second)
        layouts.conversions.push_back({&node, input, Reorder::kOutOfBlocks});
    if (!in_blocks) continue;
    blocked.insert(node.output());
    layouts.preferred.insert(&node);
  }
  for (const ir::Value* output : graph.outputs())
    if (is_blocked(output) && out_of_blocks.insert(output).second)
      layouts.conversions.push_back({output->producer(), output, Reorder::kOutOfBlocks});
}

void FollowIntegers(const ir::Graph& graph, const Fusion& fusion, Layouts& layouts) {
  std::unordered_set<const ir::Value*> last,
      moved;  // values with channels at the end; those that were converted
  for (const ir::Node& node : graph.nodes()) {
    if (fusion.IsFree(node) || node.Is("QuantizeLinear") || node.Is("DequantizeLinear")) continue;
    const bool convolves = fusion.IsInteger(node) && node.Is("Conv");
    const bool follows = fusion.IsInteger(node) && FollowsInIntegers(node) &&
                         std::ranges::any_of(node.inputs(), [&](const ir::Value* input) {
                           return last.contains(Behind(input));
                         });
    const bool hands_on =
        !fusion.IsInteger(node) && HandsOn(node) &&
        std::ranges::all_of(node.inputs(), [&](const ir::Value* input) {
          return input == nullptr || ir::ConstantOf(*input) != nullptr || last.contains(Behind(input));
        });
    const bool hosted = fusion.HostOf(node) != &node && last.contains(Behind(node.input(0)));
    for (const ir::Value* input : node.inputs()) {
      const ir::Value* const source = Behind(input);
      if (source == nullptr || ir::ConstantOf(*source) != nullptr || hosted) continue;
      const bool wanted_last = convolves || follows || hands_on;
      if (wanted_last && node.Is("Conv") && input != node.input(0)) continue;  // weights
      if (wanted_last != last.contains(source) && moved.insert(source).second)
        layouts.conversions.push_back({&node, source, Reorder::kChannels});
    }
    if (!convolves && !follows && !hosted && !hands_on) continue;
    last.insert(&Handed(node, fusion));
    if (hands_on) last.insert(node.output());
    layouts.preferred.insert(&node);
  }
  for (const ir::Value* output : graph.outputs())
    if (const ir::Value* const source = Behind(output); last.contains(source) && moved.insert(source).second)
      layouts.conversions.push_back({source->producer(), source, Reorder::kChannels});
}

}  // namespace

Layouts LayoutsOf(const ir::Graph& graph, const Fusion& fusion) {
  Layouts layouts;
  FollowFloats(graph, fusion, layouts);
  FollowIntegers(graph, fusion, layouts);
  return layouts;
}

}  // namespace shoehorn::cost
