// A transposed convolution as a plain one. Where its windows do not overlap each input makes a block of its
// own:
//   ConvTranspose<kernel = strides = [2,2]>(x, w)   becomes   DepthToSpace<blocksize = 2>(Conv 1x1(x, w'))
// Else the input is spread out with zeros between its elements, by reshapes and padding, and the kernel
// turned round:
//   ConvTranspose<strides = [2,2]>(x, w)   becomes   Conv<pads = kernel - 1 - pads>(spread x, turned w)
// at the price of multiplying with those zeros.
#include <algorithm>
#include <limits>

#include "passes/builder.h"
#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Tensor;
using ir::Value;

/// A ConvTranspose over two dimensions with constant weights [C, M / groups, kernel], padded by numbers.
struct Transposed {
  const Tensor* weights;
  int64_t groups;
  std::vector<int64_t> kernel, strides, dilations, pads, extra;

  static std::optional<Transposed> Of(const Node& node) {
    if (!node.Is("ConvTranspose") || !IsFloat(node.input(0)) || RankOf(node.input(0)) != 4)
      return std::nullopt;
    const Tensor* weights = FloatConstant(node.input(1));
    const std::string auto_pad = node.String("auto_pad", "NOTSET");
    if (weights == nullptr || weights->rank() != 4 || weights->count() == 0 || node.Has("output_shape") ||
        (auto_pad != "NOTSET" && auto_pad != "VALID"))
      return std::nullopt;
    const ir::Shape& dims = weights->dims();
    Transposed all{weights,
                   node.Int("group", 1),
                   {dims[2], dims[3]},
                   node.Ints("strides", {1, 1}),
                   node.Ints("dilations", {1, 1}),
                   node.Ints("pads", {0, 0, 0, 0}),
                   node.Ints("output_padding", {0, 0})};
    if (auto_pad == "VALID") all.pads = {0, 0, 0, 0};
    const bool sound = all.groups > 0 && dims[0] % all.groups == 0 && all.strides.size() == 2 &&
                       all.dilations.size() == 2 && all.pads.size() == 4 && all.extra.size() == 2;
    return sound ? std::optional(all) : std::nullopt;
  }

  int64_t outputs() const { return weights->dims()[1]; }  // of a group
  /// Where the weight of input `c`, output `m` of its group and row and column `h`, `w` of the kernel stands.
  size_t At(int64_t c, int64_t m, int64_t h, int64_t w) const {
    return static_cast<size_t>(((c * outputs() + m) * kernel[0] + h) * kernel[1] + w);
  }
};

bool Overlaps(const Transposed& t) {
  const auto all = [](const std::vector<int64_t>& list, int64_t wanted) {
    return std::ranges::all_of(list, [&](int64_t number) { return number == wanted; });
  };
  return t.groups != 1 || t.kernel != t.strides || t.kernel[0] != t.kernel[1] || !all(t.pads, 0) ||
         !all(t.extra, 0) || !all(t.dilations, 1);
}

Result<bool> ByBlocks(Node& node, const Transposed& t, PassContext& context) {
  const int64_t side = t.kernel[0], blocks = side * side, inputs = t.weights->dims()[0],
                outputs = t.outputs();
  const Tensor* bias = FloatConstant(node.input(2));
  if (node.input(2) != nullptr && bias == nullptr) return false;
  const std::vector<double> given = *t.weights->ToDoubles();
  std::vector<double> weights, terms;
  for (int64_t block = 0; block < blocks; ++block) {
    for (int64_t m = 0; m < outputs; ++m)
      for (int64_t c = 0; c < inputs; ++c) weights.push_back(given[t.At(c, m, block / side, block % side)]);
    if (bias == nullptr) continue;
    const std::vector<double> numbers = *bias->ToDoubles();
    terms.insert(terms.end(), numbers.begin(), numbers.end());
  }
  context.Note(node, "its windows do not overlap: each input makes a block of outputs");
  Builder build(node, context);
  std::vector<Value*> operands = {node.input(0)};
  operands.push_back(&build.Constant(
      "_weights", Tensor::FromDoubles(t.weights->type(), {blocks * outputs, inputs, 1, 1}, weights)));
  if (bias != nullptr)
    operands.push_back(
        &build.Constant("_bias", Tensor::FromDoubles(bias->type(), {blocks * outputs}, terms)));
  Value& blocked = build.Make("Conv", operands);
  SHOEHORN_TRY(build.Replace(build.Make("DepthToSpace", {&blocked}, {{"blocksize", side}})));
  return true;
}

/// [C, M / g, h, w] as Conv's [M, C / g, h, w], with rows and columns in reverse.
Tensor Turned(const Transposed& t) {
  const std::vector<double> given = *t.weights->ToDoubles();
  const int64_t inputs = t.weights->dims()[0] / t.groups;
  std::vector<double> turned;
  turned.reserve(given.size());
  for (int64_t g = 0; g < t.groups; ++g)
    for (int64_t m = 0; m < t.outputs(); ++m)
      for (int64_t c = 0; c < inputs; ++c)
        for (int64_t h = t.kernel[0] - 1; h >= 0; --h)
          for (int64_t w = t.kernel[1] - 1; w >= 0; --w)
            turned.push_back(given[t.At(g * inputs + c, m, h, w)]);
  return Tensor::FromDoubles(t.weights->type(), {t.groups * t.outputs(), inputs, t.kernel[0], t.kernel[1]},
                             turned);
}

/// `x` of [n, channels, height, width] with each element followed by zeros to the right and below, so that it
/// fills `strides`; no tensor has more than four dimensions.
Value& Spread(Builder& build, Value& x, int64_t channels, const std::vector<int64_t>& strides) {
  const int64_t height = KnownDim(x, 2), width = KnownDim(x, 3);
  const int64_t tall = height * strides[0], wide = width * strides[1];
  Value* spread = &x;
  if (strides[1] != 1) {
    Value& columns = build.Reshape(*spread, {0, channels * height, width, 1});
    Value& padded = build.Pad(columns, {0, 0, 0, 0, 0, 0, 0, strides[1] - 1});
    spread = &build.Reshape(padded, {0, channels, height, wide});
  }
  if (strides[0] != 1) {
    Value& rows = build.Reshape(*spread, {-1, height, 1, wide});
    Value& padded = build.Pad(rows, {0, 0, 0, 0, 0, 0, strides[0] - 1, 0});
    spread = &build.Reshape(padded, {-1, channels, tall, wide});
  }
  return *spread;
}

Result<bool> Lower(Node& node, PassContext& context) {
  const auto t = Transposed::Of(node);
  if (!t) return false;
  if (!Overlaps(*t)) return ByBlocks(node, *t, context);
  Value& x = *node.input(0);
  const bool sized = KnownDim(x, 2) > 0 && KnownDim(x, 3) > 0;
  if (!sized && (t->strides[0] != 1 || t->strides[1] != 1)) return false;
  context.Note(node, "it is Conv over its input spread out with zeros");
  Builder build(node, context);
  Value* input = &Spread(build, x, t->weights->dims()[0], t->strides);
  std::vector<int64_t> pads(4), starts(2, 0), ends(2, std::numeric_limits<int64_t>::max());
  for (size_t i = 0; i < 2; ++i) {
    const int64_t reach = (t->kernel[i] - 1) * t->dilations[i];
    const int64_t begin = reach - t->pads[i];
    const int64_t end = reach - t->pads[2 + i] + t->extra[i] - (t->strides[i] - 1);
    pads[i] = std::max<int64_t>(begin, 0);
    pads[2 + i] = std::max<int64_t>(end, 0);
    starts[i] = std::max<int64_t>(-begin, 0);
    if (end < 0) ends[i] = end;
  }
  const bool cut = starts != std::vector<int64_t>(2, 0) || ends[0] < 0 || ends[1] < 0;
  if (cut) input = &build.Slice(*input, {2, 3}, starts, ends);
  std::vector<Value*> operands = {input, &build.Constant("_weights", Turned(*t))};
  if (node.input(2) != nullptr) operands.push_back(node.input(2));
  std::vector<Setting> settings = {{"kernel_shape", t->kernel}, {"pads", pads}};
  if (t->dilations != std::vector<int64_t>{1, 1}) settings.push_back({"dilations", t->dilations});
  if (t->groups != 1) settings.push_back({"group", t->groups});
  SHOEHORN_TRY(build.Replace(build.Make("Conv", operands, std::move(settings))));
  return true;
}

}  // namespace

Result<bool> LowerConvTranspose(ir::Graph& graph, PassContext& context) {
  return RepairEach(graph, context, Lower);
}

}  // namespace shoehorn::passes
