#include "cost/network_blocks.h"

#include <algorithm>

namespace shoehorn::cost {
namespace {

using Net = NetworkBuilder;

constexpr int64_t kMostOfLevel = 256;  // channels of a detector's coarser levels

int64_t StrideFor(Net& net, const ir::Value& x) { return SideOf(x) >= 8 && net.Between(0, 2) == 0 ? 2 : 1; }
std::string Activation(Net& net) {
  return net.OneOf<std::string>(
      {"Relu", "Relu", "Relu", "Clip", "Swish", "Swish", "LeakyRelu", "HardSwish", ""});
}

/// Every second row and column to channels of their own, as some detectors begin.
ir::Value& Interleaved(Net& net, ir::Value& x) {
  std::vector<ir::Value*> parts;
  for (const int64_t column : {0, 1})
    for (const int64_t row : {0, 1})
      parts.push_back(&net.Slice(net.Slice(x, 2, row, DimsOf(x)[2], 2), 3, column, DimsOf(x)[3], 2));
  return net.Make("Concat", parts, {{"axis", int64_t{1}}});
}

/// Channels last, a list of boxes with `each` numbers.
ir::Value& Rows(Net& net, ir::Value& x, int64_t each, int64_t anchors) {
  ir::Value& raw = Square(net, x, each * anchors, net.OneOf<int64_t>({1, 3}), 1, "");
  return net.Reshape(net.Transpose(raw, {0, 2, 3, 1}), {1, -1, each});
}

ir::Value& Squashed(Net& net, ir::Value& x) {
  return DimsOf(x).back() > 1 && net.Between(0, 1) == 0 ? net.Make("Softmax", {&x}, {{"axis", int64_t{-1}}})
                                                        : net.Make("Sigmoid", {&x});
}

}  // namespace

int64_t Channels(Net& net, int64_t low, int64_t high) {
  const int64_t channels = std::clamp<int64_t>(net.LogBetween(low, high), 1, 1024);
  const int64_t whole = net.OneOf<int64_t>({1, 8, 8, 16, 16, 32});  // as people choose them
  return channels < whole ? channels : (channels + whole / 2) / whole * whole;
}
int64_t ChannelsOf(const ir::Value& x) { return DimsOf(x)[1]; }
int64_t SideOf(const ir::Value& x) { return std::min(DimsOf(x)[2], DimsOf(x)[3]); }
ir::Value& Square(Net& net, ir::Value& x, int64_t channels, int64_t side, int64_t stride,
                  const std::string& activation, int64_t groups) {
  return net.Activate(
      net.Convolve(
          x, {.channels = channels, .window = {side, side}, .strides = {stride, stride}, .groups = groups}),
      activation);
}

ir::Value& Stem(Net& net) {
  const ir::Shape dims = DimsOf(net.input());
  if (dims[2] % 2 == 0 && dims[3] % 2 == 0 && net.Between(0, 4) == 0)
    return Square(net, Interleaved(net, net.input()), Channels(net, 8, 48), 3, 1, Activation(net));
  const int64_t stride = SideOf(net.input()) > 64 ? 2 : 1;
  return Square(net, net.input(), Channels(net, 8, 48), net.OneOf<int64_t>({3, 3, 5, 7}), stride,
                Activation(net));
}

ir::Value& SoundStem(Net& net) {
  ir::Value& x = net.input();
  const int64_t stride = net.OneOf<int64_t>({1, 2});
  return net.Activate(net.Convolve(x, {.channels = Channels(net, 8, 96),
                                       .window = {std::min(net.LogBetween(3, 20), DimsOf(x)[2]),
                                                  std::min(net.LogBetween(3, 10), DimsOf(x)[3])},
                                       .strides = {stride, net.OneOf<int64_t>({1, stride})}}),
                      "Relu");
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
    const int64_t inner = std::max<int64_t>(4, ChannelsOf(x) / 4 / 8 * 8);
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
  const std::string op = net.OneOf<std::string>({"MaxPool", "MaxPool", "AveragePool"});
  const int64_t most = SideOf(x);
  switch (most < 4 ? 1 : net.Between(0, 3)) {
    case 0:  // halves
      return net.Pool(x, op, {2, 2}, {2, 2});
    case 1: {
      const int64_t stride = most >= 8 ? net.OneOf<int64_t>({1, 2}) : 1;
      return net.Pool(x, op, {3, 3}, {stride, stride});
    }
    case 2: {  // of any sides
      const int64_t high = net.LogBetween(1, std::min<int64_t>(10, most)),
                    wide = net.LogBetween(2, std::min<int64_t>(10, most));
      const bool apart = net.Between(0, 1) == 0;
      return net.Pool(x, op, {high, wide}, {apart ? high : 1, apart ? wide : std::min<int64_t>(2, wide)});
    }
    default: {  // pyramid pooling: windows of several sizes side by side
      ir::Value& narrow = Square(net, x, std::max<int64_t>(4, ChannelsOf(x) / 2 / 8 * 8), 1, 1, "Relu");
      std::vector<ir::Value*> parts = {&narrow};
      for (const int64_t side : {5, 9, 13})
        if (side <= 2 * most) parts.push_back(&net.Pool(narrow, op, {side, side}, {1, 1}));
      return Square(net, net.Make("Concat", parts, {{"axis", int64_t{1}}}), ChannelsOf(x), 1, 1, "Relu");
    }
  }
}

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

void Detect(Net& net, ir::Value& x) {
  const int64_t each = net.OneOf<int64_t>({1, 2, 4, 10, 20, 85}), anchors = net.OneOf<int64_t>({1, 2, 3});
  if (net.Between(0, 1) == 0 || SideOf(x) < 4) {
    Squashed(net, Rows(net, x, each, anchors));
    return;
  }
  ir::Value* level = &x;
  std::vector<ir::Value*> scores, boxes;
  for (int i = 0; i < 3; ++i) {
    scores.push_back(&Rows(net, *level, each, anchors));
    boxes.push_back(&Rows(net, *level, 4, anchors));
    if (i < 2) level = &Square(net, *level, std::min(ChannelsOf(*level), kMostOfLevel), 3, 2, "Relu");
  }
  Squashed(net, net.Make("Concat", scores, {{"axis", int64_t{1}}}));
  net.Make("Mul", {&net.Make("Concat", boxes, {{"axis", int64_t{1}}}), &net.Number(0.1f)});
}

void Classify(Net& net, ir::Value& x) {
  const std::vector<int64_t> sides = {DimsOf(x)[2], DimsOf(x)[3]};
  ir::Value& mean =
      net.Between(0, 1) == 0 ? net.Make("GlobalAveragePool", {&x}) : net.Pool(x, "AveragePool", sides, sides);
  ir::Value& flat = net.Make("Flatten", {&mean});
  ir::Value& scores = net.Gemm(flat, net.LogBetween(2, 1000));
  if (net.Between(0, 1) == 0) net.Make("Softmax", {&scores}, {{"axis", int64_t{-1}}});
}

}  // namespace shoehorn::cost
