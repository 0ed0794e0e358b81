#include "cost/network_builder.h"

#include <algorithm>
#include <cmath>

#include "formats/onnx.h"
#include "ir/statistics.h"

namespace shoehorn::cost {
namespace {

constexpr int64_t kIrVersion = 9, kOpset = 20;

ir::Type FloatType(const ir::Shape& dims) {
  ir::Type type;
  type.element = ir::DataType::kFloat;
  type.has_rank = true;
  for (const int64_t dim : dims) type.dims.push_back({dim, ""});
  return type;
}

}  // namespace

ir::Shape DimsOf(const ir::Value& value) { return value.type.shape(); }

NetworkBuilder::NetworkBuilder(uint32_t seed, const ir::Shape& input)
    : random_(seed), model_(std::make_unique<ir::Model>()) {
  model_->ir_version = kIrVersion;
  model_->opsets = {{"", kOpset}};
  model_->graph->name = "network";
  model_->graph->AddInput("x", FloatType(input));
  types_ = formats::MakeTypeInference(*model_);
}

int64_t NetworkBuilder::Between(int64_t low, int64_t high) {
  return low + static_cast<int64_t>(random_() % static_cast<uint64_t>(high - low + 1));
}

int64_t NetworkBuilder::LogBetween(int64_t low, int64_t high) {
  const double share = static_cast<double>(random_()) / 4294967296.0;
  const double value =
      static_cast<double>(low) * std::pow(static_cast<double>(high) / static_cast<double>(low), share);
  return std::clamp(static_cast<int64_t>(std::llround(value)), low, high);
}

ir::Value& NetworkBuilder::Make(const std::string& op_type, const std::vector<ir::Value*>& inputs,
                                const std::vector<passes::Setting>& settings) {
  ir::Graph& graph = *model_->graph;
  const std::string name = "node" + std::to_string(graph.node_count());
  ir::Node& node = graph.AddNode(op_type, name, inputs);
  for (const passes::Setting& setting : settings)
    std::visit([&](const auto& value) { node.Set(setting.name, value); }, setting.value);
  const Result<bool> inferred = types_->InferNode(node);
  SHOEHORN_CHECK(inferred.ok(), inferred.error().Text());
  macs_ += static_cast<double>(ir::MacsOf(node).value_or(0));
  return *node.output();
}

// Weights that keep the size of activations: neither infinities nor denormal numbers, which change how fast
// kernels are.
ir::Value& NetworkBuilder::Weights(const ir::Shape& dims, double fan_in) {
  const double reach = std::sqrt(3 / std::max(fan_in, 1.0));
  std::vector<float> values(static_cast<size_t>(ir::ElementCount(dims)));
  for (float& value : values)
    value = static_cast<float>((static_cast<double>(random_() % 65536) / 32768 - 1) * reach + 1e-3);
  return model_->graph->AddConstant("weights", ir::Tensor::Of<float>(dims, values));
}

ir::Value& NetworkBuilder::Ints(const std::vector<int64_t>& values) {
  return model_->graph->AddConstant("ints", ir::Tensor::Ints(values));
}

ir::Value& NetworkBuilder::Number(float value) {
  return model_->graph->AddConstant("number", ir::Tensor::Scalar<float>(value));
}

ir::Value& NetworkBuilder::Convolve(ir::Value& x, const Convolution& convolution) {
  const int64_t channels = DimsOf(x)[1] / convolution.groups;
  ir::Shape weights = {convolution.channels, channels};
  std::vector<int64_t> pads;
  double fan_in = static_cast<double>(channels);
  for (const int64_t side : convolution.window) {
    weights.push_back(side);
    pads.push_back(side / 2);
    fan_in *= static_cast<double>(side);
  }
  std::vector<int64_t> both = pads;
  both.insert(both.end(), pads.begin(), pads.end());
  return Make("Conv", {&x, &Weights(weights, fan_in), &Weights({convolution.channels}, 100)},
              {{"kernel_shape", convolution.window},
               {"strides", convolution.strides},
               {"pads", both},
               {"group", convolution.groups}});
}

ir::Value& NetworkBuilder::Activate(ir::Value& x, const std::string& activation) {
  if (activation.empty()) return x;
  if (activation == "Clip") return Make("Clip", {&x, &Number(0), &Number(6)});
  if (activation == "Swish") return Make("Mul", {&x, &Make("Sigmoid", {&x})});
  return Make(activation, {&x});
}

ir::Value& NetworkBuilder::Pool(ir::Value& x, const std::string& op_type, const std::vector<int64_t>& window,
                                const std::vector<int64_t>& strides) {
  std::vector<int64_t> pads;
  for (int side = 0; side < 2; ++side)
    for (size_t i = 0; i < window.size(); ++i)
      pads.push_back(window[i] % 2 == 1 && strides[i] < window[i] ? window[i] / 2 : 0);
  return Make(op_type, {&x}, {{"kernel_shape", window}, {"strides", strides}, {"pads", pads}});
}

ir::Value& NetworkBuilder::Multiply(ir::Value& x, int64_t width) {
  const int64_t k = DimsOf(x).back();
  return Make("MatMul", {&x, &Weights({k, width}, static_cast<double>(k))});
}

ir::Value& NetworkBuilder::Gemm(ir::Value& x, int64_t width) {
  const int64_t k = DimsOf(x).back();
  return Make("Gemm", {&x, &Weights({width, k}, static_cast<double>(k)), &Weights({width}, 100)},
              {{"transB", int64_t{1}}});
}

ir::Value& NetworkBuilder::Reshape(ir::Value& x, const ir::Shape& dims) {
  return Make("Reshape", {&x, &Ints(dims)});
}

ir::Value& NetworkBuilder::Transpose(ir::Value& x, const std::vector<int64_t>& order) {
  return Make("Transpose", {&x}, {{"perm", order}});
}

ir::Value& NetworkBuilder::Normalize(ir::Value& x) {
  const int64_t width = DimsOf(x).back();
  return Make("LayerNormalization", {&x, &Weights({width}, 1), &Weights({width}, 100)},
              {{"axis", int64_t{-1}}});
}

ir::Value& NetworkBuilder::Slice(ir::Value& x, int64_t axis, int64_t start, int64_t end, int64_t step) {
  return Make("Slice", {&x, &Ints({start}), &Ints({end}), &Ints({axis}), &Ints({step})});
}

ir::Value& NetworkBuilder::Resize(ir::Value& x, const std::string& mode, float scale) {
  ir::Value& scales = model_->graph->AddConstant(
      "scales", ir::Tensor::Of<float>({4}, std::vector<float>{1, 1, scale, scale}));
  std::vector<passes::Setting> settings;
  settings.push_back({"mode", mode});
  settings.push_back({"coordinate_transformation_mode", std::string("asymmetric")});
  if (mode == "nearest") settings.push_back({"nearest_mode", std::string("floor")});
  return Make("Resize", {&x, nullptr, &scales}, settings);
}

std::unique_ptr<ir::Model> NetworkBuilder::Finish() {
  std::vector<ir::Value*> ends;
  for (const ir::Node& node : model_->graph->nodes())
    for (ir::Value* output : node.outputs())
      if (output->is_unused()) ends.push_back(output);
  for (ir::Value* end : ends) model_->graph->AddOutput(*end);
  types_.reset();
  return std::move(model_);
}

}  // namespace shoehorn::cost
