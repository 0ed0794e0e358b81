#include "place/packing.h"

#include <algorithm>
#include <set>

#include "ir/nesting.h"

namespace shoehorn::place {
namespace {

using ir::Graph;
using ir::Value;

constexpr int64_t kFloat16Number = 10;  // TensorProto.DataType of the ONNX standard
constexpr int64_t kFloatNumber = 1;

/// A model without nodes, with the tail's inputs and opsets, for a head that only packs.
std::unique_ptr<ir::Model> EmptyLike(const ir::Model& tail) {
  auto model = ir::Clone(tail);
  while (!model->graph->outputs().empty()) model->graph->RemoveOutput(0);
  model->graph->RemoveDead();
  model->graph->CollectGarbage();
  return model;
}

std::string WireName(const WireTensor& tensor) {
  return tensor.value + (tensor.packing == Packing::kInt8 ? "_u8" : "_f16");
}

/// Scale and zero point, as inputs of QuantizeLinear and DequantizeLinear.
std::vector<Value*> Parameters(Graph& graph, const WireTensor& tensor) {
  Value& scale =
      graph.AddConstant(tensor.value + "_wire_scale", ir::Tensor::Scalar(static_cast<float>(tensor.scale)));
  Value& zero = graph.AddConstant(tensor.value + "_wire_zero_point",
                                  ir::Tensor::Scalar(static_cast<uint8_t>(tensor.zero_point)));
  return {&scale, &zero};
}

ir::Type Retyped(ir::Type type, ir::DataType element) {
  type.element = element;
  return type;
}

ir::Type WireType(const Value& value, const WireTensor& tensor) {
  return Retyped(value.type,
                 tensor.packing == Packing::kInt8 ? ir::DataType::kUint8 : ir::DataType::kFloat16);
}

/// A node before `before` that packs `value`; its output.
Value& Packed(Value& value, const WireTensor& tensor, ir::Node* before) {
  Graph& graph = value.graph();
  ir::Node* node = nullptr;
  if (tensor.packing == Packing::kInt8) {
    std::vector<Value*> inputs = Parameters(graph, tensor);
    inputs.insert(inputs.begin(), &value);
    node = &graph.AddNode("QuantizeLinear", tensor.value + "_pack", inputs, 1, before);
  } else {
    node = &graph.AddNode("Cast", tensor.value + "_pack", {&value}, 1, before);
    node->Set("to", kFloat16Number);
  }
  node->output()->type = WireType(value, tensor);
  return *node->output();
}

/// The reverse.
Value& Unpacked(Value& wire, const WireTensor& tensor, const ir::Type& type, ir::Node* before) {
  Graph& graph = wire.graph();
  ir::Node* node = nullptr;
  if (tensor.packing == Packing::kInt8) {
    std::vector<Value*> inputs = Parameters(graph, tensor);
    inputs.insert(inputs.begin(), &wire);
    node = &graph.AddNode("DequantizeLinear", tensor.value + "_unpack", inputs, 1, before);
  } else {
    node = &graph.AddNode("Cast", tensor.value + "_unpack", {&wire}, 1, before);
    node->Set("to", kFloatNumber);
  }
  node->output()->type = type;
  return *node->output();
}

void PackHead(ir::Model& head, const WireTensor& tensor, const ir::Type& type) {
  Graph& graph = *head.graph;
  Value* value = graph.FindValue(tensor.value);
  if (value == nullptr) value = &graph.AddInput(tensor.value, type);
  Value& packed = Packed(*value, tensor, nullptr);
  graph.Rename(packed, WireName(tensor));
  const auto& outputs = graph.outputs();
  const auto crossing = std::ranges::find(outputs, value);
  if (crossing != outputs.end())
    graph.ReplaceOutput(static_cast<size_t>(crossing - outputs.begin()), packed);
  else
    graph.AddOutput(packed);
}

void UnpackTail(ir::Model& tail, const WireTensor& tensor) {
  Graph& graph = *tail.graph;
  Value& value = *graph.FindValue(tensor.value);
  Value& wire = graph.AddInput(WireName(tensor), WireType(value, tensor));
  Value& unpacked = Unpacked(wire, tensor, value.type, graph.first());
  graph.ReplaceUses(value, unpacked);
  graph.RemoveInput(value);
  graph.Rename(unpacked, tensor.value);
}

Status CanPack(const ir::Model& model, const WireTensor& tensor) {
  if (tensor.packing != Packing::kInt8 || model.Opset() >= kPackingOpset) return Ok();
  Diagnostic diagnostic;
  diagnostic.file = model.source.string();
  diagnostic.found = "the model has opset " + std::to_string(model.Opset());
  diagnostic.expected = "opset 10 or newer, which has QuantizeLinear, to pack as int8";
  diagnostic.fix = "leave \"int8\" out of place.packing, or export the model with a newer opset";
  return diagnostic;
}

}  // namespace

void SpendOn(double low, double high, WireTensor& tensor) {
  low = std::min(low, 0.0), high = std::max(high, 0.0);
  tensor.scale = std::max((high - low) / 255, 1e-30);
  tensor.zero_point = static_cast<int64_t>(std::clamp(std::nearbyint(-low / tensor.scale), 0.0, 255.0));
}

double BytesOnWire(Packing packing, ir::DataType type) {
  const auto bytes = static_cast<double>(ir::BitsOf(type) / 8);
  if (type != ir::DataType::kFloat) return bytes;
  return packing == Packing::kInt8 ? 1 : packing == Packing::kFloat16 ? 2 : bytes;
}

Status Pack(Halves& halves, const std::vector<WireTensor>& tensors) {
  SHOEHORN_CHECK(halves.tail != nullptr, "nothing crosses to a tail that is not there");
  for (const WireTensor& tensor : tensors) {
    const auto crossing = std::ranges::find(halves.crossing, tensor.value);
    SHOEHORN_CHECK(crossing != halves.crossing.end(), "only what crosses is packed");
    const Value& value = *halves.tail->graph->FindValue(tensor.value);
    if (tensor.packing == Packing::kNone || value.type.element != ir::DataType::kFloat) continue;
    SHOEHORN_TRY(CanPack(*halves.tail, tensor));
    if (halves.head == nullptr) halves.head = EmptyLike(*halves.tail);
    PackHead(*halves.head, tensor, value.type);
    UnpackTail(*halves.tail, tensor);
    *crossing = WireName(tensor);
  }
  if (halves.head != nullptr) DropUnusedInputs(*halves.head->graph);
  return Ok();
}

Result<std::unique_ptr<ir::Model>> WithPacking(const ir::Model& model, const std::vector<bool>& in_head,
                                               const std::vector<WireTensor>& tensors) {
  auto copy = ir::Clone(model);
  Graph& graph = *copy->graph;
  std::vector<const ir::Node*> nodes;
  for (const ir::Node& node : graph.nodes()) nodes.push_back(&node);
  SHOEHORN_CHECK(nodes.size() == in_head.size(), "a side for every node");
  std::set<const ir::Node*> tail;
  for (size_t i = 0; i < nodes.size(); ++i)
    if (!in_head[i]) tail.insert(nodes[i]);
  for (const WireTensor& tensor : tensors) {
    Value& value = *graph.FindValue(tensor.value);
    if (tensor.packing == Packing::kNone || value.type.element != ir::DataType::kFloat) continue;
    SHOEHORN_TRY(CanPack(*copy, tensor));
    ir::Node* const before = value.producer() != nullptr ? value.producer()->next() : graph.first();
    Value& unpacked = Unpacked(Packed(value, tensor, before), tensor, value.type, before);
    const std::vector<ir::Use> uses = value.uses();
    for (const ir::Use& use : uses)
      if (tail.contains(ir::AncestorIn(graph, use.node)))
        use.node->SetInput(static_cast<size_t>(use.index), &unpacked);
  }
  return copy;
}

}  // namespace shoehorn::place
