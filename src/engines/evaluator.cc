#include "engines/evaluator.h"

#include "engines/onnxruntime_api.h"
#include "formats/onnx.h"
#include "support/isolate.h"

namespace shoehorn::engines {
namespace {

// One thread, nothing fused, no arena that keeps memory, no repacked weights: each session runs once.
Ort::SessionOptions PlainOptions() {
  Ort::SessionOptions options;
  options.SetGraphOptimizationLevel(ORT_DISABLE_ALL);
  options.SetIntraOpNumThreads(1);
  options.DisableMemPattern();
  options.DisableCpuMemArena();
  options.AddConfigEntry("session.disable_prepacking", "1");
  options.SetLogSeverityLevel(ORT_LOGGING_LEVEL_FATAL);
  return options;
}

// Tensors as a model without nodes, which formats can already write and read: one way to put tensors into
// bytes.
std::string Pack(const std::vector<ir::Tensor>& tensors) {
  ir::Model carrier;
  carrier.ir_version = 8;
  carrier.opsets.push_back({"", 17});
  for (size_t i = 0; i < tensors.size(); ++i) carrier.graph->AddConstant(std::to_string(i), tensors[i]);
  const auto bytes = formats::SerializeOnnx(carrier);
  return bytes.ok() ? *bytes : std::string();
}

Result<std::vector<ir::Tensor>> Unpack(const std::string& bytes) {
  SHOEHORN_ASSIGN(const auto carrier, formats::ParseOnnx(bytes));
  std::vector<ir::Tensor> tensors(carrier->graph->values().size());
  for (const auto& value : carrier->graph->values()) tensors[std::stoul(value->name())] = *value->constant();
  return tensors;
}

// In a copy of the process: a division by zero inside a constant sub-graph ends whoever computes it.
class OrtEvaluator : public ir::Evaluator {
 public:
  Result<std::vector<ir::Tensor>> Evaluate(const ir::Model& model) override {
    if (const auto env = OpenOnnxRuntime(); !env.ok()) return env.error();
    Result<std::string> answer = RunIsolated([&] {
      const auto tensors = RunReference(model, {});
      return tensors.ok() ? "+" + Pack(*tensors) : "-" + tensors.error().found;
    });
    Diagnostic diagnostic;
    diagnostic.file = model.source.string();
    if (answer.ok() && answer->starts_with('+')) return Unpack(answer->substr(1));
    diagnostic.found = "constants cannot be computed: " +
                       (answer.ok() ? answer->substr(1) : "ONNX Runtime was " + answer.error().found);
    return diagnostic;
  }
};

}  // namespace

std::unique_ptr<ir::Evaluator> MakeEvaluator() { return std::make_unique<OrtEvaluator>(); }

Result<std::vector<ir::Tensor>> RunReference(const ir::Model& model, std::span<const ir::Tensor> inputs) {
  SHOEHORN_ASSIGN(Ort::Env * env, OpenOnnxRuntime());
  SHOEHORN_ASSIGN(const std::string bytes, formats::SerializeOnnx(model));
  try {
    Ort::Session session(*env, bytes.data(), bytes.size(), PlainOptions());
    return RunOrt(session, InputsOf(session), OutputsOf(session), inputs);
  } catch (const Ort::Exception& error) {
    Diagnostic diagnostic = OrtError("refuses the model", error);
    diagnostic.file = model.source.string();
    return diagnostic;
  }
}

}  // namespace shoehorn::engines
