#include "cost/kernels.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "cost/features.h"
#include "cost/fusion.h"
#include "cost/layout.h"

namespace shoehorn::cost {
namespace {

/// Bytes of what a kernel reads that the graph calls a float: a kernel on integers reads it before it is
/// dequantized.
double BytesOfElement(std::string_view number) { return number == "f32" ? 4 : number == "bf16" ? 2 : 1; }
/// And of a float that it writes: only a QuantizeLinear makes an integer of it, or the integer kernel that
/// reads it.
double BytesOfResult(const Kernel& kernel, const Fusion& fusion) {
  const ir::Value* const last = kernel.nodes.back()->output();
  const bool quantized = last != nullptr && !last->is_output() && !last->uses().empty() &&
                         std::ranges::all_of(last->uses(), [&](const ir::Use& use) {
                           return fusion.IsInteger(*fusion.HostOf(*use.node));
                         });
  return quantized ? 1 : kernel.number == "bf16" ? 2 : 4;
}

/// ONNX Runtime has two kernels for these: one for the layout that convolutions like, one for the plain one.
bool HasTwoKernels(const ir::Node& node) {
  return node.Is("Conv") || node.Is("MaxPool") || node.Is("AveragePool") || node.Is("GlobalAveragePool") ||
         node.Is("Resize");
}

}  // namespace

std::vector<Kernel> KernelsOf(const ir::Graph& graph, std::string_view engine, std::string_view precision) {
  const Fusion fusion(graph, engine);
  const bool openvino = engine == "openvino";
  const std::string real = precision == "bf16" ? "bf16" : "f32";
  std::vector<Kernel> kernels;
  std::unordered_map<const ir::Node*, size_t> index;
  for (const ir::Node& node : graph.nodes()) {
    if (fusion.IsFree(node)) continue;
    const ir::Node* const host = fusion.HostOf(node);
    const auto [at, added] = index.emplace(host, kernels.size());
    if (added) {
      Kernel& kernel = kernels.emplace_back();
      kernel.number = fusion.IsInteger(*host) ? "i8" : real;
    }
    std::vector<const ir::Node*>& nodes = kernels[at->second].nodes;
    nodes.insert(&node == host ? nodes.begin() : nodes.end(), &node);
  }
  const Layouts layouts = engine == "onnxruntime" ? LayoutsOf(graph, fusion) : Layouts();
  for (Kernel& kernel : kernels) {
    const ir::Node& head = *kernel.nodes.front();
    kernel.kind = openvino && IsElementwise(head) ? "Elementwise" : KindOf(head);
    if (head.Is("Sigmoid") && kernel.nodes.size() > 1 && !openvino) kernel.kind = "Swish";
    if (head.Is("Concat") && kernel.nodes.back()->Is("Slice")) kernel.kind = "SpaceToDepth";
    if (engine == "onnxruntime" && HasTwoKernels(head) && !layouts.preferred.contains(&head))
      kernel.kind += kPlainLayout;
    kernel.shape =
        ShapeOf(kernel.nodes, BytesOfElement(kernel.number), BytesOfResult(kernel, fusion), kernel.known);
  }
  for (const auto& [at, value, reorder] : layouts.conversions) {
    Kernel& kernel = kernels.emplace_back();
    kernel.kind = reorder == Reorder::kIntoBlocks    ? "ReorderInput"
                  : reorder == Reorder::kOutOfBlocks ? "ReorderOutput"
                                                     : "ReorderChannels";
    kernel.number = reorder == Reorder::kChannels ? "i8" : real;
    kernel.nodes = {at};
    kernel.shape = ShapeOfCopy(*value, BytesOfElement(kernel.number), kernel.known);
  }
  return kernels;
}

}  // namespace shoehorn::cost
