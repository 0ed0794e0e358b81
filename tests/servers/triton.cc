#include "servers/triton.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>

#include "formats/onnx.h"
#include "place/repository.h"

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

}  // namespace

bool Triton::installed() { return fs::exists(Root() / "bin/tritonserver"); }

std::unique_ptr<Triton> Triton::Start(const fs::path& model, const std::string& name,
                                      const fs::path& folder) {
  const auto served = formats::LoadOnnx(model);
  SHOEHORN_CHECK(served.ok(), "the served model");
  place::HostOptions host;
  host.name = name;
  host.backend = "python";
  SHOEHORN_CHECK(place::WriteRepository(**served, host, folder).ok(), "the repository");
  return Serve(folder);
}

std::unique_ptr<Triton> Triton::Serve(const fs::path& folder) {
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
