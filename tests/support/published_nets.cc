#include "support/published_nets.h"

#include <cstdlib>

namespace shoehorn::testing {
namespace {

using ir::Shape;
using ir::Value;

/// Weights of any shape, all views of one piece of memory that nobody touches, so that it takes none.
ir::Tensor Zeros(Shape shape) {
  constexpr size_t kMost = size_t{512} << 20;
  static const std::shared_ptr<void> zeros(std::calloc(kMost, 1), std::free);
  const size_t size = static_cast<size_t>(ir::ElementCount(shape)) * sizeof(float);
  SHOEHORN_CHECK(zeros != nullptr && size <= kMost, "a layer with more weights than any published one");
  return {ir::DataType::kFloat, std::move(shape), {static_cast<const std::byte*>(zeros.get()), size}, zeros};
}

ir::Type Floats(const Shape& shape) {
  ir::Type type;
  type.element = ir::DataType::kFloat;
  type.has_rank = true;
  for (const int64_t size : shape) type.dims.push_back({size, ""});
  return type;
}

/// Adds layers one after the other; planes are square.
class Builder {
 public:
  explicit Builder(int64_t side) {
    model_->ir_version = 8;
    model_->opsets = {{"", 17}};
    input_ = &graph().AddInput("image", Floats({1, 3, side, side}));
  }

  Value& input() { return *input_; }
  Value& Conv(Value& x, int64_t channels, int64_t kernel, int64_t stride = 1, int64_t group = 1) {
    const Shape from = x.type.shape();
    const int64_t side = (from[2] + stride - 1) / stride;
    Value& w = graph().AddConstant("w", Zeros({channels, from[1] / group, kernel, kernel}));
    Value& b = graph().AddConstant("b", Zeros({channels}));
    ir::Node& node = graph().AddNode("Conv", "conv", {&x, &w, &b});
    node.Set("group", group);
    node.Set("strides", std::vector<int64_t>{stride, stride});
    return Typed(node, {1, channels, side, side});
  }
  Value& Relu(Value& x) { return Typed(graph().AddNode("Relu", "relu", {&x}), x.type.shape()); }
  Value& Add(Value& x, Value& y) { return Typed(graph().AddNode("Add", "add", {&x, &y}), x.type.shape()); }
  Value& MaxPool(Value& x, int64_t kernel) {
    ir::Node& node = graph().AddNode("MaxPool", "pool", {&x});
    node.Set("kernel_shape", std::vector<int64_t>{kernel, kernel});
    node.Set("strides", std::vector<int64_t>{2, 2});
    const Shape from = x.type.shape();
    return Typed(node, {1, from[1], from[2] / 2, from[3] / 2});
  }
  Value& Flatten(Value& x) {
    return Typed(graph().AddNode("Flatten", "flat", {&x}), {1, ir::ElementCount(x.type.shape())});
  }
  Value& Dense(Value& x, int64_t channels) {
    Value& w = graph().AddConstant("w", Zeros({x.type.shape()[1], channels}));
    Value& b = graph().AddConstant("b", Zeros({channels}));
    return Typed(graph().AddNode("Gemm", "dense", {&x, &w, &b}), {1, channels});
  }
  std::unique_ptr<ir::Model> Finish(Value& classes) {
    graph().AddOutput(classes);
    return std::move(model_);
  }
  std::unique_ptr<ir::Model> Classify(Value& x) {
    Value& mean = Typed(graph().AddNode("GlobalAveragePool", "mean", {&x}), {1, x.type.shape()[1], 1, 1});
    return Finish(Dense(Flatten(mean), 1000));
  }

 private:
  ir::Graph& graph() { return *model_->graph; }
  static Value& Typed(ir::Node& node, const Shape& shape) {
    node.output()->type = Floats(shape);
    return *node.output();
  }

  std::unique_ptr<ir::Model> model_ = std::make_unique<ir::Model>();
  Value* input_;
};

/// One block of a ResNet: two convolutions of 3 by 3, or three with 3 by 3 in the middle.
Value& Residual(Builder& net, Value& x, int64_t width, int64_t stride, bool bottleneck) {
  Value* y = &x;
  if (bottleneck) {
    y = &net.Relu(net.Conv(*y, width, 1));
    y = &net.Relu(net.Conv(*y, width, 3, stride));
    y = &net.Conv(*y, width * 4, 1);
  } else {
    y = &net.Relu(net.Conv(*y, width, 3, stride));
    y = &net.Conv(*y, width, 3);
  }
  const bool same = x.type.shape() == y->type.shape();
  Value& around = same ? x : net.Conv(x, y->type.shape()[1], 1, stride);
  return net.Relu(net.Add(*y, around));
}

std::unique_ptr<ir::Model> ResNet(int64_t side, const std::vector<int>& blocks, bool bottleneck) {
  Builder net(side);
  Value* x = &net.MaxPool(net.Relu(net.Conv(net.input(), 64, 7, 2)), 3);
  for (size_t stage = 0; stage < blocks.size(); ++stage)
    for (int i = 0; i < blocks[stage]; ++i)
      x = &Residual(net, *x, int64_t{64} << stage, i == 0 && stage > 0 ? 2 : 1, bottleneck);
  return net.Classify(*x);
}

}  // namespace

std::unique_ptr<ir::Model> MobileNetV2() {
  struct Stage {
    int64_t expansion, channels, repeats, stride;
  };
  Builder net(224);
  Value* x = &net.Relu(net.Conv(net.input(), 32, 3, 2));
  for (const Stage& stage : {Stage{1, 16, 1, 1},
                             {6, 24, 2, 2},
                             {6, 32, 3, 2},
                             {6, 64, 4, 2},
                             {6, 96, 3, 1},
                             {6, 160, 3, 2},
                             {6, 320, 1, 1}})
    for (int64_t i = 0; i < stage.repeats; ++i) {
      const int64_t stride = i == 0 ? stage.stride : 1;
      const int64_t wide = x->type.shape()[1] * stage.expansion;
      Value* y = stage.expansion == 1 ? x : &net.Relu(net.Conv(*x, wide, 1));
      y = &net.Relu(net.Conv(*y, wide, 3, stride, wide));
      y = &net.Conv(*y, stage.channels, 1);
      x = x->type.shape() == y->type.shape() ? &net.Add(*y, *x) : y;
    }
  return net.Classify(net.Relu(net.Conv(*x, 1280, 1)));
}

std::unique_ptr<ir::Model> ResNet18() { return ResNet(224, {2, 2, 2, 2}, false); }
std::unique_ptr<ir::Model> ResNet50(int64_t side) { return ResNet(side, {3, 4, 6, 3}, true); }

std::unique_ptr<ir::Model> ResNet152(int64_t side) { return ResNet(side, {3, 8, 36, 3}, true); }

std::unique_ptr<ir::Model> Vgg16() {
  Builder net(224);
  Value* x = &net.input();
  for (const auto& [channels, repeats] : {std::pair(64, 2), {128, 2}, {256, 3}, {512, 3}, {512, 3}}) {
    for (int i = 0; i < repeats; ++i) x = &net.Relu(net.Conv(*x, channels, 3));
    x = &net.MaxPool(*x, 2);
  }
  x = &net.Flatten(*x);
  for (int i = 0; i < 2; ++i) x = &net.Relu(net.Dense(*x, 4096));
  return net.Finish(net.Dense(*x, 1000));
}

}  // namespace shoehorn::testing
