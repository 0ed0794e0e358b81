#include "passes/linear.h"

#include <algorithm>
#include <cmath>

#include "passes/rewrite.h"

namespace shoehorn::passes {

using ir::Node;
using ir::Tensor;
using ir::Value;

namespace {

std::optional<std::vector<double>> PerChannel(const Value* value, size_t channels) {
  const Tensor* tensor = FloatConstant(value);
  if (tensor == nullptr || tensor->rank() != 1 || static_cast<size_t>(tensor->count()) != channels)
    return std::nullopt;
  return tensor->ToDoubles();
}

std::optional<Affine> BatchNormalization(const Node& node, size_t channels) {
  if (node.Int("training_mode", 0) != 0 || node.Int("spatial", 1) != 1) return std::nullopt;
  for (size_t i = 1; i < node.outputs().size(); ++i)
    if (node.output(i) != nullptr && !node.output(i)->is_unused()) return std::nullopt;
  const auto scale = PerChannel(node.input(1), channels);
  const auto bias = PerChannel(node.input(2), channels);
  const auto mean = PerChannel(node.input(3), channels);
  const auto variance = PerChannel(node.input(4), channels);
  if (!scale || !bias || !mean || !variance) return std::nullopt;
  const double epsilon = node.Float("epsilon", 1e-5F);
  Affine affine{std::vector<double>(channels), std::vector<double>(channels)};
  for (size_t c = 0; c < channels; ++c) {
    affine.scale[c] = (*scale)[c] / std::sqrt((*variance)[c] + epsilon);
    affine.shift[c] = (*bias)[c] - (*mean)[c] * affine.scale[c];
  }
  return affine;
}

/// One value per channel, or one for all, when `tensor` broadcasts to `rank` dimensions along `axis` alone.
std::optional<std::vector<double>> Channels(const Tensor& tensor, size_t rank, size_t axis, size_t channels) {
  if (tensor.rank() > rank) return std::nullopt;
  const size_t missing = rank - tensor.rank();
  for (size_t i = 0; i < tensor.rank(); ++i) {
    const int64_t dim = tensor.dims()[i];
    if (dim == 1) continue;
    if (i + missing != axis || dim != static_cast<int64_t>(channels)) return std::nullopt;
  }
  return tensor.ToDoubles();
}

/// `tensor` with each run of elements that `for_each` visits multiplied by its factor, in double; nothing
/// when one overflows.
template <typename T, typename ForEach>
std::optional<Tensor> Scaled(const Tensor& tensor, const ForEach& for_each) {
  const std::span<const T> before = tensor.As<T>();
  const auto after = std::make_shared<std::vector<T>>();
  after->resize(before.size());
  T* out = after->data();
  bool finite = true;
  for_each([&](size_t at, size_t count, double factor) {
    for (size_t i = at; i < at + count; ++i) {
      const T value = static_cast<T>(static_cast<double>(before[i]) * factor);
      finite &= std::isfinite(value);
      out[i] = value;
    }
  });
  if (!finite) return std::nullopt;
  return Tensor(tensor.type(), tensor.dims(), std::as_bytes(std::span<const T>(*after)), after);
}

bool AllFinite(const std::vector<double>& values, ir::DataType type) {
  const double limit = type == ir::DataType::kFloat ? 3.4e38 : 1.7e308;
  return std::ranges::all_of(values, [&](double value) { return std::abs(value) < limit; });
}

}  // namespace

bool Affine::scales() const {
  return std::ranges::any_of(scale, [](double factor) { return factor != 1; });
}

bool Affine::shifts() const {
  return std::ranges::any_of(shift, [](double term) { return term != 0; });
}

std::optional<Affine> AffineOf(const Node& node, const Value& data, size_t rank, size_t axis,
                               size_t channels) {
  if (!node.domain.empty()) return std::nullopt;
  if (node.op_type == "BatchNormalization")
    return axis == 1 && node.input(0) == &data ? BatchNormalization(node, channels) : std::nullopt;
  if (node.op_type == "Neg") return Affine{{-1}, {0}};
  const bool multiplies = node.op_type == "Mul";
  const bool divides = node.op_type == "Div";
  const bool adds = node.op_type == "Add";
  const bool subtracts = node.op_type == "Sub";
  if (!multiplies && !divides && !adds && !subtracts) return std::nullopt;
  const auto split = SplitConstant(node);
  if (!split || split->data != &data || (divides && split->constant_first)) return std::nullopt;
  const Tensor* tensor = FloatConstant(split->constant);
  if (tensor == nullptr) return std::nullopt;
  auto values = Channels(*tensor, rank, axis, channels);
  if (!values) return std::nullopt;
  if (multiplies) return Affine{std::move(*values), {0}};
  if (adds) return Affine{{1}, std::move(*values)};
  if (divides) {
    for (double& value : *values) value = 1 / value;
    return Affine{std::move(*values), {0}};
  }
  if (split->constant_first) return Affine{{-1}, std::move(*values)};
  for (double& value : *values) value = -value;
  return Affine{{1}, std::move(*values)};
}

Linear::Linear(Node& node, Kind kind, const Tensor& weights)
    : node_(&node), kind_(kind), weights_(&weights) {}

std::optional<Linear> Linear::Of(Node& node, const PassContext& context) {
  if (!node.domain.empty()) return std::nullopt;
  Kind kind;
  if (node.op_type == "Conv")
    kind = Kind::kConv;
  else if (node.op_type == "ConvTranspose")
    kind = Kind::kConvTranspose;
  else if (node.op_type == "Gemm")
    kind = Kind::kGemm;
  else if (node.op_type == "MatMul")
    kind = Kind::kMatMul;
  else
    return std::nullopt;
  const Tensor* weights = FloatConstant(node.input(1));
  if (weights == nullptr || node.input(0) == nullptr || weights->count() == 0) return std::nullopt;
  // Weights that others use are copied, so only while that costs little.
  if (!node.input(1)->has_single_use() && weights->byte_size() > context.fold_limit) return std::nullopt;
  Linear linear(node, kind, *weights);
  const auto dim = [&](size_t i) { return static_cast<size_t>(weights->dims()[i]); };
  if (kind == Kind::kConv || kind == Kind::kConvTranspose) {
    const int64_t groups = node.Int("group", 1);
    if (weights->rank() < 3 || groups < 1 || weights->dims()[0] % groups != 0) return std::nullopt;
    linear.groups_ = static_cast<size_t>(groups);
    linear.rank_ = weights->rank();
    linear.outputs_ = kind == Kind::kConv ? dim(0) : dim(1) * linear.groups_;
    linear.inputs_ = kind == Kind::kConv ? dim(1) * linear.groups_ : dim(0);
    return linear;
  }
  if (weights->rank() != 2) return std::nullopt;
  if (kind == Kind::kGemm) {
    linear.transposed_ = node.Int("transB", 0) != 0;
    linear.rank_ = 2;
  } else if (node.input(0)->type.has_rank) {
    linear.rank_ = node.input(0)->type.dims.size();
    if (*linear.rank_ < 2) return std::nullopt;
  }
  linear.inputs_ = dim(linear.transposed_ ? 1 : 0);
  linear.outputs_ = dim(linear.transposed_ ? 0 : 1);
  return linear;
}

size_t Linear::input_axis() const {
  return kind_ == Kind::kConv || kind_ == Kind::kConvTranspose ? 1 : rank_.value_or(2) - 1;
}

/// Calls visit(first weight, count, input channel, output channel) for each run of weights that join two
/// channels.
template <typename Visit>
void Linear::ForEachBlock(const Visit& visit) const {
  const auto rows = static_cast<size_t>(weights_->dims()[0]);
  const auto columns = static_cast<size_t>(weights_->dims()[1]);
  const size_t run = static_cast<size_t>(weights_->count()) / (rows * columns);
  for (size_t row = 0; row < rows; ++row) {
    const size_t first_of_group = row / (rows / groups_) * columns;
    for (size_t column = 0; column < columns; ++column) {
      const size_t at = (row * columns + column) * run;
      if (rows_are_outputs())
        visit(at, run, first_of_group + column, row);
      else
        visit(at, run, row, first_of_group + column);
    }
  }
}

/// The bias of each output channel, zeros when there is none; nothing when it is not constant or not per
/// channel.
std::optional<std::vector<double>> Linear::Bias() const {
  std::vector<double> bias(outputs_, 0.0);
  if (kind_ == Kind::kMatMul || node_->input(2) == nullptr) return bias;
  const Tensor* tensor = FloatConstant(node_->input(2));
  if (tensor == nullptr || tensor->rank() > 2) return std::nullopt;
  const auto values = Channels(*tensor, 2, 1, outputs_);
  if (!values) return std::nullopt;
  const double beta = kind_ == Kind::kGemm ? node_->Float("beta", 1) : 1;
  for (size_t i = 0; i < outputs_; ++i)
    bias[i] = beta * (values->size() == 1 ? values->front() : (*values)[i]);
  return bias;
}

bool Linear::BecomesGemm() const { return kind_ == Kind::kMatMul && rank_ == 2U; }

/// The weights with those of each channel of `side` multiplied by the affine's scale; nothing when one
/// overflows.
std::optional<Tensor> Linear::ScaledWeights(Side side, const Affine& affine) const {
  const auto for_each = [&](const auto& visit) {
    if (rows_are_outputs() != (side == Side::kOutput)) {
      ForEachBlock([&](size_t at, size_t count, size_t input, size_t output) {
        visit(at, count, affine.ScaleOf(side == Side::kOutput ? output : input));
      });
      return;
    }
    const auto rows = static_cast<size_t>(weights_->dims()[0]);  // one run a channel
    const size_t run = static_cast<size_t>(weights_->count()) / rows;
    for (size_t row = 0; row < rows; ++row) visit(row * run, run, affine.ScaleOf(row));
  };
  return weights_->type() == ir::DataType::kFloat ? Scaled<float>(*weights_, for_each)
                                                  : Scaled<double>(*weights_, for_each);
}

bool Linear::Append(const Affine& affine) {
  std::optional<std::vector<double>> bias;
  const bool has_bias = kind_ != Kind::kMatMul && node_->input(2) != nullptr;
  if (affine.shifts() || has_bias) {
    bias = Bias();
    if (!bias || (kind_ == Kind::kMatMul && !BecomesGemm())) return false;
    for (size_t c = 0; c < outputs_; ++c) (*bias)[c] = affine.ScaleOf(c) * (*bias)[c] + affine.ShiftOf(c);
  }
  if (!affine.scales()) return Rebuild(*weights_, bias);
  return Rebuild(ScaledWeights(Side::kOutput, affine), bias);
}

bool Linear::Prepend(const Affine& affine) {
  if (kind_ == Kind::kGemm && node_->Int("transA", 0) != 0) return false;
  std::optional<std::vector<double>> bias;
  if (affine.shifts()) {
    const auto pads = node_->Ints("pads");
    const std::string auto_pad = node_->String("auto_pad", "NOTSET");
    const bool unpadded = (auto_pad == "NOTSET" || auto_pad == "VALID") &&
                          std::ranges::all_of(pads, [](int64_t pad) { return pad == 0; });
    if (kind_ == Kind::kConvTranspose || (kind_ == Kind::kConv && !unpadded)) return false;
    bias = Bias();
    if (!bias || (kind_ == Kind::kMatMul && !BecomesGemm())) return false;
    const double alpha = kind_ == Kind::kGemm ? node_->Float("alpha", 1) : 1;
    const std::vector<double> weights = *weights_->ToDoubles();
    ForEachBlock([&](size_t at, size_t count, size_t input, size_t output) {
      for (size_t i = at; i < at + count; ++i) (*bias)[output] += alpha * weights[i] * affine.ShiftOf(input);
    });
  }
  if (!affine.scales()) return Rebuild(*weights_, bias);
  return Rebuild(ScaledWeights(Side::kInput, affine), bias);
}

/// Puts new weights and, if there is one, a new bias in place; false, and nothing done, where a number
/// overflows.
bool Linear::Rebuild(const std::optional<Tensor>& weights, const std::optional<std::vector<double>>& bias) {
  const ir::DataType type = weights_->type();
  if (!weights || (bias && !AllFinite(*bias, type))) return false;
  if (weights->bytes().data() != weights_->bytes().data()) SetTensor(1, "_weight", *weights);
  if (!bias) return true;
  if (kind_ == Kind::kMatMul) {
    node_->op_type = "Gemm";
    kind_ = Kind::kGemm;
  }
  node_->Remove("beta");
  SetTensor(2, "_bias", Tensor::FromDoubles(type, {static_cast<int64_t>(outputs_)}, *bias));
  return true;
}

void Linear::SetTensor(size_t index, std::string_view suffix, Tensor tensor) {
  Value* before = node_->input(index);
  if (before != nullptr && before->has_single_use()) {
    before->graph().SetConstant(*before, std::move(tensor));
    return;
  }
  Value& fresh = NewConstant(*node_, suffix, std::move(tensor));
  if (index < node_->inputs().size())
    node_->SetInput(index, &fresh);
  else
    node_->AppendInput(&fresh);
  if (index == 1) weights_ = fresh.constant();
}

namespace {

/// The linear operator that alone makes `data`, if all that it makes is read by one node.
std::optional<Linear> LinearBefore(const Value& data, const PassContext& context) {
  if (data.producer() == nullptr || !data.has_single_use()) return std::nullopt;
  return Linear::Of(*data.producer(), context);
}

/// The linear operator that alone reads `output` as its data.
std::optional<Linear> LinearAfter(const Value& output, const PassContext& context) {
  if (!output.has_single_use() || output.uses()[0].index != 0) return std::nullopt;
  return Linear::Of(*output.uses()[0].node, context);
}

bool FoldOne(Node& node, PassContext& context, const std::string& what) {
  Value* data = nullptr;
  if (node.Is("BatchNormalization") || node.Is("Neg"))
    data = node.input(0);
  else if (const auto split = SplitConstant(node))
    data = split->data;
  if (data == nullptr || node.output() == nullptr) return false;
  const auto affine_for = [&](const Linear& linear, size_t axis, size_t channels) -> std::optional<Affine> {
    if (!linear.rank()) return AffineOf(node, *data, 0, 0, channels);
    return AffineOf(node, *data, *linear.rank(), axis, channels);
  };
  if (auto before = LinearBefore(*data, context)) {
    const auto affine = affine_for(*before, before->output_axis(), before->output_channels());
    if (affine && before->Append(*affine)) {
      Node& survivor = before->node();
      context.Note(node, what + ": folded into the weights of " + Label(survivor));
      Absorb(survivor, node, false);
      node.graph().ReplaceValue(*node.output(), *data);
      RemoveIfUnused({node.output()});
      return true;
    }
  }
  if (auto after = LinearAfter(*node.output(), context)) {
    const auto affine = affine_for(*after, after->input_axis(), after->input_channels());
    if (affine && after->Prepend(*affine)) {
      Node& survivor = after->node();
      context.Note(node, what + ": folded into the weights of " + Label(survivor) + ", which follows");
      Absorb(survivor, node);
      survivor.SetInput(0, data);
      RemoveIfUnused({node.output()});
      return true;
    }
  }
  return false;
}

}  // namespace

Result<bool> FoldAffineNodes(ir::Graph& graph, PassContext& context, bool (*wanted)(const Node&),
                             const std::string& what) {
  bool changed = false;
  for (Node& node : graph.nodes())
    if (node.domain.empty() && wanted(node)) changed |= FoldOne(node, context, what);
  return changed;
}

}  // namespace shoehorn::passes
