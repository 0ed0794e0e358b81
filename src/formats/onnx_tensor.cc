// TensorProto <-> ir::Tensor, with every way that ONNX has to store elements, and the rules for external
// files: they lie inside the model's folder, are reached without links, and hold the bytes that the tensor
// needs (CVE-2022-25882, CVE-2024-27318, CVE-2025-51480, CVE-2026-27489, CVE-2026-34446).
#include <charconv>

#include "formats/onnx_proto.h"

namespace shoehorn::formats {
namespace {

namespace fs = std::filesystem;

Diagnostic TensorError(const onnx::TensorProto& proto, std::string found, std::string expected = {},
                       std::string fix = {}) {
  Diagnostic diagnostic;
  diagnostic.place = "tensor '" + proto.name() + "'";
  diagnostic.found = std::move(found);
  diagnostic.expected = std::move(expected);
  diagnostic.fix = std::move(fix);
  return diagnostic;
}

/// Number of elements and bytes; an error for negative or overflowing dimensions.
Result<size_t> ByteSize(const onnx::TensorProto& proto, ir::DataType type) {
  int64_t count = 1;
  for (const int64_t dim : proto.dims()) {
    if (dim < 0) return TensorError(proto, "dimension " + std::to_string(dim), "dimensions of 0 or more");
    if (__builtin_mul_overflow(count, dim, &count) || count > (int64_t{1} << 56))
      return TensorError(proto, "dimensions whose product overflows");
  }
  return (static_cast<size_t>(count) * static_cast<size_t>(ir::BitsOf(type)) + 7) / 8;
}

struct ExternalPlace {
  std::string location;
  uint64_t offset = 0;
  std::optional<uint64_t> length;
};

Result<ExternalPlace> ReadExternalPlace(const onnx::TensorProto& proto) {
  ExternalPlace place;
  for (const auto& entry : proto.external_data()) {
    const auto number = [&]() -> Result<uint64_t> {
      uint64_t value = 0;
      const char* end = entry.value().data() + entry.value().size();
      const auto [stop, code] = std::from_chars(entry.value().data(), end, value);
      if (code != std::errc() || stop != end)
        return TensorError(proto, "external data " + entry.key() + " '" + entry.value() + "'",
                           "a number of bytes");
      return value;
    };
    if (entry.key() == "location") {
      place.location = entry.value();
    } else if (entry.key() == "offset") {
      SHOEHORN_ASSIGN(place.offset, number());
    } else if (entry.key() == "length") {
      SHOEHORN_ASSIGN(place.length, number());
    } else if (entry.key() != "checksum") {
      return TensorError(proto, "external data key '" + entry.key() + "'",
                         "one of location, offset, length, checksum");
    }
  }
  return place;
}

/// The file under `folder`; refuses absolute paths, `..`, and any link on the way, so that a model cannot
/// read what is not its own.
Result<fs::path> ResolveExternal(const onnx::TensorProto& proto, const fs::path& folder,
                                 const std::string& location) {
  const fs::path relative = location;
  const std::string expected = "a plain file inside the model's folder";
  const std::string fix =
      "put the data file beside the model, as a file of its own, and name it by a relative path";
  if (location.empty() || relative.is_absolute() || location.find('\0') != std::string::npos)
    return TensorError(proto, "external data at '" + location + "'", expected, fix);
  fs::path path = folder.empty() ? fs::path(".") : folder;
  for (const fs::path& part : relative) {
    if (part == ".." || part.empty())
      return TensorError(proto, "external data at '" + location + "'", expected, fix);
    if (part == ".") continue;
    path /= part;
    std::error_code code;
    const fs::file_status status = fs::symlink_status(path, code);
    if (!fs::exists(status))
      return TensorError(proto, "external data file '" + location + "' is missing", expected, fix);
    if (fs::is_symlink(status))
      return TensorError(
          proto, "external data at '" + location + "', where '" + part.string() + "' is a symbolic link",
          expected, fix);
  }
  std::error_code code;
  if (!fs::is_regular_file(path, code))
    return TensorError(proto, "external data at '" + location + "' is no file", expected, fix);
  if (fs::hard_link_count(path, code) > 1)
    return TensorError(proto, "external data at '" + location + "', a file with more than one hard link",
                       expected, fix);
  return path;
}

Result<ir::Tensor> MapExternal(const onnx::TensorProto& proto, ir::DataType type, ir::Shape dims, size_t size,
                               ExternalFiles& external) {
  if (!external.allowed) return TensorError(proto, "external data in a model that is not a file");
  SHOEHORN_ASSIGN(const ExternalPlace place, ReadExternalPlace(proto));
  SHOEHORN_ASSIGN(const fs::path path, ResolveExternal(proto, external.folder, place.location));
  std::shared_ptr<const MappedFile> file;
  for (const auto& mapped : external.mapped)
    if (mapped->path() == path) file = mapped;
  if (!file) {
    SHOEHORN_ASSIGN(file, MappedFile::Open(path));
    external.mapped.push_back(file);
  }
  const uint64_t length = place.length.value_or(size);
  uint64_t end = 0;
  if (length != size)
    return TensorError(proto, "external data of " + std::to_string(length) + " bytes",
                       std::to_string(size) + " bytes for its shape");
  if (__builtin_add_overflow(place.offset, length, &end) || end > file->bytes().size())
    return TensorError(proto,
                       "external data at offset " + std::to_string(place.offset) + " of " +
                           std::to_string(length) + " bytes ends beyond '" + place.location + "' (" +
                           std::to_string(file->bytes().size()) + " bytes)",
                       {}, "the data file is truncated or belongs to another model: copy it again");
  const auto bytes = file->bytes().subspan(place.offset, size);
  const auto alignment = static_cast<size_t>(std::max(1, ir::BitsOf(type) / 8));
  if (reinterpret_cast<uintptr_t>(bytes.data()) % std::min<size_t>(alignment, 8) != 0)
    return ir::Tensor::OfBytes(type, std::move(dims), bytes);
  return ir::Tensor(type, std::move(dims), bytes, file);
}

/// Elements that stand in a typed field, narrowed to the element size.
template <typename To, typename Field>
std::vector<std::byte> Narrowed(const Field& field) {
  std::vector<std::byte> bytes(static_cast<size_t>(field.size()) * sizeof(To));
  for (int i = 0; i < field.size(); ++i) {
    const To value = static_cast<To>(field[i]);
    std::memcpy(bytes.data() + static_cast<size_t>(i) * sizeof(To), &value, sizeof(To));
  }
  return bytes;
}

std::vector<std::byte> TypedBytes(const onnx::TensorProto& proto, ir::DataType type) {
  using enum ir::DataType;
  switch (type) {
    case kFloat:
    case kComplex64:
      return Narrowed<float>(proto.float_data());
    case kDouble:
    case kComplex128:
      return Narrowed<double>(proto.double_data());
    case kInt64:
      return Narrowed<int64_t>(proto.int64_data());
    case kUint64:
      return Narrowed<uint64_t>(proto.uint64_data());
    case kUint32:
      return Narrowed<uint32_t>(proto.uint64_data());
    case kInt32:
      return Narrowed<int32_t>(proto.int32_data());
    default:
      break;
  }
  if (ir::BitsOf(type) == 16) return Narrowed<uint16_t>(proto.int32_data());
  return Narrowed<uint8_t>(proto.int32_data());  // 8 bits, and packed 4 and 2 bits
}

}  // namespace

Result<ir::Tensor> TensorFromProto(onnx::TensorProto& proto, ExternalFiles& external) {
  const auto type = static_cast<ir::DataType>(proto.data_type());
  ir::Shape dims(proto.dims().begin(), proto.dims().end());
  if (proto.has_segment()) return TensorError(proto, "a tensor in segments", "a whole tensor");
  if (type == ir::DataType::kString) {
    SHOEHORN_TRY(ByteSize(proto, type));
    if (ir::ElementCount(dims) != proto.string_data_size())
      return TensorError(proto, std::to_string(proto.string_data_size()) + " strings",
                         std::to_string(ir::ElementCount(dims)) + " for its shape");
    return ir::Tensor(std::move(dims), {proto.string_data().begin(), proto.string_data().end()});
  }
  if (ir::BitsOf(type) == 0)
    return TensorError(proto, "element type " + std::to_string(proto.data_type()),
                       "a type of ONNX's TensorProto.DataType");
  SHOEHORN_ASSIGN(const size_t size, ByteSize(proto, type));
  if (proto.data_location() == onnx::TensorProto::EXTERNAL)
    return MapExternal(proto, type, std::move(dims), size, external);
  const auto wrong_size = [&](size_t found) {
    return TensorError(proto, std::to_string(found) + " bytes of data",
                       std::to_string(size) + " bytes for its shape",
                       "the file is damaged: export the model again");
  };
  if (proto.has_raw_data()) {
    if (proto.raw_data().size() != size) return wrong_size(proto.raw_data().size());
    const auto raw = std::make_shared<const std::string>(std::move(*proto.mutable_raw_data()));
    const auto bytes = std::as_bytes(std::span(raw->data(), raw->size()));
    return ir::Tensor(type, std::move(dims), bytes, raw);
  }
  const std::vector<std::byte> bytes = TypedBytes(proto, type);
  if (bytes.size() != size) return wrong_size(bytes.size());
  return ir::Tensor::OfBytes(type, std::move(dims), bytes);
}

void TensorHeaderToProto(const ir::Tensor& tensor, std::string_view name, onnx::TensorProto& proto) {
  proto.set_name(name.data(), name.size());
  proto.set_data_type(static_cast<int32_t>(tensor.type()));
  for (const int64_t dim : tensor.dims()) proto.add_dims(dim);
}

void TensorToProto(const ir::Tensor& tensor, std::string_view name, onnx::TensorProto& proto) {
  TensorHeaderToProto(tensor, name, proto);
  if (tensor.type() == ir::DataType::kString) {
    for (const std::string& text : tensor.strings()) proto.add_string_data(text);
  } else {
    proto.set_raw_data(tensor.bytes().data(), tensor.byte_size());
  }
}

ir::Type TypeFromProto(const onnx::TypeProto& proto) {
  ir::Type type;
  if (!proto.has_tensor_type()) {
    if (proto.value_case() != onnx::TypeProto::VALUE_NOT_SET) type.opaque = proto.SerializeAsString();
    return type;
  }
  type.element = static_cast<ir::DataType>(proto.tensor_type().elem_type());
  type.has_rank = proto.tensor_type().has_shape();
  for (const auto& dim : proto.tensor_type().shape().dim()) {
    ir::Dim& out = type.dims.emplace_back();
    if (dim.has_dim_value()) {
      out.value = dim.dim_value() >= 0 ? dim.dim_value() : -1;
    } else if (dim.has_dim_param()) {
      // Some exporters call every open dimension "?", which names none of them.
      if (dim.dim_param() != "?") out.symbol = dim.dim_param();
    }
  }
  return type;
}

void TypeToProto(const ir::Type& type, onnx::TypeProto& proto) {
  if (!type.opaque.empty()) {
    proto.ParseFromString(type.opaque);
    return;
  }
  if (type.element == ir::DataType::kUndefined && !type.has_rank) return;
  auto* tensor = proto.mutable_tensor_type();
  tensor->set_elem_type(static_cast<int32_t>(type.element));
  if (!type.has_rank) return;
  auto* shape = tensor->mutable_shape();
  for (const ir::Dim& dim : type.dims) {
    auto* out = shape->add_dim();
    if (dim.known()) {
      out->set_dim_value(dim.value);
    } else if (!dim.symbol.empty()) {
      out->set_dim_param(dim.symbol);
    }
  }
}

}  // namespace shoehorn::formats
