#include "place/repository.h"

#include <fmt/format.h>

#include <cctype>

#include "formats/onnx.h"
#include "support/files.h"

namespace shoehorn::place {
namespace {

namespace fs = std::filesystem;

/// The names of Triton's model configuration (model_config.proto, DataType).
Result<std::string> TritonType(const ir::Value& value) {
  using enum ir::DataType;
  switch (value.type.element) {
    case kFloat:
      return std::string("TYPE_FP32");
    case kFloat16:
      return std::string("TYPE_FP16");
    case kDouble:
      return std::string("TYPE_FP64");
    case kUint8:
      return std::string("TYPE_UINT8");
    case kInt8:
      return std::string("TYPE_INT8");
    case kUint16:
      return std::string("TYPE_UINT16");
    case kInt16:
      return std::string("TYPE_INT16");
    case kUint32:
      return std::string("TYPE_UINT32");
    case kInt32:
      return std::string("TYPE_INT32");
    case kUint64:
      return std::string("TYPE_UINT64");
    case kInt64:
      return std::string("TYPE_INT64");
    case kBool:
      return std::string("TYPE_BOOL");
    default:
      break;
  }
  Diagnostic diagnostic;
  diagnostic.place = "value '" + Escaped(value.name()) + "'";
  diagnostic.found = fmt::format("its element type is {}", ir::NameOf(value.type.element));
  diagnostic.expected =
      "a type that the Open Inference Protocol carries: float, float16, double, bool, an integer";
  return diagnostic;
}

/// A string of the protocol buffers' text format.
std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : Escaped(text)) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

Result<std::string> Ports(const std::string& key, const std::vector<ir::Value*>& values) {
  std::string text;
  for (const ir::Value* value : values) {
    SHOEHORN_ASSIGN(const std::string type, TritonType(*value));
    std::string dims;
    for (const ir::Dim& dim : value->type.dims)
      dims += (dims.empty() ? "" : ", ") + std::to_string(dim.known() ? dim.value : -1);
    if (!value->type.has_rank || value->type.dims.empty()) {
      Diagnostic diagnostic;
      diagnostic.place = "value '" + Escaped(value->name()) + "'";
      diagnostic.found = value->type.has_rank ? "it is a scalar" : "its number of dimensions is not known";
      diagnostic.expected = "at least one dimension, which the server's configuration asks for";
      return diagnostic;
    }
    text += fmt::format("{} {{\n  name: {}\n  data_type: {}\n  dims: [ {} ]\n}}\n", key,
                        Quoted(value->name()), type, dims);
  }
  return text;
}

/// Triton's Python back end calls this script; it hands each request to ONNX Runtime.
std::string PythonScript(int threads) {
  return fmt::format(
      R"(# Hosts model.onnx of this folder in Triton's Python back end. Wants numpy (below 2) and onnxruntime.
import os

import numpy
import onnxruntime
import triton_python_backend_utils as backend


class TritonPythonModel:
    def initialize(self, args):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = {}
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        folder = os.path.join(args["model_repository"], args["model_version"])
        self.session = onnxruntime.InferenceSession(
            os.path.join(folder, "model.onnx"), options, providers=["CPUExecutionProvider"])
        self.inputs = [port.name for port in self.session.get_inputs()]
        self.outputs = [port.name for port in self.session.get_outputs()]

    def execute(self, requests):
        return [self.answer(request) for request in requests]

    def answer(self, request):
        try:
            given = {{name: backend.get_input_tensor_by_name(request, name).as_numpy() for name in self.inputs}}
            made = self.session.run(self.outputs, given)
        except Exception as error:
            return backend.InferenceResponse(error=backend.TritonError(str(error)))
        return backend.InferenceResponse(output_tensors=[
            backend.Tensor(name, numpy.ascontiguousarray(array)) for name, array in zip(self.outputs, made)])
)",
      threads);
}

}  // namespace

std::string ServerName(std::string_view name) {
  std::string clean;
  for (const char c : name)
    clean += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.' ? c : '_';
  return clean.empty() || clean.front() == '.' ? "model" + clean : clean;
}

Result<std::string> TritonConfig(const ir::Model& model, const HostOptions& options) {
  SHOEHORN_ASSIGN(const std::string inputs, Ports("input", model.graph->inputs()));
  SHOEHORN_ASSIGN(const std::string outputs, Ports("output", model.graph->outputs()));
  std::string text =
      fmt::format("name: \"{}\"\nbackend: \"{}\"\nmax_batch_size: 0\n", options.name, options.backend);
  text += inputs + outputs;
  text += fmt::format("instance_group {{\n  kind: KIND_CPU\n  count: {}\n}}\n", options.instances);
  if (options.backend == "onnxruntime")
    text += fmt::format(
        "parameters {{\n  key: \"intra_op_thread_count\"\n  value: {{ string_value: \"{}\" }}\n}}\n",
        options.threads);
  text += "version_policy: { latest { num_versions: 2 } }\n";
  return text;
}

std::string KserveManifest(const HostOptions& options, const std::string& uri) {
  std::string name;
  for (const char c : options.name)  // Kubernetes: lower case, digits and '-'
    name += std::isalnum(static_cast<unsigned char>(c)) != 0
                ? static_cast<char>(std::tolower(static_cast<unsigned char>(c)))
                : '-';
  return fmt::format(R"(apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: {}
spec:
  predictor:
    minReplicas: {}
    maxReplicas: {}
    model:
      modelFormat:
        name: {}
      protocolVersion: grpc-v2
      runtime: kserve-tritonserver
      storageUri: {}
      resources:
        requests:
          cpu: "{}"
        limits:
          cpu: "{}"
      ports:
        - name: h2c
          protocol: TCP
          containerPort: 9000
)",
                     name, options.least_replicas, options.most_replicas,
                     options.backend == "onnxruntime" ? "onnx" : "python", uri,
                     options.threads * options.instances, options.threads * options.instances);
}

Status WriteRepository(const ir::Model& model, const HostOptions& options, const fs::path& folder) {
  SHOEHORN_ASSIGN(const std::string config, TritonConfig(model, options));
  const fs::path version = folder / options.name / "1";
  SHOEHORN_TRY(MakeFolder(version));
  SHOEHORN_TRY(formats::SaveOnnx(model, version / "model.onnx"));
  SHOEHORN_TRY(WriteAtomically(folder / options.name / "config.pbtxt", config));
  if (options.backend == "python")
    SHOEHORN_TRY(WriteAtomically(version / "model.py", PythonScript(options.threads)));
  return WriteAtomically(folder.parent_path() / "kserve.yaml",
                         KserveManifest(options, "pvc://models/" + folder.filename().string()));
}

}  // namespace shoehorn::place
