#include "passes/shape_knowledge.h"

#include <algorithm>
#include <limits>
#include <string_view>
#include <unordered_set>

#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Value;

constexpr size_t kMostElements = 64;

/// The shape of the output is that of the first input.
bool KeepsShape(const Node& node) {
  static const std::unordered_set<std::string_view> kOperators = {"Abs",
                                                                  "BatchNormalization",
                                                                  "Cast",
                                                                  "Ceil",
                                                                  "Celu",
                                                                  "Clip",
                                                                  "CumSum",
                                                                  "DequantizeLinear",
                                                                  "Dropout",
                                                                  "Elu",
                                                                  "Erf",
                                                                  "Exp",
                                                                  "Floor",
                                                                  "Gelu",
                                                                  "HardSigmoid",
                                                                  "HardSwish",
                                                                  "Identity",
                                                                  "InstanceNormalization",
                                                                  "IsNaN",
                                                                  "LRN",
                                                                  "LeakyRelu",
                                                                  "LogSoftmax",
                                                                  "Log",
                                                                  "LayerNormalization",
                                                                  "Mish",
                                                                  "Neg",
                                                                  "Not",
                                                                  "PRelu",
                                                                  "Reciprocal",
                                                                  "QuantizeLinear",
                                                                  "Relu",
                                                                  "Round",
                                                                  "Selu",
                                                                  "Sigmoid",
                                                                  "Sign",
                                                                  "Softmax",
                                                                  "Softplus",
                                                                  "Softsign",
                                                                  "Sqrt",
                                                                  "Tanh",
                                                                  "ThresholdedRelu"};
  return kOperators.contains(node.op_type);
}

bool Broadcasts(const Node& node) {
  static const std::unordered_set<std::string_view> kOperators = {
      "Add",  "And",         "Div", "Equal", "Greater", "GreaterOrEqual",
      "Less", "LessOrEqual", "Max", "Mean",  "Min",     "Mod",
      "Mul",  "Or",          "Pow", "Sub",   "Sum",     "Where",
      "Xor"};
  return kOperators.contains(node.op_type);
}

bool IsInteger(ir::DataType type) {
  return type == ir::DataType::kInt64 || type == ir::DataType::kInt32 || type == ir::DataType::kBool;
}

}  // namespace

void ShapeKnowledge::Keep(const Value& value, std::vector<Term> dims) { dims_[&value] = std::move(dims); }

const std::vector<Term>* ShapeKnowledge::Dims(const Value& value) {
  if (const auto found = dims_.find(&value); found != dims_.end()) return &found->second;
  if (!value.type.has_rank) return nullptr;
  std::vector<Term> dims;
  for (const ir::Dim& dim : value.type.dims)
    dims.push_back(dim.known()           ? terms_.Number(dim.value)
                   : !dim.symbol.empty() ? terms_.Dimension(dim.symbol)
                                         : terms_.Unknown(true));
  return &(dims_[&value] = std::move(dims));
}

const Contents* ShapeKnowledge::ContentsOf(const Value& value) {
  if (const auto found = contents_.find(&value); found != contents_.end()) return &found->second;
  const ir::Tensor* tensor = value.constant();
  if (tensor == nullptr || tensor->rank() > 1 || !IsInteger(tensor->type()) ||
      tensor->count() > static_cast<int64_t>(kMostElements))
    return nullptr;
  Contents contents{.scalar = tensor->rank() == 0, .elements = {}};
  const std::vector<int64_t> numbers = tensor->ToInts().value();
  for (const int64_t element : numbers) contents.elements.push_back(terms_.Number(element));
  return &(contents_[&value] = std::move(contents));
}

void ShapeKnowledge::Visit(const Node& node) {
  if (!node.domain.empty()) return;
  for (size_t i = 0; i < node.outputs().size(); ++i) {
    const Value* output = node.output(i);
    if (output == nullptr) continue;
    if (output->type.has_rank && !output->type.is_static()) {
      const auto derived = DimsAfter(node, i);
      if (derived && derived->size() == output->type.dims.size()) {
        std::vector<Term> dims = *derived;
        for (size_t axis = 0; axis < dims.size(); ++axis) {
          const ir::Dim& dim = output->type.dims[axis];
          if (dim.known())
            dims[axis] = terms_.Number(dim.value);
          else if (!dim.symbol.empty())
            dims[axis] = terms_.Dimension(dim.symbol);
        }
        Keep(*output, std::move(dims));
      }
    }
    if (!IsInteger(output->type.element) || (output->type.has_rank && output->type.dims.size() > 1)) continue;
    std::optional<Contents> contents = ContentsAfter(node, i);
    if (!contents || contents->elements.size() > kMostElements) continue;
    if (output->type.element == ir::DataType::kInt32) {
      for (Term& term : contents->elements)
        if (const auto number = terms_.NumberOf(term); number && *number != static_cast<int32_t>(*number))
          term = terms_.Unknown(false);
    }
    contents_[output] = *std::move(contents);
  }
}

// Shapes.

std::optional<std::vector<Term>> ShapeKnowledge::Broadcast(const Node& node) {
  size_t rank = 0;
  for (const Value* input : node.inputs()) {
    const auto* dims = input != nullptr ? Dims(*input) : nullptr;
    if (dims == nullptr) return std::nullopt;
    rank = std::max(rank, dims->size());
  }
  std::vector<Term> result(rank, terms_.Number(1));
  for (size_t axis = 0; axis < rank; ++axis) {
    std::vector<Term> sizes;  // other than 1
    for (const Value* input : node.inputs()) {
      const auto& dims = *Dims(*input);
      const size_t shift = rank - dims.size();
      if (axis < shift || terms_.IsNumber(dims[axis - shift], 1)) continue;
      if (std::ranges::find(sizes, dims[axis - shift]) == sizes.end()) sizes.push_back(dims[axis - shift]);
    }
    if (sizes.size() == 1) result[axis] = sizes[0];
    if (sizes.size() < 2) continue;
    const auto number =
        std::ranges::find_if(sizes, [&](Term size) { return terms_.NumberOf(size).has_value(); });
    result[axis] = number != sizes.end() ? *number : terms_.Unknown(true);
  }
  return result;
}

std::optional<std::vector<Term>> ShapeKnowledge::Reshaped(const std::vector<Term>& dims,
                                                          const Contents& target, bool allow_zero) {
  std::vector<Term> result;
  std::optional<size_t> open;
  for (size_t i = 0; i < target.elements.size(); ++i) {
    const Term element = target.elements[i];
    if (terms_.IsNumber(element, 0) && !allow_zero) {
      if (i >= dims.size()) return std::nullopt;
      result.push_back(dims[i]);
    } else if (terms_.IsNumber(element, -1)) {
      if (open) return std::nullopt;
      open = i;
      result.push_back(-1);
    } else {
      result.push_back(terms_.NonNegative(element) ? element : terms_.Unknown(true));
    }
  }
  if (!open) return result;
  // What is left of the input's factors when the target's are taken away.
  std::vector<Term> left, taken;
  int64_t number_left = 1, number_taken = 1;
  const auto spread = [&](Term term, std::vector<Term>& factors, int64_t& number) {
    for (const Term factor : terms_.Factors(term)) {
      if (const auto value = terms_.NumberOf(factor)) {
        if (__builtin_mul_overflow(number, *value, &number)) number = 0;
      } else {
        factors.push_back(factor);
      }
    }
  };
  for (const Term dim : dims) spread(dim, left, number_left);
  for (const Term dim : result)
    if (dim >= 0) spread(dim, taken, number_taken);
  Term& inferred = result[*open];
  inferred = terms_.Unknown(true);
  for (const Term factor : taken) {
    const auto match = std::ranges::find(left, factor);
    if (match == left.end()) return result;
    left.erase(match);
  }
  if (number_left <= 0 || number_taken <= 0) return result;
  inferred = terms_.Number(number_left);
  for (const Term factor : left) inferred = terms_.Product(inferred, factor);
  inferred = terms_.Quotient(inferred, terms_.Number(number_taken));
  return result;
}

std::optional<std::vector<Term>> ShapeKnowledge::Windowed(const Node& node) {
  const auto* input = Dims(*node.input(0));
  if (input == nullptr || input->size() < 3) return std::nullopt;
  const size_t spatial = input->size() - 2;
  std::vector<Term> result = *input;
  std::vector<int64_t> kernel = node.Ints("kernel_shape");
  if (node.Is("Conv")) {
    const auto* weights = Dims(*node.input(1));
    if (weights == nullptr || weights->size() != input->size()) return std::nullopt;
    result[1] = (*weights)[0];
    if (kernel.empty())
      for (size_t i = 0; i < spatial; ++i) kernel.push_back(terms_.NumberOf((*weights)[i + 2]).value_or(-1));
  }
  const std::vector<int64_t> strides = node.Ints("strides", std::vector<int64_t>(spatial, 1));
  const std::vector<int64_t> dilations = node.Ints("dilations", std::vector<int64_t>(spatial, 1));
  const std::vector<int64_t> pads = node.Ints("pads", std::vector<int64_t>(2 * spatial, 0));
  const std::string auto_pad = node.String("auto_pad", "NOTSET");
  const bool plain = (auto_pad == "NOTSET" || auto_pad == "VALID") && node.Int("ceil_mode") == 0 &&
                     kernel.size() == spatial && strides.size() == spatial && dilations.size() == spatial &&
                     pads.size() == 2 * spatial;
  for (size_t i = 0; i < spatial; ++i) {
    if (!plain || kernel[i] < 0 || strides[i] < 1) {
      result[i + 2] = terms_.Unknown(true);
      continue;
    }
    const int64_t padding = auto_pad == "VALID" ? 0 : pads[i] + pads[i + spatial];
    const int64_t reach = dilations[i] * (kernel[i] - 1) + 1;
    const Term places = terms_.Sum((*input)[i + 2], terms_.Number(padding - reach));
    result[i + 2] = terms_.Sum(terms_.Quotient(places, terms_.Number(strides[i])), terms_.Number(1));
  }
  return result;
}

std::optional<std::vector<Term>> ShapeKnowledge::DimsAfter(const Node& node, size_t output) {
  const Value* first = node.input(0);
  if (first == nullptr) return std::nullopt;
  const std::string& type = node.op_type;
  if (Broadcasts(node)) return Broadcast(node);
  if (type == "ConstantOfShape") {
    const Contents* shape = ContentsOf(*first);
    return shape != nullptr ? std::optional(shape->elements) : std::nullopt;
  }
  const auto* known = Dims(*first);
  if (known == nullptr) return std::nullopt;
  std::vector<Term> dims = *known;  // a copy: asking for other values may move the original
  const size_t rank = dims.size();
  const auto unknown_at = [&](int64_t axis) -> std::optional<std::vector<Term>> {
    const auto normal = NormalAxis(axis, rank);
    if (!normal) return std::nullopt;
    dims[*normal] = terms_.Unknown(true);
    return dims;
  };
  if (KeepsShape(node)) return output == 0 ? std::optional(dims) : std::nullopt;
  if (type == "Transpose") {
    const auto perm = node.Ints("perm");
    std::vector<Term> moved(rank);
    if (!perm.empty() && perm.size() != rank) return std::nullopt;
    for (size_t i = 0; i < rank; ++i) {
      const auto from = perm.empty() ? rank - 1 - i : static_cast<size_t>(perm[i]);
      if (from >= rank) return std::nullopt;
      moved[i] = dims[from];
    }
    return moved;
  }
  if (type == "Reshape") {
    const Contents* target = ContentsOf(*node.input(1));
    return target != nullptr ? Reshaped(dims, *target, node.Int("allowzero") != 0) : std::nullopt;
  }
  if (type == "Unsqueeze" || type == "Squeeze") {
    const auto axes = IntsOf(node, 1, "axes");
    if (!axes || axes->empty()) return std::nullopt;
    const bool adds = type == "Unsqueeze";
    const auto normal = NormalAxes(*axes, adds ? rank + axes->size() : rank);
    if (!normal) return std::nullopt;
    if (adds) {
      for (const int64_t axis : *normal) dims.insert(dims.begin() + axis, terms_.Number(1));
    } else {
      for (auto axis = normal->rbegin(); axis != normal->rend(); ++axis) dims.erase(dims.begin() + *axis);
    }
    return dims;
  }
  if (type == "Flatten") {
    const int64_t axis = node.Int("axis", 1);
    const int64_t split = axis < 0 ? axis + static_cast<int64_t>(rank) : axis;
    std::vector<Term> two(2, terms_.Number(1));
    for (size_t i = 0; i < rank; ++i) {
      Term& half = two[static_cast<int64_t>(i) < split ? 0 : 1];
      half = terms_.Product(half, dims[i]);
    }
    return two;
  }
  if (type == "Concat") {
    const auto axis = NormalAxis(node.Int("axis"), rank);
    if (!axis) return std::nullopt;
    for (size_t i = 1; i < node.inputs().size(); ++i) {
      const auto* other = Dims(*node.input(i));
      dims[*axis] = other != nullptr && other->size() == rank ? terms_.Sum(dims[*axis], (*other)[*axis])
                                                              : terms_.Unknown(true);
    }
    return dims;
  }
  if (type == "Gather") {
    const auto axis = NormalAxis(node.Int("axis"), rank);
    const auto* indices = node.input(1) != nullptr ? Dims(*node.input(1)) : nullptr;
    if (!axis || indices == nullptr) return std::nullopt;
    const std::vector<Term> inserted = *indices;
    dims.erase(dims.begin() + static_cast<ptrdiff_t>(*axis));
    dims.insert(dims.begin() + static_cast<ptrdiff_t>(*axis), inserted.begin(), inserted.end());
    return dims;
  }
  if (type == "Slice") {
    const auto starts = IntsOf(node, 1, "starts");
    const auto axes = IntsOf(node, 3, "axes");
    if (axes && !axes->empty()) {
      const auto normal = NormalAxes(*axes, rank);
      if (!normal) return std::nullopt;
      for (const int64_t axis : *normal) dims[axis] = terms_.Unknown(true);
      return dims;
    }
    if (!starts) return std::nullopt;
    for (size_t i = 0; i < starts->size() && i < rank; ++i) dims[i] = terms_.Unknown(true);
    return dims;
  }
  if (type.starts_with("Reduce") || type == "ArgMax" || type == "ArgMin") {
    std::optional<std::vector<int64_t>> axes;
    if (type.starts_with("Arg"))
      axes.emplace(1, node.Int("axis"));
    else
      axes = IntsOf(node, 1, "axes");
    const auto normal = axes && !axes->empty() ? NormalAxes(*axes, rank) : std::nullopt;
    if (!normal) return std::nullopt;
    for (auto axis = normal->rbegin(); axis != normal->rend(); ++axis) {
      if (node.Int("keepdims", 1) != 0)
        dims[*axis] = terms_.Number(1);
      else
        dims.erase(dims.begin() + *axis);
    }
    return dims;
  }
  if (type == "MatMul") {
    const auto* right = Dims(*node.input(1));
    if (right == nullptr || rank < 2 || right->size() < 2) return std::nullopt;
    if (right->size() != 2 && right->size() != rank) return std::nullopt;
    for (size_t i = 0; i + 2 < right->size(); ++i)
      if ((*right)[i] != dims[i] && !terms_.IsNumber((*right)[i], 1)) dims[i] = terms_.Unknown(true);
    dims.back() = right->back();
    return dims;
  }
  if (type == "Gemm") {
    const auto* right = Dims(*node.input(1));
    if (right == nullptr || rank != 2 || right->size() != 2) return std::nullopt;
    return std::vector<Term>{dims[node.Int("transA") != 0 ? 1 : 0],
                             (*right)[node.Int("transB") != 0 ? 0 : 1]};
  }
  if (type == "Conv" || type == "MaxPool" || type == "AveragePool")
    return output == 0 ? Windowed(node) : std::nullopt;
  if (type == "GlobalAveragePool" || type == "GlobalMaxPool") {
    for (size_t i = 2; i < rank; ++i) dims[i] = terms_.Number(1);
    return dims;
  }
  if (type == "Expand") {
    const Contents* target = ContentsOf(*node.input(1));
    if (target == nullptr) return std::nullopt;
    const std::vector<Term> wanted = target->elements;
    const size_t longest = std::max(rank, wanted.size());
    std::vector<Term> result(longest);
    for (size_t i = 0; i < longest; ++i) {
      const Term own = i + rank >= longest ? dims[i + rank - longest] : terms_.Number(1);
      const Term asked =
          i + wanted.size() >= longest ? wanted[i + wanted.size() - longest] : terms_.Number(1);
      if (terms_.IsNumber(asked, 1) || own == asked)
        result[i] = own;
      else if (terms_.IsNumber(own, 1) || terms_.NumberOf(asked))
        result[i] = asked;
      else
        result[i] = terms_.Unknown(true);
    }
    return result;
  }
  if (type == "Split") return unknown_at(node.Int("axis"));
  if (type == "TopK") return unknown_at(node.Int("axis", -1));
  if (type == "Resize") {
    const Value* scales = node.inputs().size() == 2 ? node.input(1) : node.input(2);
    const ir::Tensor* tensor = scales != nullptr ? scales->constant() : nullptr;
    const auto numbers = tensor != nullptr ? tensor->ToDoubles() : std::nullopt;
    for (size_t i = 0; i < rank; ++i) {
      const bool whole = numbers && numbers->size() == rank && (*numbers)[i] >= 1 &&
                         (*numbers)[i] == static_cast<double>(static_cast<int64_t>((*numbers)[i]));
      dims[i] = whole ? terms_.Product(dims[i], terms_.Number(static_cast<int64_t>((*numbers)[i])))
                      : terms_.Unknown(true);
    }
    return dims;
  }
  return std::nullopt;
}

// Contents.

std::optional<Contents> ShapeKnowledge::Elementwise(const Node& node) {
  std::vector<const Contents*> inputs;
  size_t size = 1;
  bool scalar = true;
  for (const Value* input : node.inputs())
    if (input == nullptr || ContentsOf(*input) == nullptr) return std::nullopt;
  for (const Value* input : node.inputs()) {
    inputs.push_back(ContentsOf(*input));
    scalar &= inputs.back()->scalar;
    const size_t count = inputs.back()->elements.size();
    if (count == 0) return std::nullopt;
    if (count != 1 && size != 1 && count != size) return std::nullopt;
    size = std::max(size, count);
  }
  Contents result{.scalar = scalar, .elements = {}};
  const std::string& type = node.op_type;
  for (size_t i = 0; i < size; ++i) {
    const auto at = [&](size_t k) { return inputs[k]->elements[inputs[k]->elements.size() == 1 ? 0 : i]; };
    const Term a = at(0), b = inputs.size() > 1 ? at(1) : a;
    const auto x = terms_.NumberOf(a), y = terms_.NumberOf(b);
    const auto truth = [&](std::optional<bool> known) {
      return known ? terms_.Number(*known ? 1 : 0) : terms_.Unknown(true);
    };
    // A dimension and a negative number are never equal.
    const bool a_above = y && *y < 0 && terms_.NonNegative(a), b_above = x && *x < 0 && terms_.NonNegative(b);
    const bool both = x && y;
    Term term = -1;
    if (type == "Add")
      term = terms_.Sum(a, b);
    else if (type == "Sub")
      term = terms_.Difference(a, b);
    else if (type == "Mul")
      term = terms_.Product(a, b);
    else if (type == "Div")
      term = terms_.Quotient(a, b);
    else if (type == "Mod" && both && *y > 0 && *x >= 0)
      term = terms_.Number(*x % *y);
    else if (type == "Max" && inputs.size() == 2 && both)
      term = terms_.Number(std::max(*x, *y));
    else if (type == "Min" && inputs.size() == 2 && both)
      term = terms_.Number(std::min(*x, *y));
    else if (type == "Neg" && x && *x != std::numeric_limits<int64_t>::min())
      term = terms_.Number(-*x);
    else if (type == "Abs" && terms_.NonNegative(a))
      term = a;
    else if (type == "Equal")
      term = truth(a == b               ? std::optional(true)
                   : both               ? std::optional(*x == *y)
                   : a_above || b_above ? std::optional(false)
                                        : std::nullopt);
    else if (type == "Greater")
      term = truth(both                ? std::optional(*x > *y)
                   : a_above           ? std::optional(true)
                   : b_above || a == b ? std::optional(false)
                                       : std::nullopt);
    else if (type == "GreaterOrEqual")
      term = truth(both                ? std::optional(*x >= *y)
                   : a_above || a == b ? std::optional(true)
                   : b_above           ? std::optional(false)
                                       : std::nullopt);
    else if (type == "Less")
      term = truth(both                ? std::optional(*x < *y)
                   : b_above           ? std::optional(true)
                   : a_above || a == b ? std::optional(false)
                                       : std::nullopt);
    else if (type == "LessOrEqual")
      term = truth(both                ? std::optional(*x <= *y)
                   : b_above || a == b ? std::optional(true)
                   : a_above           ? std::optional(false)
                                       : std::nullopt);
    else if (type == "Not")
      term = truth(x ? std::optional(*x == 0) : std::nullopt);
    else if (type == "And")
      term = truth(x == 0 || y == 0 ? std::optional(false) : both ? std::optional(true) : std::nullopt);
    else if (type == "Or")
      term = truth((x && *x != 0) || (y && *y != 0) ? std::optional(true)
                   : both                           ? std::optional(false)
                                                    : std::nullopt);
    else if (type == "Where")
      term = x ? (*x != 0 ? b : at(2)) : b == at(2) ? b : terms_.Unknown(false);
    if (term < 0) term = terms_.Unknown(false);
    result.elements.push_back(term);
  }
  return result;
}

std::optional<Contents> ShapeKnowledge::ContentsAfter(const Node& node, size_t output) {
  const Value* first = node.input(0);
  if (first == nullptr || (output != 0 && !node.Is("Split"))) return std::nullopt;
  const std::string& type = node.op_type;
  const auto slice = [](const std::vector<Term>& from, int64_t start, int64_t end) {
    const auto size = static_cast<int64_t>(from.size());
    const auto clamp = [&](int64_t at) { return std::clamp<int64_t>(at < 0 ? at + size : at, 0, size); };
    const int64_t low = clamp(start), high = std::max(low, clamp(end));
    return std::vector<Term>(from.begin() + low, from.begin() + high);
  };
  if (type == "Shape") {
    const auto* dims = Dims(*first);
    if (dims == nullptr) return std::nullopt;
    return Contents{false,
                    slice(*dims, node.Int("start"), node.Int("end", std::numeric_limits<int64_t>::max()))};
  }
  if (type == "Size") {
    const auto* dims = Dims(*first);
    if (dims == nullptr) return std::nullopt;
    Term size = terms_.Number(1);
    for (const Term dim : *dims) size = terms_.Product(size, dim);
    return Contents{true, {size}};
  }
  if (type == "Concat") {
    Contents joined;
    for (const Value* input : node.inputs()) {
      const Contents* part = ContentsOf(*input);
      if (part == nullptr || part->scalar) return std::nullopt;
      joined.elements.insert(joined.elements.end(), part->elements.begin(), part->elements.end());
    }
    return joined;
  }
  if (type == "ConstantOfShape") {
    const Contents* shape = ContentsOf(*first);
    if (shape == nullptr || shape->scalar || shape->elements.size() > 1) return std::nullopt;
    const auto count =
        shape->elements.empty() ? std::optional<int64_t>(1) : terms_.NumberOf(shape->elements[0]);
    const auto* attribute = node.Find("value");
    const auto* tensor = attribute != nullptr ? std::get_if<ir::Tensor>(attribute) : nullptr;
    const auto values = tensor != nullptr ? tensor->ToInts() : std::nullopt;
    if (!count || *count > static_cast<int64_t>(kMostElements) || *count < 0 || !values || values->empty())
      return std::nullopt;
    return Contents{shape->elements.empty(),
                    std::vector<Term>(static_cast<size_t>(*count), terms_.Number(values->front()))};
  }
  if (type == "Range") {
    std::vector<int64_t> numbers;
    for (size_t i = 0; i < 3; ++i) {
      const Contents* bound = node.input(i) != nullptr ? ContentsOf(*node.input(i)) : nullptr;
      const auto number = bound != nullptr && bound->elements.size() == 1
                              ? terms_.NumberOf(bound->elements[0])
                              : std::nullopt;
      if (!number || std::abs(*number) > 1 << 30) return std::nullopt;
      numbers.push_back(*number);
    }
    Contents range;
    if (numbers[2] == 0) return std::nullopt;
    for (int64_t at = numbers[0]; numbers[2] > 0 ? at < numbers[1] : at > numbers[1]; at += numbers[2]) {
      if (range.elements.size() > kMostElements) return std::nullopt;
      range.elements.push_back(terms_.Number(at));
    }
    return range;
  }
  if (Broadcasts(node) || type == "Neg" || type == "Abs" || type == "Not") return Elementwise(node);

  const Contents* known = ContentsOf(*first);
  if (known == nullptr) return std::nullopt;
  const Contents data = *known;
  if (type == "Identity") return data;
  if (type == "Cast") {
    if (node.output()->type.element != ir::DataType::kBool) return data;
    Contents truths = data;
    for (Term& term : truths.elements) {
      const auto number = terms_.NumberOf(term);
      term = number ? terms_.Number(*number != 0) : terms_.Unknown(true);
    }
    return truths;
  }
  if (type == "Unsqueeze") {
    const auto axes = IntsOf(node, 1, "axes");
    return data.scalar && axes && axes->size() == 1 ? std::optional(Contents{false, data.elements})
                                                    : std::nullopt;
  }
  if (type == "Squeeze" || type == "Reshape" || type == "Flatten") {
    const ir::Type& result = node.output()->type;
    if (!result.has_rank || result.dims.size() > 1 || (result.dims.empty() && data.elements.size() != 1))
      return std::nullopt;
    return Contents{result.dims.empty(), data.elements};
  }
  if (data.scalar) return std::nullopt;
  if (type == "Gather") {
    const Contents* indices = node.input(1) != nullptr ? ContentsOf(*node.input(1)) : nullptr;
    if (indices == nullptr) return std::nullopt;
    Contents picked{.scalar = indices->scalar, .elements = {}};
    for (const Term index : indices->elements) {
      const auto number = terms_.NumberOf(index);
      const auto at = number ? NormalAxis(*number, data.elements.size()) : std::nullopt;
      if (!at) return std::nullopt;
      picked.elements.push_back(data.elements[*at]);
    }
    return picked;
  }
  if (type == "Slice") {
    const auto starts = IntsOf(node, 1, "starts"), ends = IntsOf(node, 2, "ends");
    const auto steps = IntsOf(node, 4, "steps", std::vector<int64_t>(1, 1));
    if (!starts || !ends || !steps || starts->size() != 1 || ends->size() != 1 || steps->size() != 1 ||
        steps->front() != 1)
      return std::nullopt;
    return Contents{false, slice(data.elements, starts->front(), ends->front())};
  }
  if (type == "Split") {
    size_t start = 0;
    for (size_t i = 0; i <= output; ++i) {
      const ir::Type& part = node.output(i) != nullptr ? node.output(i)->type : ir::Type{};
      if (!part.is_static() || part.dims.size() != 1) return std::nullopt;
      const auto size = static_cast<size_t>(part.dims[0].value);
      if (start + size > data.elements.size()) return std::nullopt;
      if (i == output)
        return Contents{false,
                        {data.elements.begin() + static_cast<ptrdiff_t>(start),
                         data.elements.begin() + static_cast<ptrdiff_t>(start + size)}};
      start += size;
    }
  }
  if (type == "ReduceProd" || type == "ReduceSum") {
    Term total = terms_.Number(type == "ReduceProd" ? 1 : 0);
    for (const Term term : data.elements)
      total = type == "ReduceProd" ? terms_.Product(total, term) : terms_.Sum(total, term);
    const bool noop = node.Int("noop_with_empty_axes") != 0;
    return noop ? std::nullopt : std::optional(Contents{node.Int("keepdims", 1) == 0, {total}});
  }
  return std::nullopt;
}

}  // namespace shoehorn::passes
