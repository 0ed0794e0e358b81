#include "servers/triton.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>

#include "formats/onnx.h"
#include "runtime/tail_answer.h"
#include "support/files.h"

namespace shoehorn::testing {
namespace {

namespace fs = std::filesystem;

fs::path Root() { return fs::path(SHOEHORN_DEPS_DIR) / "triton/pytriton/tritonserver"; }

int FreePort() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(socket, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(socket);
  return ntohs(address.sin_port);
}

constexpr const char* kScript = R"(import os
import onnxruntime
import triton_python_backend_utils as triton

class TritonPythonModel:
    def initialize(self, arguments):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        path = os.path.join(arguments["model_repository"], arguments["model_version"], "model.onnx")
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.inputs = [port.name for port in self.session.get_inputs()]
        self.outputs = [port.name for port in self.session.get_outputs()]

    def execute(self, requests):
        return [self.answer(request) for request in requests]

    def answer(self, request):
        feeds = {name: triton.get_input_tensor_by_name(request, name).as_numpy() for name in self.inputs}
        results = self.session.run(self.outputs, feeds)
        return triton.InferenceResponse([triton.Tensor(*pair) for pair in zip(self.outputs, results)])
)";

std::string Ports(const char* key, const std::vector<ir::Value*>& values) {
  std::string text = std::string(key) + " [";
  for (const ir::Value* value : values) {
    text += text.ends_with('[') ? " {" : ", {";
    text += " name: \"" + value->name() + "\" data_type: TYPE_" +
            std::string(runtime::ProtocolName(value->type.element)) + " dims: [";
    for (const ir::Dim& dim : value->type.dims)
      text += (text.ends_with('[') ? " " : ", ") + std::to_string(dim.known() ? dim.value : -1);
    text += " ] }";
  }
  return text + " ]\n";
}

}  // namespace

bool Triton::installed() { return fs::exists(Root() / "bin/tritonserver"); }

std::unique_ptr<Triton> Triton::Start(const fs::path& model, const std::string& name,
                                      const fs::path& folder) {
  const fs::path home = folder / name;
  fs::create_directories(home / "1");
  fs::copy_file(model, home / "1/model.onnx", fs::copy_options::overwrite_existing);
  const auto graph = formats::LoadOnnx(model);
  SHOEHORN_CHECK(graph.ok(), "the served model");
  const std::string config = "name: \"" + name + "\"\nbackend: \"python\"\nmax_batch_size: 0\n" +
                             Ports("input", (*graph)->graph->inputs()) +
                             Ports("output", (*graph)->graph->outputs()) +
                             "instance_group [ { kind: KIND_CPU } ]\n";
  SHOEHORN_CHECK(WriteAtomically(home / "config.pbtxt", config).ok(), "the model's configuration");
  SHOEHORN_CHECK(WriteAtomically(home / "1/model.py", kScript).ok(), "the model's script");
  auto triton = std::make_unique<Triton>();
  triton->port_ = FreePort();
  triton->program_ = std::make_unique<Background>(std::vector<std::string>{
      Root() / "bin/tritonserver", "--model-repository=" + folder.string(),
      "--backend-directory=" + (Root() / "backends").string(), "--grpc-address=127.0.0.1",
      "--grpc-port=" + std::to_string(triton->port_), "--allow-http=false", "--allow-metrics=false"});
  const bool up = Eventually([&] {
    return !triton->program_->running() ||
           triton->program_->err().find("Started GRPCInferenceService") != std::string::npos;
  });
  return up && triton->program_->running() ? std::move(triton) : nullptr;
}

}  // namespace shoehorn::testing
