// ONNX files: the only folder that knows protobuf. Import maps the file; weights in external files stay views
// of their mapping, weights inside the file are moved out of the parsed message once. Export writes what the
// checker accepts.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "ir/graph.h"
#include "ir/interfaces.h"

namespace shoehorn::formats {

struct ImportOptions {
  bool inline_functions = true;
  bool check = true;  ///< structural check by libonnx; its message is wrapped in a Diagnostic
};

/// Reads an ONNX model. Errors: unreadable, truncated or corrupt file, external data that leaves the model's
/// folder or its file, wrong tensor sizes, a cycle, names used twice; each names the node or tensor.
Result<std::unique_ptr<ir::Model>> LoadOnnx(const std::filesystem::path& path,
                                            const ImportOptions& options = {});

/// Model from serialized bytes (no external data).
Result<std::unique_ptr<ir::Model>> ParseOnnx(std::string_view bytes, const ImportOptions& options = {});

/// Writes the model atomically. Tensors go to one external file `<name>.data` beside it when the message
/// would pass 2 GB (or `external` asks for it); those bytes are streamed, never gathered in memory.
Status SaveOnnx(const ir::Model& model, const std::filesystem::path& path, bool external = false);

/// The serialized model; must stay below 2 GB.
Result<std::string> SerializeOnnx(const ir::Model& model);

/// ONNX's own textual syntax (https://onnx.ai/onnx/repo-docs/Syntax.html), by libonnx's parser and printer.
Result<std::unique_ptr<ir::Model>> ParseText(std::string_view text);
/// Text of the model; tensors above 16 elements are elided when `elide` is set (not parseable then).
std::string PrintText(const ir::Model& model, bool elide = false);

/// Type and shape inference by libonnx's schemas, node by node, with propagation of small integer values so
/// that shape arithmetic is seen through. `model` must outlive it.
std::unique_ptr<ir::TypeInference> MakeTypeInference(const ir::Model& model);

/// Highest opset of ONNX's own domain that this build knows.
int64_t NewestOpset();
/// Converts ONNX's own domain to `opset` by libonnx's version converter.
Result<std::unique_ptr<ir::Model>> ConvertOpset(const ir::Model& model, int64_t opset);

}  // namespace shoehorn::formats
