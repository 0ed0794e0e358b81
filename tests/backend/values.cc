// Conversions and comparison of test values.
#include "backend/values.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "formats/onnx_proto.h"
#include "support/files.h"

namespace shoehorn::backend {
namespace {

// The element types that ONNX Runtime numbers unlike ONNX; all others agree.
constexpr std::pair<ir::DataType, ONNXTensorElementDataType> kRenumbered[] = {
    {ir::DataType::kUint2, ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT2},
    {ir::DataType::kInt2, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT2},
    {ir::DataType::kFloat8E8M0, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT8E8M0},
};

ONNXTensorElementDataType RuntimeType(ir::DataType type) {
  for (const auto& [ours, theirs] : kRenumbered)
    if (ours == type) return theirs;
  return static_cast<ONNXTensorElementDataType>(type);
}

ir::DataType TypeOfRuntime(ONNXTensorElementDataType type) {
  for (const auto& [ours, theirs] : kRenumbered)
    if (theirs == type) return ours;
  return static_cast<ir::DataType>(type);
}

Result<Value> TensorValue(onnx::TensorProto& proto) {
  formats::ExternalFiles none;
  SHOEHORN_ASSIGN(ir::Tensor tensor, formats::TensorFromProto(proto, none));
  return Value{std::move(tensor)};
}

Result<Value> SequenceValue(onnx::SequenceProto& proto) {
  Sequence sequence;
  for (onnx::TensorProto& element : *proto.mutable_tensor_values()) {
    SHOEHORN_ASSIGN(Value value, TensorValue(element));
    sequence.push_back(std::move(value));
  }
  for (onnx::SequenceProto& element : *proto.mutable_sequence_values()) {
    SHOEHORN_ASSIGN(Value value, SequenceValue(element));
    sequence.push_back(std::move(value));
  }
  return Value{std::move(sequence)};
}

Result<Value> OptionalValue(onnx::OptionalProto& proto) {
  if (proto.has_tensor_value()) return TensorValue(*proto.mutable_tensor_value());
  if (proto.has_sequence_value()) return SequenceValue(*proto.mutable_sequence_value());
  return Value{};
}

/// Whether a byte of an 8-bit float is one of the type's NaNs, of which some have several.
bool IsNan8(ir::DataType type, std::byte byte) {
  const int bits = std::to_integer<int>(byte);
  if (type == ir::DataType::kFloat8E5M2) return (bits & 0x7f) > 0x7c;
  if (type == ir::DataType::kFloat8E4M3FN) return (bits & 0x7f) == 0x7f;
  return false;
}

std::string TensorDifference(const ir::Tensor& found, const ir::Tensor& expected) {
  if (found.type() != expected.type())
    return fmt::format("type {} instead of {}", ir::NameOf(found.type()), ir::NameOf(expected.type()));
  if (found.dims() != expected.dims())
    return fmt::format("shape {} instead of {}", found.dims(), expected.dims());
  if (found == expected) return "";
  if (found.type() == ir::DataType::kString)
    return found.strings() == expected.strings() ? "" : "other strings";
  const auto a = found.ToDoubles(), b = expected.ToDoubles();
  if (!a || !b) {
    const auto same = [&](std::byte x, std::byte y) {
      return x == y || (IsNan8(found.type(), x) && IsNan8(found.type(), y));
    };
    return std::ranges::equal(found.bytes(), expected.bytes(), same) ? "" : "other bytes";
  }
  for (size_t i = 0; i < a->size(); ++i) {
    const double x = (*a)[i], y = (*b)[i];
    if (x == y || (std::isnan(x) && std::isnan(y))) continue;
    if (std::isfinite(y) && std::abs(x - y) <= 1e-7 + 1e-3 * std::abs(y)) continue;
    return fmt::format("element {} is {} instead of {}", i, x, y);
  }
  return "";
}

}  // namespace

Result<Value> ReadValue(const std::filesystem::path& path, const onnx::TypeProto& type) {
  SHOEHORN_ASSIGN(const auto file, MappedFile::Open(path));
  const auto parse = [&](auto& message) {
    return message.ParseFromArray(file->bytes().data(), static_cast<int>(file->bytes().size()));
  };
  Diagnostic corrupt;
  corrupt.file = path.string();
  corrupt.found = "not the message that the model's type asks for";
  if (type.has_sequence_type()) {
    onnx::SequenceProto proto;
    if (!parse(proto)) return corrupt;
    return SequenceValue(proto);
  }
  if (type.has_optional_type()) {
    onnx::OptionalProto proto;
    if (!parse(proto)) return corrupt;
    return OptionalValue(proto);
  }
  onnx::TensorProto proto;
  if (!parse(proto)) return corrupt;
  return TensorValue(proto);
}

Ort::Value ToRuntime(const Value& value) {
  Ort::AllocatorWithDefaultOptions allocator;
  if (const auto* tensor = std::get_if<ir::Tensor>(&value.content)) {
    const ONNXTensorElementDataType type = RuntimeType(tensor->type());
    Ort::Value out = Ort::Value::CreateTensor(allocator, tensor->dims().data(), tensor->rank(), type);
    if (tensor->type() == ir::DataType::kString) {
      std::vector<const char*> strings;
      for (const std::string& text : tensor->strings()) strings.push_back(text.c_str());
      out.FillStringTensor(strings.data(), strings.size());
    } else if (tensor->byte_size() > 0) {
      std::memcpy(out.GetTensorMutableRawData(), tensor->bytes().data(), tensor->byte_size());
    }
    return out;
  }
  if (const auto* sequence = std::get_if<Sequence>(&value.content)) {
    std::vector<Ort::Value> elements;
    for (const Value& element : *sequence) elements.push_back(ToRuntime(element));
    return Ort::Value::CreateSequence(elements);
  }
  return Ort::Value{nullptr};
}

Value FromRuntime(const Ort::Value& value) {
  if (!value || !value.HasValue()) return {};
  Ort::AllocatorWithDefaultOptions allocator;
  if (!value.IsTensor()) {
    Sequence sequence;
    for (size_t i = 0; i < value.GetCount(); ++i)
      sequence.push_back(FromRuntime(value.GetValue(static_cast<int>(i), allocator)));
    return Value{std::move(sequence)};
  }
  const auto info = value.GetTensorTypeAndShapeInfo();
  const ir::DataType type = TypeOfRuntime(info.GetElementType());
  if (type == ir::DataType::kString) {
    std::vector<std::string> strings;
    for (size_t i = 0; i < info.GetElementCount(); ++i) strings.push_back(value.GetStringTensorElement(i));
    return Value{ir::Tensor(info.GetShape(), std::move(strings))};
  }
  const size_t bytes = (info.GetElementCount() * static_cast<size_t>(ir::BitsOf(type)) + 7) / 8;
  const auto* data = static_cast<const std::byte*>(value.GetTensorRawData());
  return Value{ir::Tensor::OfBytes(type, info.GetShape(), {data, bytes})};
}

std::string Difference(const Value& found, const Value& expected) {
  if (found.content.index() != expected.content.index())
    return "a tensor, a sequence or nothing where another was expected";
  if (const auto* tensor = std::get_if<ir::Tensor>(&found.content))
    return TensorDifference(*tensor, std::get<ir::Tensor>(expected.content));
  if (const auto* sequence = std::get_if<Sequence>(&found.content)) {
    const auto& other = std::get<Sequence>(expected.content);
    if (sequence->size() != other.size())
      return fmt::format("{} elements instead of {}", sequence->size(), other.size());
    for (size_t i = 0; i < other.size(); ++i)
      if (std::string text = Difference((*sequence)[i], other[i]); !text.empty()) return text;
  }
  return "";
}

}  // namespace shoehorn::backend
