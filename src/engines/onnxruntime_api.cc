#include "engines/onnxruntime_api.h"

#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "engines/ports.h"

namespace shoehorn::engines {
namespace {

namespace fs = std::filesystem;

fs::path LibraryPath() {
  if (const char* asked = std::getenv("SHOEHORN_ONNXRUNTIME"); asked != nullptr && *asked != '\0')
    return asked;
  std::error_code ignored;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
  const fs::path beside = program.parent_path().parent_path() / "lib" / "libonnxruntime.so.1";
  if (!program.empty() && fs::exists(beside, ignored)) return beside;
  return SHOEHORN_ONNXRUNTIME_LIBRARY;
}

struct Library {
  std::string version;  // empty: it did not open
  Diagnostic error;
};

Library OpenLibrary() {
  Library library;
  const fs::path path = LibraryPath();
  // Since 1.29 the released builds report each session (names and hashes of the model) to their maker unless
  // told otherwise before they start. What a user fits stays with the user.
  ::setenv("ORT_DISABLE_TELEMETRY", "1", 1);
  library.error.file = path.string();
  void* handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    library.error.found = std::string("cannot open ONNX Runtime: ") + ::dlerror();
    library.error.fix = "set SHOEHORN_ONNXRUNTIME to the path of libonnxruntime.so";
    return library;
  }
  using GetBase = const OrtApiBase* (*)();
  const auto get_base = reinterpret_cast<GetBase>(::dlsym(handle, "OrtGetApiBase"));
  const OrtApiBase* base = get_base == nullptr ? nullptr : get_base();
  const OrtApi* api = base == nullptr ? nullptr : base->GetApi(ORT_API_VERSION);
  if (api == nullptr) {
    library.error.found = base == nullptr
                              ? "not an ONNX Runtime library"
                              : std::string("ONNX Runtime ") + base->GetVersionString() + " is too old";
    library.error.expected = "ONNX Runtime 1." + std::to_string(ORT_API_VERSION) + " or newer";
    library.error.fix = "set SHOEHORN_ONNXRUNTIME to the path of a newer libonnxruntime.so";
    return library;
  }
  Ort::InitApi(api);
  library.version = base->GetVersionString();
  return library;
}

const Library& TheLibrary() {
  static const Library library = OpenLibrary();
  return library;
}

// Ours are numbered as TensorProto.DataType, ONNX Runtime's alike up to float4e2m1 and in an order of their
// own after it.
ONNXTensorElementDataType ToOrt(ir::DataType type) {
  switch (type) {
    case ir::DataType::kFloat8E8M0:
      return ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT8E8M0;
    case ir::DataType::kUint2:
      return ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT2;
    case ir::DataType::kInt2:
      return ONNX_TENSOR_ELEMENT_DATA_TYPE_INT2;
    default:
      return static_cast<ONNXTensorElementDataType>(type);
  }
}

ir::DataType FromOrt(ONNXTensorElementDataType type) {
  switch (type) {
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT8E8M0:
      return ir::DataType::kFloat8E8M0;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT2:
      return ir::DataType::kUint2;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT2:
      return ir::DataType::kInt2;
    default:
      return static_cast<ir::DataType>(type);
  }
}
static_assert(static_cast<int>(ir::DataType::kFloat4E2M1) == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT4E2M1);

Port PortOf(std::string name, const Ort::TypeInfo& type) {
  Port port;
  port.name = std::move(name);
  if (type.GetONNXType() != ONNX_TYPE_TENSOR) return port;
  const auto info = type.GetTensorTypeAndShapeInfo();
  port.type = FromOrt(info.GetElementType());
  port.shape = info.GetShape();
  port.dynamic_rank = port.shape.empty() && !info.HasShape();
  return port;
}

}  // namespace

Result<std::string> OpenOnnxRuntimeLibrary() {
  const Library& library = TheLibrary();
  if (library.version.empty()) return library.error;
  return library.version;
}

Result<Ort::Env*> OpenOnnxRuntime() {
  SHOEHORN_TRY(OpenOnnxRuntimeLibrary());
  // Never destroyed: sessions of static storage may outlive every other order.
  static const Result<Ort::Env*> env = []() -> Result<Ort::Env*> {
    try {
      return new Ort::Env(ORT_LOGGING_LEVEL_FATAL, "shoehorn");
    } catch (const Ort::Exception& error) {
      Diagnostic diagnostic;
      diagnostic.file = LibraryPath().string();
      diagnostic.found = std::string("ONNX Runtime does not start: ") + error.what();
      return diagnostic;
    }
  }();
  return env;
}

std::string OnnxRuntimeVersion() { return TheLibrary().version; }

Ort::Value ToOrt(const ir::Tensor& tensor) {
  const ir::Shape& dims = tensor.dims();
  if (tensor.type() == ir::DataType::kString) {
    Ort::AllocatorWithDefaultOptions allocator;
    Ort::Value value = Ort::Value::CreateTensor(allocator, dims.data(), dims.size(), ToOrt(tensor.type()));
    std::vector<const char*> strings;
    for (const std::string& text : tensor.strings()) strings.push_back(text.c_str());
    value.FillStringTensor(strings.data(), strings.size());
    return value;
  }
  static const auto memory = Ort::MemoryInfo::CreateCpu(OrtDeviceAllocator, OrtMemTypeDefault);
  static std::byte
      nothing;  // ONNX Runtime wants an address even for tensors without elements, and never writes inputs
  const auto* data = tensor.byte_size() == 0 ? &nothing : tensor.bytes().data();
  return Ort::Value::CreateTensor(memory, const_cast<std::byte*>(data), tensor.byte_size(), dims.data(),
                                  dims.size(), ToOrt(tensor.type()));
}

Result<ir::Tensor> FromOrt(Ort::ConstValue value, const std::string& name) {
  if (!value.HasValue() || !value.IsTensor()) {
    Diagnostic diagnostic;
    diagnostic.place = "output '" + name + "'";
    diagnostic.found = "no tensor: a sequence, a map or an absent optional value";
    return diagnostic;
  }
  const auto info = value.GetTensorTypeAndShapeInfo();
  const ir::DataType type = FromOrt(info.GetElementType());
  ir::Shape dims = info.GetShape();
  if (type == ir::DataType::kString) {
    std::vector<std::string> strings;
    for (size_t i = 0; i < info.GetElementCount(); ++i) strings.push_back(value.GetStringTensorElement(i));
    return ir::Tensor(std::move(dims), std::move(strings));
  }
  const size_t size =
      (static_cast<size_t>(ir::ElementCount(dims)) * static_cast<size_t>(ir::BitsOf(type)) + 7) / 8;
  const auto* data = size == 0 ? nullptr : static_cast<const std::byte*>(value.GetTensorRawData());
  return ir::Tensor::OfBytes(type, std::move(dims), {data, size});
}

std::vector<Port> InputsOf(const Ort::Session& session) {
  Ort::AllocatorWithDefaultOptions allocator;
  std::vector<Port> ports;
  for (size_t i = 0; i < session.GetInputCount(); ++i)
    ports.push_back(PortOf(session.GetInputNameAllocated(i, allocator).get(), session.GetInputTypeInfo(i)));
  return ports;
}

std::vector<Port> OutputsOf(const Ort::Session& session) {
  Ort::AllocatorWithDefaultOptions allocator;
  std::vector<Port> ports;
  for (size_t i = 0; i < session.GetOutputCount(); ++i)
    ports.push_back(PortOf(session.GetOutputNameAllocated(i, allocator).get(), session.GetOutputTypeInfo(i)));
  return ports;
}

std::vector<const char*> NamesOf(const std::vector<Port>& ports) {
  std::vector<const char*> names;
  for (const Port& port : ports) names.push_back(port.name.c_str());
  return names;
}

Result<std::vector<ir::Tensor>> RunOrt(Ort::Session& session, const std::vector<Port>& inputs,
                                       const std::vector<Port>& outputs,
                                       std::span<const ir::Tensor> tensors) {
  SHOEHORN_TRY(CheckInputs(inputs, tensors));
  const std::vector<const char*> input_names = NamesOf(inputs), output_names = NamesOf(outputs);
  try {
    std::vector<Ort::Value> values;
    for (const ir::Tensor& tensor : tensors) values.push_back(ToOrt(tensor));
    const std::vector<Ort::Value> results =
        session.Run(Ort::RunOptions{nullptr}, input_names.data(), values.data(), values.size(),
                    output_names.data(), output_names.size());
    std::vector<ir::Tensor> out;
    for (size_t i = 0; i < results.size(); ++i) {
      SHOEHORN_ASSIGN(ir::Tensor tensor, FromOrt(results[i].GetConst(), outputs[i].name));
      out.push_back(std::move(tensor));
    }
    return out;
  } catch (const Ort::Exception& error) {
    return OrtError("cannot run the model", error);
  }
}

Diagnostic OrtError(const std::string& doing, const Ort::Exception& error) {
  Diagnostic diagnostic;
  diagnostic.found = "ONNX Runtime " + doing + ": " + error.what();
  return diagnostic;
}

}  // namespace shoehorn::engines
