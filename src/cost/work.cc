// Counts what a node asks of any unit: operations from the shapes of its tensors, bytes from their types.
//   Conv of float[1,3,8,8] by float[4,3,3,3] -> float[1,4,6,6]: 2 x 144 x 27 operations, (192 + 144) x 4
//   bytes of activations and 108 x 4 of weights in fp32
#include "cost/work.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "cost/cost.h"
#include "ir/statistics.h"

namespace shoehorn::cost {
namespace {

using Names = std::unordered_set<std::string_view>;

/// Another name or shape for the same bytes, or a few integers about them.
const Names kRelabels = {"Constant", "ConstantOfShape", "Dropout", "Flatten", "Identity", "Range",
                         "Reshape",  "Shape",           "Size",    "Squeeze", "Unsqueeze"};
const Names kMoves = {
    "Compress", "Concat",       "DepthToSpace",    "Expand",  "Gather",          "GatherElements",
    "GatherND", "Pad",          "ReverseSequence", "Scatter", "ScatterElements", "ScatterND",
    "Slice",    "SpaceToDepth", "Split",           "Tile",    "Transpose",       "Where"};
/// Of input 0 they read no more than they give out.
const Names kPicks = {"Gather", "GatherElements", "GatherND", "Slice"};
/// One result for each element that they read.
const Names kReads = {"ArgMax",          "ArgMin",     "CumSum",    "GlobalAveragePool", "GlobalLpPool",
                      "GlobalMaxPool",   "ReduceL1",   "ReduceL2",  "ReduceLogSum",      "ReduceLogSumExp",
                      "ReduceMax",       "ReduceMean", "ReduceMin", "ReduceProd",        "ReduceSum",
                      "ReduceSumSquare", "TopK"};
const Names kWindows = {"AveragePool", "LpPool", "MaxPool"};
/// Results for each element of the output where it is not one: Softmax finds the largest, subtracts, takes
/// the exponential, sums and divides.
const std::unordered_map<std::string_view, double> kSteps = {
    {"BatchNormalization", 2}, {"DequantizeLinear", 2},
    {"GroupNormalization", 7}, {"InstanceNormalization", 7},
    {"LayerNormalization", 7}, {"LogSoftmax", 5},
    {"LpNormalization", 3},    {"QuantizeLinear", 2},
    {"RMSNormalization", 4},   {"Softmax", 5}};

bool In(const Names& names, const ir::Node& node) {
  return node.domain.empty() && names.contains(node.op_type);
}

std::optional<double> ElementsOf(const ir::Type& type) {
  if (!type.is_static()) return std::nullopt;
  double count = 1;
  for (const ir::Dim& dim : type.dims) count *= static_cast<double>(dim.value);
  return count;
}

double WidthOf(ir::DataType type, std::string_view precision) {
  switch (type) {
    case ir::DataType::kFloat:
    case ir::DataType::kFloat16:
    case ir::DataType::kBfloat16:
    case ir::DataType::kDouble:
      return precision == "int8" ? 1 : precision == "fp32" ? 4 : 2;
    default:
      return ir::BitsOf(type) / 8.0;
  }
}

/// Made from constants alone, as far as the quantization of weights goes.
bool IsWeight(const ir::Value& value) {
  if (ir::ConstantOf(value) != nullptr) return true;
  const ir::Node* producer = value.producer();
  return producer != nullptr && producer->Is("DequantizeLinear") && producer->input(0) != nullptr &&
         ir::ConstantOf(*producer->input(0)) != nullptr;
}

/// Work of one round of a body.
Work WorkOfBody(const ir::Graph& body, std::string_view precision) {
  Work total;
  total.moves_only = true;
  for (const ir::Node& node : body.nodes()) {
    const Work work = WorkOf(node, precision);
    total.operations += work.operations;
    total.activation_bytes += work.activation_bytes;
    total.weight_bytes += work.weight_bytes;
    total.moves_only &= work.moves_only;
    total.known &= work.known;
  }
  return total;
}

Work WorkOfBodies(const std::vector<ir::Graph*>& bodies, std::string_view precision) {
  std::optional<Work> least;
  for (const ir::Graph* body : bodies) {
    const Work work = WorkOfBody(*body, precision);
    if (!least || work.operations < least->operations ||
        (work.operations == least->operations && work.activation_bytes < least->activation_bytes))
      least = work;
  }
  least->known = false;
  return *least;
}

}  // namespace

double BytesOf(const ir::Type& type, std::string_view precision) {
  return ElementsOf(type).value_or(0) * WidthOf(type.element, precision);
}

Work WorkOf(const ir::Node& node, std::string_view precision) {
  if (const auto bodies = node.Subgraphs(); !bodies.empty()) return WorkOfBodies(bodies, precision);
  Work work;
  const bool relabels = In(kRelabels, node);
  work.moves_only = relabels || In(kMoves, node);
  if (relabels) return work;
  work.known = node.domain.empty();

  double written = 0, results = 0;
  for (const ir::Value* output : node.outputs()) {
    if (output == nullptr) continue;
    const auto elements = ElementsOf(output->type);
    work.known &= elements.has_value();
    results += elements.value_or(0);
    written += BytesOf(*output, precision);
  }
  std::unordered_set<const ir::Value*> seen;
  for (size_t i = 0; i < node.inputs().size(); ++i) {
    const ir::Value* input = node.inputs()[i];
    if (input == nullptr || !seen.insert(input).second) continue;
    work.known &= ElementsOf(input->type).has_value();
    double bytes = BytesOf(*input, precision);
    if (i == 0 && In(kPicks, node)) bytes = std::min(bytes, written);
    (IsWeight(*input) ? work.weight_bytes : work.activation_bytes) += bytes;
  }
  work.activation_bytes += written;

  if (work.moves_only) return work;
  const std::optional<int64_t> macs = ir::MacsOf(node);
  work.known &= macs.has_value();
  if (macs.value_or(1) != 0) {
    work.operations = 2.0 * static_cast<double>(macs.value_or(0));
  } else if (In(kReads, node)) {
    work.operations = node.input(0) != nullptr ? ElementsOf(node.input(0)->type).value_or(0) : 0;
  } else if (In(kWindows, node)) {
    double window = 1;
    for (const int64_t side : node.Ints("kernel_shape")) window *= static_cast<double>(side);
    work.operations = results * window;
  } else {
    const auto steps = node.domain.empty() ? kSteps.find(node.op_type) : kSteps.end();
    work.operations = results * (steps == kSteps.end() ? 1 : steps->second);
  }
  return work;
}

}  // namespace shoehorn::cost
