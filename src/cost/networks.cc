#include "cost/networks.h"

#include <algorithm>
#include <array>

#include "cost/network_builder.h"

namespace shoehorn::cost {
namespace {

using Net = NetworkBuilder;

constexpr size_t kMostNodes = 80;

/// A number of channels as architectures have them: mostly a multiple of 8, sometimes any.
int64_t Channels(Net& net, int64_t low, int64_t high) {
  const int64_t channels = std::clamp<int64_t>(net.LogBetween(low, high), 1, 1024);
  return channels < 8 || net.Between(0, 5) == 0 ? channels : (channels + 4) / 8 * 8;
}
int64_t ChannelsOf(const ir::Value& x) { return DimsOf(x)[1]; }
int64_t SideOf(const ir::Value& x) { return std::min(DimsOf(x)[2], DimsOf(x)[3]); }
int64_t StrideFor(Net& net, const ir::Value& x) { return SideOf(x) >= 8 && net.Between(0, 2) == 0 ? 2 : 1; }
std::string Activation(Net& net) {
  return net.OneOf<std::string>(
      {"Relu", "Relu", "Relu", "Clip", "Swish", "Swish", "LeakyRelu", "HardSwish", ""});
}

ir::Value& Square(Net& net, ir::Value& x, int64_t channels, int64_t side, int64_t stride,
                  const std::string& activation, int64_t groups = 1) {
  return net.Activate(
      net.Convolve(
          x, {.channels = channels, .window = {side, side}, .strides = {stride, stride}, .groups = groups}),
      activation);
}

/// Every second row and column to channels of their own, as some detectors begin.
ir::Value& Interleaved(Net& net, ir::Value& x) {
  std::vector<ir::Value*> parts;
  for (const int64_t column : {0, 1})
    for (const int64_t row : {0, 1})
      parts.push_back(&net.Slice(net.Slice(x, 2, row, DimsOf(x)[2], 2), 3, column, DimsOf(x)[3], 2));
  return net.Make("Concat", parts, {{"axis", int64_t{1}}});
}

ir::Value& Stem(Net& net) {
  const ir::Shape dims = DimsOf(net.input());
  if (dims[2] % 2 == 0 && dims[3] % 2 == 0 && net.Between(0, 4) == 0)
    return Square(net, Interleaved(net, net.input()), Channels(net, 8, 48), 3, 1, Activation(net));
  const int64_t stride = SideOf(net.input()) > 64 ? 2 : 1;
  return Square(net, net.input(), Channels(net, 8, 48), net.OneOf<int64_t>({3, 3, 5, 7}), stride,
                Activation(net));
}

ir::Value& Plain(Net& net, ir::Value& x) {
  const int64_t stride = StrideFor(net, x);
  return Square(net, x, Channels(net, std::max<int64_t>(4, ChannelsOf(x) / 2), ChannelsOf(x) * 2),
                net.OneOf<int64_t>({1, 3, 3, 3, 5}), stride, Activation(net));
}

ir::Value& Residual(Net& net, ir::Value& x) {
  const std::string activation = net.OneOf<std::string>({"Relu", "Relu", "LeakyRelu"});
  const bool bottleneck = net.Between(0, 1) == 1;
  ir::Value* y = &x;
  if (bottleneck) {
    const int64_t inner = std::max<int64_t>(4, ChannelsOf(x) / 4 / 4 * 4);
    y = &Square(net, *y, inner, 1, 1, activation);
    y = &Square(net, *y, inner, 3, 1, activation);
    y = &Square(net, *y, ChannelsOf(x), 1, 1, "");
  } else {
    y = &Square(net, *y, ChannelsOf(x), 3, 1, activation);
    y = &Square(net, *y, ChannelsOf(x), 3, 1, "");
  }
  ir::Value& sum = net.Activate(net.Make("Add", {y, &x}), activation);
  if (net.Between(0, 1) == 0) return sum;
  return Square(net, sum, Channels(net, ChannelsOf(x), ChannelsOf(x) * 2), net.OneOf<int64_t>({1, 3}),
                StrideFor(net, x), activation);
}

ir::Value& Separable(Net& net, ir::Value& x) {
  const std::string activation = Activation(net);
  ir::Value& y = Square(net, x, ChannelsOf(x), net.OneOf<int64_t>({3, 3, 5}), StrideFor(net, x), activation,
                        ChannelsOf(x));
  return Square(net, y, Channels(net, ChannelsOf(x), ChannelsOf(x) * 2), 1, 1, activation);
}

ir::Value& SqueezeExcite(Net& net, ir::Value& x) {
  ir::Value* y = &net.Make("GlobalAveragePool", {&x});
  y = &Square(net, *y, std::max<int64_t>(4, ChannelsOf(x) / 4), 1, 1, "Relu");
  y = &Square(net, *y, ChannelsOf(x), 1, 1, net.OneOf<std::string>({"Sigmoid", "HardSigmoid"}));
  return net.Make("Mul", {&x, y});
}

ir::Value& Inverted(Net& net, ir::Value& x) {
  const std::string activation = net.OneOf<std::string>({"Clip", "Relu", "HardSwish", "Swish"});
  const int64_t stride = StrideFor(net, x), inner = ChannelsOf(x) * net.OneOf<int64_t>({2, 3, 4, 6});
  ir::Value* y = &Square(net, x, std::min<int64_t>(inner, 1024), 1, 1, activation);
  y = &Square(net, *y, ChannelsOf(*y), net.OneOf<int64_t>({3, 3, 5}), stride, activation, ChannelsOf(*y));
  if (net.Between(0, 3) == 0) y = &SqueezeExcite(net, *y);
  const bool adds = stride == 1 && net.Between(0, 2) > 0;
  y = &Square(net, *y, adds ? ChannelsOf(x) : Channels(net, ChannelsOf(x), ChannelsOf(x) * 2), 1, 1, "");
  return adds ? net.Make("Add", {&x, y}) : *y;
}

ir::Value& CrossStage(Net& net, ir::Value& x) {
  const std::string activation = net.OneOf<std::string>({"Swish", "Swish", "LeakyRelu", "Relu"});
  const int64_t half = std::max<int64_t>(8, ChannelsOf(x) / 2 / 8 * 8);
  ir::Value& kept = Square(net, x, half, 1, 1, activation);
  ir::Value* y = &Square(net, x, half, 1, 1, activation);
  y = net.Between(0, 1) == 0
          ? &Square(net, *y, half, 3, 1, activation)
          : &Square(net, Square(net, *y, half, 5, 1, activation, half), half, 1, 1, activation);
  ir::Value& both = net.Make("Concat", {y, &kept}, {{"axis", int64_t{1}}});
  return Square(net, both, Channels(net, half, half * 3), 1, 1, activation);
}

ir::Value& Pooled(Net& net, ir::Value& x) {
  return net.Pool(x, net.OneOf<std::string>({"MaxPool", "MaxPool", "AveragePool"}),
                  net.OneOf<int64_t>({2, 3, 3, 5}), SideOf(x) >= 8 ? net.OneOf<int64_t>({1, 2}) : 1);
}

/// Windows as readers of text have them: 1x3, 3x1, 1x5.
ir::Value& Oblong(Net& net, ir::Value& x) {
  const int64_t length = net.OneOf<int64_t>({3, 3, 5, 7});
  const bool tall = net.Between(0, 1) == 0;
  const std::vector<int64_t> strides = net.OneOf<std::vector<int64_t>>({{1, 1}, {1, 1}, {2, 1}, {1, 2}});
  return net.Activate(
      net.Convolve(x, {.channels = Channels(net, ChannelsOf(x) / 2 + 1, ChannelsOf(x) * 2),
                       .window = tall ? std::vector<int64_t>{length, 1} : std::vector<int64_t>{1, length},
                       .strides = strides}),
      "Relu");
}

ir::Value& Grouped(Net& net, ir::Value& x) {
  const int64_t groups = net.OneOf<int64_t>({2, 4, 8});
  if (ChannelsOf(x) % (groups * 8) != 0) return Plain(net, x);
  return Square(net, x, ChannelsOf(x), 3, StrideFor(net, x), "Relu", groups);
}

ir::Value& Pyramid(Net& net, ir::Value& x) {
  if (SideOf(x) < 4 || SideOf(x) % 2 != 0 || DimsOf(x)[2] % 2 != 0 || DimsOf(x)[3] % 2 != 0)
    return Plain(net, x);
  ir::Value& down = Square(net, x, ChannelsOf(x), 3, 2, "Relu");
  ir::Value& up = net.Resize(down, net.OneOf<std::string>({"nearest", "nearest", "linear"}), 2);
  ir::Value& joined = net.Between(0, 1) == 0 ? net.Make("Concat", {&up, &x}, {{"axis", int64_t{1}}})
                                             : net.Make("Add", {&up, &x});
  return Square(net, joined, ChannelsOf(x), net.OneOf<int64_t>({1, 3}), 1, "Relu");
}

/// As detectors end: channels last, a list of boxes, a squashing of each.
void Head(Net& net, ir::Value& x) {
  const int64_t each = net.OneOf<int64_t>({1, 2, 4, 10, 20, 85}), anchors = net.OneOf<int64_t>({1, 2, 3});
  ir::Value& raw = Square(net, x, each * anchors, net.OneOf<int64_t>({1, 3}), 1, "");
  ir::Value& rows = net.Reshape(net.Transpose(raw, {0, 2, 3, 1}), {1, -1, each});
  if (each > 1 && net.Between(0, 1) == 0) {
    net.Make("Softmax", {&rows}, {{"axis", int64_t{-1}}});
  } else {
    net.Make("Sigmoid", {&rows});
  }
}

void Classifier(Net& net, ir::Value& x) {
  ir::Value& flat = net.Make("Flatten", {&net.Make("GlobalAveragePool", {&x})});
  ir::Value& scores = net.Gemm(flat, net.LogBetween(2, 1000));
  if (net.Between(0, 1) == 0) net.Make("Softmax", {&scores}, {{"axis", int64_t{-1}}});
}

using Block = ir::Value& (*)(Net&, ir::Value&);

/// Blocks until the arithmetic is spent.
ir::Value& Grow(Net& net, ir::Value& x, const std::vector<Block>& blocks, double macs) {
  ir::Value* y = &x;
  while (net.macs() < macs && net.nodes() < kMostNodes) y = &net.OneOf(blocks)(net, *y);
  return *y;
}

ir::Shape Picture(Net& net) {
  const int64_t side = net.Between(0, 1) == 0 ? net.LogBetween(24, 160) : net.LogBetween(160, 416);
  const int64_t other = net.Between(0, 2) == 0 ? std::max<int64_t>(16, side / net.Between(2, 4)) : side;
  return {1, net.OneOf<int64_t>({3, 3, 3, 1}), (other + 3) / 4 * 4, (side + 3) / 4 * 4};
}

/// As models for microcontrollers and of sounds read them.
ir::Shape SmallPicture(Net& net) {
  return {1, net.OneOf<int64_t>({1, 3}), net.LogBetween(10, 64), net.LogBetween(10, 64)};
}

std::unique_ptr<ir::Model> Convolutional(uint32_t seed, const std::vector<Block>& blocks, bool detects,
                                         bool small = false) {
  Net sizes(seed, {1});
  Net net(seed + 1, small ? SmallPicture(sizes) : Picture(sizes));
  const double macs = static_cast<double>(small ? net.LogBetween(300'000, 10'000'000)
                                                : net.LogBetween(2'000'000, 500'000'000));
  ir::Value& end = Grow(net, Stem(net), blocks, macs);
  detects ? Head(net, end) : Classifier(net, end);
  return net.Finish();
}

std::unique_ptr<ir::Model> FullyConnected(uint32_t seed) {
  Net sizes(seed, {1});
  const int64_t rows = sizes.OneOf<int64_t>({1, 1, 1, 1, 8, 64});
  Net net(seed + 1, {rows, sizes.LogBetween(8, 1500)});
  ir::Value* x = &net.input();
  const int64_t layers = net.Between(4, 14);
  for (int64_t i = 0; i < layers; ++i) {
    const int64_t width = net.Between(0, 3) == 0 ? net.LogBetween(4, 64) : net.LogBetween(32, 1500);
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
  Net net(seed + 1, {1, sizes.LogBetween(12, 256), width});
  ir::Value* x = &net.input();
  const std::string activation = net.OneOf<std::string>({"Gelu", "Swish", "Relu"});
  for (int64_t layer = net.Between(1, 2); layer-- > 0;) {
    x = &Attention(net, *x, heads);
    ir::Value& wide =
        net.Make("Add", {&net.Multiply(net.Normalize(*x), 2 * width), &net.Weights({2 * width}, 100)});
    x = &net.Make("Add", {x, &net.Multiply(net.Activate(wide, activation), width)});
  }
  net.Make("Softmax", {&net.Multiply(*x, net.LogBetween(10, 6000))}, {{"axis", int64_t{-1}}});
  return net.Finish();
}

/// What stands between layers: arithmetic on elements, reductions, moves, each on a tensor of its own size.
std::unique_ptr<ir::Model> Loose(uint32_t seed) {
  Net sizes(seed, {1});
  const int64_t channels = sizes.LogBetween(1, 256),
                side = sizes.LogBetween(2, 1024 / std::max<int64_t>(4, channels / 2));
  Net net(seed + 1, {1, channels, side, std::max<int64_t>(2, side * sizes.Between(1, 3))});
  ir::Value* x = &net.Make("Sigmoid", {&net.input()});
  const std::vector<std::string> unary = {"Relu",      "Sigmoid", "Tanh", "Exp", "Sqrt",       "HardSwish",
                                          "LeakyRelu", "Neg",     "Abs",  "Erf", "HardSigmoid"};
  for (int i = 0; i < 16; ++i) {
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
        ir::Value& a = net.Slice(*x, axis, 0, size / 2);
        ir::Value& b = net.Slice(*x, axis, size / 2, size);
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
        x = &net.Pool(*x, net.OneOf<std::string>({"MaxPool", "AveragePool"}), 3, 1);
    }
  }
  return net.Finish();
}

/// One short kernel again and again: its time is a share of the whole, which is exact where the engine's own
/// clock is too coarse for one.
std::unique_ptr<ir::Model> RepeatedProduct(uint32_t seed) {
  Net sizes(seed, {1});
  const int64_t width = sizes.LogBetween(8, 700);
  Net net(seed + 1, {sizes.OneOf<int64_t>({1, 1, 1, 4}), width});
  ir::Value* x = &net.input();
  for (int i = 0; i < 24; ++i) x = &net.Activate(net.Gemm(*x, width), "Relu");
  return net.Finish();
}

std::unique_ptr<ir::Model> RepeatedConvolution(uint32_t seed) {
  Net sizes(seed, {1});
  const int64_t channels = Channels(sizes, 4, 128), side = sizes.LogBetween(2, 40);
  const int64_t window = sizes.OneOf<int64_t>({1, 3}),
                groups = window == 3 ? sizes.OneOf<int64_t>({1, channels}) : 1;
  Net net(seed + 1, {1, channels, side, side});
  ir::Value* x = &net.input();
  for (int i = 0; i < 16; ++i) x = &Square(net, *x, channels, window, 1, "Relu", groups);
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
       return Convolutional(seed, {Separable, Pyramid, Plain}, true);
     }},
    {"attention", Transformer},
    {"mixed convolutions",
     [](uint32_t seed) {
       return Convolutional(seed, {Oblong, Grouped, Pooled, Separable, SqueezeExcite}, false);
     }},
    {"small separable convolutions",
     [](uint32_t seed) {
       return Convolutional(seed, {Separable, Inverted}, false, true);
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
