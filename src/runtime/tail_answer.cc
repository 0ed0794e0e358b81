#include "runtime/tail_answer.h"

#include "engines/ports.h"
#include "open_inference.pb.h"

namespace shoehorn::runtime {
namespace {

using ir::DataType;
using Contents = inference::InferTensorContents;

constexpr std::pair<DataType, std::string_view> kNames[] = {
    {DataType::kFloat, "FP32"},    {DataType::kUint8, "UINT8"},   {DataType::kInt8, "INT8"},
    {DataType::kUint16, "UINT16"}, {DataType::kInt16, "INT16"},   {DataType::kInt32, "INT32"},
    {DataType::kInt64, "INT64"},   {DataType::kBool, "BOOL"},     {DataType::kFloat16, "FP16"},
    {DataType::kDouble, "FP64"},   {DataType::kUint32, "UINT32"}, {DataType::kUint64, "UINT64"},
    {DataType::kBfloat16, "BF16"}};

constexpr int64_t kSlack = 1 << 20, kOpenLimit = 256 << 20;

/// Bytes of a tensor, or -1 when a dimension is negative or the product is too large to exist.
int64_t BytesOf(DataType type, std::span<const int64_t> dims) {
  int64_t bytes = ir::BitsOf(type) / 8;
  for (const int64_t dim : dims)
    if (dim < 0 || __builtin_mul_overflow(bytes, dim, &bytes)) return -1;
  return bytes;
}

bool Fits(std::span<const int64_t> wanted, std::span<const int64_t> found) {
  return std::ranges::equal(wanted, found, [](int64_t a, int64_t b) { return a < 0 || a == b; });
}

std::string Describe(DataType type, std::span<const int64_t> dims) {
  return engines::DescribePort({.name = {}, .type = type, .shape = {dims.begin(), dims.end()}});
}

template <typename T, typename Field>
ir::Tensor Narrowed(const ir::Shape& dims, const Field& field) {
  std::vector<T> values;
  values.reserve(static_cast<size_t>(field.size()));
  for (const auto value : field) values.push_back(static_cast<T>(value));
  return ir::Tensor::OfBytes(ir::DataTypeOf<T>::value, dims, std::as_bytes(std::span(values)));
}

/// Elements one by one; null where the type travels in raw bytes only.
std::optional<std::pair<ir::Tensor, int64_t>> FromContents(DataType type, const ir::Shape& dims,
                                                           int64_t count, const Contents& contents) {
  const auto take = [&]<typename T>(T, const auto& field) -> std::pair<ir::Tensor, int64_t> {
    if (field.size() != count) return {ir::Tensor(), field.size()};
    return {Narrowed<T>(dims, field), count};
  };
  switch (type) {
    case DataType::kFloat:
      return take(float{}, contents.fp32_contents());
    case DataType::kDouble:
      return take(double{}, contents.fp64_contents());
    case DataType::kInt8:
      return take(int8_t{}, contents.int_contents());
    case DataType::kInt16:
      return take(int16_t{}, contents.int_contents());
    case DataType::kInt32:
      return take(int32_t{}, contents.int_contents());
    case DataType::kInt64:
      return take(int64_t{}, contents.int64_contents());
    case DataType::kUint8:
      return take(uint8_t{}, contents.uint_contents());
    case DataType::kUint16:
      return take(uint16_t{}, contents.uint_contents());
    case DataType::kUint32:
      return take(uint32_t{}, contents.uint_contents());
    case DataType::kUint64:
      return take(uint64_t{}, contents.uint64_contents());
    default:
      return std::nullopt;
  }
}

Result<ir::Tensor> ReadOutput(const place::TailOutput& wanted, int index,
                              const std::shared_ptr<const inference::ModelInferResponse>& response) {
  Diagnostic wrong;
  wrong.place = "output '" + Escaped(wanted.name) + "'";
  const auto& found = response->outputs(index);
  const ir::Shape dims(found.shape().begin(), found.shape().end());
  if (found.datatype() != ProtocolName(wanted.type)) {
    wrong.found = "element type '" + Escaped(found.datatype().substr(0, 16)) + "'";
    wrong.expected = ProtocolName(wanted.type);
    return wrong;
  }
  const int64_t bytes = BytesOf(wanted.type, dims);
  if (bytes < 0 || !Fits(wanted.shape, dims)) {
    wrong.found =
        dims.size() > 16 ? std::to_string(dims.size()) + " dimensions" : Describe(wanted.type, dims);
    wrong.expected = Describe(wanted.type, wanted.shape);
    return wrong;
  }
  if (index < response->raw_output_contents_size()) {
    const std::string& raw = response->raw_output_contents(index);
    if (static_cast<int64_t>(raw.size()) == bytes)
      return ir::Tensor(wanted.type, dims, std::as_bytes(std::span(raw)), response);
    wrong.found = std::to_string(raw.size()) + " bytes";
    wrong.expected = std::to_string(bytes);
    return wrong;
  }
  const int64_t count = bytes / (ir::BitsOf(wanted.type) / 8);
  const auto elements = FromContents(wanted.type, dims, count, found.contents());
  if (elements && elements->second == count) return elements->first;
  wrong.found = elements ? std::to_string(elements->second) + " elements" : "no bytes";
  wrong.expected = std::to_string(count) + (elements ? "" : " elements");
  return wrong;
}

}  // namespace

std::string_view ProtocolName(DataType type) {
  for (const auto& [known, name] : kNames)
    if (known == type) return name;
  return {};
}

Status CheckProtocolType(const std::string& place, DataType type) {
  if (!ProtocolName(type).empty()) return Ok();
  Diagnostic diagnostic;
  diagnostic.place = place;
  diagnostic.found =
      "element type " + std::string(ir::NameOf(type)) + ", which the protocol to the server does not carry";
  return diagnostic;
}

Result<std::vector<ir::Tensor>> ReadAnswer(
    const place::Tail& tail, const std::shared_ptr<const inference::ModelInferResponse>& response) {
  std::vector<ir::Tensor> tensors;
  for (const place::TailOutput& wanted : tail.outputs) {
    int index = 0;
    while (index < response->outputs_size() && response->outputs(index).name() != wanted.name) ++index;
    if (index == response->outputs_size()) {
      Diagnostic diagnostic;
      diagnostic.place = "output '" + Escaped(wanted.name) + "'";
      diagnostic.found = "it is missing";
      return diagnostic;
    }
    SHOEHORN_ASSIGN(ir::Tensor tensor, ReadOutput(wanted, index, response));
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

int64_t LongestAnswer(const place::Tail& tail) {
  int64_t sum = kSlack;
  for (const place::TailOutput& output : tail.outputs) {
    const int64_t bytes = BytesOf(output.type, output.shape);
    if (bytes < 0 || bytes > kOpenLimit) return kOpenLimit;
    sum += 10 * bytes;  // a negative int8 written as an element takes ten
  }
  return std::min(sum, kOpenLimit);
}

}  // namespace shoehorn::runtime
