// Inside formats only: pieces that turn protobuf messages into the IR and back, shared by import, export,
// text and inference.
#pragma once

#include <onnx/onnx_pb.h>

#include <filesystem>
#include <functional>
#include <span>
#include <string>

#include "ir/graph.h"
#include "support/files.h"

namespace shoehorn::formats {

ir::Type TypeFromProto(const onnx::TypeProto& proto);
void TypeToProto(const ir::Type& type, onnx::TypeProto& proto);

/// Where a tensor's external bytes may lie, with the files mapped so far (each is mapped once).
struct ExternalFiles {
  std::filesystem::path folder;
  bool allowed = false;  ///< false for models that do not come from a file
  std::vector<std::shared_ptr<const MappedFile>> mapped;
};

/// Moves the bytes out of `proto` (raw data is taken, not copied) or maps them. Errors name the tensor: sizes
/// that do not fit, external data outside the model's folder or beyond its file.
Result<ir::Tensor> TensorFromProto(onnx::TensorProto& proto, ExternalFiles& external);
void TensorToProto(const ir::Tensor& tensor, std::string_view name, onnx::TensorProto& proto);
/// TensorToProto() without the elements.
void TensorHeaderToProto(const ir::Tensor& tensor, std::string_view name, onnx::TensorProto& proto);

struct ExportOptions {
  bool value_types = true;  ///< write what is known of the types of inner values
  size_t elide_above = 0;   ///< >0: tensors of more elements are written without their values (for people)
  /// Called for each tensor; true when it has put a reference to external data into the message instead of
  /// bytes.
  std::function<bool(const ir::Tensor&, std::string_view name, onnx::TensorProto&)> place_outside;
  /// Called whenever a part of the main graph (a node, an initializer, a type) has been added to its message;
  /// may take the part out and leave the message empty. `raw`: the elements of an initializer, which are left
  /// out of its message then.
  std::function<void(onnx::GraphProto& part, std::span<const std::byte> raw)> take;
};
void ModelToProto(const ir::Model& model, const ExportOptions& options, onnx::ModelProto& proto);
void AttributeToProto(const ir::Attribute& attribute, const ExportOptions& options,
                      onnx::AttributeProto& proto);

/// Consumes `proto`.
Result<std::unique_ptr<ir::Model>> ModelFromProto(onnx::ModelProto& proto,
                                                  const std::filesystem::path& source, bool inline_functions,
                                                  bool check);

}  // namespace shoehorn::formats
