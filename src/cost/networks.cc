#include "cost/networks.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "cost/network_blocks.h"

namespace shoehorn::cost {
namespace {

using Net = NetworkBuilder;

/// When a network has enough blocks.
struct Size {
  double macs = 0;
  size_t nodes = 0;
};

// Mostly small: a run above a millisecond hardly ever passes undisturbed on a shared machine, and the fewer
// kernels a network has, the more its whole time, which is exact, says about each. The large ones tell what
// kernels take where a run touches more than the caches hold.
constexpr Size kSmall{30e6, 14}, kLarge{150e6, 60};

using Block = ir::Value& (*)(Net&, ir::Value&);

/// Blocks until the arithmetic is spent.
ir::Value& Grow(Net& net, ir::Value& x, const std::vector<Block>& blocks, Size size) {
  ir::Value* y = &x;
  while (net.macs() < size.macs && net.nodes() < size.nodes) y = &net.OneOf(blocks)(net, *y);
  return *y;
}

/// Mostly square, else two to four times as wide as high.
std::pair<int64_t, int64_t> HighAndWide(Net& net, int64_t side) {
  return {net.Between(0, 2) == 0 ? std::max<int64_t>(2, side / net.Between(2, 4)) : side, side};
}

ir::Shape Picture(Net& net) {
  const auto [high, wide] =
      HighAndWide(net, net.Between(0, 1) == 0 ? net.LogBetween(24, 160) : net.LogBetween(160, 416));
  const int64_t whole = net.OneOf<int64_t>({4, 32});  // people choose sizes that can be halved often
  return {1, net.OneOf<int64_t>({3, 3, 3, 1}), (high + whole - 1) / whole * whole,
          (wide + whole - 1) / whole * whole};
}

/// What a network computes on after its first layers.
ir::Shape Inside(Net& net) {
  constexpr double kMostElements = 300'000;
  const int64_t channels = Channels(net, 8, 640);
  const auto most = static_cast<int64_t>(std::sqrt(kMostElements / static_cast<double>(channels)));
  const auto [high, wide] = HighAndWide(net, net.LogBetween(3, std::min<int64_t>(most, 112)));
  return {1, channels, high, wide};
}

/// As models for microcontrollers and of sounds read them.
ir::Shape SmallPicture(Net& net) {
  return {1, net.OneOf<int64_t>({1, 3}), net.LogBetween(10, 64), net.LogBetween(10, 64)};
}

std::unique_ptr<ir::Model> Convolutional(uint32_t seed, const std::vector<Block>& blocks, bool detects,
                                         bool small = false) {
  Net sizes(seed, {1});
  const bool inside = !small && sizes.Between(0, 1) == 0;
  const Size most = !small && sizes.Between(0, 5) == 0 ? kLarge : kSmall;
  Net net(seed + 1, small ? SmallPicture(sizes) : inside ? Inside(sizes) : Picture(sizes));
  const int64_t macs =
      small ? net.LogBetween(300'000, 5'000'000) : net.LogBetween(1'000'000, static_cast<int64_t>(most.macs));
  ir::Value& end =
      Grow(net, inside ? net.input() : Stem(net), blocks, {static_cast<double>(macs), most.nodes});
  detects ? Detect(net, end) : Classify(net, end);
  return net.Finish();
}

std::unique_ptr<ir::Model> Sound(uint32_t seed) {
  Net sizes(seed, {1});
  Net net(seed + 1, {1, 1, sizes.LogBetween(20, 120), sizes.LogBetween(8, 64)});
  const Size size{static_cast<double>(net.LogBetween(300'000, 8'000'000)), kSmall.nodes};
  const auto blocks = net.OneOf<std::vector<Block>>({{Separable}, {Separable, Residual}, {Plain, Pooled}});
  ir::Value& end = Grow(net, SoundStem(net), blocks, size);
  Classify(net, end);
  return net.Finish();
}

/// Of a vector: people like multiples of vectors' lengths.
int64_t Width(Net& net, int64_t low, int64_t high) {
  const int64_t whole = net.OneOf<int64_t>({1, 8, 32});
  return (net.LogBetween(low, high) + whole - 1) / whole * whole;
}

std::unique_ptr<ir::Model> FullyConnected(uint32_t seed) {
  Net sizes(seed, {1});
  const int64_t rows = sizes.OneOf<int64_t>({1, 1, 1, 1, 8, 64});
  Net net(seed + 1, {rows, Width(sizes, 8, 1500)});
  ir::Value* x = &net.input();
  const int64_t layers = net.Between(2, 8);
  for (int64_t i = 0; i < layers; ++i) {
    const int64_t width = net.Between(0, 3) == 0 ? Width(net, 4, 64) : Width(net, 32, 1000);
    x = &net.Activate(net.Gemm(*x, width),
                      net.OneOf<std::string>({"Relu", "Relu", "Relu", "Tanh", "Sigmoid", ""}));
  }
  return net.Finish();
}

ir::Value& Attention(Net& net, ir::Value& x, int64_t heads) {
  const int64_t length = DimsOf(x)[1], width = DimsOf(x)[2], each = width / heads;
  ir::Value& all =
      net.Make("Add", {&net.Multiply(net.Normalize(x), 3 * width), &net.Weights({3 * width}, 100)});
  ir::Value& split = net.Transpose(net.Reshape(all, {1, length, 3, heads, each}), {2, 0, 3, 1, 4});
  std::array<ir::Value*, 3> parts{};
  for (int64_t i = 0; i < 3; ++i)
    parts[static_cast<size_t>(i)] = &net.Reshape(net.Slice(split, 0, i, i + 1), {1, heads, length, each});
  ir::Value& query = net.Make("Mul", {parts[0], &net.Number(0.2f)});
  ir::Value& likeness = net.Make("MatMul", {&query, &net.Transpose(*parts[1], {0, 1, 3, 2})});
  ir::Value& shares = net.Make("Softmax", {&likeness}, {{"axis", int64_t{-1}}});
  ir::Value& mixed = net.Transpose(net.Make("MatMul", {&shares, parts[2]}), {0, 2, 1, 3});
  ir::Value& out = net.Multiply(net.Reshape(mixed, {1, length, width}), width);
  return net.Make("Add", {&x, &net.Make("Add", {&out, &net.Weights({width}, 100)})});
}

std::unique_ptr<ir::Model> Transformer(uint32_t seed) {
  Net sizes(seed, {1});
  const int64_t heads = sizes.OneOf<int64_t>({2, 4, 8}), width = heads * 8 * sizes.Between(2, 6);
  Net net(seed + 1, {1, sizes.LogBetween(12, 128), width});
  ir::Value* x = &net.input();
  const std::string activation = net.OneOf<std::string>({"Gelu", "Swish", "Relu"});
  x = &Attention(net, *x, heads);
  ir::Value& wide =
      net.Make("Add", {&net.Multiply(net.Normalize(*x), 2 * width), &net.Weights({2 * width}, 100)});
  x = &net.Make("Add", {x, &net.Multiply(net.Activate(wide, activation), width)});
  net.Make("Softmax", {&net.Multiply(*x, net.LogBetween(10, 6000))}, {{"axis", int64_t{-1}}});
  return net.Finish();
}

/// What stands between layers: arithmetic on elements, reductions, moves, each on a tensor of its own size.
std::unique_ptr<ir::Model> Loose(uint32_t seed) {
  Net sizes(seed, {1});
  const int64_t channels = sizes.LogBetween(1, 256),
                side = sizes.LogBetween(2, 512 / std::max<int64_t>(4, channels / 2));
  Net net(seed + 1, {1, channels, side, std::max<int64_t>(2, side * sizes.Between(1, 3))});
  ir::Value* x = &net.Make("Sigmoid", {&net.input()});
  const std::vector<std::string> unary = {"Relu",      "Sigmoid", "Tanh", "Exp", "Sqrt",       "HardSwish",
                                          "LeakyRelu", "Neg",     "Abs",  "Erf", "HardSigmoid"};
  for (int i = 0; i < 8; ++i) {
    switch (net.Between(0, 9)) {
      case 0:
      case 1:
        x = &net.Make("Sigmoid", {&net.Make(net.OneOf(unary), {x})});
        break;
      case 2:
        x = &net.Make(net.OneOf<std::string>({"Add", "Mul", "Sub"}), {x, &net.Number(0.7f)});
        break;
      case 3:
        x = &net.Make(net.OneOf<std::string>({"Add", "Mul", "Div"}),
                      {x, &net.Weights({ChannelsOf(*x), 1, 1}, 1)});
        break;
      case 4: {
        ir::Value& powered = net.Make("Pow", {x, &net.Number(2)});
        x = &net.Make("Add", {&powered, x});
        break;
      }
      case 5: {
        const int64_t axis = net.OneOf<int64_t>({1, 2, 3});
        ir::Value& mean =
            net.Make("ReduceMean",
                     {x, &net.Ints(axis == 1 ? std::vector<int64_t>{1, 2, 3} : std::vector<int64_t>{2, 3})},
                     {{"keepdims", int64_t{1}}});
        x = &net.Make("Div", {x, &net.Make("Add", {&mean, &net.Number(1)})});
        break;
      }
      case 6: {
        ir::Value& moved = net.Transpose(*x, {0, 2, 3, 1});
        x = &net.Transpose(net.Make("Softmax", {&moved}, {{"axis", int64_t{-1}}}), {0, 3, 1, 2});
        break;
      }
      case 7: {
        const int64_t axis = net.OneOf<int64_t>({1, 3}), size = DimsOf(*x)[static_cast<size_t>(axis)];
        if (size < 4) break;
        const bool every_second = net.Between(0, 1) == 0;
        ir::Value& a = every_second ? net.Slice(*x, axis, 0, size, 2) : net.Slice(*x, axis, 0, size / 2);
        ir::Value& b = every_second ? net.Slice(*x, axis, 1, size, 2) : net.Slice(*x, axis, size / 2, size);
        x = &net.Make("Concat", {&b, &a}, {{"axis", axis}});
        break;
      }
      case 8: {
        const int64_t rows = DimsOf(*x)[2] * DimsOf(*x)[3];
        ir::Value& moved = net.Transpose(net.Reshape(*x, {1, ChannelsOf(*x), rows}), {0, 2, 1});
        x = &net.Reshape(net.Transpose(net.Make("Exp", {&net.Make("Neg", {&moved})}), {0, 2, 1}),
                         {1, ChannelsOf(*x), DimsOf(*x)[2], DimsOf(*x)[3]});
        break;
      }
      default:
        x = &net.Pool(*x, net.OneOf<std::string>({"MaxPool", "AveragePool"}), {3, 3}, {1, 1});
    }
  }
  return net.Finish();
}

/// One short kernel again and again: its time is a share of the whole, which is exact where the engine's own
/// clock is too coarse for one.
std::unique_ptr<ir::Model> RepeatedProduct(uint32_t seed) {
  Net sizes(seed, {1});
  const int64_t width = Width(sizes, 8, 700);
  Net net(seed + 1, {sizes.OneOf<int64_t>({1, 1, 1, 4}), width});
  ir::Value* x = &net.input();
  for (int i = 0; i < 24; ++i) x = &net.Activate(net.Gemm(*x, width), "Relu");
  return net.Finish();
}

std::unique_ptr<ir::Model> RepeatedConvolution(uint32_t seed) {
  Net sizes(seed, {1});
  const int64_t channels = Channels(sizes, 4, 256);
  const auto [high, wide] = HighAndWide(sizes, sizes.LogBetween(2, 40));
  const int64_t window = sizes.OneOf<int64_t>({1, 3, 3, 5}),
                groups = window > 1 ? sizes.OneOf<int64_t>({1, channels}) : 1;
  const std::string activation = sizes.OneOf<std::string>({"Relu", "Relu", "Swish", ""});
  Net net(seed + 1, {1, channels, high, wide});
  ir::Value* x = &net.input();
  for (int i = 0; i < 16 && net.macs() < kSmall.macs; ++i)
    x = &Square(net, *x, channels, window, 1, activation, groups);
  return net.Finish();
}

struct Style {
  const char* name;
  std::unique_ptr<ir::Model> (*make)(uint32_t seed);
};

constexpr Style kStyles[] = {
    {"plain convolutions",
     [](uint32_t seed) {
       return Convolutional(seed, {Plain, Plain, Plain, Pooled}, false);
     }},
    {"inverted residuals", [](uint32_t seed) { return Convolutional(seed, {Inverted}, false); }},
    {"fully connected layers", FullyConnected},
    {"separable convolutions", [](uint32_t seed) { return Convolutional(seed, {Separable}, true); }},
    {"residual convolutions", [](uint32_t seed) { return Convolutional(seed, {Residual}, false); }},
    {"loose operators", Loose},
    {"small convolutions",
     [](uint32_t seed) {
       return Convolutional(seed, {Separable, Residual, Plain}, false, true);
     }},
    {"cross-stage convolutions",
     [](uint32_t seed) {
       return Convolutional(seed, {CrossStage, Pooled, Plain}, true);
     }},
    {"detector",
     [](uint32_t seed) {
       return Convolutional(seed, {Separable, Pyramid, Plain, Pooled}, true);
     }},
    {"attention", Transformer},
    {"mixed convolutions",
     [](uint32_t seed) {
       return Convolutional(seed, {Oblong, Grouped, Pooled, Separable, SqueezeExcite}, false);
     }},
    {"oblong convolutions",
     [](uint32_t seed) {
       return Convolutional(seed, {Oblong, Oblong, Pooled, Plain}, false);
     }},
    {"sound", Sound},
    {"small separable convolutions",
     [](uint32_t seed) {
       return Convolutional(seed, {Separable, Separable, Inverted, Pooled}, false, true);
     }},
    {"small plain convolutions",
     [](uint32_t seed) {
       return Convolutional(seed, {Residual, Plain, Pooled}, false, true);
     }},
    {"swish convolutions",
     [](uint32_t seed) {
       return Convolutional(seed, {CrossStage, Inverted, Separable}, true);
     }},
    {"repeated product", RepeatedProduct},
    {"repeated convolution", RepeatedConvolution},
};

}  // namespace

size_t NetworkStyles() { return std::size(kStyles); }

Network MakeNetwork(size_t i) {
  const Style& style = kStyles[i % std::size(kStyles)];
  Network network;
  network.name = std::string(style.name) + " " + std::to_string(i / std::size(kStyles) + 1);
  network.nothing_to_quantize = style.make == Loose;
  network.model = style.make(static_cast<uint32_t>(1000 + 17 * i));
  return network;
}

std::unique_ptr<ir::Model> MakeIdleNetwork(size_t length) {
  NetworkBuilder net(1, {1, 4});
  ir::Value* x = &net.input();
  for (size_t i = 0; i < length; ++i) x = &net.Make("Softmax", {x}, {{"axis", int64_t{-1}}});
  return net.Finish();
}

std::unique_ptr<ir::Model> MakeMemoryNetwork(int64_t bytes) {
  NetworkBuilder net(1, {1, bytes / 4});
  net.Make("Relu", {&net.input()});
  return net.Finish();
}

}  // namespace shoehorn::cost
