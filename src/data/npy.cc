#include "data/npy.h"

#include <fmt/format.h>

#include <bit>

#include "support/files.h"

namespace shoehorn::data {
namespace {

using ir::DataType;

static_assert(std::endian::native == std::endian::little, "arrays are taken as they lie in the file");

constexpr std::string_view kMagic = "\x93NUMPY";

struct TypeCode {
  std::string_view code;
  DataType type;
};
constexpr TypeCode kTypes[] = {
    {"<f4", DataType::kFloat},  {"<f8", DataType::kDouble}, {"<f2", DataType::kFloat16},
    {"|b1", DataType::kBool},   {"|i1", DataType::kInt8},   {"<i2", DataType::kInt16},
    {"<i4", DataType::kInt32},  {"<i8", DataType::kInt64},  {"|u1", DataType::kUint8},
    {"<u2", DataType::kUint16}, {"<u4", DataType::kUint32}, {"<u8", DataType::kUint64},
    {"<i1", DataType::kInt8},   {"<u1", DataType::kUint8},  {"<b1", DataType::kBool},
};

struct Header {
  std::string descr;
  bool fortran_order = false;
  ir::Shape shape;
};

/// Reads the one Python literal that a header is: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
class HeaderParser {
 public:
  explicit HeaderParser(std::string_view text) : text_(text) {}

  /// False at the first thing that is not as it should be; `at()` is then its position.
  bool Parse(Header& header) {
    bool descr = false, order = false, shape = false;
    if (!Take("{")) return false;
    while (!Take("}")) {
      std::string key;
      if (!Quoted(key) || !Take(":")) return false;
      if (key == "descr" && !descr) {
        if (!Quoted(header.descr)) return false;
        descr = true;
      } else if (key == "fortran_order" && !order) {
        if (Take("True"))
          header.fortran_order = true;
        else if (!Take("False"))
          return false;
        order = true;
      } else if (key == "shape" && !shape) {
        if (!Tuple(header.shape)) return false;
        shape = true;
      } else {
        return false;
      }
      if (!Take(",")) {
        if (!Take("}")) return false;
        break;
      }
    }
    Space();
    return descr && order && shape && at_ == text_.size();
  }
  size_t at() const { return at_; }

 private:
  void Space() { at_ = std::min(text_.find_first_not_of(" \t\n", at_), text_.size()); }
  bool Take(std::string_view token) {
    Space();
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  bool Quoted(std::string& out) {
    Space();
    if (at_ >= text_.size() || (text_[at_] != '\'' && text_[at_] != '"')) return false;
    const size_t end = text_.find(text_[at_], at_ + 1);
    if (end == std::string_view::npos) return false;
    out = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return true;
  }
  bool Tuple(ir::Shape& shape) {
    if (!Take("(")) return false;
    while (!Take(")")) {
      Space();
      int64_t dim = 0;
      const size_t begin = at_;
      for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_)
        if (__builtin_mul_overflow(dim, 10, &dim) || __builtin_add_overflow(dim, text_[at_] - '0', &dim))
          return false;
      if (at_ == begin) return false;
      shape.push_back(dim);
      if (!Take(",")) return Take(")");
    }
    return true;
  }

  std::string_view text_;
  size_t at_ = 0;
};

/// Bytes of an array of this shape, or nothing when no memory could hold it.
std::optional<uint64_t> BytesOf(const ir::Shape& shape, int bits) {
  uint64_t bytes = static_cast<uint64_t>(bits / 8);
  for (const int64_t dim : shape)
    if (__builtin_mul_overflow(bytes, static_cast<uint64_t>(dim), &bytes) || bytes > (uint64_t{1} << 48))
      return std::nullopt;
  return bytes;
}

/// From the first index running fastest to the last index running fastest.
std::vector<std::byte> RowMajor(std::span<const std::byte> bytes, const ir::Shape& shape, size_t size) {
  std::vector<std::byte> out(bytes.size());
  std::vector<int64_t> index(shape.size(), 0);
  for (size_t target = 0; target < out.size(); target += size) {
    int64_t source = 0;
    for (size_t d = shape.size(); d-- > 0;) source = source * shape[d] + index[d];
    std::memcpy(out.data() + target, bytes.data() + static_cast<size_t>(source) * size, size);
    for (size_t d = shape.size(); d-- > 0;) {
      if (++index[d] < shape[d]) break;
      index[d] = 0;
    }
  }
  return out;
}

}  // namespace

Result<ir::Tensor> ParseNpy(std::span<const std::byte> bytes, const std::string& file) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto refuse = [&](std::string found, std::string expected, std::string fix = "") {
    return Diagnostic{.file = file,
                      .place = "header",
                      .found = std::move(found),
                      .expected = std::move(expected),
                      .fix = std::move(fix)};
  };
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  if (text.size() < 10 || !text.starts_with(kMagic))
    return refuse("no NumPy array", "a file written by numpy.save");
  const uint8_t version = byte(6);
  if (version < 1 || version > 3)
    return refuse(fmt::format("version {}", version), "version 1, 2 or 3 of the .npy format");
  const size_t start = version == 1 ? 10 : 12;
  if (text.size() < start) return refuse("a file that ends in its header", "a whole .npy file");
  size_t length = byte(8) | static_cast<size_t>(byte(9)) << 8;
  if (version > 1) length |= static_cast<size_t>(byte(10)) << 16 | static_cast<size_t>(byte(11)) << 24;
  if (length > text.size() - start)
    return refuse(fmt::format("a header of {} bytes in a file of {}", length, text.size()),
                  "a whole .npy file");

  Header header;
  HeaderParser parser(text.substr(start, length));
  if (!parser.Parse(header))
    return refuse(fmt::format("a header that breaks off at its character {}", parser.at()),
                  "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3)}");
  const auto known = std::ranges::find(kTypes, std::string_view(header.descr), &TypeCode::code);
  if (known == std::end(kTypes))
    return refuse(fmt::format("type '{}'", header.descr),
                  "a little-endian number or boolean, such as '<f4' or '|u1'",
                  "convert it before saving: array.astype(numpy.float32)");

  const int bits = ir::BitsOf(known->type);
  const auto data = bytes.subspan(start + length);
  const auto needed = BytesOf(header.shape, bits);
  if (!needed || *needed != data.size())
    return Diagnostic{
        .file = file,
        .found = fmt::format("{} bytes of data", data.size()),
        .expected = fmt::format("{} bytes for {} [{}]", needed ? std::to_string(*needed) : "more than 2^48",
                                ir::NameOf(known->type), fmt::join(header.shape, ", ")),
        .fix = "the file was cut or changed: write it again"};
  if (header.fortran_order && header.shape.size() > 1)
    return ir::Tensor::OfBytes(known->type, header.shape,
                               RowMajor(data, header.shape, static_cast<size_t>(bits / 8)));
  return ir::Tensor::OfBytes(known->type, header.shape, data);
}

Result<ir::Tensor> ReadNpy(const std::filesystem::path& path) {
  SHOEHORN_ASSIGN(const auto file, MappedFile::Open(path));
  return ParseNpy(file->bytes(), path.string());
}

std::string FormatNpy(const ir::Tensor& given) {
  ir::Tensor tensor = given;
  if (given.type() == DataType::kBfloat16)
    tensor = ir::Tensor::FromDoubles(DataType::kFloat, given.dims(), *given.ToDoubles());
  const auto known = std::ranges::find(kTypes, tensor.type(), &TypeCode::type);
  SHOEHORN_CHECK(known != std::end(kTypes), "a tensor type that NumPy does not know");
  std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}", known->code,
                  fmt::join(tensor.dims(), ", "), tensor.rank() == 1 ? "," : "");
  constexpr size_t kAlignment = 64, kBefore = 10;
  header.append(kAlignment - (kBefore + header.size() + 1) % kAlignment, ' ');
  header += '\n';
  std::string out(kMagic);
  out += {'\1', '\0', static_cast<char>(header.size() & 255), static_cast<char>(header.size() >> 8)};
  out += header;
  out.append(reinterpret_cast<const char*>(tensor.bytes().data()), tensor.byte_size());
  return out;
}

}  // namespace shoehorn::data
