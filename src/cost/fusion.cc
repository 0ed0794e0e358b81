#include "cost/fusion.h"

#include <algorithm>
#include <array>

#include "cost/layout.h"
#include "quant/rules.h"

namespace shoehorn::cost {
namespace {

struct Arithmetic {
  std::string_view op_type;
  double operations;  // for each element; what takes a polynomial or a division counts as many multiply-adds
};
constexpr Arithmetic kElementwise[] = {
    {"Add", 1},
    {"Sub", 1},
    {"Mul", 1},
    {"Div", 4},
    {"Relu", 1},
    {"Clip", 2},
    {"LeakyRelu", 2},
    {"PRelu", 2},
    {"Abs", 1},
    {"Neg", 1},
    {"Sqrt", 4},
    {"Reciprocal", 4},
    {"Min", 1},
    {"Max", 1},
    {"Sum", 1},
    {"Mean", 2},
    {"HardSigmoid", 3},
    {"HardSwish", 4},
    {"Sigmoid", 16},
    {"Tanh", 16},
    {"Exp", 16},
    {"Log", 16},
    {"Erf", 16},
    {"Gelu", 20},
    {"Softplus", 24},
    {"Mish", 32},
    {"Swish", 17},
    {"Elu", 17},
    {"Selu", 17},
    {"Celu", 17},
    {"Softsign", 5},
    {"Pow", 16},
    {"Sin", 16},
    {"Cos", 16},
    {"Floor", 1},
    {"Ceil", 1},
    {"Round", 1},
    {"Sign", 1},
    {"Not", 1},
    {"And", 1},
    {"Or", 1},
    {"Xor", 1},
    {"Equal", 1},
    {"Greater", 1},
    {"Less", 1},
    {"Where", 1},
    {"Cast", 1},
    {"GreaterOrEqual", 1},
    {"LessOrEqual", 1},
    {"BitShift", 1},
    {"Mod", 4},
    {"IsNaN", 1},
    {"ThresholdedRelu", 2},
    {"BatchNormalization", 2},
};

const Arithmetic* ArithmeticOf(const ir::Node& node) {
  if (!node.domain.empty()) return nullptr;
  const auto* const found =
      std::ranges::find(kElementwise, std::string_view(node.op_type), &Arithmetic::op_type);
  return found == std::end(kElementwise) ? nullptr : found;
}

bool IsConvolution(const ir::Node& node) { return node.Is("Conv") || node.Is("ConvTranspose"); }
bool IsProduct(const ir::Node& node) { return node.Is("Gemm") || node.Is("MatMul"); }

/// Activations that ONNX Runtime computes inside a convolution or a Gemm.
bool IsPlainActivation(const ir::Node& node) {
  return node.Is("Relu") || node.Is("LeakyRelu") || node.Is("Sigmoid") || node.Is("Tanh") ||
         node.Is("Clip") || node.Is("HardSigmoid");
}

/// All uses of the node's only output are by `user`.
bool OnlyUserIs(const ir::Node& node, const ir::Node& user) {
  const ir::Value* const value = node.output();
  return node.outputs().size() == 1 && !value->is_output() &&
         std::ranges::all_of(value->uses(), [&](const ir::Use& use) { return use.node == &user; });
}

/// The Mul of Mul(x, Sigmoid(x)), which is x's activation, given the Sigmoid; nullptr when it is none.
const ir::Node* SwishOf(const ir::Node& sigmoid) {
  if (!(sigmoid.Is("Sigmoid") || sigmoid.Is("HardSigmoid")) || !sigmoid.output()->has_single_use())
    return nullptr;
  const ir::Node* const mul = sigmoid.output()->uses().front().node;
  if (!mul->Is("Mul")) return nullptr;
  return mul->input(0) == sigmoid.input(0) || mul->input(1) == sigmoid.input(0) ? mul : nullptr;
}

/// What OpenVINO does without moving an element.
bool IsInPlace(const ir::Node& node) {
  if (IsView(node) || node.Is("DequantizeLinear")) return true;
  if (!node.Is("Concat") || !node.output()->type.is_static()) return false;
  const ir::Shape dims = node.output()->type.shape();
  const int64_t axis =
      node.Int("axis") < 0 ? node.Int("axis") + static_cast<int64_t>(dims.size()) : node.Int("axis");
  int64_t before = 1;
  for (int64_t i = 0; i < axis; ++i) before *= dims[static_cast<size_t>(i)];
  return before == 1 && dims.size() < 4;
}

/// A Slice that takes every second row or column, for one Concat: a step of SpaceToDepth.
bool IsStrided(const ir::Node& node) {
  if (!node.Is("Slice") || node.input(4) == nullptr || !node.output()->has_single_use()) return false;
  const ir::Tensor* const steps = ir::ConstantOf(*node.input(4));
  if (steps == nullptr) return false;
  const auto values = steps->ToInts();
  return values && std::ranges::all_of(*values, [](int64_t step) { return step > 1; });
}

/// As many elements, where both numbers are known.
bool SameCount(const ir::Value& a, const ir::Value& b) {
  return !a.type.is_static() || !b.type.is_static() ||
         ir::ElementCount(a.type.shape()) == ir::ElementCount(b.type.shape());
}

/// Moves elements and computes nothing.
bool Moves(const ir::Node& node) { return IsView(node) || node.Is("Transpose"); }

bool SameShape(const ir::Value* a, const ir::Value* b) {
  return a != nullptr && b != nullptr && a->type.is_static() && b->type.is_static() &&
         a->type.shape() == b->type.shape();
}

}  // namespace

bool IsView(const ir::Node& node) {
  constexpr std::array<std::string_view, 6> kViews = {"Reshape",   "Flatten",  "Squeeze",
                                                      "Unsqueeze", "Identity", "Dropout"};
  return node.domain.empty() && std::ranges::find(kViews, node.op_type) != kViews.end();
}

bool IsElementwise(const ir::Node& node) { return ArithmeticOf(node) != nullptr; }

double OperationsPerElement(const ir::Node& node) {
  const Arithmetic* const arithmetic = ArithmeticOf(node);
  return arithmetic == nullptr ? 0 : arithmetic->operations;
}

Fusion::Fusion(const ir::Graph& graph, std::string_view engine)
    : openvino_(engine == "openvino"), onnxruntime_(engine == "onnxruntime") {
  size_t position = 0;
  for (const ir::Node& node : graph.nodes()) {
    position_[&node] = position++;
    host_[&node] = &node;
    const bool computed_at_load = std::ranges::all_of(node.inputs(), [&](const ir::Value* input) {
      return input == nullptr || ir::ConstantOf(*input) != nullptr ||
             (input->producer() != nullptr && constant_.contains(input->producer()));
    });
    if (computed_at_load && node.Subgraphs().empty()) constant_.insert(&node);
    const bool absorbed = (openvino_ || onnxruntime_) && IsAbsorbed(node);
    if (constant_.contains(&node) || (openvino_ && IsInPlace(node)) || node.Is("Shape") ||
        node.Is("Identity") || absorbed)
      free_.insert(&node);
  }
  FindIntegers(graph);
  if (!openvino_ && !onnxruntime_) return;
  for (const ir::Node& node : graph.nodes()) {
    if (IsFree(node)) continue;
    if (node.Is("QuantizeLinear")) {
      FuseQuantization(node);
    } else {
      openvino_ ? FuseForOpenvino(node) : FuseForOnnxRuntime(node);
    }
  }
}

const ir::Node* Fusion::HostOf(const ir::Node& node) const {
  const auto found = host_.find(&node);
  return found == host_.end() ? &node : found->second;
}

const ir::Node* Fusion::ComputedBy(const ir::Value* value) const {
  const ir::Node* const producer = value == nullptr ? nullptr : value->producer();
  return producer == nullptr || constant_.contains(producer) ? nullptr : producer;
}

// A node computes in integers when whatever it reads comes out of a DequantizeLinear and what it makes goes
// into a QuantizeLinear, where its engine asks for that.
void Fusion::FindIntegers(const ir::Graph& graph) {
  const quant::EngineRules* const rules = quant::FindEngineRules(openvino_      ? "openvino"
                                                                 : onnxruntime_ ? "onnxruntime"
                                                                                : "");
  for (const ir::Node& node : graph.nodes()) {
    if (node.Is("DequantizeLinear") || node.Is("QuantizeLinear") || IsFree(node)) continue;
    bool reads = false, only_integers = true;
    for (const ir::Value* input : node.inputs()) {
      const ir::Node* const producer = ComputedBy(input);
      if (producer == nullptr) continue;
      reads = true;
      only_integers &= producer->Is("DequantizeLinear");
    }
    const bool weighted = IsConvolution(node) || IsProduct(node);
    if (weighted && node.input(1) != nullptr) {
      const ir::Node* const weights = node.input(1)->producer();
      only_integers &= weights != nullptr && weights->Is("DequantizeLinear");
    }
    if (onnxruntime_ && node.Is("MaxPool") && EndsInQuantize(node)) integer_.insert(&node);
    const quant::Rule* const rule = rules == nullptr ? nullptr : rules->Find(node);
    if (!reads || !only_integers || rule == nullptr) continue;
    if (rule->integer_output && !EndsInQuantize(node)) continue;
    integer_.insert(&node);
  }
  // A DequantizeLinear that only integer nodes read is their way to read integers.
  for (const ir::Node& node : graph.nodes()) {
    if (!node.Is("DequantizeLinear") || node.output()->is_output() || node.output()->uses().empty()) continue;
    if (std::ranges::all_of(node.output()->uses(), [&](const ir::Use& use) { return IsInteger(*use.node); }))
      free_.insert(&node);
  }
}

bool Fusion::EndsInQuantize(const ir::Node& node) const {
  if (node.output()->is_output() || node.output()->uses().empty()) return false;
  return std::ranges::all_of(node.output()->uses(), [&](const ir::Use& use) {
    if (use.node->Is("QuantizeLinear")) return true;
    // ONNX Runtime quantizes before a MaxPool rather than behind it.
    const bool absorbed =
        use.node->Is("Relu") || use.node->Is("Clip") || (onnxruntime_ && use.node->Is("MaxPool"));
    return absorbed && node.output()->has_single_use() && EndsInQuantize(*use.node);
  });
}

void Fusion::FuseQuantization(const ir::Node& quantize) {
  const ir::Node* const producer = ComputedBy(quantize.input(0));
  if (producer == nullptr) return;
  const ir::Node* const host = HostOf(*producer);
  // Each part of a Concat is quantized by whatever makes it (OpenVINO's MoveFakeQuantize).
  if (openvino_ && producer->Is("Concat") && !IsFree(*producer) && OnlyUserIs(*producer, quantize))
    integer_.insert(producer);
  const bool fused = IsInteger(*host) || (openvino_ && OnlyUserIs(*producer, quantize) &&
                                          (IsElementwise(*host) || IsConvolution(*host) || IsProduct(*host)));
  if (fused) host_[&quantize] = host;
}

void Fusion::FuseForOnnxRuntime(const ir::Node& node) {
  if (IsStrided(node)) {  // SpaceToDepth
    const ir::Node* user = node.output()->uses().front().node;
    while (IsStrided(*user)) user = user->output()->uses().front().node;
    if (user->Is("Concat")) host_[&node] = user;
    return;
  }
  if (const ir::Node* const sigmoid = SigmoidOfSwish(node); sigmoid != nullptr) {  // QuickGelu
    host_[&node] = sigmoid;
    return;
  }
  if (node.Is("Add") && !IsInteger(node) && SameShape(node.input(0), node.input(1))) {
    for (const ir::Value* input : node.inputs()) {
      const ir::Node* const conv = ComputedBy(input);
      if (conv == nullptr || !conv->Is("Conv") || IsInteger(*conv) || !OnlyUserIs(*conv, node)) continue;
      host_[&node] = conv;
      return;
    }
  }
  if (!IsPlainActivation(node) || SwishOf(node) != nullptr) return;
  const ir::Node* const producer = ComputedBy(node.input(0));
  if (producer == nullptr || !OnlyUserIs(*producer, node)) return;
  const ir::Node* const host = HostOf(*producer);
  const bool ends_free = producer == host || producer->Is("Add");
  if ((host->Is("Conv") || host->Is("Gemm")) && ends_free) host_[&node] = host;
}

// OpenVINO computes whatever follows element by element in the kernel before it, and makes one kernel of
// elementwise chains.
void Fusion::FuseForOpenvino(const ir::Node& node) {
  if (!IsElementwise(node) || node.Is("Cast")) return;
  if (const ir::Node* const sigmoid = SigmoidOfSwish(node); sigmoid != nullptr) {
    host_[&node] = HostOf(*sigmoid);
    return;
  }
  const ir::Node* latest = nullptr;
  std::vector<const ir::Node*> moved;
  for (const ir::Value* input : node.inputs()) {
    const ir::Node *producer = ComputedBy(input), *user = &node;
    // Before it moves elements, it computes on them (MoveEltwiseUpThroughDataMov).
    for (; producer != nullptr && Moves(*producer) && ReadsOne(node) && OnlyUserIs(*producer, *user);
         producer = ComputedBy(producer->input(0))) {
      moved.push_back(producer);
      user = producer;
    }
    if (producer == nullptr || IsFree(*producer)) continue;
    const ir::Node* const swish = SwishOf(node);
    const bool alone =
        OnlyUserIs(*producer, *user) ||
        (swish != nullptr && std::ranges::all_of(producer->output()->uses(), [&](const ir::Use& use) {
           return use.node == &node || use.node == swish;
         }));
    const ir::Node* const host = HostOf(*producer);
    const bool multiplies = IsConvolution(*host) || IsProduct(*host);
    const bool takes = multiplies ? SameCount(*host->output(), *node.output()) : IsElementwise(*host);
    if (!alone || !takes) continue;
    if (latest == nullptr || position_.at(producer) > position_.at(latest)) latest = producer;
  }
  if (latest == nullptr) return;
  host_[&node] = HostOf(*latest);
  for (const ir::Node* each : moved) {
    host_[each] = HostOf(*latest);
    free_.erase(each);
  }
}

bool Fusion::ReadsOne(const ir::Node& node) const {
  size_t computed = 0;
  for (const ir::Value* input : node.inputs()) {
    if (input == nullptr) continue;
    if (ComputedBy(input) != nullptr) {
      ++computed;
    } else if (!input->type.is_static() || ir::ElementCount(input->type.shape()) != 1) {
      return false;
    }
  }
  return computed == 1;
}

const ir::Node* Fusion::SigmoidOfSwish(const ir::Node& node) const {
  if (!node.Is("Mul")) return nullptr;
  for (const ir::Value* input : node.inputs()) {
    const ir::Node* const producer = ComputedBy(input);
    if (producer != nullptr && SwishOf(*producer) == &node) return producer;
  }
  return nullptr;
}

}  // namespace shoehorn::cost
