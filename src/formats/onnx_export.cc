// IR -> ONNX file, atomically. A node or a tensor at a time becomes a message and is written to bytes, so
// that no message of the whole model is built, and large weights go from where they are into the file. Above
// protobuf's 2 GB they are streamed into one external file beside the model.
#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>

#include "formats/onnx.h"
#include "formats/onnx_proto.h"

namespace shoehorn::formats {
namespace {

namespace fs = std::filesystem;

constexpr size_t kInlineLimit = size_t{1900} << 20;  // leaves protobuf's 2 GB room for everything else
constexpr size_t kStaysInside = 1024;                // smaller tensors (shapes, scales) stay in the message
constexpr size_t kAlignment = 64;
constexpr size_t kWorthwhile = 4096;  // smaller tensors are copied into the message

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

bool HasType(const ir::Value& value) {
  return value.type.element != ir::DataType::kUndefined || !value.type.opaque.empty();
}

// In the order of the fields' numbers, as protobuf writes them.
void GraphToProto(const ir::Graph& graph, const ExportOptions& options, onnx::GraphProto& proto) {
  const bool taken = options.take != nullptr && graph.owner() == nullptr;
  const auto done = [&](std::span<const std::byte> raw = {}) {
    if (taken) options.take(proto, raw);
  };
  const auto elided = [&](const ir::Value& value) {
    return options.elide_above > 0 && static_cast<size_t>(value.initializer()->count()) > options.elide_above;
  };
  if (!taken) proto.mutable_node()->Reserve(static_cast<int>(graph.node_count()));
  for (const ir::Node& node : graph.nodes()) {
    NodeToProto(node, options, *proto.add_node());
    done();
  }
  proto.set_name(graph.name.empty() ? "graph" : graph.name);
  done();
  for (const auto& value : graph.values()) {
    if (value->initializer() == nullptr || elided(*value)) continue;
    const ir::Tensor& tensor = *value->initializer();
    onnx::TensorProto& out = *proto.add_initializer();
    if (!value->doc.empty()) out.set_doc_string(value->doc);
    const bool outside = options.place_outside && options.place_outside(tensor, value->name(), out);
    if (!outside && taken && tensor.byte_size() >= kWorthwhile) {
      TensorHeaderToProto(tensor, value->name(), out);
      done(tensor.bytes());
      continue;
    }
    if (!outside) TensorToProto(tensor, value->name(), out);
    done();
  }
  if (!graph.doc.empty()) proto.set_doc_string(graph.doc);
  for (const ir::Value* input : graph.inputs()) ValueToProto(*input, *proto.add_input());
  for (const ir::Value* output : graph.outputs()) ValueToProto(*output, *proto.add_output());
  done();
  if (options.value_types) {
    for (const ir::Node& node : graph.nodes()) {
      for (const ir::Value* output : node.outputs()) {
        if (output == nullptr || output->is_output() || !HasType(*output)) continue;
        ValueToProto(*output, *proto.add_value_info());
        done();
      }
    }
  }
  for (const auto& value : graph.values())
    if (value->initializer() != nullptr && elided(*value) && !value->is_input())
      ValueToProto(*value, *proto.add_value_info());
  for (const std::string& annotation : graph.opaque_quantization_annotations)
    proto.add_quantization_annotation()->ParseFromString(annotation);
  AddMetadata(graph.metadata, proto.mutable_metadata_props());
  done();
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

/// What stands before the graph: the fields of lower numbers.
void HeadToProto(const ir::Model& model, onnx::ModelProto& proto) {
  proto.set_ir_version(IrVersionFor(model));
  if (!model.producer_name.empty()) proto.set_producer_name(model.producer_name);
  if (!model.producer_version.empty()) proto.set_producer_version(model.producer_version);
  if (!model.domain.empty()) proto.set_domain(model.domain);
  if (!model.doc.empty()) proto.set_doc_string(model.doc);
  if (model.model_version != 0) proto.set_model_version(model.model_version);
}

/// What stands behind the graph: the fields of higher numbers.
void TailToProto(const ir::Model& model, onnx::ModelProto& proto) {
  for (const ir::OpsetId& opset : model.opsets) {
    auto* id = proto.add_opset_import();
    id->set_domain(opset.domain);
    id->set_version(opset.version);
  }
  AddMetadata(model.metadata, proto.mutable_metadata_props());
  for (const std::string& function : model.opaque_functions) proto.add_functions()->ParseFromString(function);
  for (const std::string& training : model.opaque_training)
    proto.add_training_info()->ParseFromString(training);
}

/// Tag and length that stand before a field of `size` bytes.
std::string FieldHeader(int field, size_t size) {
  using google::protobuf::io::CodedOutputStream;
  constexpr uint32_t kLengthDelimited = 2;
  uint8_t bytes[10];
  uint8_t* end =
      CodedOutputStream::WriteVarint32ToArray(static_cast<uint32_t>(field) << 3 | kLengthDelimited, bytes);
  end = CodedOutputStream::WriteVarint64ToArray(size, end);
  return {bytes, end};
}

/// A model in protobuf's bytes, fields in the order of their numbers as protobuf itself writes them: OpenVINO
/// knows an ONNX file by its first fields and refuses some where another order reigns. The bytes of large
/// tensors are not among them but noted with their places.
class Message {
 public:
  Message(const ir::Model& model, ExportOptions options) {
    options.take = [&](onnx::GraphProto& part, std::span<const std::byte> raw) { Take(part, raw); };
    onnx::GraphProto part;
    GraphToProto(*model.graph, options, part);
    onnx::ModelProto head, tail;
    HeadToProto(model, head);
    TailToProto(model, tail);
    head_ = head.SerializeAsString() + FieldHeader(onnx::ModelProto::kGraphFieldNumber, graph_size());
    tail_ = tail.SerializeAsString();
  }

  size_t size() const { return head_.size() + graph_size() + tail_.size(); }

  /// Calls `use(bytes)` for one run of bytes after the other.
  template <typename Use>
  Status ForEachRun(const Use& use) const {
    SHOEHORN_TRY(use(std::as_bytes(std::span(head_))));
    const auto graph = std::as_bytes(std::span(graph_));
    size_t used = 0;
    for (const Weights& weights : weights_) {
      SHOEHORN_TRY(use(graph.subspan(used, weights.at - used)));
      SHOEHORN_TRY(use(weights.bytes));
      used = weights.at;
    }
    SHOEHORN_TRY(use(graph.subspan(used)));
    return use(std::as_bytes(std::span(tail_)));
  }

 private:
  struct Weights {
    size_t at;  ///< how many bytes of graph_ stand before them
    std::span<const std::byte> bytes;
  };

  size_t graph_size() const { return graph_.size() + weights_size_; }

  void Take(onnx::GraphProto& part, std::span<const std::byte> raw) {
    if (raw.empty()) {
      part.AppendToString(&graph_);
    } else {
      const onnx::TensorProto& tensor = part.initializer(0);
      const std::string before_raw = FieldHeader(onnx::TensorProto::kRawDataFieldNumber, raw.size());
      graph_ += FieldHeader(onnx::GraphProto::kInitializerFieldNumber,
                            tensor.ByteSizeLong() + before_raw.size() + raw.size());
      tensor.AppendToString(&graph_);
      graph_ += before_raw;
      weights_.push_back({graph_.size(), raw});
      weights_size_ += raw.size();
    }
    part.Clear();
  }

  std::string head_, graph_, tail_;
  std::vector<Weights> weights_;
  size_t weights_size_ = 0;
};

Status CheckSize(const Message& message, const fs::path& path) {
  if (message.size() > static_cast<size_t>(INT32_MAX)) return TooLarge(path);
  return Ok();
}

Status Write(const Message& message, const fs::path& path) {
  SHOEHORN_TRY(CheckSize(message, path));
  SHOEHORN_ASSIGN(const auto file, StagedFile::Create(path));
  SHOEHORN_TRY(message.ForEachRun([&](std::span<const std::byte> bytes) { return file->Append(bytes); }));
  return file->Commit();
}

}  // namespace

void ModelToProto(const ir::Model& model, const ExportOptions& options, onnx::ModelProto& proto) {
  HeadToProto(model, proto);
  TailToProto(model, proto);
  GraphToProto(*model.graph, options, *proto.mutable_graph());
}

Result<std::string> SerializeOnnx(const ir::Model& model) {
  if (TensorBytes(*model.graph) > kInlineLimit) return TooLarge(model.source);
  const Message message(model, {});
  SHOEHORN_TRY(CheckSize(message, model.source));
  std::string out;
  out.reserve(message.size());
  SHOEHORN_TRY(message.ForEachRun([&](std::span<const std::byte> bytes) {
    out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return Ok();
  }));
  return out;
}

Status SaveOnnx(const ir::Model& model, const fs::path& path, bool external) {
  if (!external && TensorBytes(*model.graph) <= kInlineLimit) return Write(Message(model, {}), path);
  SHOEHORN_ASSIGN(ExternalWriter writer, ExternalWriter::Create(path));
  ExportOptions options;
  options.place_outside = [&](const ir::Tensor& tensor, std::string_view name, onnx::TensorProto& out) {
    return writer.Place(tensor, name, out);
  };
  const Message message(model, options);
  SHOEHORN_TRY(CheckSize(message, path));
  SHOEHORN_TRY(writer.Commit());
  return Write(message, path);
}

}  // namespace shoehorn::formats
