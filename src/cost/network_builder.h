// Builds the networks that `shoehorn profile` measures: operators one after another with random weights, each
// named, types known at once.
//   NetworkBuilder net(7, {1, 3, 96, 96});
//   ir::Value& x = net.Activate(net.Convolve(net.input(), {.channels = 32, .window = {3, 3}, .strides = {2,
//   2}}), "Relu");
#pragma once

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "ir/graph.h"
#include "ir/interfaces.h"
#include "passes/builder.h"

namespace shoehorn::cost {

struct Convolution {
  int64_t channels = 1;
  std::vector<int64_t> window = {3, 3}, strides = {1, 1};
  int64_t groups = 1;
};

class NetworkBuilder {
 public:
  NetworkBuilder(uint32_t seed, const ir::Shape& input);

  ir::Value& input() const { return *model_->graph->inputs().front(); }
  /// Multiply-accumulates and nodes so far.
  double macs() const { return macs_; }
  size_t nodes() const { return model_->graph->node_count(); }

  // Draws: the same numbers from the same seed.
  int64_t Between(int64_t low, int64_t high);
  /// As likely between 8 and 16 as between 16 and 32.
  int64_t LogBetween(int64_t low, int64_t high);
  template <typename T>
  T OneOf(const std::vector<T>& choices) {
    return choices[random_() % choices.size()];
  }

  /// A node with one output.
  ir::Value& Make(const std::string& op_type, const std::vector<ir::Value*>& inputs,
                  const std::vector<passes::Setting>& settings = {});
  ir::Value& Convolve(ir::Value& x, const Convolution& convolution);
  /// Relu, Clip (to 6), Swish (x * Sigmoid(x)), HardSwish, Gelu, LeakyRelu, Sigmoid, Tanh; "" is none.
  ir::Value& Activate(ir::Value& x, const std::string& activation);
  /// Padded where windows are odd and overlap, so that stride 1 keeps the sides.
  ir::Value& Pool(ir::Value& x, const std::string& op_type, const std::vector<int64_t>& window,
                  const std::vector<int64_t>& strides);
  /// x times constant weights [last dimension of x, width].
  ir::Value& Multiply(ir::Value& x, int64_t width);
  ir::Value& Gemm(ir::Value& x, int64_t width);
  ir::Value& Reshape(ir::Value& x, const ir::Shape& dims);
  ir::Value& Transpose(ir::Value& x, const std::vector<int64_t>& order);
  ir::Value& Normalize(ir::Value& x);  ///< LayerNormalization over the last dimension
  ir::Value& Slice(ir::Value& x, int64_t axis, int64_t start, int64_t end, int64_t step = 1);
  ir::Value& Resize(ir::Value& x, const std::string& mode, float scale);
  ir::Value& Weights(const ir::Shape& dims, double fan_in);
  ir::Value& Ints(const std::vector<int64_t>& values);
  ir::Value& Number(float value);

  /// The finished model: what nothing reads becomes an output.
  std::unique_ptr<ir::Model> Finish();

 private:
  std::mt19937 random_;
  std::unique_ptr<ir::Model> model_;
  std::unique_ptr<ir::TypeInference> types_;
  double macs_ = 0;
};

/// Dimensions of a value that this builder made.
ir::Shape DimsOf(const ir::Value& value);

}  // namespace shoehorn::cost
