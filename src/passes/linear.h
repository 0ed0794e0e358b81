// Operators that multiply by constant weights (Conv, ConvTranspose, Gemm, MatMul) seen as one thing: what
// scales and shifts their input or output channels can be moved into their weights and bias for free, e.g.
//   Conv(x, W) then * 2 then + 1   is   Conv(x, 2 W, bias 1)
// New weights are computed in double and rounded once.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "passes/pass.h"

namespace shoehorn::passes {

/// y[.., c, ..] = scale[c] * x[.., c, ..] + shift[c]; a list of one element holds for all channels.
struct Affine {
  std::vector<double> scale{1};
  std::vector<double> shift{0};

  double ScaleOf(size_t channel) const { return scale.size() == 1 ? scale[0] : scale[channel]; }
  double ShiftOf(size_t channel) const { return shift.size() == 1 ? shift[0] : shift[channel]; }
  bool scales() const;
  bool shifts() const;
};

/// What `node` does to `data`, one of its inputs of rank `rank`, when it is BatchNormalization at inference,
/// Neg, or Mul, Div, Add, Sub with a float constant, and treats all elements of a channel (index along
/// `axis`) alike.
std::optional<Affine> AffineOf(const ir::Node& node, const ir::Value& data, size_t rank, size_t axis,
                               size_t channels);

/// A Conv, ConvTranspose, Gemm or MatMul with float constant weights that may be changed.
class Linear {
 public:
  static std::optional<Linear> Of(ir::Node& node, const PassContext& context);

  ir::Node& node() const { return *node_; }
  /// Rank of the output (and of the input); unknown only for MatMul.
  std::optional<size_t> rank() const { return rank_; }
  size_t input_axis() const;
  size_t output_axis() const { return input_axis(); }
  size_t input_channels() const { return inputs_; }
  size_t output_channels() const { return outputs_; }

  /// Makes the node compute affine(node(x)). False, and nothing done, where that is not exact up to rounding.
  bool Append(const Affine& affine);
  /// Makes the node compute node(affine(x)) from x. False, and nothing done, where that is not exact up to
  /// rounding: a shift cannot pass zero padding.
  bool Prepend(const Affine& affine);

 private:
  enum class Kind { kConv, kConvTranspose, kGemm, kMatMul };
  enum class Side { kInput, kOutput };
  Linear(ir::Node& node, Kind kind, const ir::Tensor& weights);
  std::optional<std::vector<double>> Bias() const;
  bool BecomesGemm() const;
  bool Rebuild(const std::optional<ir::Tensor>& weights, const std::optional<std::vector<double>>& bias);
  /// Whether the weights' first dimension counts output channels; else input channels.
  bool rows_are_outputs() const { return kind_ == Kind::kConv || transposed_; }
  std::optional<ir::Tensor> ScaledWeights(Side side, const Affine& affine) const;
  void SetTensor(size_t index, std::string_view suffix, ir::Tensor tensor);
  template <typename Visit>
  void ForEachBlock(const Visit& visit) const;

  ir::Node* node_;
  Kind kind_;
  const ir::Tensor* weights_;
  std::optional<size_t> rank_;
  size_t inputs_ = 0;
  size_t outputs_ = 0;
  size_t groups_ = 1;
  bool transposed_ = false;  // Gemm's transB
};

/// For each node of `graph` that `wanted` accepts and that is a scale and shift of channels: moves it into
/// the linear operator before it, or else into the one after it. `what` opens the note: "the scale is
/// constant".
Result<bool> FoldAffineNodes(ir::Graph& graph, PassContext& context, bool (*wanted)(const ir::Node&),
                             const std::string& what);

}  // namespace shoehorn::passes
