// ONNX file -> IR. Values are made first, by name, then nodes connect them; inner graphs see the names of the
// graphs around them. What the IR does not look into is carried along serialized.
#include <google/protobuf/arena.h>
#include <onnx/defs/schema.h>
#include <onnx/inliner/inliner.h>

#include <unordered_set>

#include "formats/onnx.h"
#include "formats/onnx_proto.h"

namespace shoehorn::formats {
namespace {

namespace fs = std::filesystem;

template <typename Props>
std::vector<std::pair<std::string, std::string>> MetadataOf(const Props& props) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& prop : props) out.emplace_back(prop.key(), prop.value());
  return out;
}

Diagnostic Bad(std::string place, std::string found, std::string expected = {}, std::string fix = {}) {
  Diagnostic diagnostic;
  diagnostic.place = std::move(place);
  diagnostic.found = std::move(found);
  diagnostic.expected = std::move(expected);
  diagnostic.fix = std::move(fix);
  return diagnostic;
}

std::string NodePlace(const onnx::NodeProto& proto) {
  const std::string& label = proto.name().empty() && proto.output_size() > 0 ? proto.output(0) : proto.name();
  return "node '" + label + "' (" + (proto.domain().empty() ? "" : proto.domain() + ".") + proto.op_type() +
         ")";
}

class Importer {
 public:
  Importer(ir::Model& model, ExternalFiles external, bool check)
      : model_(model), external_(std::move(external)), check_(check) {}

  Status Import(onnx::GraphProto& proto, ir::Graph& graph);

 private:
  using Scope = std::unordered_map<std::string_view, ir::Value*>;

  Status Values(onnx::GraphProto& proto, ir::Graph& graph, Scope& scope);
  Status Initializers(onnx::GraphProto& proto, ir::Graph& graph, Scope& scope);
  Status Nodes(onnx::GraphProto& proto, ir::Graph& graph);
  Result<ir::AttributeValue> Attribute(onnx::AttributeProto& proto, ir::Node& owner);
  Result<std::unique_ptr<ir::Graph>> Inner(onnx::GraphProto& proto, ir::Node& owner);
  Status CheckNode(const onnx::NodeProto& proto);
  ir::Value* Lookup(std::string_view name) const {
    for (size_t i = scopes_.size(); i-- > 0;)
      if (const auto found = scopes_[i].find(name); found != scopes_[i].end()) return found->second;
    return nullptr;
  }

  ir::Model& model_;
  ExternalFiles external_;
  bool check_;
  std::vector<Scope> scopes_;
};

Status Importer::Initializers(onnx::GraphProto& proto, ir::Graph& graph, Scope& scope) {
  for (onnx::TensorProto& tensor_proto : *proto.mutable_initializer()) {
    SHOEHORN_ASSIGN(ir::Tensor tensor, TensorFromProto(tensor_proto, external_));
    ir::Value*& value = scope[tensor_proto.name()];
    if (value != nullptr && (!value->is_input() || value->initializer() != nullptr))
      return Bad("tensor '" + tensor_proto.name() + "'", "two initializers of this name", "a name used once");
    if (value == nullptr) value = &graph.ImportValue(tensor_proto.name());
    const ir::Type declared = value->type;
    graph.SetInitializer(*value, std::move(tensor));
    if (declared.has_rank) value->type = declared;
    value->doc = tensor_proto.doc_string();
  }
  for (const onnx::SparseTensorProto& sparse : proto.sparse_initializer()) {
    const std::string& name = sparse.values().name();
    return Bad("tensor '" + name + "'", "a sparse initializer", "a dense initializer",
               "convert it to dense with ONNX's own tools before importing");
  }
  return Ok();
}

Status Importer::Values(onnx::GraphProto& proto, ir::Graph& graph, Scope& scope) {
  scope.reserve(static_cast<size_t>(proto.node_size() + proto.input_size() + proto.initializer_size()));
  for (const onnx::ValueInfoProto& info : proto.input()) {
    ir::Value*& value = scope[info.name()];
    if (value != nullptr)
      return Bad("input '" + info.name() + "'", "two graph inputs of this name", "a name used once");
    value = &graph.ImportValue(info.name());
    graph.MakeInput(*value);
    value->type = TypeFromProto(info.type());
    value->doc = info.doc_string();
    value->metadata = MetadataOf(info.metadata_props());
  }
  SHOEHORN_TRY(Initializers(proto, graph, scope));
  for (const onnx::NodeProto& node : proto.node()) {
    for (const std::string& name : node.output()) {
      if (name.empty()) continue;
      ir::Value*& value = scope[name];
      if (value != nullptr)
        return Bad(NodePlace(node), "its output '" + name + "' is made twice", "each value made by one node",
                   "the file is damaged or was edited by hand: export the model again");
      value = &graph.ImportValue(name);
    }
  }
  const auto annotate = [&](const onnx::ValueInfoProto& info) {
    const auto found = scope.find(info.name());
    if (found == scope.end() || found->second->is_input() || found->second->initializer() != nullptr) return;
    found->second->type = TypeFromProto(info.type());
    found->second->doc = info.doc_string();
    found->second->metadata = MetadataOf(info.metadata_props());
  };
  for (const onnx::ValueInfoProto& info : proto.value_info()) annotate(info);
  for (const onnx::ValueInfoProto& info : proto.output()) annotate(info);
  return Ok();
}

/// Attributes that divide or stride: libonnx lets a zero pass, engines stop the whole process on it
/// (CVE-2021-29587, CVE-2021-37691 and their like).
Status CheckPositive(const onnx::NodeProto& proto) {
  static const std::unordered_set<std::string_view> kPositive = {"group",        "strides",   "dilations",
                                                                 "kernel_shape", "blocksize", "num_outputs",
                                                                 "hidden_size",  "num_heads", "block_size"};
  for (const auto& attribute : proto.attribute()) {
    if (!kPositive.contains(attribute.name())) continue;
    std::vector<int64_t> values(attribute.ints().begin(), attribute.ints().end());
    if (attribute.type() == onnx::AttributeProto::INT) values.push_back(attribute.i());
    for (const int64_t value : values)
      if (value < 1)
        return Bad(NodePlace(proto), "attribute " + attribute.name() + " holds " + std::to_string(value),
                   "1 or more");
  }
  return Ok();
}

/// An integer division by a constant zero ends the process of every engine.
Status CheckDivisor(const ir::Node& node) {
  if (!node.Is("Div") && !node.Is("Mod")) return Ok();
  const ir::Value* divisor = node.input(1);
  const ir::Tensor* tensor = divisor != nullptr ? ir::ConstantOf(*divisor) : nullptr;
  const auto values = tensor != nullptr ? tensor->ToInts() : std::nullopt;
  if (values && std::ranges::find(*values, 0) != values->end())
    return Bad(node.Describe(), "an integer division by the constant 0", "a divisor other than 0");
  return Ok();
}

Status Importer::CheckNode(const onnx::NodeProto& proto) {
  if (proto.domain().empty() || proto.domain() == "ai.onnx") SHOEHORN_TRY(CheckPositive(proto));
  const std::string domain = proto.domain() == "ai.onnx" ? "" : proto.domain();
  const int64_t version = model_.Opset(domain);
  if (domain.empty() && version == 0)
    return Bad(NodePlace(proto), "the model imports no opset of ONNX's own domain",
               "an opset_import of domain ''", "export the model again");
  const onnx::OpSchema* schema =
      onnx::OpSchemaRegistry::Schema(proto.op_type(), static_cast<int>(version), domain);
  if (schema == nullptr) return Ok();  // an operator of an unknown domain or version is carried through
  try {
    schema->Verify(proto);
  } catch (const std::exception& error) {
    return Bad(NodePlace(proto), std::string("it breaks its operator's definition: ") + error.what(),
               proto.op_type() + " of opset " + std::to_string(version));
  }
  return Ok();
}

Result<std::unique_ptr<ir::Graph>> Importer::Inner(onnx::GraphProto& proto, ir::Node& owner) {
  auto graph = std::make_unique<ir::Graph>(&model_, &owner);
  SHOEHORN_TRY(Import(proto, *graph));
  return graph;
}

Result<ir::AttributeValue> Importer::Attribute(onnx::AttributeProto& proto, ir::Node& owner) {
  using Proto = onnx::AttributeProto;
  if (!proto.ref_attr_name().empty())
    return ir::AttributeValue(ir::OpaqueAttribute{proto.SerializeAsString()});
  auto type = proto.type();
  if (type == Proto::UNDEFINED) {  // files of IR version 1 do not say
    type = proto.has_f()              ? Proto::FLOAT
           : proto.has_i()            ? Proto::INT
           : proto.has_s()            ? Proto::STRING
           : proto.has_t()            ? Proto::TENSOR
           : proto.has_g()            ? Proto::GRAPH
           : proto.floats_size() > 0  ? Proto::FLOATS
           : proto.ints_size() > 0    ? Proto::INTS
           : proto.strings_size() > 0 ? Proto::STRINGS
                                      : Proto::INTS;
  }
  switch (type) {
    case Proto::FLOAT:
      return ir::AttributeValue(proto.f());
    case Proto::INT:
      return ir::AttributeValue(static_cast<int64_t>(proto.i()));
    case Proto::STRING:
      return ir::AttributeValue(std::move(*proto.mutable_s()));
    case Proto::FLOATS:
      return ir::AttributeValue(std::vector<float>(proto.floats().begin(), proto.floats().end()));
    case Proto::INTS:
      return ir::AttributeValue(std::vector<int64_t>(proto.ints().begin(), proto.ints().end()));
    case Proto::STRINGS:
      return ir::AttributeValue(std::vector<std::string>(proto.strings().begin(), proto.strings().end()));
    case Proto::TENSOR: {
      SHOEHORN_ASSIGN(ir::Tensor tensor, TensorFromProto(*proto.mutable_t(), external_));
      return ir::AttributeValue(std::move(tensor));
    }
    case Proto::TENSORS: {
      std::vector<ir::Tensor> tensors;
      for (onnx::TensorProto& one : *proto.mutable_tensors()) {
        SHOEHORN_ASSIGN(tensors.emplace_back(), TensorFromProto(one, external_));
      }
      return ir::AttributeValue(std::move(tensors));
    }
    case Proto::GRAPH: {
      SHOEHORN_ASSIGN(auto graph, Inner(*proto.mutable_g(), owner));
      return ir::AttributeValue(std::move(graph));
    }
    case Proto::GRAPHS: {
      std::vector<std::unique_ptr<ir::Graph>> graphs;
      for (onnx::GraphProto& one : *proto.mutable_graphs()) {
        SHOEHORN_ASSIGN(graphs.emplace_back(), Inner(one, owner));
      }
      return ir::AttributeValue(std::move(graphs));
    }
    default:
      return ir::AttributeValue(ir::OpaqueAttribute{proto.SerializeAsString()});
  }
}

Status Importer::Nodes(onnx::GraphProto& proto, ir::Graph& graph) {
  bool ordered = true;
  for (onnx::NodeProto& node_proto : *proto.mutable_node()) {
    if (check_) SHOEHORN_TRY(CheckNode(node_proto));
    std::vector<ir::Value*> inputs, outputs;
    inputs.reserve(static_cast<size_t>(node_proto.input_size()));
    for (const std::string& name : node_proto.input()) {
      ir::Value* value = name.empty() ? nullptr : Lookup(name);
      if (!name.empty() && value == nullptr)
        return Bad(NodePlace(node_proto), "it reads '" + name + "', which nothing makes",
                   "a graph input, an initializer or the output of a node");
      if (value != nullptr && &value->graph() == &graph && value->producer() == nullptr &&
          !value->is_input() && value->initializer() == nullptr)
        ordered = false;
      inputs.push_back(value);
    }
    for (const std::string& name : node_proto.output())
      outputs.push_back(name.empty() ? nullptr : scopes_.back().find(name)->second);
    ir::Node& node = graph.AddNodeWithOutputs(node_proto.op_type(), std::move(inputs), std::move(outputs));
    node.domain = node_proto.domain() == "ai.onnx" ? "" : node_proto.domain();
    node.overload = node_proto.overload();
    node.name = node_proto.name();
    node.doc = node_proto.doc_string();
    node.metadata = MetadataOf(node_proto.metadata_props());
    for (onnx::AttributeProto& attribute : *node_proto.mutable_attribute()) {
      std::string name = attribute.name();
      Result<ir::AttributeValue> value = Attribute(attribute, node);
      if (!value.ok()) {
        Diagnostic diagnostic = value.error();
        if (!diagnostic.place.starts_with("node"))
          diagnostic.place = node.Describe() + ": " + diagnostic.place;
        return diagnostic;
      }
      node.attributes().push_back({std::move(name), std::move(value).value()});
    }
    if (check_) SHOEHORN_TRY(CheckDivisor(node));
  }
  // An inner graph may read a value that a later node of this graph makes; only the sort sees that.
  for (const ir::Node& node : graph.nodes()) ordered = ordered && node.Subgraphs().empty();
  if (!ordered && !graph.SortTopologically())
    return Bad("graph '" + proto.name() + "'", "its nodes form a cycle", "an acyclic graph",
               "the file is damaged or was edited by hand: export the model again");
  return Ok();
}

Status Importer::Import(onnx::GraphProto& proto, ir::Graph& graph) {
  graph.name = proto.name();
  graph.doc = proto.doc_string();
  graph.metadata = MetadataOf(proto.metadata_props());
  for (const auto& annotation : proto.quantization_annotation())
    graph.opaque_quantization_annotations.push_back(annotation.SerializeAsString());
  scopes_.emplace_back();
  SHOEHORN_TRY(Values(proto, graph, scopes_.back()));
  SHOEHORN_TRY(Nodes(proto, graph));
  for (const onnx::ValueInfoProto& info : proto.output()) {
    ir::Value* value = Lookup(info.name());
    if (value == nullptr)
      return Bad("output '" + info.name() + "'", "a graph output that nothing makes", "the output of a node");
    if (&value->graph() != &graph) {  // an inner graph that hands out a value of an outer one
      ir::Node& identity = graph.AddNode("Identity", "", {value});
      identity.output()->type = value->type;
      value = identity.output();
    }
    graph.AddOutput(*value);
  }
  scopes_.pop_back();
  return Ok();
}

Diagnostic WithFile(Diagnostic diagnostic, const fs::path& source) {
  if (diagnostic.file.empty()) diagnostic.file = source.string();
  return diagnostic;
}

/// A message that goes as a whole, not node by node.
class ArenaMessage {
 public:
  ArenaMessage()
      : arena_(Options()), proto_(google::protobuf::Arena::CreateMessage<onnx::ModelProto>(&arena_)) {}
  onnx::ModelProto& operator*() { return *proto_; }

 private:
  static google::protobuf::ArenaOptions Options() {
    google::protobuf::ArenaOptions options;
    options.max_block_size = size_t{1} << 20;
    return options;
  }
  google::protobuf::Arena arena_;
  onnx::ModelProto* proto_;
};

}  // namespace

Result<std::unique_ptr<ir::Model>> ModelFromProto(onnx::ModelProto& proto, const fs::path& source,
                                                  bool inline_functions, bool check) {
  auto model = std::make_unique<ir::Model>();
  model->source = source;
  if (!proto.has_graph())
    return WithFile(Bad("", "a protobuf message without a graph", "an ONNX model"), source);
  if (inline_functions && proto.functions_size() > 0) {
    try {
      onnx::inliner::InlineLocalFunctions(proto, true);
    } catch (const std::exception& error) {
      return WithFile(Bad("", std::string("its functions cannot be inlined: ") + error.what()), source);
    }
  }
  model->ir_version = proto.ir_version();
  for (const auto& opset : proto.opset_import())
    model->opsets.push_back({opset.domain() == "ai.onnx" ? "" : opset.domain(), opset.version()});
  model->producer_name = proto.producer_name();
  model->producer_version = proto.producer_version();
  model->domain = proto.domain();
  model->doc = proto.doc_string();
  model->model_version = proto.model_version();
  model->metadata = MetadataOf(proto.metadata_props());
  for (const auto& function : proto.functions())
    model->opaque_functions.push_back(function.SerializeAsString());
  for (const auto& training : proto.training_info())
    model->opaque_training.push_back(training.SerializeAsString());
  ExternalFiles external{source.parent_path(), !source.empty(), {}};
  Importer importer(*model, std::move(external), check);
  if (const Status status = importer.Import(*proto.mutable_graph(), *model->graph); !status.ok())
    return WithFile(status.error(), source);
  return model;
}

Result<std::unique_ptr<ir::Model>> LoadOnnx(const fs::path& path, const ImportOptions& options) {
  SHOEHORN_ASSIGN(const auto file, MappedFile::Open(path));
  const auto bytes = file->bytes();
  if (bytes.empty()) return WithFile(Bad("", "an empty file", "an ONNX model"), path);
  if (bytes.size() > static_cast<size_t>(INT32_MAX))
    return WithFile(Bad("", std::to_string(bytes.size()) + " bytes in one file",
                        "at most 2 GB, protobuf's limit", "save the model with its weights as external data"),
                    path);
  ArenaMessage message;
  onnx::ModelProto& proto = *message;
  if (!proto.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return WithFile(Bad("", "not an ONNX model, or truncated: the protobuf message cannot be parsed",
                        "a file written by an ONNX exporter", "export or copy the file again"),
                    path);
  return ModelFromProto(proto, path, options.inline_functions, options.check);
}

Result<std::unique_ptr<ir::Model>> ParseOnnx(std::string_view bytes, const ImportOptions& options) {
  ArenaMessage message;
  onnx::ModelProto& proto = *message;
  if (bytes.size() > static_cast<size_t>(INT32_MAX) ||
      !proto.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return Bad("", "bytes that are no ONNX model");
  return ModelFromProto(proto, {}, options.inline_functions, options.check);
}

}  // namespace shoehorn::formats
