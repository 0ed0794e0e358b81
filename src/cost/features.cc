#include "cost/features.h"

#include <algorithm>
#include <cmath>

#include "cost/fusion.h"
#include "ir/statistics.h"

namespace shoehorn::cost {
namespace {

double Log2(double value) { return std::log2(std::max(value, 1.0)); }

/// Static dimensions; open ones count as 1.
ir::Shape DimsOf(const ir::Value* value, bool& known) {
  ir::Shape dims;
  if (value == nullptr) return dims;
  if (!value->type.has_rank) known = false;
  for (const ir::Dim& dim : value->type.dims) {
    if (!dim.known()) known = false;
    dims.push_back(dim.known() ? dim.value : 1);
  }
  return dims;
}

double Count(const ir::Shape& dims, size_t from = 0) {
  double count = 1;
  for (size_t i = from; i < dims.size(); ++i) count *= static_cast<double>(dims[i]);
  return count;
}

double Product(const std::vector<int64_t>& values) {
  double product = 1;
  for (const int64_t value : values) product *= static_cast<double>(value);
  return product;
}

/// How much larger a length becomes when it is filled up to vectors of so many.
double Ragged(double length, double vector) {
  return Log2(std::ceil(length / vector) * vector / std::max(length, 1.0));
}

bool IsQuantization(const ir::Node& node) { return node.Is("QuantizeLinear") || node.Is("DequantizeLinear"); }

double BytesOf(const ir::Value* value, double element_bytes, bool& known) {
  if (value == nullptr) return 0;
  const bool real = value->type.element == ir::DataType::kFloat;
  return Count(DimsOf(value, known)) * (real ? element_bytes : ir::BitsOf(value->type.element) / 8.0);
}

/// Arithmetic of the nodes behind the first, for each element that the kernel makes.
double FusedOperations(const std::vector<const ir::Node*>& nodes) {
  double operations = 0;
  for (size_t i = 1; i < nodes.size(); ++i) operations += OperationsPerElement(*nodes[i]);
  return operations;
}

/// What is read outside of the kernel.
std::vector<const ir::Value*> OutputsOf(const std::vector<const ir::Node*>& nodes) {
  std::vector<const ir::Value*> outputs;
  for (const ir::Node* node : nodes) {
    for (const ir::Value* output : node->outputs()) {
      const bool leaves = output->is_output() || std::ranges::any_of(output->uses(), [&](const ir::Use& use) {
                            return std::ranges::find(nodes, use.node) == nodes.end();
                          });
      if (leaves) outputs.push_back(output);
    }
  }
  return outputs;
}

/// Bytes of an element that leaves the kernel, `result_bytes` where it is a float.
double ResultBytes(const std::vector<const ir::Node*>& nodes, double result_bytes) {
  double bytes = 0;
  for (const ir::Value* output : OutputsOf(nodes)) {
    const bool real = output->type.element == ir::DataType::kFloat;
    bytes = std::max(bytes, real ? result_bytes : ir::BitsOf(output->type.element) / 8.0);
  }
  return bytes;
}

/// Integers are multiplied four at a time.
double VectorRead(double element_bytes) { return element_bytes == 1 ? 4 : 8; }

std::vector<double> OfConvolution(const ir::Node& node, double element_bytes, bool& known) {
  const ir::Shape in = DimsOf(node.input(0), known), out = DimsOf(node.output(), known),
                  weights = DimsOf(node.input(1), known);
  const double groups = static_cast<double>(node.Int("group", 1));
  const bool depthwise = KindOf(node) == "Conv depthwise";  // all kernels of a kind have as many features
  if (in.size() < 2 || out.size() < 2) return std::vector<double>(depthwise ? 9 : 10, 0);
  const double channels_in = static_cast<double>(in[1]) / groups,
               channels_out = static_cast<double>(out[1]) / groups;
  std::vector<double> features = {Log2(channels_in),
                                  Log2(channels_out),
                                  Log2(groups),
                                  Log2(Count(out, 2) * static_cast<double>(out[0])),
                                  Log2(static_cast<double>(out.back())),
                                  Log2(Count(weights, 2)),
                                  Log2(Product(node.Ints("strides", {1})))};
  const double wide = depthwise ? groups : channels_out;
  // Half a vector that stays empty says as much as a length that doubles.
  features.insert(features.end(), {2 * Ragged(wide, 8), 2 * Ragged(wide, 16)});
  if (!depthwise) features.push_back(2 * Ragged(channels_in, VectorRead(element_bytes)));
  return features;
}

std::vector<double> OfProduct(const ir::Node& node, bool& known) {
  ir::Shape a = DimsOf(node.input(0), known), out = DimsOf(node.output(), known);
  if (a.empty() || out.empty()) return std::vector<double>(5, 0);
  const double k = static_cast<double>(node.Int("transA") != 0 ? a.front() : a.back());
  const double n = static_cast<double>(out.back());
  const bool constant = node.input(1) != nullptr && node.input(1)->producer() == nullptr;
  const double rows = out.size() < 2 ? 1 : static_cast<double>(out[out.size() - 2]);
  const double batch = Count(out) / n / rows;
  // With constant weights a batch is more rows.
  return {Log2(constant ? rows * batch : rows), Log2(k), Log2(n), Log2(constant ? 1 : batch),
          Ragged(n, 8) + Ragged(k, 8)};
}

bool IsGlobal(const ir::Node& pool) { return pool.op_type.starts_with("Global"); }
double PoolWindow(const ir::Node& pool, const ir::Shape& in) {
  return IsGlobal(pool) ? Count(in, 2) : Product(pool.Ints("kernel_shape", {1}));
}

std::vector<double> OfPool(const ir::Node& node, bool& known) {
  const ir::Shape in = DimsOf(node.input(0), known), out = DimsOf(node.output(), known);
  if (in.size() < 2 || out.size() < 2) return std::vector<double>(7, 0);
  const double channels = static_cast<double>(out[1]);
  return {Log2(channels),
          Log2(Count(out) / channels),
          Log2(PoolWindow(node, in)),
          Log2(IsGlobal(node) ? 1 : Product(node.Ints("strides", {1}))),
          Log2(static_cast<double>(out.back())),
          Ragged(channels, 8),
          Ragged(channels, 16)};
}

/// The longest piece that stays together when axes change places.
double Together(const ir::Node& transpose, const ir::Shape& in) {
  std::vector<int64_t> order = transpose.Ints("perm");
  double together = 1;
  for (size_t i = in.size(); i-- > 0 && order.size() == in.size() && order[i] == static_cast<int64_t>(i);)
    together *= static_cast<double>(in[i]);
  return together;
}

/// All that only moves or combines elements: how many, how many come in for each that goes out, how long the
/// pieces are.
std::vector<double> OfOthers(const std::vector<const ir::Node*>& nodes, double operations, bool& known) {
  const ir::Node& node = *nodes.front();
  double in = 0;
  for (const ir::Value* input : node.inputs())
    if (input != nullptr) in += Count(DimsOf(input, known));
  double out = 0;
  for (const ir::Value* output : OutputsOf(nodes)) out += Count(DimsOf(output, known));
  const ir::Shape dims = DimsOf(node.input(0), known), out_dims = DimsOf(node.output(), known);
  double piece = out_dims.empty() ? 1 : static_cast<double>(out_dims.back());
  const auto axis_of = [&](int64_t otherwise) {
    const int64_t axis = node.Int("axis", otherwise);
    return static_cast<size_t>(std::clamp<int64_t>(axis < 0 ? axis + static_cast<int64_t>(dims.size()) : axis,
                                                   0, static_cast<int64_t>(dims.size())));
  };
  if (node.Is("Transpose")) piece = Together(node, dims);
  if (node.Is("Softmax") || node.Is("LogSoftmax")) piece = Count(dims, axis_of(-1));
  if (node.Is("Concat") || node.Is("Split") || node.Is("Gather")) piece = Count(out_dims, axis_of(0));
  return {Log2(out), Log2(in) - Log2(out), Log2(piece), std::log2(1 + operations / std::max(out, 1.0)),
          Log2(static_cast<double>(node.inputs().size()))};
}

std::vector<double> OfRecurrent(const ir::Node& node, bool& known) {
  const ir::Shape x = DimsOf(node.input(0), known), w = DimsOf(node.input(1), known);
  if (x.size() != 3 || w.size() != 3) return std::vector<double>(4, 0);
  return {Log2(static_cast<double>(x[0])), Log2(static_cast<double>(x[1])), Log2(static_cast<double>(w[1])),
          Log2(static_cast<double>(w[2]))};
}

bool IsRecurrent(const ir::Node& node) { return node.Is("LSTM") || node.Is("GRU") || node.Is("RNN"); }
bool IsPool(const ir::Node& node) {
  return node.Is("MaxPool") || node.Is("AveragePool") || node.Is("GlobalAveragePool") ||
         node.Is("GlobalMaxPool");
}

}  // namespace

std::string KindOf(const ir::Node& node) {
  if (!node.domain.empty()) return node.domain + "." + node.op_type;
  bool known = true;
  if (node.Is("Conv")) {
    const ir::Shape weights = DimsOf(node.input(1), known);
    const int64_t groups = node.Int("group", 1);
    if (groups > 1) return weights.size() > 1 && weights[1] == 1 ? "Conv depthwise" : "Conv grouped";
    return weights.size() > 2 && Count(weights, 2) == 1 && Product(node.Ints("strides", {1})) == 1
               ? "Conv 1x1"
               : "Conv";
  }
  if (node.Is("Resize")) return "Resize " + node.String("mode", "nearest");
  if (node.Is("MatMul") && node.input(1) != nullptr && ir::ConstantOf(*node.input(1)) == nullptr &&
      node.input(1)->producer() != nullptr && !node.input(1)->producer()->Is("DequantizeLinear"))
    return "MatMul of activations";
  return IsView(node) ? "View" : node.op_type;
}

KernelShape ShapeOf(const std::vector<const ir::Node*>& nodes, double element_bytes, double result_bytes,
                    bool& known) {
  const ir::Node& node = *nodes.front();
  KernelShape shape;
  for (const ir::Node* each : nodes) {
    const std::optional<int64_t> macs = ir::MacsOf(*each);
    if (!macs) known = false;
    double elements = 0;
    for (const ir::Value* output : each->outputs()) elements += Count(DimsOf(output, known));
    shape.operations += 2 * static_cast<double>(macs.value_or(0)) + OperationsPerElement(*each) * elements;
    // What a node of the kernel hands to the next never leaves it.
    for (const ir::Value* input : each->inputs()) {
      const bool inside = input != nullptr && input->producer() != nullptr &&
                          std::ranges::find(nodes, input->producer()) != nodes.end();
      if (!inside && !(IsQuantization(*each) && each != &node))
        shape.bytes += BytesOf(input, element_bytes, known);
    }
  }
  for (const ir::Value* output : OutputsOf(nodes)) shape.bytes += BytesOf(output, result_bytes, known);
  const bool convolves = node.Is("Conv") || node.Is("ConvTranspose");
  if (convolves || node.Is("Gemm") || node.Is("MatMul")) {
    shape.features = convolves ? OfConvolution(node, element_bytes, known) : OfProduct(node, known);
    shape.features.push_back(std::log2(1 + FusedOperations(nodes)));
    shape.features.push_back(Log2(ResultBytes(nodes, result_bytes)));
  } else if (IsPool(node)) {
    shape.features = OfPool(node, known);
    shape.operations += Count(DimsOf(node.output(), known)) * PoolWindow(node, DimsOf(node.input(0), known));
  } else if (IsRecurrent(node)) {
    shape.features = OfRecurrent(node, known);
  } else {
    shape.features = OfOthers(nodes, shape.operations, known);
  }
  return shape;
}

KernelShape ShapeOfCopy(const ir::Value& value, double element_bytes, bool& known) {
  const ir::Shape dims = DimsOf(&value, known);
  const double channels = dims.size() > 1 ? static_cast<double>(dims[1]) : 1;
  KernelShape shape;
  shape.bytes = 2 * BytesOf(&value, element_bytes, known);
  shape.features = {Log2(Count(dims)), Log2(channels),
                    dims.empty() ? 0 : Log2(static_cast<double>(dims.back()))};
  return shape;
}

}  // namespace shoehorn::cost
