#include "servers/agent_bench.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "formats/onnx.h"

namespace shoehorn::testing {
namespace {

constexpr const char* kHead = R"(<ir_version: 8, opset_import: ["" : 13]>
head (float[1,4] x) => (float[1,4] h) { two = Constant <value = float {2}> () h = Mul (x, two) })";
constexpr const char* kTail = R"(<ir_version: 8, opset_import: ["" : 13]>
tail (float[1,4] h) => (float[1,4] y) { one = Constant <value = float {1}> () y = Add (h, one) })";
constexpr const char* kWhole = R"(<ir_version: 8, opset_import: ["" : 13]>
whole (float[1,4] x) => (float[1,4] y) {
  two = Constant <value = float {2}> () one = Constant <value = float {1}> () h = Mul (x, two) y = Add (h, one) })";

void Save(const char* text, const std::filesystem::path& path) {
  const Status saved = formats::SaveOnnx(**formats::ParseText(text), path);
  SHOEHORN_CHECK(saved.ok(), "a test's model");
}

int Shell(const std::string& command) { return std::system((command + " >/dev/null 2>&1").c_str()); }

}  // namespace

AgentBench::AgentBench() {
  Save(kHead, path("head.onnx"));
  Save(kWhole, path("fallback.onnx"));
  for (int i = 0; i < kFrames; ++i) {
    const float values[4] = {static_cast<float>(i), static_cast<float>(i), static_cast<float>(i),
                             static_cast<float>(i)};
    scratch_.Write("frames/" + std::to_string(i) + ".bin",
                   {reinterpret_cast<const char*>(values), sizeof values});
  }
}

place::Plan AgentBench::SplitPlan(int port) const {
  place::Plan plan;
  plan.choice = "split at 'h'";
  plan.source = {"model.onnx", "xxh3:0000000000000000"};
  data::InputSpec input;
  input.name = "x";
  input.shape = {1, 4};
  plan.inputs = {input};
  plan.head =
      place::Stage{{"head.onnx", *place::HashModel(path("head.onnx"))}, "onnxruntime", "fp32", 1, 0.0005};
  place::Tail& tail = plan.tail.emplace();
  tail.endpoint.address = "127.0.0.1:" + std::to_string(port);
  tail.endpoint.model = "tail";
  tail.inputs = {{"h", ir::DataType::kFloat, {1, 4}, place::Packing::kNone, 1, 0}};
  tail.outputs = {{"y", ir::DataType::kFloat, {1, 4}}};
  plan.fallback = place::Stage{
      {"fallback.onnx", *place::HashModel(path("fallback.onnx"))}, "onnxruntime", "fp32", 1, 0.001};
  plan.deadline_s = 0.5;
  plan.rate_per_s = 20;
  return plan;
}

std::filesystem::path AgentBench::WriteTail() const {
  Save(kTail, path("tail.onnx"));
  return path("tail.onnx");
}

place::EventRule AgentBench::Events(const std::string& scheme, int port, double above) const {
  place::EventRule rule;
  rule.output = "y";
  rule.when = "max_above";
  rule.value = above;
  rule.url = scheme + "://localhost:" + std::to_string(port) + "/events";
  return rule;
}

void AgentBench::Write(const place::Plan& plan) const { scratch_.Write("plan.json", place::PlanJson(plan)); }

bool AgentBench::MakeCertificates() const {
  scratch_.Write("san.txt", "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
  const std::string go = "cd '" + scratch_.path().string() + "' && ";
  const std::string make = "openssl req -newkey rsa:2048 -nodes -days 2 ";
  return Shell(go + make + "-x509 -subj /CN=authority -keyout ca.key -out ca.pem") == 0 &&
         Shell(go + make + "-x509 -subj /CN=another -keyout another.key -out another.pem") == 0 &&
         Shell(go + make + "-subj /CN=localhost -keyout server.key -out server.csr") == 0 &&
         Shell(go +
               "openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile "
               "san.txt "
               "-out server.pem") == 0;
}

std::string AgentBench::Read(const std::string& file) const {
  std::ifstream stream(path(file), std::ios::binary);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::vector<std::string> AgentBench::Command(int count, double rate,
                                             const std::vector<std::string>& more) const {
  std::vector<std::string> words = {
      SHOEHORN_PROGRAM, "run",     path("plan.json"),     "--frames", path("frames"),      "--format", "raw",
      "--repeat",       "--count", std::to_string(count), "--rate",   std::to_string(rate)};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::unique_ptr<Background> AgentBench::Start(int count, double rate, const std::vector<std::string>& more,
                                              const std::vector<std::string>& environment) const {
  return std::make_unique<Background>(Command(count, rate, more), environment);
}

AgentBench::Receiver AgentBench::StartReceiver(const std::vector<std::string>& more) const {
  std::vector<std::string> words = {
      "python3", std::string(SHOEHORN_SOURCE_DIR) + "/tests/servers/event_receiver.py", path("received")};
  words.insert(words.end(), more.begin(), more.end());
  Receiver receiver{std::make_unique<Background>(words), 0};
  SHOEHORN_CHECK(Eventually([&] { return receiver.program->out().ends_with('\n'); }),
                 "the receiver of events started");
  receiver.port = std::stoi(receiver.program->out());
  return receiver;
}

std::vector<nlohmann::json> AgentBench::Received() const { return Lines(Read("received")); }

std::vector<nlohmann::json> Lines(const std::string& text) {
  std::vector<nlohmann::json> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    auto json = nlohmann::json::parse(line, nullptr, false);
    if (!json.is_discarded()) lines.push_back(std::move(json));
  }
  return lines;
}

int CountBy(const std::vector<nlohmann::json>& answers, const std::string& by) {
  return static_cast<int>(
      std::ranges::count_if(answers, [&](const auto& answer) { return answer["by"] == by; }));
}

}  // namespace shoehorn::testing
