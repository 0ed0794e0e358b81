#include "servers/tail_server.h"

#include <arpa/inet.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <thread>

#include "open_inference.grpc.pb.h"

namespace shoehorn::testing {
namespace {

class Model : public inference::GRPCInferenceService::Service {
 public:
  Model(Manners manners, std::string token) : manners_(manners), token_(std::move(token)) {}

  grpc::Status ModelInfer(grpc::ServerContext* context, const inference::ModelInferRequest* request,
                          inference::ModelInferResponse* response) override {
    ++calls_;
    const auto found = context->client_metadata().find("authorization");
    if (!token_.empty() && (found == context->client_metadata().end() || found->second != "Bearer " + token_))
      return {grpc::StatusCode::UNAUTHENTICATED, "no token, or another"};
    float values[4] = {};
    if (request->model_name() != "tail" || request->inputs_size() != 1 || request->inputs(0).name() != "h" ||
        request->inputs(0).datatype() != "FP32" || request->raw_input_contents(0).size() != sizeof values)
      return {grpc::StatusCode::INVALID_ARGUMENT, "not what the model takes"};
    std::memcpy(values, request->raw_input_contents(0).data(), sizeof values);
    for (float& value : values) value += 1;
    std::string bytes(reinterpret_cast<const char*>(values), sizeof values);
    auto* output = response->add_outputs();
    output->set_name("y");
    output->set_datatype("FP32");
    output->add_shape(1);
    output->add_shape(4);
    switch (manners_) {
      case Manners::kWrongShape:
        output->set_shape(1, 5);
        bytes.resize(20);
        break;
      case Manners::kHugeShape:
        output->set_shape(0, int64_t{1} << 62);
        output->set_shape(1, int64_t{1} << 62);
        break;
      case Manners::kWrongType:
        output->set_datatype("INT32");
        break;
      case Manners::kOtherName:
        output->set_name("z");
        break;
      case Manners::kNoBytes:
        bytes.clear();
        break;
      case Manners::kShortBytes:
        bytes.resize(12);
        break;
      case Manners::kRefuses:
        return {grpc::StatusCode::INTERNAL, "broken\nframe 0: all is well"};
      case Manners::kNeverAnswers:
        while (!context->IsCancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
        return grpc::Status::CANCELLED;
      default:
        break;
    }
    if (manners_ == Manners::kTyped)
      for (const float value : values) output->mutable_contents()->add_fp32_contents(value);
    else
      response->add_raw_output_contents(bytes);
    return grpc::Status::OK;
  }

  int calls() const { return calls_; }

 private:
  Manners manners_;
  std::string token_;
  std::atomic<int> calls_ = 0;
};

/// Answers every call with bytes that no protobuf message begins with.
class Garbage : public grpc::CallbackGenericService {
 public:
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext*) override {
    class Reactor : public grpc::ServerGenericBidiReactor {
     public:
      Reactor() { StartRead(&request_); }
      void OnReadDone(bool) override {
        const grpc::Slice slice(std::string(64, '\xff'));
        answer_ = grpc::ByteBuffer(&slice, 1);
        StartWriteAndFinish(&answer_, {}, grpc::Status::OK);
      }
      void OnDone() override { delete this; }

     private:
      grpc::ByteBuffer request_, answer_;
    };
    ++calls_;
    return new Reactor;
  }
  int calls() const { return calls_; }

 private:
  std::atomic<int> calls_ = 0;
};

class GrpcServer : public TailServer {
 public:
  GrpcServer(Manners manners, const std::string& certificate, const std::string& key,
             const std::string& token)
      : model_(manners, token) {
    grpc::ServerBuilder builder;
    auto credentials = grpc::InsecureServerCredentials();
    if (!certificate.empty()) {
      grpc::SslServerCredentialsOptions options;
      options.pem_key_cert_pairs = {{key, certificate}};
      credentials = grpc::SslServerCredentials(options);
    }
    builder.AddListeningPort("127.0.0.1:0", credentials, &port_);
    if (manners == Manners::kGarbage)
      builder.RegisterCallbackGenericService(&garbage_);
    else
      builder.RegisterService(&model_);
    server_ = builder.BuildAndStart();
  }
  ~GrpcServer() override { server_->Shutdown(std::chrono::system_clock::now()); }
  int port() const override { return port_; }
  int calls() const override { return model_.calls() + garbage_.calls(); }

 private:
  Model model_;
  Garbage garbage_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

/// Greets each connection with a line of another protocol, and hangs up.
class Chatter : public TailServer {
 public:
  Chatter() {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(socket_, reinterpret_cast<sockaddr*>(&address), size);
    ::listen(socket_, 16);
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] {
      while (true) {
        const int peer = ::accept(socket_, nullptr, nullptr);
        if (peer < 0) return;
        ++calls_;
        const std::string greeting = "220 mail.example.org ESMTP\r\n";
        static_cast<void>(::send(peer, greeting.data(), greeting.size(), MSG_NOSIGNAL));
        ::close(peer);
      }
    });
  }
  ~Chatter() override {
    ::shutdown(socket_, SHUT_RDWR);
    thread_.join();
    ::close(socket_);
  }
  int port() const override { return port_; }
  int calls() const override { return calls_; }

 private:
  int socket_ = -1, port_ = 0;
  std::atomic<int> calls_ = 0;
  std::thread thread_;
};

}  // namespace

const char* NameOf(Manners manners) {
  constexpr const char* kNames[] = {"Good",      "Typed",     "WrongShape",   "HugeShape",
                                    "WrongType", "OtherName", "NoBytes",      "ShortBytes",
                                    "Refuses",   "Garbage",   "NeverAnswers", "NoGrpc"};
  return kNames[static_cast<size_t>(manners)];
}

std::unique_ptr<TailServer> TailServer::Start(Manners manners, const std::string& certificate,
                                              const std::string& key, const std::string& token) {
  if (manners == Manners::kNoGrpc) return std::make_unique<Chatter>();
  return std::make_unique<GrpcServer>(manners, certificate, key, token);
}

}  // namespace shoehorn::testing
