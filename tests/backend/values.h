// Values of ONNX's backend tests: a tensor, a sequence, or nothing (an empty optional). Read from the .pb
// files, handed to ONNX Runtime, taken back and compared. Sequences and optionals exist only in these tests,
// so the engine's own interface, which deals in tensors, is not stretched for them.
#pragma once

#include <onnx/onnx-data.pb.h>
#include <onnxruntime_cxx_api.h>

#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "ir/tensor.h"
#include "support/result.h"

namespace shoehorn::backend {

struct Value;
using Sequence = std::vector<Value>;
struct Value {
  std::variant<std::monostate, ir::Tensor, Sequence> content;
};

/// Reads a .pb file whose message is the one that `type` (of the model's input or output) asks for.
Result<Value> ReadValue(const std::filesystem::path& path, const onnx::TypeProto& type);

Ort::Value ToRuntime(const Value& value);
Value FromRuntime(const Ort::Value& value);

/// Empty when `found` equals `expected` as numpy.testing.assert_allclose(rtol=1e-3, atol=1e-7) sees it (the
/// tolerance of ONNX's own runner), with the same types and shapes; else what differs.
std::string Difference(const Value& found, const Value& expected);

}  // namespace shoehorn::backend
