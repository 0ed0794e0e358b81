#include "ir/tensor.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace shoehorn::ir {
namespace {

struct TypeFacts {
  std::string_view name;
  int bits;
};

constexpr TypeFacts kFacts[] = {
    {"undefined", 0},      {"float", 32},    {"uint8", 8},        {"int8", 8},           {"uint16", 16},
    {"int16", 16},         {"int32", 32},    {"int64", 64},       {"string", 0},         {"bool", 8},
    {"float16", 16},       {"double", 64},   {"uint32", 32},      {"uint64", 64},        {"complex64", 64},
    {"complex128", 128},   {"bfloat16", 16}, {"float8e4m3fn", 8}, {"float8e4m3fnuz", 8}, {"float8e5m2", 8},
    {"float8e5m2fnuz", 8}, {"uint4", 4},     {"int4", 4},         {"float4e2m1", 4},     {"float8e8m0", 8},
    {"uint2", 2},          {"int2", 2},
};

const TypeFacts& FactsOf(DataType type) {
  const auto index = static_cast<size_t>(type);
  return index < std::size(kFacts) ? kFacts[index] : kFacts[0];
}

/// Calls `use(T{})` with the C++ type of a plain numeric `type`; false for every other type.
template <typename Use>
bool WithNumericType(DataType type, Use use) {
  switch (type) {
    case DataType::kFloat:
      use(float{});
      return true;
    case DataType::kDouble:
      use(double{});
      return true;
    case DataType::kUint8:
      use(uint8_t{});
      return true;
    case DataType::kInt8:
      use(int8_t{});
      return true;
    case DataType::kUint16:
      use(uint16_t{});
      return true;
    case DataType::kInt16:
      use(int16_t{});
      return true;
    case DataType::kInt32:
      use(int32_t{});
      return true;
    case DataType::kUint32:
      use(uint32_t{});
      return true;
    case DataType::kInt64:
      use(int64_t{});
      return true;
    case DataType::kUint64:
      use(uint64_t{});
      return true;
    case DataType::kBool:
      use(bool{});
      return true;
    default:
      return false;
  }
}

template <typename To>
To Saturated(double value) {
  if constexpr (std::is_same_v<To, bool>) {
    return value != 0;
  } else if constexpr (std::is_floating_point_v<To>) {
    return static_cast<To>(value);
  } else {
    if (std::isnan(value)) return 0;
    const double rounded = std::nearbyint(value);
    if (rounded <= static_cast<double>(std::numeric_limits<To>::min())) return std::numeric_limits<To>::min();
    if (rounded >= static_cast<double>(std::numeric_limits<To>::max())) return std::numeric_limits<To>::max();
    return static_cast<To>(rounded);
  }
}

}  // namespace

int BitsOf(DataType type) { return FactsOf(type).bits; }
std::string_view NameOf(DataType type) { return FactsOf(type).name; }

int64_t ElementCount(std::span<const int64_t> dims) {
  int64_t count = 1;
  for (const int64_t dim : dims)
    SHOEHORN_CHECK(!__builtin_mul_overflow(count, dim, &count), "element count overflows");
  return count;
}

Tensor::Tensor(DataType type, Shape dims, std::span<const std::byte> bytes, std::shared_ptr<const void> owner)
    : type_(type), dims_(std::move(dims)), bytes_(bytes), owner_(std::move(owner)) {
  SHOEHORN_CHECK(static_cast<int64_t>(bytes_.size()) == (ElementCount(dims_) * BitsOf(type_) + 7) / 8,
                 "bytes do not fill the shape");
}

Tensor::Tensor(Shape dims, std::vector<std::string> strings)
    : type_(DataType::kString),
      dims_(std::move(dims)),
      strings_(std::make_shared<const std::vector<std::string>>(std::move(strings))) {
  SHOEHORN_CHECK(ElementCount(dims_) == static_cast<int64_t>(strings_->size()),
                 "strings do not fill the shape");
}

Tensor Tensor::OfBytes(DataType type, Shape dims, std::span<const std::byte> bytes) {
  auto copy = std::make_shared<std::vector<std::byte>>(bytes.begin(), bytes.end());
  const std::span<const std::byte> view(*copy);
  return Tensor(type, std::move(dims), view, std::move(copy));
}

std::optional<std::vector<double>> Tensor::ToDoubles() const {
  std::vector<double> out;
  if (type_ == DataType::kFloat16 || type_ == DataType::kBfloat16) {
    const auto widen = type_ == DataType::kFloat16 ? HalfToFloat : BfloatToFloat;
    const auto* bits = reinterpret_cast<const uint16_t*>(bytes_.data());
    out.resize(bytes_.size() / 2);
    std::transform(bits, bits + out.size(), out.begin(), [&](uint16_t half) { return widen(half); });
    return out;
  }
  const bool known = WithNumericType(type_, [&]<typename T>(T) {
    const auto* values = reinterpret_cast<const T*>(bytes_.data());
    out.resize(bytes_.size() / sizeof(T));
    std::transform(values, values + out.size(), out.begin(),
                   [](T value) { return static_cast<double>(value); });
  });
  if (!known) return std::nullopt;
  return out;
}

std::optional<std::vector<int64_t>> Tensor::ToInts() const {
  std::vector<int64_t> out;
  bool integral = false;
  WithNumericType(type_, [&]<typename T>(T) {
    if constexpr (std::is_integral_v<T>) {
      const auto* values = reinterpret_cast<const T*>(bytes_.data());
      out.resize(bytes_.size() / sizeof(T));
      std::transform(values, values + out.size(), out.begin(),
                     [](T value) { return static_cast<int64_t>(value); });
      integral = true;
    }
  });
  if (!integral) return std::nullopt;
  return out;
}

Tensor Tensor::Reshaped(Shape dims) const {
  SHOEHORN_CHECK(ElementCount(dims) == count(), "reshape changes the element count");
  Tensor out = *this;
  out.dims_ = std::move(dims);
  return out;
}

Tensor Tensor::FromDoubles(DataType type, Shape dims, std::span<const double> values) {
  if (type == DataType::kFloat16 || type == DataType::kBfloat16) {
    const auto narrow = type == DataType::kFloat16 ? FloatToHalf : FloatToBfloat;
    std::vector<uint16_t> bits(values.size());
    std::transform(values.begin(), values.end(), bits.begin(),
                   [&](double value) { return narrow(static_cast<float>(value)); });
    return OfBytes(type, std::move(dims), std::as_bytes(std::span(bits)));
  }
  Tensor out;
  const bool known = WithNumericType(type, [&]<typename T>(T) {
    std::vector<std::byte> bytes(values.size() * sizeof(T));
    for (size_t i = 0; i < values.size(); ++i) {
      const T value = Saturated<T>(values[i]);
      std::memcpy(bytes.data() + i * sizeof(T), &value, sizeof(T));
    }
    out = OfBytes(type, std::move(dims), bytes);
  });
  SHOEHORN_CHECK(known, "no conversion from double to this type");
  return out;
}

bool Tensor::operator==(const Tensor& other) const {
  if (type_ != other.type_ || dims_ != other.dims_) return false;
  if (type_ == DataType::kString) return *strings_ == *other.strings_;
  return bytes_.data() == other.bytes_.data() || std::ranges::equal(bytes_, other.bytes_);
}

float HalfToFloat(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000) << 16;
  const uint32_t exponent = (half >> 10) & 31;
  const uint32_t mantissa = half & 1023;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000u | (mantissa << 13));
  if (exponent != 0) return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (mantissa << 13));
  const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
  return sign != 0 ? -magnitude : magnitude;
}

uint16_t FloatToHalf(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint16_t>((bits >> 16) & 0x8000);
  const uint32_t magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return static_cast<uint16_t>(sign | 0x7e00);   // NaN
  if (magnitude >= 0x477ff000) return static_cast<uint16_t>(sign | 0x7c00);  // rounds to infinity
  if (magnitude < 0x38800000) {                                              // subnormal half
    const float scaled = std::bit_cast<float>(magnitude) * 0x1p24f;
    return static_cast<uint16_t>(sign | static_cast<uint16_t>(std::nearbyint(scaled)));
  }
  const uint32_t rounded = magnitude + 0xfff + ((magnitude >> 13) & 1);
  return static_cast<uint16_t>(sign | ((rounded - 0x38000000) >> 13));
}

float BfloatToFloat(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

uint16_t FloatToBfloat(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7fffffff) > 0x7f800000) return static_cast<uint16_t>((bits >> 16) | 0x40);
  return static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

}  // namespace shoehorn::ir
