#include "runtime/tail_client.h"

#include <grpc/support/log.h>
#include <grpcpp/grpcpp.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "open_inference.grpc.pb.h"
#include "runtime/go_first.h"
#include "runtime/secret.h"
#include "runtime/tail_answer.h"
#include "support/files.h"

namespace shoehorn::runtime {
namespace {

// A radio goes silent without a word: an open call that hears nothing for two seconds ends its connection,
// and the next one is tried at once, then at growing intervals. The interval is also how long one attempt may
// take, which on a slow link is several round trips.
constexpr int kKeepaliveMs = 1000, kFirstReconnectMs = 300, kLastReconnectMs = 2000;
constexpr size_t kLongestWords = 300;

grpc::ChannelArguments ChannelArguments(const place::Tail& tail) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveMs);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstReconnectMs);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kFirstReconnectMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kLastReconnectMs);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);  // the plan names the server; no variable diverts it
  arguments.SetMaxReceiveMessageSize(static_cast<int>(LongestAnswer(tail)));
  if (tail.compress) arguments.SetCompressionAlgorithm(GRPC_COMPRESS_GZIP);
  return arguments;
}

gpr_timespec OnMonotonicClock(Clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::microseconds>(deadline - Clock::now());
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_micros(left.count(), GPR_TIMESPAN));
}

TailFault FaultOf(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::OK:
      return TailFault::kNone;
    case grpc::StatusCode::DEADLINE_EXCEEDED:
    case grpc::StatusCode::CANCELLED:
      return TailFault::kLate;
    case grpc::StatusCode::UNAVAILABLE:
      return TailFault::kUnreachable;
    default:
      return TailFault::kRefused;
  }
}

/// The server's words, short and harmless.
std::string Words(const grpc::Status& status) {
  return "code " + std::to_string(status.error_code()) + ": " +
         Escaped(status.error_message().substr(0, kLongestWords));
}

/// One request on its way; deletes itself when it has answered.
struct Call {
  int64_t frame = 0;
  grpc::ClientContext context;
  inference::ModelInferRequest request;
  std::shared_ptr<inference::ModelInferResponse> response = std::make_shared<inference::ModelInferResponse>();
  grpc::Status status;
  std::unique_ptr<grpc::ClientAsyncResponseReader<inference::ModelInferResponse>> reader;
  std::function<void(TailAnswer)> done;
  Clock::duration cost{};
};

class GrpcTailClient : public TailClient {
 public:
  GrpcTailClient(const place::Tail& tail, std::shared_ptr<grpc::Channel> channel, std::string token)
      : tail_(tail),
        channel_(std::move(channel)),
        stub_(inference::GRPCInferenceService::NewStub(channel_)),
        authorization_(token.empty() ? "" : "Bearer " + token) {
    blank_.set_model_name(tail_.endpoint.model);
    blank_.set_model_version(tail_.endpoint.version);
    for (const place::TailOutput& output : tail_.outputs) blank_.add_outputs()->set_name(output.name);
    channel_->GetState(/*try_to_connect=*/true);
    receiver_ = std::thread([this] { Receive(); });
  }

  ~GrpcTailClient() override {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
      for (const auto& [frame, call] : open_) call->context.TryCancel();
    }
    queue_.Shutdown();
    receiver_.join();
  }

  void Ask(int64_t frame, std::span<const ir::Tensor> inputs, Clock::time_point deadline,
           std::function<void(TailAnswer)> done) override {
    SHOEHORN_CHECK(inputs.size() == tail_.inputs.size(), "a tail asked with another number of tensors");
    const auto start = Clock::now();
    auto call = std::make_unique<Call>();
    call->done = std::move(done);
    call->request = blank_;
    call->request.set_id(std::to_string(frame));
    for (size_t i = 0; i < inputs.size(); ++i) {
      auto* input = call->request.add_inputs();
      input->set_name(tail_.inputs[i].name);
      input->set_datatype(std::string(ProtocolName(inputs[i].type())));
      input->mutable_shape()->Assign(inputs[i].dims().begin(), inputs[i].dims().end());
      call->request.add_raw_input_contents(inputs[i].bytes().data(), inputs[i].byte_size());
    }
    call->context.set_deadline(OnMonotonicClock(deadline));
    if (!authorization_.empty()) call->context.AddMetadata("authorization", authorization_);
    call->cost = Clock::now() - start;
    const std::lock_guard lock(mutex_);
    SHOEHORN_CHECK(!closed_, "a tail asked while it is taken down");
    call->reader = stub_->PrepareAsyncModelInfer(&call->context, call->request, &queue_);
    call->reader->StartCall();
    call->reader->Finish(call->response.get(), &call->status, call.get());
    call->frame = frame;
    open_.insert_or_assign(frame, call.release());
  }

  void CallOff(int64_t frame) override {
    const std::lock_guard lock(mutex_);
    if (const auto call = open_.find(frame); call != open_.end()) call->second->context.TryCancel();
  }

  bool reachable() const override {
    const grpc_connectivity_state state = channel_->GetState(/*try_to_connect=*/true);
    if (state == GRPC_CHANNEL_READY) failed_ = false;
    if (state == GRPC_CHANNEL_TRANSIENT_FAILURE) failed_ = true;
    return !failed_;
  }

 private:
  void Receive() {
    GoFirst();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
      const std::unique_ptr<Call> call(static_cast<Call*>(tag));
      {
        const std::lock_guard lock(mutex_);
        open_.erase(call->frame);
      }
      const auto start = Clock::now();
      TailAnswer answer;
      answer.fault = FaultOf(call->status.error_code());
      if (answer.fault == TailFault::kNone && !ok) {
        answer.fault = TailFault::kWrong;
        answer.why = "bytes that are no message of the protocol";
      } else if (answer.fault == TailFault::kNone) {
        auto outputs = ReadAnswer(tail_, call->response);
        if (outputs.ok()) {
          answer.outputs = std::move(*outputs);
        } else {
          answer.fault = TailFault::kWrong;
          answer.why = outputs.error().place + ": " + outputs.error().found;
          if (!outputs.error().expected.empty()) answer.why += ", expected " + outputs.error().expected;
        }
      } else {
        answer.why = Words(call->status);
      }
      if (answer.fault == TailFault::kUnreachable) failed_ = true;
      answer.cost = call->cost + (Clock::now() - start);
      call->done(std::move(answer));
    }
  }

  const place::Tail tail_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<inference::GRPCInferenceService::Stub> stub_;
  const std::string authorization_;
  inference::ModelInferRequest blank_;  // what every request has in common
  grpc::CompletionQueue queue_;
  std::mutex mutex_;
  std::unordered_map<int64_t, Call*> open_;  // by frame
  bool closed_ = false;
  mutable std::atomic<bool> failed_ = false;
  std::thread receiver_;
};

Result<std::shared_ptr<grpc::ChannelCredentials>> Credentials(const place::Endpoint& endpoint,
                                                              const std::filesystem::path& folder) {
  if (!endpoint.tls) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions options;
  if (!endpoint.ca_file.empty()) {
    SHOEHORN_ASSIGN(options.pem_root_certs, ReadText(folder / endpoint.ca_file));
  }
  return grpc::SslCredentials(options);
}

}  // namespace

std::string_view NameOf(TailFault fault) {
  switch (fault) {
    case TailFault::kLate:
      return "late";
    case TailFault::kUnreachable:
      return "unreachable";
    case TailFault::kRefused:
      return "refused";
    case TailFault::kWrong:
      return "wrong answer";
    case TailFault::kNone:
      break;
  }
  return "none";
}

Result<std::unique_ptr<TailClient>> TailClient::Create(const place::Tail& tail,
                                                       const std::filesystem::path& folder) {
  SHOEHORN_ASSIGN(const auto credentials, Credentials(tail.endpoint, folder));
  SHOEHORN_ASSIGN(const std::string token,
                  ReadToken(tail.endpoint.token_env, tail.endpoint.token_file, folder));
  for (const place::Crossing& input : tail.inputs)
    SHOEHORN_TRY(CheckProtocolType("tail.inputs '" + input.name + "'", input.type));
  for (const place::TailOutput& output : tail.outputs)
    SHOEHORN_TRY(CheckProtocolType("tail.outputs '" + output.name + "'", output.type));
  gpr_set_log_function([](gpr_log_func_args* line) { spdlog::debug("gRPC: {}", line->message); });
  auto channel = grpc::CreateCustomChannel(tail.endpoint.address, credentials, ChannelArguments(tail));
  return std::unique_ptr<TailClient>(new GrpcTailClient(tail, std::move(channel), token));
}

}  // namespace shoehorn::runtime
