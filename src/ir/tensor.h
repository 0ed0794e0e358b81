// A constant: element type, dimensions and bytes. The bytes are shared and read-only (often a view of a
// mapped model file), so copying a Tensor is cheap; whoever wants to change one makes a new one. Layout:
// row-major, little-endian, packed as ONNX's raw_data (4-bit types two to a byte, low nibble first).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "support/check.h"

namespace shoehorn::ir {

/// Numbered as ONNX's TensorProto.DataType.
enum class DataType : int32_t {
  kUndefined = 0,
  kFloat = 1,
  kUint8 = 2,
  kInt8 = 3,
  kUint16 = 4,
  kInt16 = 5,
  kInt32 = 6,
  kInt64 = 7,
  kString = 8,
  kBool = 9,
  kFloat16 = 10,
  kDouble = 11,
  kUint32 = 12,
  kUint64 = 13,
  kComplex64 = 14,
  kComplex128 = 15,
  kBfloat16 = 16,
  kFloat8E4M3FN = 17,
  kFloat8E4M3FNUZ = 18,
  kFloat8E5M2 = 19,
  kFloat8E5M2FNUZ = 20,
  kUint4 = 21,
  kInt4 = 22,
  kFloat4E2M1 = 23,
  kFloat8E8M0 = 24,
  kUint2 = 25,
  kInt2 = 26,
};

/// Bits an element takes in memory; 0 for strings and unknown types.
int BitsOf(DataType type);
/// ONNX's lower-case name: "float", "int8", "bfloat16".
std::string_view NameOf(DataType type);

template <typename T>
struct DataTypeOf;
template <>
struct DataTypeOf<float> {
  static constexpr DataType value = DataType::kFloat;
};
template <>
struct DataTypeOf<double> {
  static constexpr DataType value = DataType::kDouble;
};
template <>
struct DataTypeOf<int8_t> {
  static constexpr DataType value = DataType::kInt8;
};
template <>
struct DataTypeOf<uint8_t> {
  static constexpr DataType value = DataType::kUint8;
};
template <>
struct DataTypeOf<int16_t> {
  static constexpr DataType value = DataType::kInt16;
};
template <>
struct DataTypeOf<uint16_t> {
  static constexpr DataType value = DataType::kUint16;
};
template <>
struct DataTypeOf<int32_t> {
  static constexpr DataType value = DataType::kInt32;
};
template <>
struct DataTypeOf<uint32_t> {
  static constexpr DataType value = DataType::kUint32;
};
template <>
struct DataTypeOf<int64_t> {
  static constexpr DataType value = DataType::kInt64;
};
template <>
struct DataTypeOf<uint64_t> {
  static constexpr DataType value = DataType::kUint64;
};
template <>
struct DataTypeOf<bool> {
  static constexpr DataType value = DataType::kBool;
};

using Shape = std::vector<int64_t>;

/// Product of `dims`; 1 for a scalar. CHECKs against overflow (importers reject such shapes first).
int64_t ElementCount(std::span<const int64_t> dims);

class Tensor {
 public:
  Tensor() = default;
  /// A view of `bytes`, kept alive by `owner`.
  Tensor(DataType type, Shape dims, std::span<const std::byte> bytes, std::shared_ptr<const void> owner);
  /// Owns `strings` (type kString).
  Tensor(Shape dims, std::vector<std::string> strings);

  /// Copies `values`, whose count must be the product of `dims`.
  template <typename T>
  static Tensor Of(Shape dims, std::span<const T> values) {
    SHOEHORN_CHECK(ElementCount(dims) == static_cast<int64_t>(values.size()), "values do not fill the shape");
    return OfBytes(DataTypeOf<T>::value, std::move(dims), std::as_bytes(values));
  }
  template <typename T>
  static Tensor Of(Shape dims, const std::vector<T>& values) {
    return Of<T>(std::move(dims), std::span<const T>(values));
  }
  template <typename T>
  static Tensor Scalar(T value) {
    return Of<T>({}, std::span<const T>(&value, 1));
  }
  /// A 1-D int64 tensor: shapes, axes, pads.
  static Tensor Ints(const std::vector<int64_t>& values) {
    return Of<int64_t>({static_cast<int64_t>(values.size())}, values);
  }
  /// Copies bytes that are already in the layout above.
  static Tensor OfBytes(DataType type, Shape dims, std::span<const std::byte> bytes);

  DataType type() const { return type_; }
  const Shape& dims() const { return dims_; }
  size_t rank() const { return dims_.size(); }
  int64_t count() const { return ElementCount(dims_); }
  size_t byte_size() const { return bytes_.size(); }
  std::span<const std::byte> bytes() const { return bytes_; }
  const std::vector<std::string>& strings() const { return *strings_; }
  const std::shared_ptr<const void>& owner() const { return owner_; }

  /// The elements as T, which must be the tensor's type. The bytes must be aligned for T (importers see to
  /// it).
  template <typename T>
  std::span<const T> As() const {
    SHOEHORN_CHECK(DataTypeOf<T>::value == type_, "tensor read as another type");
    return {reinterpret_cast<const T*>(bytes_.data()), bytes_.size() / sizeof(T)};
  }
  /// All elements widened to double; works for every integer, bool, float, float16 and bfloat16; else
  /// nothing.
  std::optional<std::vector<double>> ToDoubles() const;
  /// All elements as int64 for integer and bool types; else nothing.
  std::optional<std::vector<int64_t>> ToInts() const;
  /// The same bytes under other dimensions of the same count.
  Tensor Reshaped(Shape dims) const;
  /// Values rounded into `type` (float, float16, bfloat16, double or an integer type, saturating).
  static Tensor FromDoubles(DataType type, Shape dims, std::span<const double> values);

  /// Same type, dimensions and bytes.
  bool operator==(const Tensor& other) const;

 private:
  DataType type_ = DataType::kUndefined;
  Shape dims_;
  std::span<const std::byte> bytes_;
  std::shared_ptr<const void> owner_;
  std::shared_ptr<const std::vector<std::string>> strings_;
};

float HalfToFloat(uint16_t half);
uint16_t FloatToHalf(float value);
float BfloatToFloat(uint16_t bits);
uint16_t FloatToBfloat(float value);

}  // namespace shoehorn::ir
