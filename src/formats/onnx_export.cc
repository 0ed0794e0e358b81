// IR -> ONNX file, atomically. Above protobuf's 2 GB the weights are streamed into one external file beside
// the model.
#include <fmt/format.h>

#include "formats/onnx.h"
#include "formats/onnx_proto.h"

namespace shoehorn::formats {
namespace {

namespace fs = std::filesystem;

constexpr size_t kInlineLimit = size_t{1900} << 20;  // leaves protobuf's 2 GB room for everything else
constexpr size_t kStaysInside = 1024;                // smaller tensors (shapes, scales) stay in the message
constexpr size_t kAlignment = 64;

template <typename Props>
void AddMetadata(const std::vector<std::pair<std::string, std::string>>& metadata, Props* props) {
  for (const auto& [key, value] : metadata) {
    auto* entry = props->Add();
    entry->set_key(key);
    entry->set_value(value);
  }
}

void PlaceTensor(const ir::Tensor& tensor, std::string_view name, const ExportOptions& options,
                 onnx::TensorProto& proto) {
  if (options.place_outside && options.place_outside(tensor, name, proto)) return;
  TensorToProto(tensor, name, proto);
}

void GraphToProto(const ir::Graph& graph, const ExportOptions& options, onnx::GraphProto& proto);

void ValueToProto(const ir::Value& value, onnx::ValueInfoProto& proto) {
  proto.set_name(value.name());
  if (value.type.element != ir::DataType::kUndefined || !value.type.opaque.empty())
    TypeToProto(value.type, *proto.mutable_type());
  if (!value.doc.empty()) proto.set_doc_string(value.doc);
  AddMetadata(value.metadata, proto.mutable_metadata_props());
}

void NodeToProto(const ir::Node& node, const ExportOptions& options, onnx::NodeProto& proto) {
  proto.set_op_type(node.op_type);
  if (!node.name.empty()) proto.set_name(node.name);
  if (!node.domain.empty()) proto.set_domain(node.domain);
  if (!node.overload.empty()) proto.set_overload(node.overload);
  if (!node.doc.empty()) proto.set_doc_string(node.doc);
  for (const ir::Value* input : node.inputs()) proto.add_input(input != nullptr ? input->name() : "");
  for (const ir::Value* output : node.outputs()) proto.add_output(output != nullptr ? output->name() : "");
  for (const ir::Attribute& attribute : node.attributes())
    AttributeToProto(attribute, options, *proto.add_attribute());
  AddMetadata(node.metadata, proto.mutable_metadata_props());
}

void GraphToProto(const ir::Graph& graph, const ExportOptions& options, onnx::GraphProto& proto) {
  proto.set_name(graph.name.empty() ? "graph" : graph.name);
  if (!graph.doc.empty()) proto.set_doc_string(graph.doc);
  AddMetadata(graph.metadata, proto.mutable_metadata_props());
  for (const std::string& annotation : graph.opaque_quantization_annotations)
    proto.add_quantization_annotation()->ParseFromString(annotation);
  for (const ir::Value* input : graph.inputs()) ValueToProto(*input, *proto.add_input());
  for (const ir::Value* output : graph.outputs()) ValueToProto(*output, *proto.add_output());
  proto.mutable_node()->Reserve(static_cast<int>(graph.node_count()));
  for (const ir::Node& node : graph.nodes()) {
    NodeToProto(node, options, *proto.add_node());
    if (!options.value_types) continue;
    for (const ir::Value* output : node.outputs()) {
      if (output == nullptr || output->is_output()) continue;
      if (output->type.element != ir::DataType::kUndefined || !output->type.opaque.empty())
        ValueToProto(*output, *proto.add_value_info());
    }
  }
  for (const auto& value : graph.values()) {
    if (value->initializer() == nullptr) continue;
    const ir::Tensor& tensor = *value->initializer();
    if (options.elide_above > 0 && static_cast<size_t>(tensor.count()) > options.elide_above) {
      if (!value->is_input()) ValueToProto(*value, *proto.add_value_info());
      continue;
    }
    onnx::TensorProto& out = *proto.add_initializer();
    PlaceTensor(tensor, value->name(), options, out);
    if (!value->doc.empty()) out.set_doc_string(value->doc);
  }
}

/// Sum of the sizes of all tensors of the model, inner graphs and attributes too.
size_t TensorBytes(ir::Graph& main) {
  size_t total = 0;
  ir::ForEachGraph(main, [&](ir::Graph& graph) {
    for (const auto& value : graph.values())
      if (value->initializer() != nullptr) total += value->initializer()->byte_size();
    for (const ir::Node& node : graph.nodes())
      for (const ir::Attribute& attribute : node.attributes())
        if (const auto* tensor = std::get_if<ir::Tensor>(&attribute.value)) total += tensor->byte_size();
  });
  return total;
}

Diagnostic TooLarge(const fs::path& path) {
  Diagnostic diagnostic;
  diagnostic.file = path.string();
  diagnostic.found = "a model whose message passes protobuf's 2 GB";
  diagnostic.fix = "write it with its weights as external data";
  return diagnostic;
}

/// Streams the large tensors of a model into one file and puts references to it into the message.
class ExternalWriter {
 public:
  static Result<ExternalWriter> Create(const fs::path& model_path) {
    fs::path path = model_path;
    path += ".data";
    SHOEHORN_ASSIGN(auto file, StagedFile::Create(path));
    ExternalWriter writer;
    writer.location_ = path.filename().string();
    writer.file_ = std::move(file);
    return writer;
  }

  bool Place(const ir::Tensor& tensor, std::string_view name, onnx::TensorProto& proto) {
    if (tensor.byte_size() < kStaysInside || !status_.ok()) return false;
    static constexpr std::byte kPadding[kAlignment] = {};
    const size_t padding = (kAlignment - file_->size() % kAlignment) % kAlignment;
    status_ = file_->Append(std::span(kPadding, padding));
    if (!status_.ok()) return false;
    proto.set_name(std::string(name));
    proto.set_data_type(static_cast<int32_t>(tensor.type()));
    for (const int64_t dim : tensor.dims()) proto.add_dims(dim);
    proto.set_data_location(onnx::TensorProto::EXTERNAL);
    const auto add = [&](const char* key, std::string value) {
      auto* entry = proto.add_external_data();
      entry->set_key(key);
      entry->set_value(std::move(value));
    };
    add("location", location_);
    add("offset", std::to_string(file_->size()));
    add("length", std::to_string(tensor.byte_size()));
    status_ = file_->Append(tensor.bytes());
    return true;
  }

  Status Commit() {
    SHOEHORN_TRY(std::move(status_));
    return file_->Commit();
  }

 private:
  std::string location_;
  std::unique_ptr<StagedFile> file_;
  Status status_ = Ok();
};

Result<std::string> Serialize(const onnx::ModelProto& proto, const fs::path& path) {
  std::string bytes;
  if (proto.ByteSizeLong() > static_cast<size_t>(INT32_MAX) || !proto.SerializeToString(&bytes))
    return TooLarge(path);
  return bytes;
}

}  // namespace

void AttributeToProto(const ir::Attribute& attribute, const ExportOptions& options,
                      onnx::AttributeProto& proto) {
  using Proto = onnx::AttributeProto;
  struct Visitor {
    const ir::Attribute& attribute;
    const ExportOptions& options;
    Proto& proto;
    void operator()(int64_t value) const { proto.set_type(Proto::INT), proto.set_i(value); }
    void operator()(float value) const { proto.set_type(Proto::FLOAT), proto.set_f(value); }
    void operator()(const std::string& value) const { proto.set_type(Proto::STRING), proto.set_s(value); }
    void operator()(const std::vector<int64_t>& values) const {
      proto.set_type(Proto::INTS);
      proto.mutable_ints()->Add(values.begin(), values.end());
    }
    void operator()(const std::vector<float>& values) const {
      proto.set_type(Proto::FLOATS);
      proto.mutable_floats()->Add(values.begin(), values.end());
    }
    void operator()(const std::vector<std::string>& values) const {
      proto.set_type(Proto::STRINGS);
      for (const std::string& value : values) proto.add_strings(value);
    }
    void operator()(const ir::Tensor& value) const {
      proto.set_type(Proto::TENSOR);
      PlaceTensor(value, "", options, *proto.mutable_t());
    }
    void operator()(const std::vector<ir::Tensor>& values) const {
      proto.set_type(Proto::TENSORS);
      for (const ir::Tensor& value : values) PlaceTensor(value, "", options, *proto.add_tensors());
    }
    void operator()(const std::unique_ptr<ir::Graph>& value) const {
      proto.set_type(Proto::GRAPH);
      GraphToProto(*value, options, *proto.mutable_g());
    }
    void operator()(const std::vector<std::unique_ptr<ir::Graph>>& values) const {
      proto.set_type(Proto::GRAPHS);
      for (const auto& value : values) GraphToProto(*value, options, *proto.add_graphs());
    }
    void operator()(const ir::OpaqueAttribute& value) const { proto.ParseFromString(value.bytes); }
  };
  std::visit(Visitor{attribute, options, proto}, attribute.value);
  proto.set_name(attribute.name);
}

namespace {

/// The model's own version, or 4 where a constant is no graph input: earlier versions had no such thing.
int64_t IrVersionFor(const ir::Model& model) {
  constexpr int64_t kConstantsApart = 4;
  if (model.ir_version >= kConstantsApart) return model.ir_version;
  bool apart = false;
  ir::ForEachGraph(*model.graph, [&](const ir::Graph& graph) {
    apart |=
        std::ranges::any_of(graph.values(), [](const auto& value) { return value->constant() != nullptr; });
  });
  return apart ? kConstantsApart : model.ir_version;
}

}  // namespace

void ModelToProto(const ir::Model& model, const ExportOptions& options, onnx::ModelProto& proto) {
  proto.set_ir_version(IrVersionFor(model));
  for (const ir::OpsetId& opset : model.opsets) {
    auto* id = proto.add_opset_import();
    id->set_domain(opset.domain);
    id->set_version(opset.version);
  }
  if (!model.producer_name.empty()) proto.set_producer_name(model.producer_name);
  if (!model.producer_version.empty()) proto.set_producer_version(model.producer_version);
  if (!model.domain.empty()) proto.set_domain(model.domain);
  if (!model.doc.empty()) proto.set_doc_string(model.doc);
  if (model.model_version != 0) proto.set_model_version(model.model_version);
  AddMetadata(model.metadata, proto.mutable_metadata_props());
  for (const std::string& function : model.opaque_functions) proto.add_functions()->ParseFromString(function);
  for (const std::string& training : model.opaque_training)
    proto.add_training_info()->ParseFromString(training);
  GraphToProto(*model.graph, options, *proto.mutable_graph());
}

Result<std::string> SerializeOnnx(const ir::Model& model) {
  if (TensorBytes(*model.graph) > kInlineLimit) return TooLarge(model.source);
  onnx::ModelProto proto;
  ModelToProto(model, {}, proto);
  return Serialize(proto, model.source);
}

Status SaveOnnx(const ir::Model& model, const fs::path& path, bool external) {
  onnx::ModelProto proto;
  if (!external && TensorBytes(*model.graph) <= kInlineLimit) {
    ModelToProto(model, {}, proto);
    SHOEHORN_ASSIGN(const std::string bytes, Serialize(proto, path));
    return WriteAtomically(path, bytes);
  }
  SHOEHORN_ASSIGN(ExternalWriter writer, ExternalWriter::Create(path));
  ExportOptions options;
  options.place_outside = [&](const ir::Tensor& tensor, std::string_view name, onnx::TensorProto& out) {
    return writer.Place(tensor, name, out);
  };
  ModelToProto(model, options, proto);
  SHOEHORN_ASSIGN(const std::string bytes, Serialize(proto, path));
  SHOEHORN_TRY(writer.Commit());
  return WriteAtomically(path, bytes);
}

}  // namespace shoehorn::formats
